//! What is said of upgrades in place, which are not for clusters of this machine: a blue/green deployment brings one to
//! another version.

use howdah_core::{Error, Result};

use super::cannot;
use super::layout::ClusterDirectory;
use crate::{ClusterName, EngineVersion};

/// The version of a cluster, and the one that was asked for where it is a later one.
pub(super) fn path(
    cluster: &ClusterDirectory,
    wanted: EngineVersion,
) -> Result<(EngineVersion, EngineVersion)> {
    let record = cluster.record()?;
    let from = record.version.parse().unwrap_or(EngineVersion {
        major: record.major,
        minor: None,
    });
    // Without its minor version, the one that it has is meant as well.
    if wanted.major < from.major || wanted < from && wanted.minor.is_some() {
        return Err(Error::refused(format!(
            "The cluster {} has PostgreSQL {from}: no server goes back to {wanted}.",
            cluster.name
        ))
        .hint("Name a later version."));
    }
    Ok((from, wanted))
}

/// That it is not done here, and what is.
pub(super) fn refused(cluster: &ClusterName, to: EngineVersion) -> Error {
    cannot("upgrade a cluster in place").hint(format!(
        "A blue/green deployment brings it to another version: `howdah cluster blue-green create {cluster} --pg-version {}`.",
        to.major
    ))
}
