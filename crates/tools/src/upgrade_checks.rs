//! The look into every database of a cluster before an upgrade to another major version, and what becomes of it.

use howdah_aurora::{Action, Clusters, ControlPlane, EngineVersion, Operation, SnapshotName, Upgrade};
use howdah_checks::{Check, CheckResult, Problem, Settings, Status, check_named, examine, upgrade_checks};
use howdah_core::{Config, Context, Error, Result};
use howdah_pg::catalog::{Query, Reading};
use schemars::JsonSchema;
use serde::Serialize;

use crate::check_health;

/// Problems that an error names.
const TOLD: usize = 10;
/// Names of snapshots that are tried where nobody gave one.
const NAMES: u32 = 100;
/// The longest name of a snapshot.
const LONGEST: usize = 63;

/// An upgrade as it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) to: Option<String>,
    pub(crate) snapshot: Option<SnapshotName>,
    pub(crate) in_window: bool,
    pub(crate) unchecked: bool,
}

impl Asked {
    /// The operation: which version that is, its provider says.
    pub(crate) async fn operation(self, clusters: &Clusters, name: &str) -> Result<(Operation, Upgrade)> {
        let Some(to) = self.to else {
            return Err(Error::invalid("This needs the version that the cluster is to get.")
                .hint("`howdah cluster upgrade CLUSTER --to 17`, or the argument `to_version`."));
        };
        let wanted: EngineVersion = to.trim().parse()?;
        let (plane, cluster) = clusters.find(name).await?;
        let (from, to) = plane.upgrade_path(&cluster, wanted).await?;
        let snapshot = match self.snapshot {
            Some(snapshot) => snapshot,
            None => free_name(plane.as_ref(), cluster.as_str(), to).await?,
        };
        let upgrade = Upgrade { from, to, snapshot, in_window: self.in_window, unchecked: self.unchecked };
        let action = Action::Upgrade(upgrade.clone());
        Ok((Operation { provider: plane.name().to_owned(), cluster, action }, upgrade))
    }
}

/// `shop-before-17-4`, or the same with a number behind.
async fn free_name(plane: &dyn ControlPlane, cluster: &str, to: EngineVersion) -> Result<SnapshotName> {
    let taken = plane.snapshots().await?;
    let ending = format!("-before-{}", to.to_string().replace('.', "-"));
    for number in 1..=NAMES {
        let ending = match number {
            1 => ending.clone(),
            number => format!("{ending}-{number}"),
        };
        let begin = cluster.get(..LONGEST.saturating_sub(ending.len()).min(cluster.len())).unwrap_or(cluster);
        let name: SnapshotName = format!("{}{ending}", begin.trim_end_matches('-')).parse().map_err(Error::from)?;
        if taken.iter().all(|known| known.name != name) {
            return Ok(name);
        }
    }
    Err(Error::invalid("Every name for the snapshot before the upgrade is taken.").hint("Give one: --snapshot NAME."))
}

/// What was found in a cluster.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Looked {
    /// About the server as a whole.
    pub server: Vec<CheckResult>,
    /// In each database.
    pub databases: Vec<LookedInto>,
    /// Why nothing could be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What was found in a database.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LookedInto {
    /// The database.
    pub database: String,
    /// The checks, the worst first.
    pub checks: Vec<CheckResult>,
    /// Why it could not be looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Looked {
    /// Each check, and where it was made, as words behind others.
    pub(crate) fn checks(&self) -> impl Iterator<Item = (String, &CheckResult)> {
        let server = self.server.iter().map(|check| (String::new(), check));
        server.chain(self.databases.iter().flat_map(|one| {
            let place = format!(", database {}", one.database);
            one.checks.iter().map(move |check| (place.clone(), check))
        }))
    }

    /// What is in the way.
    pub(crate) fn blockers(&self) -> impl Iterator<Item = (String, &Problem)> {
        let problems = self.checks().flat_map(|(place, check)| {
            check.problems.iter().map(move |problem| (place.clone(), problem))
        });
        problems.filter(|(_, problem)| problem.status == Status::Critical)
    }

    /// What could not be looked at, and why.
    pub(crate) fn unseen(&self) -> Vec<(String, String)> {
        let mut unseen: Vec<(String, String)> =
            self.error.iter().map(|why| ("the whole cluster".to_owned(), why.clone())).collect();
        for one in &self.databases {
            unseen.extend(one.error.iter().map(|why| (format!("the database {}", one.database), why.clone())));
        }
        for (place, check) in self.checks() {
            // Who is at work now is no matter of the upgrade's success.
            if let Some(skip) = check.skipped.as_ref().filter(|_| check.code != LONG_TRANSACTIONS) {
                unseen.push((format!("{}{place}", check.code), format!("{} Who can change that: {}", skip.reason, skip.who)));
            }
        }
        unseen
    }
}

