use std::collections::{BTreeMap, BTreeSet};

use howdah_core::{Caller, Context, Effect, Output, Report, Result, Tool, Toolset};
use howdah_pg::Rows;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job_view::human_duration;
use crate::{target_session, watched};

const SQL: &str = include_str!("show_activity.sql");

/// Shows the sessions of the server now: what each does or waits for, and who blocks whom.
///
/// Those that wait for a lock come first, then those at work, then open transactions. Other roles' statements are
/// seen by members of pg_monitor.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowActivity {
    /// Sessions that do nothing as well.
    #[arg(long)]
    #[serde(default)]
    pub idle: bool,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    #[serde(default = "hundred")]
    pub limit: usize,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// Sessions, and the queues among them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Activity {
    /// How many sessions are in each state.
    pub counts: BTreeMap<String, usize>,
    /// The sessions.
    pub sessions: Vec<SessionLine>,
    /// Who blocks others and waits for nobody, each with those behind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<Queue>,
    /// How many sessions are not shown.
    pub left_out: usize,
    /// Whether other roles' sessions are hidden from this role.
    pub is_partial: bool,
}

/// A session.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SessionLine {
    /// Its process.
    pub pid: i32,
    /// When it began, UTC: with the process it names the session.
    pub began: String,
    /// Its role.
    pub role: String,
    /// Its database.
    pub database: String,
    /// What the client calls itself.
    pub application: String,
    /// The client's address; empty where it is on the same machine.
    pub client: String,
    /// Such as `client backend`.
    pub kind: String,
    /// Such as `active` or `idle in transaction`.
    pub state: String,
    /// `type:event` of what it waits for.
    pub wait: String,
    /// Seconds in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_s: Option<f64>,
    /// Seconds that its transaction has been open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_s: Option<f64>,
    /// Seconds that its statement has been running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_s: Option<f64>,
    /// Processes that it waits for; 0 is a prepared transaction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocked_by: Vec<i32>,
    /// The lock that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// The statement that it runs, or ran last; told to an agent, its values are masked as `$n`.
    pub query: String,
}

/// A session that blocks others.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Queue {
    /// The process at the root; 0 is a prepared transaction.
    pub root: i32,
    /// Those behind, in the order of a tree: each after the one that it waits for.
    pub waiting: Vec<Waiting>,
}

/// A session that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waiting {
    /// Its process.
    pub pid: i32,
    /// How many are between it and the root, and one.
    pub depth: usize,
}

howdah_core::tool!(ShowActivity);

/// Sessions that are asked for at most.
const MOST: usize = 1_000;

impl Tool for ShowActivity {
    const NAME: &'static str = "show_activity";
    const TITLE: &'static str = "Show sessions and locks";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["activity"];
    const EXAMPLES: &'static str = "
        howdah activity          who is at work, who waits for whom
        howdah activity --idle   every session";
    type Out = Activity;

    async fn run(self, cx: &Context) -> Result<Activity> {
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let most = MOST.to_string();
        let rows = session.query(SQL, &[Some(&most)]).await?;
        let mut activity = self.of(&rows);
        if matches!(cx.caller, Caller::Agent) {
            // The statements of others may hold passwords, which no model is to see.
            for session in &mut activity.sessions {
                session.query = howdah_sql::normalize(&session.query);
            }
        }
        Ok(activity)
    }
}

impl ShowActivity {
    fn of(&self, rows: &Rows) -> Activity {
        let total = rows.first().and_then(|row| row.parse(16)).unwrap_or(0);
        let is_partial = rows.iter().any(|row| row.is_true(14));
        let all: Vec<SessionLine> = rows
            .iter()
            .map(|row| {
                let text = |column: usize| row.get(column).unwrap_or_default().to_owned();
                SessionLine {
                    pid: row.parse(0).unwrap_or_default(),
                    began: text(1),
                    role: text(2),
                    database: text(3),
                    application: text(4),
                    client: text(5),
                    kind: text(6),
                    state: text(7),
                    wait: text(8),
                    state_s: row.parse(9),
                    transaction_s: row.parse(10),
                    query_s: row.parse(11),
                    blocked_by: text(12).split(',').filter_map(|pid| pid.parse().ok()).collect(),
                    lock: row.get(13).map(str::to_owned),
                    query: if row.is_true(14) { String::new() } else { text(15) },
                }
            })
            .collect();
        let mut counts = BTreeMap::new();
        for session in &all {
            let state = if session.state.is_empty() { "not told" } else { &session.state };
            *counts.entry(state.to_owned()).or_default() += 1;
        }
        let queues = queues(&all);
        // Who blocks others is shown, whatever it does itself.
        let in_queue: BTreeSet<i32> = queues.iter().map(|queue| queue.root).collect();
        let wanted = |session: &SessionLine| {
            self.idle || session.state != "idle" || in_queue.contains(&session.pid)
        };
        let mut sessions: Vec<SessionLine> = all.into_iter().filter(wanted).collect();
        sessions.truncate(self.limit.clamp(1, MOST));
        Activity {
            counts,
            left_out: usize::saturating_sub(total, sessions.len()),
            sessions,
            queues,
            is_partial,
        }
    }
}

