use std::collections::{BTreeMap, BTreeSet};

use crate::need::Need;
use crate::verdict::Verdict;
use crate::words::{duration, query, remark};
use crate::{Check, Line, Seen, Threshold};

inventory::submit! {
    Check {
        code: "blocked-sessions",
        title: "Sessions blocked by others",
        guide: "Troubleshooting Sequences",
        sql: include_str!("blocked_sessions.sql"),
        thresholds: &[
            Threshold::new("warn_s", 60.0),
            Threshold::new("critical_s", 300.0),
            // A queue: one who waits shortly is everyday life, several behind one are not.
            Threshold::new("warn_waiting", 2.0),
            Threshold::new("critical_waiting", 20.0),
        ],
        needs: &[Need::AllSessions],
        judge,
        ..Check::NEW
    }
}

/// Who waits for whom.
struct Queue<'a> {
    sessions: BTreeMap<i64, Line<'a>>,
    /// Prepared transactions, which are process 0 to whoever waits for them.
    prepared: Vec<Line<'a>>,
    blockers: BTreeMap<i64, Vec<i64>>,
}

impl<'a> Queue<'a> {
    fn of(seen: &Seen<'a>) -> Self {
        let mut queue = Self {
            sessions: BTreeMap::new(),
            prepared: Vec::new(),
            blockers: BTreeMap::new(),
        };
        for line in seen.lines() {
            let pid = line.integer("pid");
            if pid == 0 {
                queue.prepared.push(line);
                continue;
            }
            let blockers: Vec<i64> = line
                .text("blockers")
                .trim_matches(['{', '}'])
                .split(',')
                .filter_map(|pid| pid.parse().ok())
                .collect();
            if !blockers.is_empty() {
                queue.blockers.insert(pid, blockers);
            }
            queue.sessions.insert(pid, line);
        }
        queue
    }

    /// Those who block and wait for nobody; in a circle, which a deadlock is until it is noticed, the first.
    fn roots(&self) -> BTreeSet<i64> {
        let blocking = self.blockers.values().flatten().copied();
        let mut roots: BTreeSet<i64> = blocking.filter(|pid| !self.blockers.contains_key(pid)).collect();
        let mut told: BTreeSet<i64> = roots.iter().flat_map(|root| self.behind(*root)).collect();
        for &waiting in self.blockers.keys() {
            if told.contains(&waiting) {
                continue;
            }
            let (mut at, mut seen) = (waiting, BTreeSet::new());
            while let Some(next) = self.blockers.get(&at).and_then(|of| of.first()) {
                if !seen.insert(at) {
                    break;
                }
                at = *next;
            }
            roots.insert(at);
            told.insert(at);
            told.extend(self.behind(at));
        }
        roots
    }

    /// Everyone who waits for `root`, directly or behind others.
    fn behind(&self, root: i64) -> BTreeSet<i64> {
        let mut behind = BTreeSet::new();
        loop {
            let next: Vec<i64> = self
                .blockers
                .iter()
                .filter(|(pid, of)| !behind.contains(*pid) && of.iter().any(|pid| *pid == root || behind.contains(pid)))
                .map(|(pid, _)| *pid)
                .collect();
            if next.is_empty() {
                behind.remove(&root);
                return behind;
            }
            behind.extend(next);
        }
    }

    fn wait(&self, pid: i64) -> f64 {
        self.sessions.get(&pid).map_or(0.0, |line| line.number("wait_s"))
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let queue = Queue::of(seen);
    let mut roots: Vec<(i64, BTreeSet<i64>, f64)> = queue
        .roots()
        .into_iter()
        .map(|root| {
            let behind = queue.behind(root);
            let longest = behind.iter().map(|pid| queue.wait(*pid)).fold(0.0, f64::max);
            (root, behind, longest)
        })
        .collect();
    roots.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(b.2.total_cmp(&a.2)));
    for (root, behind, longest) in &roots {
        let waiting = behind.len() as f64;
        if *longest < seen.limit("warn_s") && waiting < seen.limit("warn_waiting") {
            continue;
        }
        let is_critical = *longest >= seen.limit("critical_s") || waiting >= seen.limit("critical_waiting");
        let who = match root {
            0 => match queue.prepared.as_slice() {
                [] => "A prepared transaction".to_owned(),
                [one] => format!("The prepared transaction {} of {}", one.text("gid"), one.text("role")),
                several => format!("One of {} prepared transactions", several.len()),
            },
            pid => match queue.sessions.get(pid) {
                Some(line) => format!("Process {pid} of {} ({})", line.text("role"), line.text("state")),
                None => format!("Process {pid}"),
            },
        };
        let message = format!(
            "{who} blocks {}, the longest for {}.",
            match behind.len() {
                1 => "1 session".to_owned(),
                number => format!("{number} sessions"),
            },
            duration(*longest)
        );
        let problem = if is_critical { verdict.critical(message) } else { verdict.warn(message) };
        problem.object(match (root, queue.prepared.as_slice()) {
            (0, [one]) => format!("prepared {}", one.text("gid")),
            (0, _) => "prepared transactions".to_owned(),
            _ => format!("pid {root}"),
        });
        problem.figure("waiting", waiting).figure("longest_wait_s", longest.round());
        let pids: Vec<i64> = behind.iter().copied().collect();
        problem.figure("waiting_pids", pids);
        if let Some(line) = queue.sessions.get(root) {
            problem
                .figure("application", line.text("application"))
                .figure("transaction_open_s", line.number("open_s").round())
                .figure("query", query(line.text("query")));
        }
        let first = behind.iter().max_by(|a, b| queue.wait(**a).total_cmp(&queue.wait(**b)));
        let first = first.and_then(|pid| queue.sessions.get(pid));
        if let Some(line) = first {
            problem.figure("first_waiting_query", query(line.text("query"))).figure("mode", line.text("mode"));
            if !line.text("relation").is_empty() {
                problem.figure("relation", line.text("relation"));
            }
        }
        if *root == 0 {
            if let [one] = queue.prepared.as_slice() {
                problem.figure("transaction_open_s", one.number("open_s").round());
            }
            let ends: Vec<String> = queue.prepared.iter().map(|line| end_prepared(line)).collect();
            if !ends.is_empty() {
                problem.unsafe_fix(ends.join("\n"));
            }
            problem.next("Ask whoever coordinates it whether it is to be committed: COMMIT PREPARED ends it as well.");
        } else {
            problem.unsafe_fix(format!("SELECT pg_terminate_backend({root});"));
        }
    }
    verdict.figure("waiting", queue.blockers.len());
    verdict.say(match queue.blockers.len() {
        0 => "No session waits for a lock.".to_owned(),
        number => format!("{number} wait for a lock, none of them for long."),
    });
}

fn end_prepared(line: &Line<'_>) -> String {
    let gid = line.text("gid");
    match line.text("database") {
        "" => format!("ROLLBACK PREPARED {gid};"),
        database => format!("{}ROLLBACK PREPARED {gid};", remark(&format!("in the database {database}:"))),
    }
}
