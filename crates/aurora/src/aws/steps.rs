//! The steps of each operation.

use howdah_jobs::Step;

use super::{express, make};
use crate::{Action, Modification, Operation, Upgrade};

/// The steps of an operation. Weights are minutes as AWS takes them.
pub(super) fn of(operation: &Operation) -> Vec<Step> {
    if express::is_wanted(&operation.action) {
        return vec![
            Step::new("cluster", "Asking for the cluster").weight(0.1),
            Step::new("wait", "Waiting until its writer takes connections").weight(1.0),
            Step::new("finish", "Noting how to connect").weight(0.1),
        ];
    }
    if let Some((_, readers)) = make::plan(&operation.action) {
        return making(&operation.action, readers);
    }
    match &operation.action {
        Action::Stop => vec![Step::new("stop", "Stopping the cluster").weight(5.0)],
        Action::Start => vec![Step::new("start", "Starting the cluster").weight(5.0)],
        Action::Delete { .. } => vec![
            Step::new("instances", "Deleting the instances").weight(5.0),
            Step::new("cluster", "Deleting the cluster").weight(3.0),
            Step::new("parameters", "Deleting its parameter group").weight(0.1),
            Step::new("alarms", "Deleting its alarms").weight(0.1),
            Step::new("proxy", "Deleting its proxy").weight(0.2),
        ],
        Action::CreateBlueGreen { version, .. } => {
            let mut steps = vec![
                Step::new("deployment", "Asking for the green environment").weight(0.5),
                Step::new("green", "Waiting until it follows").weight(30.0),
            ];
            if version.is_some() {
                steps.insert(0, Step::new("group", "Setting its parameters").weight(0.2));
            }
            steps
        }
        Action::SwitchBlueGreen { .. } => vec![Step::new("switch", "Switching over").weight(5.0)],
        Action::DeleteBlueGreen { keep } => {
            let mut steps = vec![Step::new("deployment", "Ending the deployment").weight(3.0)];
            if !keep {
                steps.push(Step::new("old", "Deleting what was blue before the switch").weight(5.0));
            }
            steps
        }
        Action::CreateProxy(_) => vec![
            Step::new("proxy", "Asking for the proxy").weight(0.2),
            Step::new("targets", "Giving it the cluster").weight(5.0),
            Step::new("reach", "Waiting until it reaches the writer").weight(5.0),
        ],
        Action::DeleteProxy => vec![Step::new("proxy", "Deleting the proxy").weight(3.0)],
        Action::CreateAlarms { .. } => vec![Step::new("alarms", "Making the alarms").weight(0.2)],
        Action::DeleteAlarms => vec![Step::new("alarms", "Deleting the alarms").weight(0.1)],
        Action::Snapshot { .. } => vec![Step::new("snapshot", "Taking the snapshot").weight(5.0)],
        Action::DeleteSnapshot { .. } => vec![Step::new("remove-snapshot", "Deleting the snapshot")],
        Action::CopySnapshot(_) => vec![Step::new("copy-snapshot", "Copying the snapshot").weight(10.0)],
        Action::ShareSnapshot { .. } => vec![Step::new("share", "Sharing the snapshot").weight(0.1)],
        Action::UnshareSnapshot { .. } => vec![Step::new("unshare", "Ending its sharing").weight(0.1)],
        Action::AddReader => vec![Step::new("add-reader", "Adding a reader").weight(6.0)],
        Action::RemoveReader { .. } => vec![Step::new("remove-reader", "Removing the reader").weight(3.0)],
        Action::Failover { .. } => vec![Step::new("failover", "Making the reader the writer")],
        Action::Modify(change) => modifying(change),
        Action::Upgrade(upgrade) => upgrading(upgrade),
        Action::Create { .. }
        | Action::Restore { .. }
        | Action::RestoreToTime { .. }
        | Action::Clone { .. } => Vec::new(),
    }
}

fn upgrading(upgrade: &Upgrade) -> Vec<Step> {
    let mut steps = vec![Step::new("snapshot", "Taking the snapshot that is kept").weight(5.0)];
    if upgrade.is_major() {
        steps.push(Step::new("group", "Setting the parameters of the new version").weight(0.2));
    }
    steps.push(Step::new("upgrade", "Upgrading the cluster").weight(20.0));
    if upgrade.is_major() && !upgrade.in_window {
        steps.push(Step::new("analyze", "Gathering statistics").weight(5.0));
    }
    steps
}

fn modifying(change: &Modification) -> Vec<Step> {
    let mut steps = vec![
        Step::new("cluster", "Changing the cluster").weight(2.0),
        Step::new("instances", "Changing the instances").weight(5.0),
    ];
    if !change.parameters.is_empty() {
        steps.insert(0, Step::new("parameters", "Setting parameters").weight(0.2));
    }
    if change.restart {
        steps.push(Step::new("restart", "Restarting the instances").weight(4.0));
    }
    steps
}

fn making(action: &Action, readers: u8) -> Vec<Step> {
    let mut steps = vec![
        Step::new("parameters", "Setting its parameters").weight(0.1),
        Step::new(
            "cluster",
            match action {
                Action::Create { .. } => "Asking for the cluster",
                Action::Clone { .. } => "Asking for the clone",
                _ => "Asking for the restore",
            },
        )
        .weight(0.5),
        Step::new("member-1", "Asking for the writer").weight(0.1),
    ];
    for number in 1..=readers {
        let name = format!("member-{}", number.saturating_add(1));
        steps.push(Step::new(name, format!("Asking for reader {number}")).weight(0.1));
    }
    steps.push(Step::new("wait", "Waiting until all instances take connections").weight(8.0));
    if !matches!(action, Action::Create { .. }) {
        steps.push(Step::new("guard", "Setting password and backups").weight(0.5));
    }
    steps.push(Step::new("finish", "Noting how to connect").weight(0.1));
    steps
}

/// The number of the instance that a step makes.
pub(super) fn member(step: &str) -> Option<u8> {
    step.strip_prefix("member-")?.parse().ok()
}
