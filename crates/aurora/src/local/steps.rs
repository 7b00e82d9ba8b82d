//! The steps of each operation.

use howdah_jobs::Step;

use super::blue_green;
use crate::{Action, Operation};

/// The steps of an operation; weights are as they take on a small cluster.
pub(super) fn of(operation: &Operation) -> Vec<Step> {
    let mut steps = Vec::new();
    match &operation.action {
        Action::Create { readers, .. } => {
            steps.push(Step::new("prepare", "Preparing the directory, password and certificate").weight(0.2));
            steps.push(Step::new("init", "Initialising the writer").weight(1.5));
            steps.push(Step::new("start", "Starting the writer").weight(0.3));
            steps.push(Step::new("database", "Creating the database").weight(0.2));
            add_last(&mut steps, *readers);
        }
        Action::RestoreToTime { readers, .. } => {
            steps.push(Step::new("prepare", "Preparing the directory, password and certificate").weight(0.2));
            steps.push(Step::new("close-log", "Closing the log of the other cluster").weight(0.2));
            steps.push(Step::new("restore", "Copying the data that the log begins with").weight(1.0));
            steps.push(Step::new("start", "Replaying the log up to the moment").weight(2.0));
            steps.push(Step::new("password", "Setting the new password").weight(0.1));
            add_last(&mut steps, *readers);
        }
        Action::Restore { readers, .. } => {
            steps.push(Step::new("prepare", "Preparing the directory, password and certificate").weight(0.2));
            steps.push(Step::new("restore", "Copying the snapshot's data").weight(2.0));
            steps.push(Step::new("start", "Starting the writer").weight(0.5));
            steps.push(Step::new("password", "Setting the new password").weight(0.1));
            add_last(&mut steps, *readers);
        }
        Action::Stop => steps.push(Step::new("stop", "Stopping the servers")),
        Action::Start => steps.push(Step::new("start-all", "Starting the servers")),
        Action::Delete { final_snapshot } => {
            steps.push(Step::new("stop", "Stopping the servers"));
            if final_snapshot.is_some() {
                steps.push(Step::new("snapshot", "Taking the final snapshot").weight(2.0));
            }
            steps.push(Step::new("remove", "Removing the data").weight(0.5));
        }
        Action::Snapshot { .. } => steps.push(Step::new("snapshot", "Copying the data")),
        Action::CopySnapshot(_) => steps.push(Step::new("copy-snapshot", "Copying the snapshot")),
        Action::DeleteSnapshot { .. } => {
            steps.push(Step::new("remove-snapshot", "Removing the snapshot"));
        }
        Action::Clone { readers, .. } => {
            steps.push(Step::new("prepare", "Preparing the directory, password and certificate").weight(0.2));
            steps.push(Step::new("restore", "Copying the data of the other cluster").weight(2.0));
            steps.push(Step::new("start", "Starting the writer").weight(0.5));
            steps.push(Step::new("password", "Setting the new password").weight(0.1));
            add_last(&mut steps, *readers);
        }
        Action::AddReader => {
            steps.push(Step::new("choose", "Choosing its number").weight(0.1));
            steps.push(Step::new("copy", "Copying the data to the reader"));
            steps.push(Step::new("start", "Starting the reader").weight(0.6));
        }
        Action::RemoveReader { .. } => steps.push(Step::new("remove-reader", "Removing the reader")),
        Action::Failover { .. } => {
            steps.push(Step::new(
                "choose",
                "Choosing the reader and writing down what is in memory",
            ));
            steps.push(Step::new("stop", "Stopping the writer and the reader").weight(0.3));
            steps.push(Step::new("exchange", "Exchanging their data").weight(0.1));
            steps.push(Step::new("promote", "Starting the new writer").weight(0.5));
            steps.push(Step::new("follow", "Letting the old writer follow the new one"));
        }
        action @ (Action::CreateBlueGreen { .. }
        | Action::SwitchBlueGreen { .. }
        | Action::DeleteBlueGreen { .. }) => steps = blue_green::steps(action),
        Action::Modify(change) => {
            if change.compute.is_some() {
                steps.push(Step::new("capacity", "Setting the capacity").weight(0.2));
            }
            if !change.parameters.is_empty() {
                steps.push(Step::new("parameters", "Setting the parameters").weight(0.2));
            }
            if change.restart {
                steps.push(Step::new("restart", "Restarting the servers that wait for it"));
            }
        }
        Action::CreateProxy(_) => steps.push(Step::new("proxy", "Starting pgbouncer")),
        Action::DeleteProxy => steps.push(Step::new("remove-proxy", "Removing pgbouncer")),
        // Refused by `check`, before a job is recorded.
        Action::ShareSnapshot { .. }
        | Action::UnshareSnapshot { .. }
        | Action::CreateAlarms { .. }
        | Action::DeleteAlarms
        | Action::Upgrade(_) => {}
    }
    steps
}

/// What every new cluster ends with.
fn add_last(steps: &mut Vec<Step>, readers: u8) {
    for number in 1..=readers {
        steps.push(Step::new(
            format!("copy-reader-{number}"),
            format!("Copying the data to reader {number}"),
        ));
        steps.push(
            Step::new(
                format!("start-reader-{number}"),
                format!("Starting reader {number}"),
            )
            .weight(0.6),
        );
    }
    steps.push(Step::new("base", "Copying the data that its log begins with").weight(0.5));
    steps.push(Step::new("finish", "Noting how to connect").weight(0.1));
}
