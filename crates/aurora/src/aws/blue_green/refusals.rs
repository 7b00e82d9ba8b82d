//! What is in the way of a green environment: all of it at once, with what to do.

use std::time::Duration;

use aws_sdk_rds::types::DbCluster;
use howdah_core::{Error, Result};
use howdah_pg::Connection as Session;

use super::find;
use crate::aws::call::Caller;
use crate::aws::permit::refuse;
use crate::aws::{AwsPlane, describe, express, parameters, proxy};
use crate::{ClusterName, Clusters, Compute, Connection};

/// The minor version from which on each major version has blue/green deployments (AWS's manual); from 17 on all.
const SINCE: [(u16, u16); 6] = [(11, 21), (12, 16), (13, 12), (14, 9), (15, 4), (16, 1)];
/// As long as the name of a deployment may be.
const LONGEST_NAME: usize = 60;
/// How long a look at the tables may take: somebody waits for it.
const LOOK: Duration = Duration::from_secs(20);
/// Tables that are named.
const TOLD: usize = 10;

/// What was seen of a cluster's tables, or why it was not.
pub(in crate::aws) type Looked = std::result::Result<Vec<String>, String>;

/// Whether green can be made of the cluster; an error says everything that is in the way.
pub(in crate::aws) async fn check(
    caller: Caller<'_>,
    cluster: &ClusterName,
    version: Option<u16>,
    compute: Option<&Compute>,
) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    if let Some(other) = find(caller, cluster.as_str()).await? {
        return Err(Error::refused(format!(
            "The cluster {cluster} is part of a blue/green deployment already ({}).",
            other.status().unwrap_or("in an unknown state")
        ))
        .hint(format!(
            "`howdah cluster blue-green delete {cluster} --yes` ends it."
        )));
    }
    if express::is_one(&found) {
        return Err(Error::refused(format!(
            "The cluster {cluster} can have no green environment: it is of express configuration, which never has {}.",
            express::WITHOUT
        ))
        .hint(express::WAY_OUT));
    }
    let mut ways = Vec::new();
    let mut add = |what: String, how: String| ways.push((what, how));
    if cluster.as_str().len() > LONGEST_NAME {
        add(
            format!("its name is longer than {LONGEST_NAME} characters"),
            "Clone it under a shorter one.".into(),
        );
    }
    if found.master_user_secret().is_some() {
        add(
            "its password is managed by Secrets Manager, which blue/green deployments refuse".into(),
            format!(
                "Set one of your own (`aws rds modify-db-cluster --db-cluster-identifier {cluster} --no-manage-master-user-password --master-user-password …`), and connect with IAM tokens: iam_user in [clusters.aws] of howdah.toml."
            ),
        );
    }
    of_version(&found, version, &mut add);
    if let Some(Compute::Serverless { .. }) = compute {
        add(
            "a green environment takes an instance class, and no range of ACU".into(),
            "Leave the size out, and change the range after the switch.".into(),
        );
    }
    if parameters::number(caller, &found, "rds.logical_replication").await? != Some(1) {
        add(
            "rds.logical_replication is off".into(),
            format!(
                "`howdah cluster modify {cluster} --parameter rds.logical_replication=1 --restart --yes --wait`"
            ),
        );
    }
    let waiting = parameters::waiting(&found);
    if !waiting.is_empty() {
        add(
            format!("{} wait for a restart with their parameters", waiting.join(", ")),
            format!("`howdah cluster modify {cluster} --restart --yes --wait`"),
        );
    }
    if let Some((before, _)) = proxy::before(caller, cluster).await? {
        let name = before.db_proxy_name().unwrap_or_default();
        add(
            format!("the RDS Proxy {name} is before it, which does not follow a switch"),
            match name == proxy::of(cluster) {
                true => format!(
                    "`howdah cluster proxy delete {cluster} --yes --wait`, and create it again after the switch."
                ),
                false => format!(
                    "`aws rds deregister-db-proxy-targets --db-proxy-name {name} --db-cluster-identifiers {cluster}`, and register it again after the switch."
                ),
            },
        );
    }
    refuse(cluster.as_str(), "green environment", &ways)
}

fn of_version(found: &DbCluster, wanted: Option<u16>, add: &mut impl FnMut(String, String)) {
    let text = found.engine_version().unwrap_or_default();
    let mut parts = text.split('.').map(str::parse::<u16>);
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
        return;
    };
    let since = SINCE.iter().find(|(of, _)| *of == major).map(|(_, minor)| *minor);
    let first = SINCE.first().map_or(0, |(of, _)| *of);
    if major < first || since.is_some_and(|since| minor < since) {
        add(
            format!("version {text} has no blue/green deployments"),
            match since {
                Some(since) => format!("Upgrade it to {major}.{since} or later first."),
                None => "Upgrade it first.".into(),
            },
        );
    }
    if let Some(wanted) = wanted
        && wanted <= major
    {
        add(
            format!("green cannot go from version {text} to {wanted}"),
            "Leave the version out to keep it, or name a later one.".into(),
        );
    }
}

/// What of the cluster's databases would not be carried over, a sentence each; or why that could not be seen.
pub(in crate::aws) async fn tables(
    plane: &AwsPlane,
    caller: Caller<'_>,
    cluster: &ClusterName,
) -> Result<Looked> {
    let found = caller.require_cluster(cluster).await?;
    let Some(connection) = describe::connection(caller.account, &found)? else {
        return Ok(Err("it has no endpoint".into()));
    };
    let looked = tokio::time::timeout(LOOK, look(plane, &connection)).await;
    Ok(match looked {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(error)) => Err(error.message),
        Err(_) => Err(format!("it did not answer within {} s", LOOK.as_secs())),
    })
}

async fn look(plane: &AwsPlane, connection: &Connection) -> Result<Vec<String>> {
    let mut seen = Vec::new();
    // The database that the cluster began with may be gone.
    let any = Connection {
        database: "postgres".to_owned(),
        ..connection.clone()
    };
    for database in column(plane, &any, include_str!("databases.sql")).await? {
        let one = Connection {
            database: database.clone(),
            ..connection.clone()
        };
        let found = column(plane, &one, include_str!("not_carried.sql")).await?;
        let more = found.len().saturating_sub(TOLD);
        seen.extend(found.iter().take(TOLD).map(|what| format!("{database}: {what}")));
        if more > 0 {
            seen.push(format!("{database}: and {more} more"));
        }
    }
    Ok(seen)
}

async fn column(plane: &AwsPlane, connection: &Connection, sql: &str) -> Result<Vec<String>> {
    let info = Clusters::conninfo_of(plane, connection).await?;
    let mut session = Session::connect(&info).await.map_err(Error::from)?;
    let rows = session.query(sql, &[]).await.map_err(Error::from)?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(0).map(str::to_owned))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, wanted: Option<u16>) -> Vec<String> {
        let mut all = Vec::new();
        let found = DbCluster::builder().engine_version(text).build();
        of_version(&found, wanted, &mut |what, _| all.push(what));
        all
    }

    #[test]
    fn versions_are_those_that_have_blue_green_deployments() {
        for good in ["11.21", "13.12", "14.10", "15.4", "16.1", "16.8", "17.4", "18.1"] {
            assert!(refused(good, None).is_empty(), "{good}");
        }
        for bad in ["10.21", "11.9", "13.9", "14.8", "15.3"] {
            assert_eq!(refused(bad, None).len(), 1, "{bad}");
        }
        assert!(refused("15.4", Some(16)).is_empty());
        assert_eq!(refused("16.8", Some(16)).len(), 1);
        assert_eq!(refused("16.8", Some(15)).len(), 1);
    }
}
