//! Who agrees to an operation on a cluster: how much of a word it needs says its provider.

use howdah_aurora::{Action, Clusters, Operation, Sharing, Tier};
use howdah_core::{Answer, Caller, Confirmation, Context, Error, Result};

use crate::cluster_change;

/// A person agrees to what costs or loses something: to a loss by `--yes` at the command line,
/// else by an answer to the question that their client puts.
pub(crate) async fn consent(cx: &Context, operation: &Operation) -> Result<()> {
    if matches!(cx.caller, Caller::Person { consents: true }) {
        return Ok(());
    }
    let clusters = cx.get::<Clusters>()?;
    let (effect, risky) = match clusters.tier(operation).await? {
        Tier::Free => return Ok(()),
        Tier::Confirm { effect } => (effect, false),
        Tier::Risk { effect } => (effect, true),
    };
    let (what, done) = words(operation);
    let command = command(operation, &source(&clusters, operation).await?);
    let refused = |why: &str| Error::refused(format!("{what} was not {done}: {why}."));
    if matches!(cx.caller, Caller::Person { .. }) {
        return match risky {
            // The command is their word.
            false => Ok(()),
            true => Err(refused("that needs your word").hint(format!("{effect} If that is what you want: `{command}`"))),
        };
    }
    let size = size(&clusters, operation).await?;
    let question = Confirmation {
        message: format!("{} {}{size}? {effect}", question(operation), asked(&what)),
        binding: command.clone(),
    };
    match cx.human.confirm(question).await? {
        Answer::Approved => Ok(()),
        Answer::Declined => Err(refused("the person said no")),
        Answer::Unavailable => Err(refused("only a person may decide that, and this client cannot ask")
            .hint(format!("A person can run: `{command}`"))),
        Answer::AskAndReturn => Err(refused("the person has been asked and has not answered yet")),
    }
}

/// What is dealt with, and what becomes of it.
fn words(operation: &Operation) -> (String, &'static str) {
    let cluster = format!("The cluster {}", operation.cluster);
    match &operation.action {
        Action::Create { .. } => (cluster, "created"),
        Action::Stop => (cluster, "stopped"),
        Action::Start => (cluster, "started"),
        Action::Delete { .. } => (cluster, "deleted"),
        Action::Snapshot { snapshot } => (format!("The snapshot {snapshot}"), "taken"),
        Action::DeleteSnapshot { snapshot } => (format!("The snapshot {snapshot}"), "deleted"),
        Action::CopySnapshot(copy) => (format!("The snapshot {}", copy.source), "copied"),
        Action::ShareSnapshot { snapshot, sharing } => {
            (format!("The snapshot {snapshot} with {}", sharing.in_words()), "shared")
        }
        Action::UnshareSnapshot { snapshot, sharing } => {
            (format!("The sharing of the snapshot {snapshot} with {}", sharing.in_words()), "ended")
        }
        Action::Restore { .. } | Action::RestoreToTime { .. } => (cluster, "restored"),
        Action::Clone { .. } => (cluster, "made"),
        Action::AddReader => (format!("The reader of {}", operation.cluster), "added"),
        Action::RemoveReader { reader } => (format!("The reader {reader}"), "removed"),
        Action::Failover { .. } => (cluster, "failed over"),
        Action::Modify(_) => (cluster, "changed"),
        Action::Upgrade(_) => (cluster, "upgraded"),
        Action::CreateBlueGreen { .. } => (format!("The green environment of {}", operation.cluster), "made"),
        Action::SwitchBlueGreen { .. } => (cluster, "switched over to its green environment"),
        Action::DeleteBlueGreen { .. } => (format!("The blue/green deployment of {}", operation.cluster), "deleted"),
        Action::CreateProxy(_) => (format!("The proxy of {}", operation.cluster), "made"),
        Action::DeleteProxy => (format!("The proxy of {}", operation.cluster), "deleted"),
        Action::CreateAlarms { .. } => (alarms(operation), "made"),
        Action::DeleteAlarms => (alarms(operation), "deleted"),
    }
}

fn alarms(operation: &Operation) -> String {
    format!("The set of alarms of {}", operation.cluster)
}

/// What is dealt with, within a sentence.
fn asked(what: &str) -> String {
    match what.strip_prefix("The cluster ") {
        Some(name) => format!("the PostgreSQL cluster {name}"),
        None => what.replacen("The ", "the ", 1),
    }
}

fn question(operation: &Operation) -> &'static str {
    match &operation.action {
        Action::Create { .. } => "Create",
        Action::Stop => "Stop",
        Action::Start => "Start",
        Action::Delete { .. } | Action::DeleteSnapshot { .. } => "Delete",
        Action::Snapshot { .. } => "Take",
        Action::CopySnapshot(_) => "Copy",
        Action::ShareSnapshot { .. } => "Share",
        Action::UnshareSnapshot { .. } => "End",
        Action::Restore { .. } | Action::RestoreToTime { .. } => "Restore",
        Action::Clone { .. } => "Make, as a clone,",
        Action::AddReader => "Add",
        Action::RemoveReader { .. } => "Remove",
        Action::Failover { .. } => "Fail over",
        Action::Modify(_) => "Change",
        Action::Upgrade(_) => "Upgrade",
        Action::CreateBlueGreen { .. } | Action::CreateProxy(_) | Action::CreateAlarms { .. } => "Make",
        Action::SwitchBlueGreen { .. } => "Switch over, to its green environment,",
        Action::DeleteBlueGreen { .. } | Action::DeleteProxy | Action::DeleteAlarms => "Delete",
    }
}

