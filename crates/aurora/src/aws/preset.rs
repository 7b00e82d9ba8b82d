//! What the presets ask of AWS: the guide's list for production, errata corrected.

use howdah_core::{Error, Result};

use super::account::AwsSettings;
use crate::{Acu, Compute, Preset, Shape};

/// How a cluster of a preset is guarded and watched.
pub(super) struct Guards {
    /// Days that backups are kept; 7 to 35 in production, says the guide.
    pub(super) retention_days: i32,
    pub(super) deletion_protection: bool,
    pub(super) iam: bool,
    /// Performance Insights, a week of it, and Database Insights in standard mode.
    pub(super) insights: bool,
    /// Seconds between two samples of Enhanced Monitoring; 0 is none.
    pub(super) monitoring_seconds: i32,
}

impl Guards {
    pub(super) fn of(preset: Preset) -> Self {
        match preset {
            Preset::Dev => Self {
                retention_days: 7,
                deletion_protection: false,
                iam: true,
                insights: false,
                monitoring_seconds: 0,
            },
            Preset::Production => Self {
                retention_days: 14,
                deletion_protection: true,
                iam: true,
                insights: true,
                monitoring_seconds: 60,
            },
            // AWS's own: nothing of it is asked for.
            Preset::Express => Self {
                retention_days: 1,
                deletion_protection: false,
                iam: true,
                insights: false,
                monitoring_seconds: 0,
            },
        }
    }
}

/// The parameters of every cluster: TLS for all, and a log from which slow statements, waits
/// for locks and spills to disk can be read. All take effect without a restart.
pub(super) const PARAMETERS: [(&str, &str); 5] = [
    ("rds.force_ssl", "1"),
    ("log_min_duration_statement", "1000"),
    ("log_lock_waits", "1"),
    ("log_temp_files", "10240"),
    ("track_io_timing", "1"),
];

/// What instances are where nobody says.
pub(super) fn compute(preset: Preset) -> Compute {
    let (min, max) = match preset {
        Preset::Dev => (1, 8),
        // "prod: min 2-4 ACU": the buffers of a smaller one are cold after each lull.
        Preset::Production => (4, 32),
        Preset::Express => (0, 32),
    };
    Compute::Serverless {
        min: Acu::halves(min),
        max: Acu::halves(max),
    }
}

/// Whether the preset can be kept with what was asked for, and with what the operator laid down.
pub(super) fn check(shape: &Shape, readers: u8, settings: &AwsSettings) -> Result<()> {
    if shape.preset != Preset::Production {
        return Ok(());
    }
    if readers == 0 {
        return Err(Error::invalid("The preset production has a reader beside the writer, so that the loss of a zone is no outage; none was asked for.")
            .hint("Leave out the number of readers, ask for 1 or more, or use the preset dev."));
    }
    if shape.compute.as_ref().is_some_and(Compute::is_burstable) {
        return Err(Error::invalid("Burstable classes (db.t…) are for development: under steady load they run out of credits, and stall.")
            .hint("Ask for db.r8g.large or the like, or a range of ACU; or use the preset dev."));
    }
    if settings.monitoring_role.is_none() {
        return Err(Error::refused("The preset production needs a role by which instances write their Enhanced Monitoring, and none is configured.")
            .hint("Create one that the service monitoring.rds.amazonaws.com may assume, with the policy service-role/AmazonRDSEnhancedMonitoringRole, and put its ARN into howdah.toml: [clusters.aws] monitoring_role = \"arn:aws:iam::…\"."));
    }
    Ok(())
}
