use std::path::PathBuf;

use futures::future::join_all;
use howdah_core::{Config, ErrorKind, Result};
use howdah_pg::bridge::STATEMENT_MAX_MS;
use howdah_pg::{ConnInfo, Limits, Mode, NoEnvironment, Origin, Target};
use howdah_store::samples::Window;
use serde::Deserialize;

#[cfg(feature = "aws")]
use crate::aws::{Account, AwsPlane, AwsSettings};
use crate::cost::{Description, Prices};
use crate::events::Event;
use crate::local::LocalPlane;
use crate::{
    Alarm, AuroraError, Cluster, ClusterName, Connection, ControlPlane, Operation, Snapshot, SnapshotSource,
    Tier,
};

/// The providers of this build.
#[cfg(not(feature = "aws"))]
pub const PROVIDERS: [&str; 1] = [LocalPlane::NAME];
/// The providers of this build.
#[cfg(feature = "aws")]
pub const PROVIDERS: [&str; 2] = [LocalPlane::NAME, AwsPlane::NAME];

/// Snapshots of which it is asked at once with whom they are shared.
const SHARING_AT_ONCE: usize = 8;

/// `[clusters]` of `howdah.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    /// The mode of the targets of clusters.
    mode: Option<Mode>,
    /// The provider `aws`.
    #[cfg(feature = "aws")]
    aws: Option<AwsSettings>,
    /// A file may serve builds with and without that provider.
    #[cfg(not(feature = "aws"))]
    #[serde(rename = "aws")]
    _aws: Option<serde::de::IgnoredAny>,
}

/// How a cluster is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    /// PostgreSQL's protocol, with the password of its secret or, where `iam_user` is given, IAM tokens.
    Pgwire,
    /// The RDS Data API.
    Rdsapi,
}

impl Method {
    /// A method and the cluster, of a target's name such as `rdsapi:orders`.
    fn of(name: &str) -> (Option<Self>, &str) {
        let method = |word: &str| match word {
            "pgwire" => Some(Self::Pgwire),
            "rdsapi" => Some(Self::Rdsapi),
            _ => None,
        };
        match name.split_once(':') {
            Some((word, cluster)) if method(word).is_some() => (method(word), cluster),
            _ => (None, name),
        }
    }
}

/// The clusters of all providers, as a service for tools and jobs.
pub struct Clusters {
    home: PathBuf,
    mode: Mode,
    #[cfg(feature = "aws")]
    aws: Account,
}

/// What there is, and which providers could not be asked.
#[derive(Debug, Default)]
pub struct Listing {
    /// In order of provider and name.
    pub clusters: Vec<Cluster>,
    /// Likewise.
    pub snapshots: Vec<Snapshot>,
    /// Why a provider's clusters are not among them, a sentence each.
    pub unreachable: Vec<String>,
}

impl Clusters {
    /// With `[clusters]` of the configuration, below [`howdah_store::home`].
    /// Reads and opens nothing else yet.
    pub fn new(config: &Config) -> Result<Self> {
        Self::below(howdah_store::home()?, config)
    }

    /// Below a directory of the caller's choice.
    pub fn at(home: PathBuf) -> Self {
        Self::with(home, Section::default())
    }

    /// With `[clusters]` of the configuration, below a directory of the caller's choice.
    pub fn below(home: PathBuf, config: &Config) -> Result<Self> {
        Ok(Self::with(home, config.section("clusters")?))
    }

    fn with(home: PathBuf, section: Section) -> Self {
        Self {
            #[cfg(feature = "aws")]
            aws: Account::new(&home, section.aws),
            home,
            // These are databases that Howdah made for development: a person may
            // let an agent write, but is asked each time unless they say otherwise.
            mode: section.mode.unwrap_or(Mode::Confirm),
        }
    }