/// The cluster that a snapshot is of.
async fn source(clusters: &Clusters, operation: &Operation) -> Result<String> {
    let Action::Restore { snapshot, .. } = &operation.action else {
        return Ok(String::new());
    };
    let all = clusters.snapshots().await?;
    let known = all.into_iter().find(|known| known.name == *snapshot);
    Ok(known.map_or_else(|| operation.cluster.to_string(), |known| known.cluster.to_string()))
}

async fn size(clusters: &Clusters, operation: &Operation) -> Result<String> {
    let bytes = match &operation.action {
        Action::Delete { .. } => clusters.describe(operation.cluster.as_str()).await?.size_bytes,
        Action::DeleteSnapshot { snapshot } => {
            let all = clusters.snapshots().await?;
            all.into_iter().find(|known| known.name == *snapshot).map(|known| known.size_bytes)
        }
        _ => None,
    };
    Ok(bytes.map_or(String::new(), |bytes| format!(" ({})", howdah_core::human_bytes(bytes))))
}

/// The command with which a person consents.
fn command(operation: &Operation, source: &str) -> String {
    let cluster = &operation.cluster;
    let provider = &operation.provider;
    let shaped = |shape: &howdah_aurora::Shape, readers: u8| {
        let size = shape.compute.as_ref().map_or(String::new(), |compute| format!(" --size {}", compute.as_argument()));
        format!("--preset {}{size} --readers {readers}", shape.preset)
    };
    let rest = match &operation.action {
        Action::Create { version, readers, database, shape } => {
            let version = version.map_or(String::new(), |major| format!(" --pg-version {major}"));
            format!("create {cluster} --provider {provider} {}{version} --initial-database {database}", shaped(shape, *readers))
        }
        Action::Stop => format!("stop {cluster}"),
        Action::Start => format!("start {cluster}"),
        Action::Delete { final_snapshot: Some(snapshot) } => format!("delete {cluster} --final-snapshot {snapshot}"),
        Action::Delete { final_snapshot: None } => format!("delete {cluster} --skip-final-snapshot"),
        Action::Snapshot { snapshot } => format!("snapshot {cluster} {snapshot}"),
        Action::DeleteSnapshot { snapshot } => format!("delete-snapshot {snapshot}"),
        Action::CopySnapshot(copy) => {
            let mut words = format!("copy-snapshot {} {}", copy.source, copy.snapshot);
            for (name, value) in [("from-region", &copy.region), ("kms-key", &copy.kms_key)] {
                if let Some(value) = value {
                    words.push_str(&format!(" --{name} {value}"));
                }
            }
            words
        }
        Action::ShareSnapshot { snapshot, sharing } => format!("share-snapshot {snapshot}{}", with_whom(sharing)),
        Action::UnshareSnapshot { snapshot, sharing } => format!("unshare-snapshot {snapshot}{}", with_whom(sharing)),
        Action::Restore { snapshot, readers, shape } => {
            format!("restore {source} --snapshot {snapshot} --as {cluster} {}", shaped(shape, *readers))
        }
        Action::RestoreToTime { source, time, readers, shape } => {
            format!("restore {source} --to-time {time} --as {cluster} {}", shaped(shape, *readers))
        }
        Action::Clone { source, readers, shape } => {
            format!("clone {source} --as {cluster} {}", shaped(shape, *readers))
        }
        Action::AddReader => format!("add-reader {cluster}"),
        Action::RemoveReader { reader } => format!("remove-reader {cluster} {reader}"),
        Action::Failover { to } => {
            format!("failover {cluster}{}", to.as_ref().map_or(String::new(), |to| format!(" --to {to}")))
        }
        Action::Modify(change) => {
            let mut words = format!("modify {cluster}");
            if let Some(compute) = &change.compute {
                words.push_str(&format!(" --size {}", compute.as_argument()));
            }
            words.push_str(&cluster_change::arguments(change));
            words
        }
        Action::Upgrade(upgrade) => {
            let said = |is: bool, word: &'static str| if is { word } else { "" };
            format!(
                "upgrade {cluster} --to {} --snapshot {}{}{}",
                upgrade.to,
                upgrade.snapshot,
                said(upgrade.in_window, " --in-window"),
                said(upgrade.unchecked, " --unchecked")
            )
        }
        Action::CreateBlueGreen { version, compute } => {
            let version = version.map_or(String::new(), |major| format!(" --pg-version {major}"));
            let size = compute.as_ref().map_or(String::new(), |compute| format!(" --size {}", compute.as_argument()));
            format!("blue-green create {cluster}{version}{size}")
        }
        Action::SwitchBlueGreen { timeout_s } => format!("blue-green switch {cluster} --timeout-s {timeout_s}"),
        Action::DeleteBlueGreen { keep } => {
            format!("blue-green delete {cluster}{}", if *keep { " --keep" } else { "" })
        }
        Action::CreateProxy(options) => {
            let mut words = format!("proxy create {cluster}");
            for (name, value) in [("secret", &options.secret), ("role", &options.role)] {
                if let Some(value) = value {
                    words.push_str(&format!(" --{name} {value}"));
                }
            }
            if options.iam {
                words.push_str(" --iam");
            }
            words
        }
        Action::DeleteProxy => format!("proxy delete {cluster}"),
        Action::CreateAlarms { topics } => {
            let topics: String = topics.iter().map(|arn| format!(" --sns-topic {arn}")).collect();
            format!("create-alarms {cluster}{topics}")
        }
        Action::DeleteAlarms => format!("delete-alarms {cluster}"),
    };
    format!("howdah cluster {rest} --yes")
}

fn with_whom(sharing: &Sharing) -> String {
    let mut words: String = sharing.accounts.iter().map(|account| format!(" --account {account}")).collect();
    if sharing.public {
        words.push_str(" --public");
    }
    words
}