/// The trees of those who wait. Each waits in one place, behind the first that it waits for.
fn queues(sessions: &[SessionLine]) -> Vec<Queue> {
    let above: BTreeMap<i32, i32> = sessions
        .iter()
        .filter_map(|session| Some((session.pid, *session.blocked_by.first()?)))
        .collect();
    let mut below: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (pid, blocker) in &above {
        below.entry(*blocker).or_default().push(*pid);
    }
    let mut roots = BTreeSet::new();
    for &waiting in above.keys() {
        // In a circle, which a deadlock is until the server notices, it is where the walk came to first.
        let (mut at, mut seen) = (waiting, BTreeSet::new());
        while let Some(next) = above.get(&at) {
            if !seen.insert(at) {
                at = seen.first().copied().unwrap_or(at);
                break;
            }
            at = *next;
        }
        roots.insert(at);
    }
    let mut queues: Vec<Queue> = roots
        .into_iter()
        .map(|root| {
            let mut waiting = Vec::new();
            let mut seen = BTreeSet::from([root]);
            let next = |pid: i32, depth: usize| {
                let of = below.get(&pid).into_iter().flatten().rev();
                of.map(move |pid| Waiting { pid: *pid, depth }).collect::<Vec<_>>()
            };
            let mut left = next(root, 1);
            while let Some(one) = left.pop() {
                if seen.insert(one.pid) {
                    left.extend(next(one.pid, one.depth + 1));
                    waiting.push(one);
                }
            }
            Queue { root, waiting }
        })
        .collect();
    queues.sort_by_key(|queue| (std::cmp::Reverse(queue.waiting.len()), queue.root));
    queues
}

impl Activity {
    /// The session of a process.
    pub fn session(&self, pid: i32) -> Option<&SessionLine> {
        self.sessions.iter().find(|session| session.pid == pid)
    }
}

impl Output for Activity {
    fn report(&self) -> Report {
        let rows = self
            .sessions
            .iter()
            .map(|session| {
                vec![
                    session.pid.to_string(),
                    session.role.clone(),
                    session.state.clone(),
                    session.query_s.or(session.state_s).map_or(String::new(), human_duration),
                    session.wait.clone(),
                    session.blocked_by.iter().map(i32::to_string).collect::<Vec<_>>().join(", "),
                    watched::one_line(&session.query, 100),
                ]
            })
            .collect();
        let report = Report::new().text(self.summary());
        let mut report = report.table(&["Process", "Role", "State", "For", "Wait", "Blocked by", "Statement"], rows);
        for queue in &self.queues {
            let lines: Vec<String> = queue
                .waiting
                .iter()
                .map(|one| {
                    let lock = self.session(one.pid).and_then(|session| session.lock.clone());
                    let pad = "  ".repeat(one.depth.min(20));
                    format!("{pad}{} waits for {}", one.pid, lock.unwrap_or_else(|| "a lock".to_owned()))
                })
                .collect();
            report = report.text(format!("{} blocks:\n{}", name(queue.root), lines.join("\n")));
        }
        report
    }

    fn summary(&self) -> String {
        let counts: Vec<String> =
            self.counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let mut text = match counts.is_empty() {
            true => "No other session is there.".to_owned(),
            false => format!("Sessions: {}.", counts.join(", ")),
        };
        let waiting: usize = self.queues.iter().map(|queue| queue.waiting.len()).sum();
        if let Some(first) = self.queues.first() {
            text.push_str(&format!(" {waiting} wait for locks, most of them behind {}.", name(first.root)));
        }
        if self.is_partial {
            text.push_str(" What other roles do is hidden from this one; a superuser runs: GRANT pg_monitor TO this role.");
        }
        text
    }
}

/// What a sentence calls who blocks.
fn name(root: i32) -> String {
    match root {
        0 => "A prepared transaction".to_owned(),
        pid => format!("Process {pid}"),
    }
}

fn hundred() -> usize {
    100
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pid: i32, blockers: &[i32]) -> SessionLine {
        SessionLine {
            pid,
            blocked_by: blockers.to_vec(),
            ..SessionLine::default()
        }
    }

    #[test]
    fn queues_are_trees_and_circles_end() {
        let found = queues(&[waits(2, &[1]), waits(3, &[2]), waits(4, &[1]), waits(6, &[0])]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].root, 1);
        let order: Vec<(i32, usize)> = found[0].waiting.iter().map(|one| (one.pid, one.depth)).collect();
        assert_eq!(order, [(2, 1), (3, 2), (4, 1)]);
        assert_eq!((found[1].root, found[1].waiting.len()), (0, 1));
        let circle = queues(&[waits(1, &[2]), waits(2, &[1])]);
        assert_eq!(circle.len(), 1);
        assert_eq!(circle[0].waiting.len(), 1);
    }
}
