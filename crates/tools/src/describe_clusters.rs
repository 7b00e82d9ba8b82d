//! The tool `describe_clusters`.

use howdah_aurora::{BlueGreen, Cluster, Clusters, Listing, Role, Sharing, Snapshot};
use howdah_core::{Command, Context, Effect, Output, Report, Result, Tool, Toolset, human_bytes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::show_events;

/// Shows one cluster or all: status, version, endpoints, size, the readers and how far they are behind, and the snapshots.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct DescribeClusters {
    /// One cluster; all if left out.
    #[serde(default)]
    pub name: Option<String>,
}

/// The clusters and snapshots that there are.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Described {
    /// In order of name.
    pub clusters: Vec<Cluster>,
    /// Those of the cluster, or all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub snapshots: Vec<Snapshot>,
    /// Why a provider's clusters are not among them, or what of its snapshots was not told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<String>,
    /// What mattered to the one cluster in the last 24 hours: `1 failover, 2 restarts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lately: Option<String>,
    #[serde(skip)]
    one: bool,
}

howdah_core::tool!(DescribeClusters);

impl Tool for DescribeClusters {
    const NAME: &'static str = "describe_clusters";
    const TITLE: &'static str = "Show clusters";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["cluster", "list"];
    const EXAMPLES: &'static str = "
        howdah cluster list              all clusters and snapshots
        howdah cluster list --json       for programs";
    type Out = Described;

    async fn run(self, cx: &Context) -> Result<Described> {
        let clusters = cx.get::<Clusters>()?;
        match &self.name {
            None => {
                let Listing { clusters: all, mut snapshots, mut unreachable } = clusters.list().await?;
                unreachable.extend(clusters.note_sharing(&mut snapshots).await?);
                Ok(Described { clusters: all, snapshots, unreachable, lately: None, one: false })
            }
            Some(name) => {
                let cluster = clusters.describe(name).await?;
                let snapshots = clusters.provider(&cluster.provider)?.snapshots().await?;
                let mut snapshots: Vec<Snapshot> =
                    snapshots.into_iter().filter(|known| known.cluster == cluster.name).collect();
                let unreachable = clusters.note_sharing(&mut snapshots).await?;
                let lately = show_events::lately(&clusters, &cluster.provider, &cluster.name).await?;
                Ok(Described { clusters: vec![cluster], snapshots, unreachable, lately, one: true })
            }
        }
    }
}

impl Output for Described {
    fn report(&self) -> Report {
        let mut report = Report::new();
        match self.clusters.as_slice() {
            [] => report = report.text("There are no clusters yet. `howdah cluster create NAME --wait` makes one."),
            [cluster] if self.one => report = show(report, cluster, self.lately.as_deref()),
            clusters => {
                let rows = clusters.iter().map(row).collect();
                report = report.table(&["Cluster", "Status", "PostgreSQL", "Writer", "Readers", "Size"], rows);
            }
        }
        if !self.snapshots.is_empty() {
            report = snapshots(report, &self.snapshots);
        }
        for problem in &self.unreachable {
            report = report.text(problem.clone());
        }
        report
    }

    fn summary(&self) -> String {
        let mut lines: Vec<String> = self
            .clusters
            .iter()
            .map(|cluster| {
                let readers = cluster.instances.len().saturating_sub(1);
                let noun = if readers == 1 { "reader" } else { "readers" };
                format!("{}: {}, PostgreSQL {}, {readers} {noun}.", cluster.name, cluster.status.as_str(), cluster.version)
            })
            .collect();
        lines.extend(self.lately.iter().map(|lately| format!("In the last 24 hours: {lately} (show_events).")));
        lines.extend(self.unreachable.iter().cloned());
        match lines.is_empty() {
            true => "There are no clusters yet; start_create_cluster_job makes one.".to_owned(),
            false => lines.join("\n"),
        }
    }
}

