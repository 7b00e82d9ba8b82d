//! What there is, as AWS describes it, and whether a job of ours made it.

use aws_sdk_rds::types::{DbCluster, DbClusterParameterGroup, DbClusterSnapshot, DbInstance, Tag};
use howdah_core::{Error, ErrorKind, Result};

use super::call::Caller;
use crate::{AuroraError, ClusterName};

/// The engine; others are none of ours.
pub(super) const ENGINE: &str = "aurora-postgresql";
/// The tag that names the job which made something.
pub(super) const JOB: &str = "howdah:job";

/// The tags of what a job makes.
pub(super) fn tags(job: &str) -> Vec<Tag> {
    vec![Tag::builder().key(JOB).value(job).build()]
}

/// The job that made what has these tags.
pub(super) fn job_of(tags: &[Tag]) -> Option<&str> {
    tags.iter()
        .find(|tag| tag.key() == Some(JOB))
        .and_then(Tag::value)
}

pub(super) fn made_by(tags: &[Tag], job: &str) -> bool {
    job_of(tags) == Some(job)
}

impl Caller<'_> {
    /// The cluster of that name.
    pub(super) async fn cluster(&self, name: &str) -> Result<Option<DbCluster>> {
        let found = self
            .read(&format!("describe the cluster {name}"), |rds| {
                rds.describe_db_clusters().db_cluster_identifier(name).send()
            })
            .await;
        match found {
            Ok(found) => Ok(found
                .db_clusters()
                .iter()
                .find(|one| one.db_cluster_identifier() == Some(name))
                .cloned()),
            Err(failure) if failure.is("DBClusterNotFound") => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The cluster of that name; an error with the names that there are if there is none.
    pub(super) async fn require_cluster(&self, name: &ClusterName) -> Result<DbCluster> {
        match self.cluster(name.as_str()).await? {
            Some(cluster) if cluster.engine() == Some(ENGINE) => Ok(cluster),
            Some(cluster) => Err(Error::refused(format!(
                "The cluster {name} runs {}, not Aurora PostgreSQL.",
                cluster.engine().unwrap_or("another engine")
            ))),
            None => {
                let known = self.clusters().await?;
                Err(AuroraError::NoCluster {
                    name: name.to_string(),
                    known: known
                        .iter()
                        .filter_map(|one| one.db_cluster_identifier().map(str::to_owned))
                        .collect(),
                }
                .into())
            }
        }
    }

    /// All clusters of the engine, in order of name.
    pub(super) async fn clusters(&self) -> Result<Vec<DbCluster>> {
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .read("list the clusters", |rds| {
                    rds.describe_db_clusters().set_marker(marker.clone()).send()
                })
                .await?;
            all.extend(
                page.db_clusters()
                    .iter()
                    .filter(|one| one.engine() == Some(ENGINE))
                    .cloned(),
            );
            match page.marker() {
                Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
                _ => break,
            }
        }
        all.sort_by(|a, b| a.db_cluster_identifier().cmp(&b.db_cluster_identifier()));
        Ok(all)
    }

    /// The instance of that name.
    pub(super) async fn instance(&self, name: &str) -> Result<Option<DbInstance>> {
        let found = self
            .read(&format!("describe the instance {name}"), |rds| {
                rds.describe_db_instances().db_instance_identifier(name).send()
            })
            .await;
        match found {
            Ok(found) => Ok(found.db_instances().first().cloned()),
            Err(failure) if failure.is("DBInstanceNotFound") => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// All instances of the engine.
    pub(super) async fn instances(&self) -> Result<Vec<DbInstance>> {
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .read("list the instances", |rds| {
                    rds.describe_db_instances().set_marker(marker.clone()).send()
                })
                .await?;
            all.extend(
                page.db_instances()
                    .iter()
                    .filter(|one| one.engine() == Some(ENGINE))
                    .cloned(),
            );
            match page.marker() {
                Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
                _ => return Ok(all),
            }
        }
    }

    /// The snapshot of that name.
    pub(super) async fn snapshot(&self, name: &str) -> Result<Option<DbClusterSnapshot>> {
        let found = self
            .read(&format!("describe the snapshot {name}"), |rds| {
                rds.describe_db_cluster_snapshots()
                    .db_cluster_snapshot_identifier(name)
                    .send()
            })
            .await;
        match found {
            Ok(found) => Ok(found.db_cluster_snapshots().first().cloned()),
            Err(failure) if failure.is("DBClusterSnapshotNotFound") => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// All snapshots of the engine that somebody took; backups have names of their own.
    pub(super) async fn snapshots(&self) -> Result<Vec<DbClusterSnapshot>> {
        self.snapshots_of_type("manual").await
    }

    /// All snapshots of the engine of a type: `manual`, `automated`.
    pub(super) async fn snapshots_of_type(&self, kind: &str) -> Result<Vec<DbClusterSnapshot>> {
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .read("list the snapshots", |rds| {
                    rds.describe_db_cluster_snapshots()
                        .snapshot_type(kind)
                        .set_marker(marker.clone())
                        .send()
                })
                .await?;
            all.extend(
                page.db_cluster_snapshots()
                    .iter()
                    .filter(|one| one.engine() == Some(ENGINE))
                    .cloned(),
            );
            match page.marker() {
                Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
                _ => break,
            }
        }
        all.sort_by(|a, b| {
            a.db_cluster_snapshot_identifier()
                .cmp(&b.db_cluster_snapshot_identifier())
        });
        Ok(all)
    }

    /// All snapshots of a cluster, those that AWS took by itself among them.
    pub(super) async fn snapshots_of_cluster(&self, cluster: &str) -> Result<Vec<DbClusterSnapshot>> {
        let mut all = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .read(&format!("list the snapshots of {cluster}"), |rds| {
                    rds.describe_db_cluster_snapshots()
                        .db_cluster_identifier(cluster)
                        .set_marker(marker.clone())
                        .send()
                })
                .await?;
            all.extend(page.db_cluster_snapshots().iter().cloned());
            match page.marker() {
                Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
                _ => return Ok(all),
            }
        }
    }

    /// The cluster parameter group of that name.
    pub(super) async fn parameter_group(&self, name: &str) -> Result<Option<DbClusterParameterGroup>> {
        let found = self
            .read(&format!("describe the parameter group {name}"), |rds| {
                rds.describe_db_cluster_parameter_groups()
                    .db_cluster_parameter_group_name(name)
                    .send()
            })
            .await;
        match found {
            Ok(found) => Ok(found.db_cluster_parameter_groups().first().cloned()),
            Err(failure)
                if failure.is("DBParameterGroupNotFound")
                    || failure.is("DBClusterParameterGroupNotFound") =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// The version and the family of parameters of a major version; of the default one without.
    pub(super) async fn engine_version(&self, major: Option<u16>) -> Result<(String, String)> {
        let found = self
            .read("list the versions of Aurora PostgreSQL", |rds| {
                let call = rds
                    .describe_db_engine_versions()
                    .engine(ENGINE)
                    .default_only(true);
                call.set_engine_version(major.map(|major| major.to_string()))
                    .send()
            })
            .await?;
        let version = found.db_engine_versions().first();
        match version.and_then(|one| Some((one.engine_version()?, one.db_parameter_group_family()?))) {
            Some((version, family)) => Ok((version.to_owned(), family.to_owned())),
            None => Err(Error::new(
                ErrorKind::NotFound,
                match major {
                    Some(major) => format!("Aurora has no PostgreSQL {major} in this region."),
                    None => "Aurora names no default version of PostgreSQL in this region.".to_owned(),
                },
            )
            .hint("Name another major version: --pg-version 17.")),
        }
    }
}
