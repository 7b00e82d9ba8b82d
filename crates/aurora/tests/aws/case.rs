//! One operation under every fault, and under kills, at every call that it makes.

use howdah_aurora::{Action, Operation, Preset, Shape};
use howdah_jobs::{JobRecord, JobState};
use serde_json::{Value, json};

use super::{Account, names};

/// What the operators of these accounts allow.
pub const PRODUCTION: &str = "monitoring_role = 'arn:aws:iam::123456789012:role/monitoring'\n\
    allow = ['delete-without-snapshot', 'failover', 'switch-over']";

/// An operation on a cluster of the account.
pub fn on(cluster: &str, action: Action) -> Operation {
    Operation {
        provider: "aws".into(),
        cluster: cluster.parse().unwrap(),
        action,
    }
}

/// A cluster of the newest 16, with the database `app`.
#[allow(dead_code, reason = "other tests use it")]
pub fn create(cluster: &str, preset: Preset, readers: u8) -> Operation {
    let shape = Shape {
        preset,
        compute: None,
    };
    on(
        cluster,
        Action::Create {
            version: Some(16),
            readers,
            database: "app".into(),
            shape,
        },
    )
}

/// Faults that a job survives, at whatever call.
const SURVIVED: [&str; 8] = [
    "lost",
    "throttled",
    "failed",
    "unavailable",
    "expired",
    "truncated",
    "cut-before",
    "already",
];

/// One operation, what was there before it, and what has to be there after it.
pub struct Case {
    pub operation: Operation,
    pub seed: Value,
    /// Looked at where the job succeeded.
    pub done: fn(&Value),
    /// Looked at where it failed.
    pub undone: fn(&Value),
    /// Calls that the job does without where they are denied.
    pub spared: &'static [&'static str],
}

impl Case {
    fn verdict(&self, account: &Account, job: &JobRecord, what: &str) {
        let state = account.state();
        let made = state["made"].as_object().unwrap();
        match job.state {
            JobState::Succeeded => {
                // A group or a snapshot of a name that was made twice would be a duplicate.
                assert!(
                    made.values().all(|times| *times == 1),
                    "{what}: made twice: {made:?}"
                );
                (self.done)(&state);
            }
            _ => {
                assert!(job.error.is_some(), "{what}: {job:?}");
                assert!(
                    job.error.as_ref().unwrap()["hint"].is_string(),
                    "{what}: what to do is not said"
                );
                (self.undone)(&state);
            }
        }
    }

    async fn calls(&self, account: &Account) -> Vec<String> {
        account.reset(&self.seed, &json!({}));
        let job = account.run(&self.operation).await;
        assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
        self.verdict(account, &job, "without a fault");
        names(&account.state()["calls"])
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// Each fault at each call that changes something, and one after the other at those that do not.
    pub async fn with_faults(&self) {
        let account = Account::with(PRODUCTION);
        let calls = self.calls(&account).await;
        let mut runs = 0;
        for (at, call) in calls.iter().enumerate() {
            let faults: Vec<&str> = match call.starts_with("Describe") {
                true => vec![SURVIVED.iter().chain(&["denied"]).copied().nth(at % 9).unwrap()],
                false => SURVIVED.iter().chain(&["denied"]).copied().collect(),
            };
            for fault in faults {
                let what = format!("{:?}: {fault} at call {} ({call})", self.operation.action, at + 1);
                account.reset(&self.seed, &json!({ "at": at + 1, "fault": fault }));
                let job = account.run(&self.operation).await;
                match fault {
                    "denied" if self.spared.contains(&call.as_str()) => {}
                    "denied" => assert_ne!(job.state, JobState::Succeeded, "{what}"),
                    _ => assert_eq!(job.state, JobState::Succeeded, "{what}: {:?}", job.error),
                }
                self.verdict(&account, &job, &what);
                account.assert_clean(Some(&job)).await;
                runs += 1;
            }
        }
        eprintln!(
            "{:?}: {runs} faults over {} calls",
            self.operation.action,
            calls.len()
        );
    }

    /// Killed before and after each call that changes something, and at some that do not.
    pub async fn with_kills(&self) {
        let account = Account::with(PRODUCTION);
        let calls = self.calls(&account).await;
        for (at, call) in calls.iter().enumerate() {
            let faults: &[&str] = match call.starts_with("Describe") {
                true if at % 4 == 0 => &["hang-before"],
                true => &[],
                false => &["hang-before", "hang-after"],
            };
            for fault in faults {
                let what = format!(
                    "{:?}: killed, {fault} call {} ({call})",
                    self.operation.action,
                    at + 1
                );
                account.reset(&self.seed, &json!({ "at": at + 1, "fault": fault }));
                let job = account.run_killed(&self.operation).await;
                assert_eq!(job.state, JobState::Succeeded, "{what}: {:?}", job.error);
                self.verdict(&account, &job, &what);
                account.assert_clean(Some(&job)).await;
            }
        }
    }
}
