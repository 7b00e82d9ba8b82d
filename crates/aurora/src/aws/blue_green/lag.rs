//! How far green is behind blue, as blue's own server knows it: CloudWatch has no metric of it.

use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result, human_bytes};
use howdah_jobs::JobCx;
use howdah_pg::Connection as Session;

use super::super::AwsPlane;
use super::super::call::Caller;
use super::super::describe;
use crate::{ClusterName, Clusters};

/// How long blue may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// So much green takes in within the timeout of a switch, whatever it is.
const NEAR_BYTES: u64 = 16 << 20;
/// As often it may be seen no nearer than before, until it is said to fall behind.
const NO_NEARER: u32 = 60;

/// How far green is behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::aws) struct Lag {
    /// Whether it reads every slot, and none was lost.
    pub(in crate::aws) follows: bool,
    pub(in crate::aws) bytes: u64,
    pub(in crate::aws) ms: Option<f64>,
}

/// How far green is behind the cluster; none where that cannot be seen from here.
pub(in crate::aws) async fn lag(plane: &AwsPlane, blue: &ClusterName) -> Option<Lag> {
    let looked = tokio::time::timeout(PATIENCE, look(plane, blue)).await;
    match looked {
        Ok(Ok(lag)) => lag,
        Ok(Err(error)) => {
            tracing::debug!(%error, %blue, "how far green is behind was not seen");
            None
        }
        Err(_) => None,
    }
}

async fn look(plane: &AwsPlane, blue: &ClusterName) -> Result<Option<Lag>> {
    let found = plane.caller().require_cluster(blue).await?;
    let Some(mut connection) = describe::connection(plane.caller().account, &found)? else {
        return Ok(None);
    };
    // The database that the cluster began with may be gone.
    "postgres".clone_into(&mut connection.database);
    let info = Clusters::conninfo_of(plane, &connection).await?;
    let mut session = Session::connect(&info).await.map_err(Error::from)?;
    let rows = session
        .query(include_str!("lag.sql"), &[])
        .await
        .map_err(Error::from)?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let (slots, read): (u64, u64) = (row.parse(0).unwrap_or(0), row.parse(1).unwrap_or(0));
    // Without a slot it is not known what AWS carries changes by.
    Ok((slots > 0).then(|| Lag {
        follows: slots == read && !row.is_true(3),
        bytes: row.parse::<i64>(2).unwrap_or(0).max(0).unsigned_abs(),
        ms: row.parse(4),
    }))
}

/// Waits until green is near enough for a switch. Where it cannot be seen, AWS itself waits, within the timeout.
pub(in crate::aws) async fn await_near(
    plane: &AwsPlane,
    caller: Caller<'_>,
    cx: &JobCx,
    blue: &ClusterName,
) -> Result<()> {
    let (mut nearest, mut no_nearer) = (u64::MAX, 0);
    while let Some(lag) = lag(plane, blue).await {
        if lag.follows && lag.bytes <= NEAR_BYTES {
            break;
        }
        no_nearer = if lag.bytes < nearest { 0 } else { no_nearer + 1 };
        nearest = nearest.min(lag.bytes);
        if no_nearer >= NO_NEARER {
            let how = match lag.follows {
                true => "does not come nearer",
                false => "does not follow",
            };
            return Err(Error::new(
                ErrorKind::Unavailable,
                format!(
                    "Green is {} behind {blue} and {how}, so nothing was switched.",
                    human_bytes(lag.bytes)
                ),
            )
            .hint(format!(
                "Switch when less is written, or give green a larger class. `howdah cluster show {blue}` has the lag."
            )));
        }
        cx.progress(format!("Green is {} behind", human_bytes(lag.bytes)), None);
        caller.pause().await?;
    }
    Ok(())
}