/// Also of everyday's health: what an upgrade would break off, and what is to be updated with it.
const LONG_TRANSACTIONS: &str = "long-transactions";
const OUTDATED_EXTENSION: &str = "outdated-extension";

/// Looks into the cluster and each of its databases, read-only. A minor version changes nothing in them.
pub(crate) async fn look(cx: &Context, cluster: &str, upgrade: &Upgrade) -> Result<Looked> {
    let settings: Settings = cx.get::<Config>()?.section("health")?;
    settings.known()?;
    let settings = settings.upgrading_to(upgrade.to.major);
    let mut server: Vec<&'static Check> = check_named(LONG_TRANSACTIONS).into_iter().collect();
    let mut each: Vec<&'static Check> = Vec::new();
    if upgrade.is_major() {
        let (whole, one): (Vec<_>, Vec<_>) = upgrade_checks().into_iter().partition(|check| check.server_wide);
        server.extend(whole);
        each.extend(one);
        each.extend(check_named(OUTDATED_EXTENSION));
    }
    let (names, server) = match of_server(cx, cluster, &server, &settings).await {
        Ok(found) => found,
        Err(error) => return Ok(Looked { error: Some(error.message), ..Looked::default() }),
    };
    let mut databases = Vec::new();
    for database in names.into_iter().filter(|_| !each.is_empty()) {
        let (checks, error) = match of_database(cx, cluster, &database, &each, &settings).await {
            Ok(checks) => (checks, None),
            Err(error) => (Vec::new(), Some(error.message)),
        };
        databases.push(LookedInto { database, checks, error });
    }
    Ok(Looked { server, databases, error: None })
}

async fn of_server(
    cx: &Context,
    cluster: &str,
    checks: &[&'static Check],
    settings: &Settings,
) -> Result<(Vec<String>, Vec<CheckResult>)> {
    // The database that the cluster began with may be gone.
    let (_, mut connection) = check_health::connect(cx, Some(cluster), Some("postgres")).await?;
    let query = Query::new(include_str!("upgrade_checks/databases.sql"), &[]);
    let rows = Reading::of(&mut connection).one(&query).await?;
    let names = rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect();
    let pass = examine(&mut connection, checks, settings).await?;
    Ok((names, sorted(pass.results)))
}

async fn of_database(
    cx: &Context,
    cluster: &str,
    database: &str,
    checks: &[&'static Check],
    settings: &Settings,
) -> Result<Vec<CheckResult>> {
    let (_, mut connection) = check_health::connect(cx, Some(cluster), Some(database)).await?;
    Ok(sorted(examine(&mut connection, checks, settings).await?.results))
}

/// The worst first; of what is well no more than that it is.
fn sorted(mut results: Vec<CheckResult>) -> Vec<CheckResult> {
    results.sort_by(|a, b| b.status.cmp(&a.status).then_with(|| a.code.cmp(&b.code)));
    for check in results.iter_mut().filter(|check| check.status <= Status::Ok) {
        check.figures.clear();
        check.thresholds.clear();
    }
    results
}

/// Looks into the databases before an upgrade, and refuses it where something is in the way; where not everything could
/// be looked at, unless somebody said to go on without. Any other operation passes as it is.
pub(crate) async fn before(cx: &Context, operation: Operation) -> Result<Operation> {
    let Action::Upgrade(upgrade) = &operation.action else {
        return Ok(operation);
    };
    let cluster = &operation.cluster;
    let looked = look(cx, cluster.as_str(), upgrade).await?;
    let found: Vec<String> = looked.blockers().map(|(place, problem)| format!("{}{place}", problem.message.trim_end_matches('.'))).collect();
    let see = format!("`howdah cluster check-upgrade {cluster} --to {}` (check_upgrade) shows everything, with what mends it.", upgrade.to);
    if !found.is_empty() {
        let more = match found.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let told = found.get(..TOLD.min(found.len())).unwrap_or_default().join("; ");
        return Err(Error::refused(format!("The cluster {cluster} cannot be upgraded to {} as it is: {told}{more}.", upgrade.to)).hint(see));
    }
    let unseen = looked.unseen();
    // A minor version has nothing to look for.
    let unchecked = upgrade.is_major() && !unseen.is_empty();
    if unchecked && !upgrade.unchecked {
        let told: Vec<String> = unseen.iter().take(TOLD).map(|(what, why)| format!("{what} ({})", why.trim_end_matches('.'))).collect();
        return Err(Error::refused(format!(
            "Whether the cluster {cluster} can be upgraded to {} could not be seen everywhere: {}.",
            upgrade.to,
            told.join("; ")
        ))
        .hint(format!("See that howdah can connect to it. To go on without: --unchecked (argument `unchecked`); where something is in the way after all, its clients wait in vain. {see}")));
    }
    let upgrade = Upgrade { unchecked, ..upgrade.clone() };
    Ok(Operation { action: Action::Upgrade(upgrade), ..operation })
}
