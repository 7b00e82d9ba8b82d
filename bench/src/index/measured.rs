//! CPU time of statements, read where the server runs.

use anyhow::{Context, Result};
use tokio_postgres::Client;

use super::workload::{Application, SETS, Template};

/// CPU seconds of each statement, the mean over its sets of parameters and that of each.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    of: Vec<Vec<f64>>,
}

/// Runs of a statement, unless they take longer than this together. The first, which fills caches, counts only
/// where it takes that long by itself.
const RUNS: usize = 20;
const RUNS_MAX_SECONDS: f64 = 0.05;
/// Runs of a write.
const WRITES: i64 = 200;
/// Rounds of them, of which the least counts: the first after a checkpoint writes whole pages to the WAL.
const ROUNDS: usize = 3;

/// Measures every statement with every set of parameters; writes are rolled back.
pub(crate) async fn measure(client: &Client, application: &Application) -> Result<Measured> {
    let pid = prepare(client).await?;
    let mut of = Vec::new();
    for template in &application.templates {
        of.push(one(client, pid, application, template).await?);
    }
    Ok(Measured { of })
}

/// Sets up the session, and gives its process.
async fn prepare(client: &Client) -> Result<i32> {
    client
        .batch_execute("SET max_parallel_workers_per_gather = 0; SET jit = off")
        .await?;
    Ok(client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0))
}

/// CPU seconds of a statement with each set of parameters.
async fn one(client: &Client, pid: i32, application: &Application, template: &Template) -> Result<Vec<f64>> {
    if template.writes {
        let mut least = f64::INFINITY;
        for _ in 0..ROUNDS {
            least = least.min(writes(client, pid, application, template).await?);
        }
        return Ok(vec![least]);
    }
    let mut sets = Vec::new();
    for set in 0..SETS {
        let sql = application.statement(template, set, 0);
        let first = cpu(pid)?;
        client.batch_execute(&sql).await.with_context(|| sql.clone())?;
        let from = cpu(pid)?;
        if from - first >= RUNS_MAX_SECONDS {
            sets.push(from - first);
            continue;
        }
        let mut runs = 0;
        while runs == 0 || (runs < RUNS && cpu(pid)? - from < RUNS_MAX_SECONDS) {
            client.batch_execute(&sql).await?;
            runs += 1;
        }
        sets.push((cpu(pid)? - from) / runs as f64);
    }
    Ok(sets)
}

/// CPU seconds of a write, in a transaction that is rolled back.
async fn writes(client: &Client, pid: i32, application: &Application, template: &Template) -> Result<f64> {
    client.batch_execute("BEGIN").await?;
    let mut fresh = 1_000_000_000;
    for _ in 0..40 {
        fresh += 1;
        client
            .batch_execute(&application.statement(template, 0, fresh))
            .await?;
    }
    let from = cpu(pid)?;
    for run in 0..WRITES {
        fresh += 1;
        let set = usize::try_from(run).unwrap_or(0) % SETS;
        client
            .batch_execute(&application.statement(template, set, fresh))
            .await?;
    }
    let spent = (cpu(pid)? - from) / WRITES as f64;
    client.batch_execute("ROLLBACK").await?;
    Ok(spent)
}

/// Seconds that a process was on a CPU.
fn cpu(pid: i32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat"))
        .context("the server must run on this machine")?;
    let nanoseconds: f64 = text.split_whitespace().next().unwrap_or("0").parse()?;
    Ok(nanoseconds / 1e9)
}

impl Measured {
    /// Reading statements that seem slower than before, by number. Some are so by what else the machine did meanwhile.
    pub(crate) fn slower(&self, before: &Self, application: &Application) -> Vec<usize> {
        let reads = application
            .templates
            .iter()
            .enumerate()
            .filter(|(_, template)| !template.writes);
        reads
            .map(|(at, _)| at)
            .filter(|at| before.mean(*at) < self.mean(*at))
            .collect()
    }

    /// Measures these statements again, `times` times, and keeps the least of each set of parameters.
    pub(crate) async fn again(
        &mut self,
        client: &Client,
        application: &Application,
        these: &[usize],
        times: usize,
    ) -> Result<()> {
        let pid = prepare(client).await?;
        for _ in 0..times {
            for at in these {
                let seconds = one(client, pid, application, &application.templates[*at]).await?;
                for (known, now) in self.of[*at].iter_mut().zip(seconds) {
                    *known = known.min(now);
                }
            }
        }
        Ok(())
    }

    fn mean(&self, at: usize) -> f64 {
        self.of[at].iter().sum::<f64>() / self.of[at].len() as f64
    }

    fn seconds(&self, application: &Application, writes: bool) -> f64 {
        let templates = application
            .templates
            .iter()
            .enumerate()
            .filter(|(_, template)| template.writes == writes);
        templates
            .map(|(at, template)| template.weight * self.mean(at))
            .sum()
    }

    /// What all that reads takes, weighted.
    pub(crate) fn read_seconds(&self, application: &Application) -> f64 {
        self.seconds(application, false)
    }

    /// What all that writes takes, weighted.
    pub(crate) fn write_seconds(&self, application: &Application) -> f64 {
        self.seconds(application, true)
    }

    /// The speed of the reading statement that gained least, and its name.
    pub(crate) fn worst(&self, before: &Self, application: &Application) -> (f64, String) {
        let mut worst = (f64::INFINITY, String::new());
        for (at, template) in application
            .templates
            .iter()
            .enumerate()
            .filter(|(_, template)| !template.writes)
        {
            let ratio = before.mean(at) / self.mean(at);
            if ratio < worst.0 {
                worst = (ratio, template.name.clone());
            }
        }
        worst
    }

    /// Prints each statement: its share of what is left, and its times.
    #[allow(clippy::print_stdout)]
    pub(crate) fn compare(&self, before: &Self, application: &Application) {
        let total = before.read_seconds(application);
        let writes = before.write_seconds(application);
        for (at, template) in application.templates.iter().enumerate() {
            let of = if template.writes { writes } else { total };
            let sets: Vec<String> = self.of[at]
                .iter()
                .map(|seconds| format!("{:.2}", seconds * 1000.0))
                .collect();
            println!(
                "  {:<22} {:>8.3} -> {:>8.3} ms, {:>6.2} % -> {:>6.3} % of all [{}]",
                template.name,
                before.mean(at) * 1000.0,
                self.mean(at) * 1000.0,
                100.0 * template.weight * before.mean(at) / of,
                100.0 * template.weight * self.mean(at) / of,
                sets.join(" ")
            );
        }
    }
}