    /// The providers that are asked where none is named: another one than the first is
    /// asked once it was configured or used.
    fn asked(&self) -> impl Iterator<Item = &'static str> {
        PROVIDERS.into_iter().filter(|_provider| {
            #[cfg(feature = "aws")]
            if *_provider == AwsPlane::NAME {
                return self.aws.is_used();
            }
            true
        })
    }

    /// Whether a provider is asked that measures clusters by itself.
    pub fn measures(&self) -> bool {
        let mut asked = self.asked();
        asked.any(|name| self.provider(name).is_ok_and(|plane| plane.measures()))
    }

    /// The provider of that name.
    pub fn provider(&self, name: &str) -> Result<Box<dyn ControlPlane>> {
        match name {
            LocalPlane::NAME => Ok(Box::new(LocalPlane::at(&self.home))),
            #[cfg(feature = "aws")]
            AwsPlane::NAME => Ok(Box::new(AwsPlane::new(&self.aws))),
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

    /// How much of a word the operation needs; see [`ControlPlane::tier`].
    pub async fn tier(&self, operation: &Operation) -> Result<Tier> {
        self.provider(&operation.provider)?.tier(operation).await
    }

    /// All clusters and snapshots of all providers that can be reached.
    pub async fn list(&self) -> Result<Listing> {
        let mut listing = Listing::default();
        for provider in self.asked() {
            let plane = self.provider(provider)?;
            let found = match plane.describe_all().await {
                Ok(clusters) => plane.snapshots().await.map(|snapshots| (clusters, snapshots)),
                Err(error) => Err(error),
            };
            match found {
                Ok((clusters, snapshots)) => {
                    listing.clusters.extend(clusters);
                    listing.snapshots.extend(snapshots);
                }
                Err(error) if provider == LocalPlane::NAME => return Err(error),
                Err(error) => listing.unreachable.push(format!(
                    "The clusters of {provider} are not shown: {}",
                    error.to_text().replace('\n', " ")
                )),
            }
        }
        Ok(listing)
    }

    /// The names of the clusters of this machine: no other provider is asked.
    pub async fn on_this_machine(&self) -> Result<Vec<String>> {
        let names = self.provider(LocalPlane::NAME)?.clusters().await?;
        Ok(names.into_iter().map(String::from).collect())
    }

    /// One cluster; an error with the names that there are if there is none.
    pub async fn describe(&self, name: &str) -> Result<Cluster> {
        let (plane, name) = self.find(name).await?;
        plane.describe(&name).await
    }

    /// What a cluster is made of and what was measured of it; see [`ControlPlane::usage`].
    pub async fn usage(&self, name: &str) -> Result<Description> {
        let (plane, name) = self.find(name).await?;
        plane.usage(&name).await
    }

    /// The prices of a region as AWS lists them now; an error where it cannot be asked.
    pub async fn live_prices(&self, region: &str) -> Result<Prices> {
        #[cfg(feature = "aws")]
        return AwsPlane::new(&self.aws).live_prices(region).await;
        #[cfg(not(feature = "aws"))]
        return Err(AuroraError::Unsupported {
            provider: LocalPlane::NAME,
            what: format!("ask for the prices of {region}: this howdah was made without the feature aws"),
        }
        .into());
    }

    /// All snapshots of all providers.
    pub async fn snapshots(&self) -> Result<Vec<Snapshot>> {
        let mut all = Vec::new();
        for provider in self.asked() {
            all.extend(self.provider(provider)?.snapshots().await?);
        }
        Ok(all)
    }

    /// Notes with whom each snapshot is shared; a sentence for each provider that did not tell.
    pub async fn note_sharing(&self, snapshots: &mut [Snapshot]) -> Result<Vec<String>> {
        let mut untold = Vec::new();
        for provider in PROVIDERS {
            let plane = self.provider(provider)?;
            let of_it = snapshots.iter_mut().filter(|one| one.provider == provider);
            for some in of_it.collect::<Vec<_>>().chunks_mut(SHARING_AT_ONCE) {
                let asked = some.iter().map(|one| plane.shared_with(&one.name));
                let answers = join_all(asked).await;
                for (snapshot, answer) in some.iter_mut().zip(answers) {
                    match answer {
                        Ok(shared) => snapshot.shared_with = shared,
                        // Deleted since it was listed.
                        Err(error) if error.kind == ErrorKind::NotFound => {}
                        Err(error) => untold.push(format!(
                            "With whom snapshots are shared is not shown: {}",
                            error.to_text().replace('\n', " ")
                        )),
                    }
                }
            }
        }
        untold.truncate(1);
        Ok(untold)
    }

    /// The provider that can copy a snapshot which it does not list, and the cluster that it is of; see
    /// [`ControlPlane::source_of`].
    pub async fn source_of(
        &self,
        source: &SnapshotSource,
        region: Option<&str>,
    ) -> Result<(&'static str, ClusterName)> {
        let provider = PROVIDERS[PROVIDERS.len() - 1];
        let cluster = self.provider(provider)?.source_of(source, region).await?;
        Ok((provider, cluster))
    }

    /// The provider and name of a cluster that exists.
    pub async fn find(&self, name: &str) -> Result<(Box<dyn ControlPlane>, ClusterName)> {
        let wanted = name.parse::<ClusterName>().ok();
        let mut known = Vec::new();
        for provider in self.asked() {
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

    /// The names of the clusters of every provider that is asked.
    pub async fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for provider in self.asked() {
            names.extend(self.provider(provider)?.clusters().await?);
        }
        Ok(names.into_iter().map(String::from).collect())
    }

    /// The cluster's writer as a target for queries, in the mode of
    /// `[clusters]` (`confirm` unless configured).
    ///
    /// A method before the name chooses how it is connected to, in place of that of the
    /// configuration: `rdsapi:orders`, `pgwire:orders`.
    pub async fn target(&self, name: &str) -> Result<Target> {
        let (asked, cluster) = Method::of(name);
        let (plane, cluster) = self.find(cluster).await?;
        let conninfo = self.conninfo_by(plane.as_ref(), &cluster, asked).await?;
        let mut limits = Limits::default();
        if conninfo.is_bridged() {
            limits.statement_timeout_ms = limits.statement_timeout_ms.min(STATEMENT_MAX_MS);
        }
        let target = Target::new(name, conninfo, Origin::Cluster).with_limits(limits);
        Ok(target.with_mode(self.mode))
    }

    /// Every server of a cluster as a target, the writer first.
    pub async fn servers(&self, name: &str) -> Result<Vec<Target>> {
        let (plane, cluster) = self.find(name).await?;
        let connection = plane.connection(&cluster).await?;
        let mut servers = vec![self.target(name).await?];
        for endpoint in &connection.reader_endpoints {
            let Some((host, port)) = endpoint.rsplit_once(':') else {
                continue;
            };
            let reader = Connection {
                endpoint: host.to_owned(),
                port: port.parse().unwrap_or(connection.port),
                ..connection.clone()
            };
            let conninfo = Self::conninfo_of(plane.as_ref(), &reader).await?;
            let target = Target::new(format!("{name} at {endpoint}"), conninfo, Origin::Cluster);
            servers.push(target.with_mode(self.mode));
        }
        Ok(servers)
    }

    /// The logs of a cluster's servers; see [`ControlPlane::logs`].
    pub async fn logs(&self, name: &str) -> Result<Vec<PathBuf>> {
        let (plane, name) = self.find(name).await?;
        plane.logs(&name).await
    }

    /// What happened to a cluster, its instances and its snapshots; see [`ControlPlane::events`]. With its provider.
    pub async fn events(&self, name: &str, window: Window) -> Result<(&'static str, Vec<Event>)> {
        let (plane, name) = self.find(name).await?;
        Ok((plane.name(), plane.events(&name, window, true).await?))
    }

    /// What tells somebody when a cluster is not well; see [`ControlPlane::alarms`].
    pub async fn alarms(&self, name: &str) -> Result<Vec<Alarm>> {
        let (plane, name) = self.find(name).await?;
        plane.alarms(&name).await
    }

    /// A URL with the password in it, for a person to give to a program. Never
    /// for a model.
    pub async fn url(&self, name: &str) -> Result<String> {
        let (plane, name) = self.find(name).await?;
        let connection = plane.connection(&name).await?;
        let conninfo = Self::conninfo_of(plane.as_ref(), &connection).await?;
        Ok(conninfo.to_url(true))
    }

    /// The same through the cluster's proxy.
    pub async fn url_through_proxy(&self, name: &str) -> Result<String> {
        let (plane, name) = self.find(name).await?;
        let (connection, password) = plane.through_proxy(&name).await?;
        Ok(Self::parsed(&connection)?.with_password(password).to_url(true))
    }

    /// How a cluster is connected to by a method, or by the one that is configured.
    async fn conninfo_by(
        &self,
        plane: &dyn ControlPlane,
        cluster: &ClusterName,
        method: Option<Method>,
    ) -> Result<ConnInfo> {
        let method = method.or_else(|| self.configured(plane.name()));
        if method == Some(Method::Rdsapi) {
            return plane.data_api(cluster).await;
        }
        let connection = plane.connection(cluster).await?;
        Self::conninfo_of(plane, &connection).await
    }

    /// The method that `[clusters.aws]` names for clusters of a provider.
    fn configured(&self, _provider: &str) -> Option<Method> {
        #[cfg(feature = "aws")]
        if _provider == AwsPlane::NAME {
            return self.aws.method();
        }
        None
    }

    pub(crate) async fn conninfo_of(plane: &dyn ControlPlane, connection: &Connection) -> Result<ConnInfo> {
        let conninfo = Self::parsed(connection)?;
        Ok(conninfo.with_password(plane.password(connection).await?))
    }

    /// Everything but the password.
    fn parsed(connection: &Connection) -> Result<ConnInfo> {
        let text = format!(
            "host={} port={} user={} dbname={} sslmode=verify-full sslrootcert={}",
            value(&connection.endpoint),
            connection.port,
            value(&connection.user),
            value(&connection.database),
            value(&connection.ca_file.to_string_lossy()),
        );
        Ok(ConnInfo::parse_with(&text, &NoEnvironment)?)
    }
}

/// A value of a `key=value` connection string.
pub(crate) fn value(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
