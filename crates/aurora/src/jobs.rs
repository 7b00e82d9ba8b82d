//! The kinds of jobs: one for each action, alike in all but their names.

use async_trait::async_trait;
use howdah_core::{Error, Result};
use howdah_jobs::{JobCx, JobKind, OnFailure, Step, job_kind};
use serde_json::{Value, json};

use crate::local::LocalPlane;
use crate::{Action, Clusters, ControlPlane, Operation, OperationState, SnapshotName};

macro_rules! cluster_job {
    ($(#[$doc:meta])* $kind:ident, $name:literal, $title:literal, $on_failure:expr) => {
        $(#[$doc])*
        pub(crate) struct $kind;

        #[async_trait]
        impl JobKind for $kind {
            const NAME: &'static str = $name;
            const TITLE: &'static str = $title;
            const ON_FAILURE: OnFailure = $on_failure;
            type Input = Operation;
            type State = OperationState;

            fn subject(input: &Operation) -> String {
                subject(input)
            }

            fn exclusive_key(input: &Operation) -> Option<String> {
                Some(exclusive_key(input))
            }

            fn steps(input: &Operation) -> Vec<Step> {
                steps(input)
            }

            async fn run_step(
                &self,
                step: &str,
                input: &Operation,
                cx: &JobCx,
                state: &mut OperationState,
            ) -> Result<()> {
                plane(input, cx)?.run_step(step, input, cx, state).await
            }

            async fn undo_step(
                &self,
                step: &str,
                input: &Operation,
                cx: &JobCx,
                state: &mut OperationState,
            ) -> Result<()> {
                plane(input, cx)?.undo_step(step, input, cx, state).await
            }

            async fn what_exists(&self, input: &Operation, cx: &JobCx, _: &OperationState) -> Vec<String> {
                match plane(input, cx) {
                    Ok(plane) => plane.what_exists(input).await,
                    Err(error) => vec![error.message],
                }
            }

            fn result(input: &Operation, state: &OperationState) -> Value {
                result(input, state)
            }
        }

        job_kind!($kind);
    };
}

cluster_job!(
    /// Makes a cluster.
    CreateCluster, "create_cluster", "Create a cluster", OnFailure::Undo
);
cluster_job!(
    /// Ends a cluster's processes and keeps its data.
    StopCluster, "stop_cluster", "Stop a cluster", OnFailure::Keep
);
cluster_job!(
    /// Runs a stopped cluster again.
    StartCluster, "start_cluster", "Start a cluster", OnFailure::Keep
);
cluster_job!(
    /// Removes a cluster.
    DeleteCluster, "delete_cluster", "Delete a cluster", OnFailure::Undo
);
cluster_job!(
    /// Copies a cluster's data.
    SnapshotCluster, "snapshot_cluster", "Take a snapshot of a cluster", OnFailure::Undo
);
cluster_job!(
    /// Removes a snapshot.
    DeleteSnapshot, "delete_snapshot", "Delete a snapshot", OnFailure::Undo
);
cluster_job!(
    /// Makes a cluster of a snapshot, or of another cluster as it was at a moment.
    RestoreCluster, "restore_cluster", "Restore a cluster", OnFailure::Undo
);

cluster_job!(
    /// Makes a cluster that shares another one's pages.
    CloneCluster, "clone_cluster", "Clone a cluster", OnFailure::Undo
);
cluster_job!(
    /// Adds a reader.
    AddReader, "add_reader", "Add a reader to a cluster", OnFailure::Undo
);
cluster_job!(
    /// Removes a reader.
    RemoveReader, "remove_reader", "Remove a reader of a cluster", OnFailure::Keep
);
cluster_job!(
    /// Makes a reader the writer.
    FailOver, "fail_over_cluster", "Fail a cluster over", OnFailure::Undo
);
cluster_job!(
    /// Changes size or guards of a cluster.
    ModifyCluster, "modify_cluster", "Change a cluster", OnFailure::Keep
);
cluster_job!(
    /// Upgrades a cluster in place.
    UpgradeCluster, "upgrade_cluster", "Upgrade a cluster", OnFailure::Undo
);
cluster_job!(
    /// Makes a green environment beside a cluster.
    CreateBlueGreen, "create_blue_green", "Create a green environment", OnFailure::Undo
);
cluster_job!(
    /// Lets a green environment take its cluster's place.
    SwitchBlueGreen, "switch_blue_green", "Switch over to the green environment", OnFailure::Undo
);
cluster_job!(
    /// Ends a blue/green deployment.
    DeleteBlueGreen, "delete_blue_green", "Delete a blue/green deployment", OnFailure::Keep
);
cluster_job!(
    /// Makes a proxy before a cluster.
    CreateProxy, "create_proxy", "Create a proxy", OnFailure::Undo
);
cluster_job!(
    /// Removes the proxy before a cluster.
    DeleteProxy, "delete_proxy", "Delete a proxy", OnFailure::Keep
);
cluster_job!(
    /// Makes the alarms of a cluster.
    CreateAlarms, "create_alarms", "Create the alarms of a cluster", OnFailure::Undo
);
cluster_job!(
    /// Removes the alarms of a cluster.
    DeleteAlarms, "delete_alarms", "Delete the alarms of a cluster", OnFailure::Keep
);

cluster_job!(
    /// Copies a snapshot.
    CopySnapshot, "copy_snapshot", "Copy a snapshot", OnFailure::Undo
);
cluster_job!(
    /// Lets other accounts restore a snapshot.
    ShareSnapshot, "share_snapshot", "Share a snapshot", OnFailure::Undo
);
cluster_job!(
    /// Lets other accounts restore a snapshot no longer.
    UnshareSnapshot, "unshare_snapshot", "End the sharing of a snapshot", OnFailure::Keep
);

/// The snapshot that an operation deals with and not its cluster: that may be changed meanwhile, and copies from
/// another region take hours.
fn snapshot_alone(input: &Operation) -> Option<&SnapshotName> {
    match &input.action {
        Action::CopySnapshot(copy) => Some(&copy.snapshot),
        Action::ShareSnapshot { snapshot, .. } | Action::UnshareSnapshot { snapshot, .. } => Some(snapshot),
        _ => None,
    }
}

fn subject(input: &Operation) -> String {
    match snapshot_alone(input) {
        Some(snapshot) => format!("snapshot {snapshot} of cluster {}", input.cluster),
        None => format!("cluster {}", input.cluster),
    }
}

fn exclusive_key(input: &Operation) -> String {
    match snapshot_alone(input) {
        Some(snapshot) => format!("snapshot:{snapshot}"),
        None => format!("cluster:{}", input.cluster),
    }
}

fn plane(input: &Operation, cx: &JobCx) -> Result<Box<dyn ControlPlane>> {
    cx.get::<Clusters>()?.provider(&input.provider)
}

/// The steps are asked for where no service is at hand; they depend on the
/// operation alone.
fn steps(input: &Operation) -> Vec<Step> {
    match input.provider.as_str() {
        LocalPlane::NAME => LocalPlane::steps_of(input),
        #[cfg(feature = "aws")]
        crate::aws::AwsPlane::NAME => crate::aws::AwsPlane::steps_of(input),
        // Refused by `Clusters::check`, before a job is recorded.
        _ => Vec::new(),
    }
}

fn result(input: &Operation, state: &OperationState) -> Value {
    let mut result = json!({ "cluster": input.cluster, "provider": input.provider });
    if let Some(version) = &state.version {
        result["version"] = version.as_str().into();
    }
    if let Some(capacity) = &state.capacity {
        result["capacity"] = capacity.as_str().into();
    }
    if let Some(snapshot) = &state.snapshot {
        result["snapshot"] = snapshot.as_str().into();
    }
    if !state.left.is_empty() {
        result["left_to_do"] = json!(state.left);
    }
    if let Some(Ok(Value::Object(connection))) = state.connection.as_ref().map(serde_json::to_value) {
        for (name, value) in connection {
            result[name] = value;
        }
    }
    match &input.action {
        Action::Delete { .. } | Action::DeleteSnapshot { .. } => result["deleted"] = true.into(),
        Action::Stop => result["status"] = "stopped".into(),
        Action::Create { .. }
        | Action::Start
        | Action::Restore { .. }
        | Action::RestoreToTime { .. }
        | Action::Clone { .. } => result["status"] = "available".into(),
        Action::DeleteBlueGreen { .. } | Action::DeleteProxy | Action::DeleteAlarms => {
            result["deleted"] = true.into()
        }
        Action::CreateAlarms { .. } => result["new_alarms"] = state.alarms.len().into(),
        Action::Upgrade(upgrade) => {
            result["upgraded_from"] = upgrade.from.to_string().into();
            result["upgraded_to"] = upgrade.to.to_string().into();
            result["status"] = match upgrade.in_window && state.version != Some(upgrade.to.to_string()) {
                true => "scheduled".into(),
                false => "available".into(),
            };
        }
        Action::SwitchBlueGreen { .. } => {
            result["status"] = "switched_over".into();
            if let Some(old) = &state.old {
                result["old_cluster"] = old.as_str().into();
            }
        }
        Action::CreateBlueGreen { .. } | Action::CreateProxy(_) => result["status"] = "available".into(),
        Action::CopySnapshot(copy) => {
            result["copy_of"] = copy.source.as_str().into();
            result["status"] = "available".into();
        }
        Action::ShareSnapshot { .. } | Action::UnshareSnapshot { .. } => {
            result["shared_with"] = json!(state.shared_with);
        }
        Action::RemoveReader { reader } => result["removed"] = reader.as_str().into(),
        Action::AddReader | Action::Failover { .. } | Action::Modify(_) | Action::Snapshot { .. } => {
            let names: Vec<&str> = state.members.iter().map(|member| member.name.as_str()).collect();
            if !names.is_empty() {
                result["instances"] = json!(names);
            }
        }
    }
    result
}

impl Operation {
    /// Records the job that carries this out and starts a worker for it. `by`
    /// says, for people, who asked.
    pub async fn start(&self, engine: &howdah_jobs::Engine, by: &str) -> Result<howdah_jobs::JobRecord> {
        let started = match self.action {
            Action::Create { .. } => engine.start::<CreateCluster>(self, by).await,
            Action::Stop => engine.start::<StopCluster>(self, by).await,
            Action::Start => engine.start::<StartCluster>(self, by).await,
            Action::Delete { .. } => engine.start::<DeleteCluster>(self, by).await,
            Action::Snapshot { .. } => engine.start::<SnapshotCluster>(self, by).await,
            Action::DeleteSnapshot { .. } => engine.start::<DeleteSnapshot>(self, by).await,
            Action::CopySnapshot(_) => engine.start::<CopySnapshot>(self, by).await,
            Action::ShareSnapshot { .. } => engine.start::<ShareSnapshot>(self, by).await,
            Action::UnshareSnapshot { .. } => engine.start::<UnshareSnapshot>(self, by).await,
            Action::Restore { .. } | Action::RestoreToTime { .. } => {
                engine.start::<RestoreCluster>(self, by).await
            }
            Action::Clone { .. } => engine.start::<CloneCluster>(self, by).await,
            Action::AddReader => engine.start::<AddReader>(self, by).await,
            Action::RemoveReader { .. } => engine.start::<RemoveReader>(self, by).await,
            Action::Failover { .. } => engine.start::<FailOver>(self, by).await,
            Action::Modify(_) => engine.start::<ModifyCluster>(self, by).await,
            Action::Upgrade(_) => engine.start::<UpgradeCluster>(self, by).await,
            Action::CreateBlueGreen { .. } => engine.start::<CreateBlueGreen>(self, by).await,
            Action::SwitchBlueGreen { .. } => engine.start::<SwitchBlueGreen>(self, by).await,
            Action::DeleteBlueGreen { .. } => engine.start::<DeleteBlueGreen>(self, by).await,
            Action::CreateProxy(_) => engine.start::<CreateProxy>(self, by).await,
            Action::DeleteProxy => engine.start::<DeleteProxy>(self, by).await,
            Action::CreateAlarms { .. } => engine.start::<CreateAlarms>(self, by).await,
            Action::DeleteAlarms => engine.start::<DeleteAlarms>(self, by).await,
        };
        started.map_err(Error::from)
    }
}
