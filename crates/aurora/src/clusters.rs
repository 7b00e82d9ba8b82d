use std::path::PathBuf;

use howdah_core::{Config, Result};
use howdah_pg::{ConnInfo, Mode, NoEnvironment, Origin, Target};
use serde::Deserialize;

use crate::local::LocalPlane;
use crate::{AuroraError, Cluster, ClusterName, ControlPlane, Operation, Snapshot};

/// The providers of this build.
pub const PROVIDERS: [&str; 1] = [LocalPlane::NAME];

/// `[clusters]` of `howdah.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    /// The mode of the targets of clusters.
    mode: Option<Mode>,
}

/// The clusters of all providers, as a service for tools and jobs.
pub struct Clusters {
    home: PathBuf,
    mode: Mode,
}

impl Clusters {
    /// With `[clusters]` of the configuration, below [`howdah_store::home`].
    /// Reads and opens nothing else yet.
    pub fn new(config: &Config) -> Result<Self> {
        let section: Section = config.section("clusters")?;
        // These are databases that Howdah made for development: a person may
        // let an agent write, but is asked each time unless they say otherwise.
        Ok(Self {
            home: howdah_store::home()?,
            mode: section.mode.unwrap_or(Mode::Confirm),
        })
    }

    /// Below a directory of the caller's choice.
    pub fn at(home: PathBuf) -> Self {
        Self {
            home,
            mode: Mode::Confirm,
        }
    }

    /// The provider of that name.
    pub fn provider(&self, name: &str) -> Result<Box<dyn ControlPlane>> {
        match name {
            LocalPlane::NAME => Ok(Box::new(LocalPlane::at(&self.home))),
            other => Err(AuroraError::UnknownProvider {
                name: other.chars().take(40).collect(),
                known: PROVIDERS.join(", "),
            }
            .into()),
        }
    }

    /// Whether the operation can be begun; see [`ControlPlane::check`].
    pub async fn check(&self, operation: &Operation) -> Result<()> {
        self.provider(&operation.provider)?.check(operation).await
    }

    /// All clusters of all providers.
    pub async fn describe_all(&self) -> Result<Vec<Cluster>> {
        let mut all = Vec::new();
        for provider in PROVIDERS {
            let plane = self.provider(provider)?;
            for name in plane.clusters().await? {
                match plane.describe(&name).await {
                    Ok(cluster) => all.push(cluster),
                    // Deleted since it was listed.
                    Err(error) if error.kind == howdah_core::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(all)
    }

    /// One cluster; an error with the names that there are if there is none.
    pub async fn describe(&self, name: &str) -> Result<Cluster> {
        let (plane, name) = self.find(name).await?;
        plane.describe(&name).await
    }

    /// All snapshots of all providers.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>> {
        let mut all = Vec::new();
        for provider in PROVIDERS {
            all.extend(self.provider(provider)?.snapshots().await?);
        }
        Ok(all)
    }

    /// The provider and name of a cluster that exists.
    pub async fn find(&self, name: &str) -> Result<(Box<dyn ControlPlane>, ClusterName)> {
        let wanted = name.parse::<ClusterName>().ok();
        let mut known = Vec::new();
        for provider in PROVIDERS {
            let plane = self.provider(provider)?;
            let names = plane.clusters().await?;
            if let Some(name) = wanted.as_ref().filter(|name| names.contains(name)) {
                return Ok((plane, name.clone()));
            }
            known.extend(names.into_iter().map(String::from));
        }
        Err(AuroraError::NoCluster {
            name: name.into(),
            known,
        }
        .into())
    }

    /// The cluster's writer as a target for queries, in the mode of
    /// `[clusters]` (`confirm` unless configured).
    pub async fn target(&self, name: &str) -> Result<Target> {
        let conninfo = self.conninfo(name).await?;
        Ok(Target::new(name, conninfo, Origin::Cluster).with_mode(self.mode))
    }

    /// A URL with the password in it, for a person to give to a program. Never
    /// for a model.
    pub async fn url(&self, name: &str) -> Result<String> {
        Ok(self.conninfo(name).await?.to_url(true))
    }

    async fn conninfo(&self, name: &str) -> Result<ConnInfo> {
        let (plane, name) = self.find(name).await?;
        let connection = plane.connection(&name).await?;
        let text = format!(
            "host={} port={} user={} dbname={} sslmode=verify-full sslrootcert={}",
            value(&connection.endpoint),
            connection.port,
            value(&connection.user),
            value(&connection.database),
            value(&connection.ca_file.to_string_lossy()),
        );
        let conninfo = ConnInfo::parse_with(&text, &NoEnvironment)?;
        Ok(conninfo.with_password(plane.password(&name).await?))
    }
}

/// A value of a `key=value` connection string.
pub(crate) fn value(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
