//! How a deployment is described.

use std::time::Duration;

use howdah_core::Result;
use howdah_localpg::Status;

use super::super::layout::{ClusterDirectory, Layout, Part, Phase, Side};
use super::super::server::connect;
use crate::{BlueGreen, BlueGreenStatus};

/// How long blue may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The deployment that a cluster is part of.
pub(in super::super) async fn of(layout: &Layout, cluster: &ClusterDirectory, part: &Part) -> BlueGreen {
    let (blue, green) = match part.side {
        Side::Blue => (cluster.name.clone(), part.partner.clone()),
        Side::Green => (part.partner.clone(), cluster.name.clone()),
    };
    let mut found = BlueGreen {
        status: match part.phase {
            Phase::Provisioning => BlueGreenStatus::Provisioning,
            Phase::Following => BlueGreenStatus::Available,
            Phase::Switching => BlueGreenStatus::Switching,
            Phase::Switched => BlueGreenStatus::Switched,
            Phase::Deleting => BlueGreenStatus::Deleting,
        },
        lag_bytes: None,
        lag_ms: None,
        blue,
        green,
    };
    if part.phase == Phase::Following {
        let blue = layout.cluster(&found.blue);
        match tokio::time::timeout(PATIENCE, lag(&blue)).await {
            Ok(Ok(lag)) => {
                (found.lag_bytes, found.lag_ms) = (Some(lag.bytes), lag.ms);
                if !lag.follows {
                    found.status = BlueGreenStatus::Degraded;
                }
            }
            Ok(Err(_)) | Err(_) => found.status = BlueGreenStatus::Degraded,
        }
    }
    found
}

/// How far green is behind.
pub(super) struct Lag {
    /// Whether it reads every slot.
    pub(super) follows: bool,
    /// Whether blue had to throw away what green has not read yet.
    pub(super) is_lost: bool,
    pub(super) bytes: u64,
    pub(super) ms: Option<f64>,
}

/// How far green is behind blue.
pub(super) async fn lag(blue: &ClusterDirectory) -> Result<Lag> {
    let writer = blue.writer()?;
    if writer.status() != Status::Ready {
        return Err(crate::AuroraError::NotAvailable {
            name: blue.name.to_string(),
            status: "down".to_owned(),
        }
        .into());
    }
    let rows = connect(&writer, "postgres")
        .await?
        .query(include_str!("../queries/blue_green/lag.sql"), &[])
        .await?;
    let number = |column| rows.first().and_then(|row| row.parse::<i64>(column)).unwrap_or(0);
    let is_lost = rows.first().is_some_and(|row| row.is_true(3));
    Ok(Lag {
        follows: number(0) > 0 && number(0) == number(1) && !is_lost,
        is_lost,
        bytes: number(2).max(0).unsigned_abs(),
        ms: rows.first().and_then(|row| row.parse(4)),
    })
}