fn show(report: Report, cluster: &Cluster, lately: Option<&str>) -> Report {
    let mut facts = vec![
        ("Status", cluster.status.as_str().to_owned()),
        ("Provider", cluster.provider.clone()),
        ("PostgreSQL", cluster.version.clone()),
        ("Created", cluster.created.clone()),
    ];
    if let Some(size) = cluster.size_bytes {
        facts.push(("Size", human_bytes(size)));
    }
    if let Some(since) = &cluster.restorable_since {
        facts.push(("Restorable to", format!("any moment since {since}")));
    }
    if let Some(connection) = &cluster.connection {
        facts.push(("Endpoint", format!("{}:{}", connection.endpoint, connection.port)));
        facts.push(("Database", connection.database.clone()));
        facts.push(("User", connection.user.clone()));
        match (&connection.password_file, &connection.secret) {
            (Some(file), _) => facts.push(("Password", format!("in {}", file.display()))),
            (None, Some(secret)) => facts.push(("Password", format!("in the secret {secret}"))),
            (None, None) => facts.push(("Password", "an IAM token, made for each connection".to_owned())),
        }
        facts.push(("TLS authority", connection.ca_file.display().to_string()));
    }
    if let Some(proxy) = &cluster.proxy {
        let tokens = if proxy.iam { ", takes IAM tokens" } else { "" };
        facts.push(("Proxy", format!("{} ({}{tokens})", proxy.endpoint, proxy.status)));
        facts.extend(proxy.unhealthy.iter().map(|why| ("Out of reach", why.clone())));
    }
    if let Some(deployment) = &cluster.blue_green {
        facts.push(("Blue/green", blue_green(deployment)));
    }
    if let Some(lately) = lately {
        let more = format!("{lately} in the last 24 hours: howdah cluster events {}", cluster.name);
        facts.push(("Lately", more));
    }
    facts.extend(cluster.details.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let rows = cluster.instances.iter().map(|instance| {
        let lag = match (instance.role, instance.lag_bytes) {
            (Role::Writer, _) => String::new(),
            // Where there are zones, readers share the writer's storage and follow no log.
            (Role::Reader, _) if instance.class.is_some() => String::new(),
            (Role::Reader, None) => "not connected to the writer".to_owned(),
            (Role::Reader, Some(bytes)) => match instance.lag_ms {
                Some(ms) => format!("{}, {ms:.0} ms", human_bytes(bytes)),
                None => human_bytes(bytes),
            },
        };
        let place = [instance.class.as_deref(), instance.zone.as_deref()];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let name = match place.is_empty() {
            true => instance.name.clone(),
            false => format!("{} ({})", instance.name, place.join(", ")),
        };
        vec![name, instance.status.as_str().to_owned(), instance.endpoint.clone(), lag]
    });
    report
        .heading(format!("Cluster {}", cluster.name))
        .facts(facts)
        .table(&["Instance", "Status", "Endpoint", "Behind by"], rows.collect())
        .text(format!("psql \"$(howdah cluster url {})\"", cluster.name))
}

fn blue_green(deployment: &BlueGreen) -> String {
    let lag = match (deployment.lag_bytes, deployment.lag_ms) {
        (None, None) => String::new(),
        (Some(bytes), None) => format!(", {} behind", human_bytes(bytes)),
        (None, Some(ms)) => format!(", {ms:.0} ms behind"),
        (Some(bytes), Some(ms)) => format!(", {} and {ms:.0} ms behind", human_bytes(bytes)),
    };
    let BlueGreen { blue, green, status, .. } = deployment;
    format!("{}: blue {blue}, green {green}{lag}", status.as_str())
}

fn row(cluster: &Cluster) -> Vec<String> {
    let writer = cluster.instances.first().map_or(String::new(), |writer| writer.endpoint.clone());
    vec![
        cluster.name.to_string(),
        cluster.status.as_str().to_owned(),
        cluster.version.clone(),
        writer,
        cluster.instances.len().saturating_sub(1).to_string(),
        cluster.size_bytes.map_or(String::new(), human_bytes),
    ]
}

fn snapshots(report: Report, all: &[Snapshot]) -> Report {
    let row = |snapshot: &Snapshot| {
        vec![
            snapshot.name.to_string(),
            snapshot.cluster.to_string(),
            snapshot.version.clone(),
            snapshot.created.clone(),
            human_bytes(snapshot.size_bytes),
        ]
    };
    let columns = ["Snapshot", "Of cluster", "PostgreSQL", "Taken", "Size"];
    if all.iter().all(|snapshot| snapshot.shared_with.is_empty()) {
        return report.table(&columns, all.iter().map(row).collect());
    }
    let shared = |snapshot: &Snapshot| {
        let names = snapshot.shared_with.iter().map(|who| match who.as_str() {
            Sharing::EVERYBODY => "everybody",
            account => account,
        });
        let mut row = row(snapshot);
        row.push(names.collect::<Vec<_>>().join(", "));
        row
    };
    let [name, cluster, version, taken, size] = columns;
    report.table(&[name, cluster, version, taken, size, "Shared with"], all.iter().map(shared).collect())
}

/// Show a cluster: status, endpoints, size, readers and how far they are behind.
#[derive(Debug, Clone, clap::Args)]
pub struct ShowCluster {
    /// The cluster.
    pub name: String,
}

howdah_core::command!(ShowCluster);

impl Command for ShowCluster {
    const COMMAND: &'static [&'static str] = &["cluster", "show"];
    const EXAMPLES: &'static str = "
        howdah cluster show shop         everything about one cluster";
    type Tool = DescribeClusters;

    fn into_tool(self) -> Result<DescribeClusters> {
        Ok(DescribeClusters { name: Some(self.name) })
    }
}
