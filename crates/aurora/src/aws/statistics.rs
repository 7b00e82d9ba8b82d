//! The planner's statistics after an upgrade in place, which have to be gathered anew.

use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;
use howdah_pg::{ConnInfo, Connection as Session};

use crate::{Clusters, Connection, ControlPlane, Upgrade};

/// From this major version on `pg_upgrade` carries most statistics over.
const CARRIES_STATISTICS: u16 = 18;
/// How long a new server may take to let us in.
const LET_IN: Duration = Duration::from_secs(20);

impl Upgrade {
    /// What becomes of the planner's statistics, a sentence; none for a minor version.
    pub(super) fn of_statistics(&self) -> Option<&'static str> {
        match (self.is_major(), self.to.major >= CARRIES_STATISTICS) {
            (false, _) => None,
            (true, false) => Some(
                "The planner's statistics are not carried over: until ANALYZE has been through, plans may be bad.",
            ),
            (true, true) => Some(
                "Most of the planner's statistics are carried over, those of CREATE STATISTICS are not: ANALYZE gathers them.",
            ),
        }
    }

    /// What a person still has to do in every database.
    pub(super) fn left_to_do(&self) -> String {
        "In each database, `SELECT name, installed_version, default_version FROM pg_available_extensions WHERE installed_version <> default_version` names extensions to update by ALTER EXTENSION … UPDATE.".to_owned()
    }
}

/// What a person does where howdah cannot gather statistics.
pub(super) fn analyze_by_hand(upgrade: &Upgrade, why: &str) -> String {
    let how = match upgrade.to.major >= CARRIES_STATISTICS {
        true => "vacuumdb --all --analyze-in-stages --missing-stats-only",
        false => "vacuumdb --all --analyze-in-stages",
    };
    format!(
        "The statistics were not gathered ({}): run `{how}`, or ANALYZE in each database.",
        why.trim_end_matches('.')
    )
}

/// Settings of a session, for a pass of ANALYZE each: rough statistics of everything come first, so that no plan is
/// without any for long, as vacuumdb --analyze-in-stages does it.
const STAGES: [(&str, &str); 3] = [
    ("minimal", "SET default_statistics_target = 1"),
    ("medium", "SET default_statistics_target = 10"),
    ("full", "RESET default_statistics_target"),
];

/// Gathers statistics in every database. What could not be done is left to a person, a sentence each: the upgrade
/// itself stands.
pub(super) async fn analyze(
    plane: &dyn ControlPlane,
    cx: &JobCx,
    connection: Option<&Connection>,
    upgrade: &Upgrade,
) -> Result<Vec<String>> {
    let Some(connection) = connection else {
        return Ok(vec![analyze_by_hand(upgrade, "the cluster has no endpoint")]);
    };
    let databases = match databases(plane, connection).await {
        Ok(databases) => databases,
        Err(error) => return Ok(vec![analyze_by_hand(upgrade, &error.message)]),
    };
    let stages = match upgrade.to.major >= CARRIES_STATISTICS {
        true => STAGES.get(2..).unwrap_or_default(),
        false => &STAGES[..],
    };
    let mut failed: Vec<String> = Vec::new();
    let passes = (stages.len() * databases.len()).max(1) as f64;
    for (at, (stage, setting)) in stages.iter().enumerate() {
        for (number, database) in databases.iter().enumerate() {
            let done = (at * databases.len() + number) as f64;
            cx.progress(
                format!("Gathering {stage} statistics in the database {database}"),
                Some(done / passes),
            );
            match analyze_one(plane, cx, connection, database, setting).await {
                Ok(()) => {}
                Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
                Err(error) => {
                    let told = format!("{database}: {}", error.message);
                    if !failed.contains(&told) {
                        cx.warn(format!("ANALYZE failed in {told}")).await;
                        failed.push(told);
                    }
                }
            }
        }
    }
    Ok(match failed.is_empty() {
        true => Vec::new(),
        false => vec![analyze_by_hand(upgrade, &failed.join("; "))],
    })
}

async fn analyze_one(
    plane: &dyn ControlPlane,
    cx: &JobCx,
    connection: &Connection,
    database: &str,
    setting: &str,
) -> Result<()> {
    let mut session = session(plane, connection, database).await?;
    let canceller = session.canceller();
    session
        .batch("SET statement_timeout = 0; SET vacuum_cost_delay = 0")
        .await?;
    session.batch(setting).await?;
    tokio::select! {
        done = session.batch("ANALYZE") => Ok(done?),
        () = cx.cancel.cancelled() => {
            drop(canceller.cancel().await);
            cx.check_cancelled()
        }
    }
}

async fn databases(plane: &dyn ControlPlane, connection: &Connection) -> Result<Vec<String>> {
    // The database that the cluster began with may be gone.
    let mut session = session(plane, connection, "postgres").await?;
    let rows = session
        .query(include_str!("databases_with_statistics.sql"), &[])
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}

async fn session(plane: &dyn ControlPlane, connection: &Connection, database: &str) -> Result<Session> {
    let one = Connection {
        database: database.to_owned(),
        ..connection.clone()
    };
    let info: ConnInfo = Clusters::conninfo_of(plane, &one).await?;
    match tokio::time::timeout(LET_IN, Session::connect(&info)).await {
        Ok(connected) => Ok(connected?),
        Err(_) => Err(Error::new(
            ErrorKind::Timeout,
            format!(
                "{} did not answer within {} s.",
                connection.endpoint,
                LET_IN.as_secs()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_becomes_of_statistics_depends_on_the_new_version() {
        let upgrade = |from: &str, to: &str| Upgrade {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            snapshot: "before".parse().unwrap(),
            in_window: false,
            unchecked: false,
        };
        assert_eq!(upgrade("16.8", "16.10").of_statistics(), None);
        assert!(
            upgrade("16.8", "17.4")
                .of_statistics()
                .unwrap()
                .contains("not carried over")
        );
        assert!(
            upgrade("16.8", "18.1")
                .of_statistics()
                .unwrap()
                .starts_with("Most")
        );
        assert!(
            analyze_by_hand(&upgrade("16.8", "17.4"), "x.")
                .ends_with("(x): run `vacuumdb --all --analyze-in-stages`, or ANALYZE in each database.")
        );
    }
}
