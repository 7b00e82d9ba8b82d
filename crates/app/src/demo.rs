//! The tour: a real cluster as a job, a sample shop of a million rows, guarded
//! queries, and three attacks that fail. Every step goes through the tools that
//! an agent would use.

mod dashboard;
mod live_change;
mod narrative;
mod slow;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command};
use howdah_aurora::Clusters;
use howdah_core::{Caller, Context, Error, ErrorKind, Outcome, Result, find_tool};
use howdah_pg::{Mode, Target, Targets};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::cli::Globals;
use crate::follow;
use crate::output::Output;
use crate::services;
use crate::stop::Signals;
use live_change::{ALONE, CHANGE, Clients, Felt, Latest, SUM};
use narrative::{ATTACKS, MIGRATION, Narrator, QUESTIONS};

/// A watcher begun just now has samples by then, on a busy machine too.
const FIRST_SAMPLES: Duration = Duration::from_secs(20);
const SHOP: &str = include_str!("demo/shop.sql");

/// `howdah demo`.
pub(crate) fn command() -> Command {
    Command::new("demo")
        .about("A tour on a real cluster of this machine, with sample data")
        .after_help(
            "Examples:\n  howdah demo                 tour, then remove the cluster\n  howdah demo --keep          leave it running, to go on yourself",
        )
        .arg(
            Arg::new("keep")
                .long("keep")
                .action(ArgAction::SetTrue)
                .help("Leave the cluster running"),
        )
        .arg(
            Arg::new("name")
                .long("name")
                .value_name("NAME")
                .default_value("howdah-demo")
                .help("What to call the cluster"),
        )
}

/// Runs the tour.
pub(crate) async fn run(
    matches: &ArgMatches,
    globals: &Globals,
    output: &Output,
    signals: &mut Signals,
) -> ExitCode {
    let name = matches.get_one::<String>("name").cloned().unwrap_or_default();
    let keep = matches.get_flag("keep");
    let narrator = Narrator::new(output);
    let tour = async {
        let cx = services::context(globals, Caller::Person { consents: true }).await?;
        let tour = Tour {
            cx,
            name: &name,
            narrator: &narrator,
            output,
        };
        tour.create().await?;
        let done = tour.look_around().await;
        tour.end(keep && done.is_ok()).await?;
        done
    };
    let done = tokio::select! {
        done = tour => done,
        stopped = signals.next() => {
            crate::stop::cancel_on_servers().await;
            output.note(&format!("Interrupted. To remove what is there: howdah cluster delete {name} --skip-final-snapshot --yes"));
            return ExitCode::from(stopped.exit_code());
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.error(&error),
    }
}

struct Tour<'a> {
    cx: Context,
    name: &'a str,
    narrator: &'a Narrator<'a>,
    output: &'a Output,
}

impl Tour<'_> {
    async fn create(&self) -> Result<()> {
        self.narrator.chapter("A cluster, created as a job");
        self.narrator
            .command(&format!("howdah cluster create {} --readers 1 --wait", self.name));
        self.job(
            "start_create_cluster_job",
            json!({ "name": self.name, "readers": 1 }),
        )
        .await?;
        let described = self
            .call(&self.cx, "describe_clusters", json!({ "name": self.name }))
            .await?;
        self.narrator.result(&described);
        Ok(())
    }

    async fn look_around(&self) -> Result<()> {
        let clusters = self.cx.get::<Clusters>()?;
        let targets = self.cx.get::<Targets>()?;
        self.load(&Arc::new(
            clusters.target(self.name).await?.with_mode(Mode::ReadWrite),
        ))
        .await?;
        let target = clusters.target(self.name).await?;
        // What follows is what an agent meets, so it is bound as an agent is.
        targets.set_default(&targets.add(target.with_mode(Mode::ReadOnly)));
        let mut agent = self.cx.clone();
        agent.caller = Caller::Agent;
        self.explore(&agent).await?;
        self.attack(&agent).await?;
        self.review(&agent).await?;
        self.look_over(&agent).await?;
        self.indexes(&agent).await?;
        self.change(&agent).await?;
        self.cost(&agent).await?;
        self.narrator.chapter("Give it to your agent");
        self.narrator.configuration(self.name)?;
        self.watch(&agent).await
    }

    async fn load(&self, target: &Arc<Target>) -> Result<()> {
        self.narrator.chapter("A sample shop of a million rows");
        let mut session = target.session().await?;
        let pieces = howdah_sql::split(SHOP)?;
        let watcher = follow::watcher(self.output);
        for (done, piece) in pieces.iter().enumerate() {
            if let Some(phase) = loading(piece.text) {
                let fraction = Some(done as f64 / pieces.len() as f64);
                watcher.report(howdah_core::Progress {
                    phase,
                    fraction,
                    eta_s: None,
                });
            }
            session.batch(piece.text).await?;
        }
        // What counts the statements that the dashboard shows. A server that was built without it has none to show.
        if let Err(error) = session
            .batch("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            .await
        {
            tracing::debug!(%error, "statements are not counted");
        }
        Ok(())
    }

    async fn explore(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("What is in there?");
        self.narrator.command("search_objects  pattern: orders");
        let found = self
            .call(agent, "search_objects", json!({ "pattern": "orders" }))
            .await?;
        self.narrator.result(&found);
        self.narrator.command("get_table_schema  name: shop.orders");
        let described = self
            .call(agent, "get_table_schema", json!({ "name": "shop.orders" }))
            .await?;
        self.narrator.result(&described);
        self.narrator.chapter("Questions, guarded");
        for (question, sql) in QUESTIONS {
            self.narrator.question(question, sql);
            self.narrator
                .result(&self.call(agent, "run_query", json!({ "sql": sql })).await?);
        }
        Ok(())
    }

    /// What a cluster at AWS would cost: described, since there is no account here.
    async fn cost(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("What would it cost at AWS?");
        self.narrator.command(
            "howdah cost --region us-east-1 --size db.r8g.large --instances 2 --storage-gib 200 --io-requests 900000000 --metrics-hours 336",
        );
        let cost = self
            .call(
                agent,
                "estimate_cost",
                json!({ "region": "us-east-1", "size": "db.r8g.large", "instances": 2, "storage_gib": 200, "io_requests": 900_000_000, "metrics_hours": 336 }),
            )
            .await?;
        self.narrator.result(&cost);
        Ok(())
    }

    /// Each attack must be refused, and the shop must hold as many orders as before.
    async fn attack(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("Three attacks");
        let before = self.orders(agent).await?;
        for (what, sql) in ATTACKS {
            self.narrator.question(what, sql);
            match self.call(agent, "run_query", json!({ "sql": sql })).await {
                Err(refusal) => self.narrator.refusal(&refusal),
                Ok(_) => return Err(Error::internal(format!("The guard let this through: {sql}"))),
            }
        }
        let after = self.orders(agent).await?;
        if before != after {
            return Err(Error::internal(format!(
                "There were {before} orders before the attacks and are {after} now."
            )));
        }
        self.narrator.say(&format!(
            "Orders before and after the attacks: {before} and {after}."
        ));
        Ok(())
    }

    /// A migration that would block and break its clients, and the shop's own design.
    async fn review(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("A bad migration, judged before it runs");
        self.narrator.question(
            "Rehearsed on the shop's schema, multiplied by its sizes",
            MIGRATION,
        );
        let judged = self
            .call(
                agent,
                "review_sql",
                json!({ "sql": MIGRATION, "in_transaction": true, "target": self.name }),
            )
            .await?;
        self.narrator.result(&judged);
        self.narrator.chapter("The shop's own design");
        self.narrator.command("review_schema  schemas: shop");
        let reviewed = self
            .call(agent, "review_schema", json!({ "schemas": ["shop"], "limit": 8 }))
            .await?;
        self.narrator.result(&reviewed);
        Ok(())
    }

    /// How the cluster is, and what an open transaction does to it.
    async fn look_over(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("How is the server?");
        self.narrator.command("howdah health");
        self.narrator
            .result(&self.call(agent, "check_health", json!({})).await?);
        self.narrator.chapter("Someone went to lunch in a transaction");
        let clusters = self.cx.get::<Clusters>()?;
        let writer = Arc::new(clusters.target(self.name).await?.with_mode(Mode::ReadWrite));
        let (mut away, mut first, mut second) = (
            writer.connect().await?,
            writer.connect().await?,
            writer.connect().await?,
        );
        away.batch("BEGIN; LOCK TABLE shop.orders IN ACCESS EXCLUSIVE MODE")
            .await?;
        let diagnosed = {
            let query = "SET lock_timeout = '30s'; SELECT count(*) FROM shop.orders";
            let (first, second) = (first.batch(query), second.batch(query));
            let asked = async {
                // Until the others wait: one alone, and for moments, is nothing to report.
                tokio::time::sleep(Duration::from_millis(500)).await;
                self.narrator.command("howdah diagnose lock-pile-ups");
                let diagnosed = self
                    .call(agent, "diagnose", json!({ "symptom": "lock-pile-ups" }))
                    .await;
                away.batch("ROLLBACK").await?;
                diagnosed
            };
            let (first, second, diagnosed) = tokio::join!(first, second, asked);
            first?;
            second?;
            diagnosed?
        };
        self.narrator.result(&diagnosed);
        Ok(())
    }

    /// Statements that take long, the indexes that they want, built beside clients, and what that brings.
    async fn indexes(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("What is slow, and which index is missing?");
        let before = self.milliseconds(agent).await?;
        self.narrator.command("howdah index advise --queries shop.sql");
        let input = json!({ "sql": slow::workload() });
        let advised = match self.call(agent, "advise_indexes", input).await {
            Ok(advised) => advised,
            // Its absence says something, too, and no tour ends for it.
            Err(error) if error.kind == howdah_core::ErrorKind::Refused => {
                self.narrator.refusal(&error);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.narrator.result(&advised);
        for index in advised.value()?["indexes"].as_array().into_iter().flatten() {
            let ddl = index["create"].as_str().unwrap_or_default();
            self.narrator.command(&format!("howdah change run --sql '{ddl}'"));
            self.job("start_change_job", json!({ "sql": ddl, "target": self.name }))
                .await?;
        }
        let after = self.milliseconds(agent).await?;
        for ((what, _), (before, after)) in slow::STATEMENTS.iter().zip(before.iter().zip(&after)) {
            self.narrator
                .say(&format!("{what}: {before:.2} ms before, {after:.2} ms now."));
        }
        Ok(())
    }

    /// How long each of the slow statements takes: the fastest of several runs.
    async fn milliseconds(&self, agent: &Context) -> Result<Vec<f64>> {
        let mut found = Vec::new();
        for (_, sql) in slow::STATEMENTS {
            let mut least = f64::INFINITY;
            for _ in 0..slow::TIMES {
                let input = json!({ "sql": sql, "analyze": true });
                let explained = self.call(agent, "explain_query", input).await?;
                least = least.min(explained.value()?["total_ms"].as_f64().unwrap_or(f64::INFINITY));
            }
            found.push(least);
        }
        Ok(found)
    }

    /// A column gets another type while clients read and update it.
    async fn change(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("int to bigint, while clients work");
        let clusters = self.cx.get::<Clusters>()?;
        let writer = Arc::new(clusters.target(self.name).await?.with_mode(Mode::ReadWrite));
        let before = self.number(agent, SUM).await?;
        let clients = Clients::start(&writer).await?;
        tokio::time::sleep(ALONE).await;
        let alone = Felt::of(&clients.felt());
        self.narrator.question(
            "How long the slowest of a hundred operations waits, second by second",
            CHANGE,
        );
        let input = json!({ "sql": CHANGE, "target": self.name });
        let started = self.call(&self.cx, "start_change_job", input).await?;
        let job = started
            .job()
            .ok_or_else(|| Error::internal("start_change_job started no job."))?;
        let (latest, stop) = (Latest::default(), CancellationToken::new());
        let mut beside = Vec::new();
        let mut ended = Box::pin(follow::until_the_end(&self.cx, job, &latest, &stop));
        let mut seconds = 0;
        let (ended, code) = loop {
            tokio::select! {
                ended = &mut ended => break ended?,
                () = tokio::time::sleep(Duration::from_secs(1)) => {
                    seconds += 1;
                    let felt = clients.felt();
                    self.narrator.say(&Felt::of(&felt).line(seconds, latest.get().as_ref()));
                    beside.extend(felt);
                }
            }
        };
        beside.extend(clients.felt());
        let updates = clients.stop().await?;
        if code != 0 {
            self.narrator.result(&ended);
            return Err(Error::internal(format!("The change went wrong: {CHANGE}")));
        }
        let after = self.number(agent, SUM).await?;
        if after != before + updates {
            return Err(Error::internal(format!(
                "{updates} updates were acknowledged, and the sum went from {before} to {after}."
            )));
        }
        self.narrator.say(&format!(
            "Before the change: {}.\nBeside it: {}.\nAll of the {updates} acknowledged updates are there, and none failed.",
            alone.words(),
            Felt::of(&beside).words()
        ));
        Ok(())
    }

    async fn number(&self, agent: &Context, sql: &str) -> Result<u64> {
        let answer = self.call(agent, "run_query", json!({ "sql": sql })).await?;
        let cell = answer.value()?["rows"][0][0].clone();
        let text = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        text.parse()
            .map_err(|_| Error::internal(format!("{sql} gave {text}")))
    }

    /// The dashboard over the shop at work, with a transaction that somebody left open.
    async fn watch(&self, agent: &Context) -> Result<()> {
        self.narrator.chapter("See it: the dashboard");
        let clusters = self.cx.get::<Clusters>()?;
        let targets = self.cx.get::<Targets>()?;
        let writer = Arc::new(clusters.target(self.name).await?.with_mode(Mode::ReadWrite));
        // A person may end a session from there, and is asked.
        let target = clusters.target(self.name).await?.with_mode(Mode::Confirm);
        targets.set_default(&targets.add(target));
        let shown = dashboard::Shown::start(&self.cx, &writer, self.name).await?;
        self.narrator.say(&format!(
            "{}\n\nClients are at work. One session left its transaction open, another waits for it: find them under Activity.{}",
            shown.url(),
            if dashboard::is_seen() { " Press Enter to go on." } else { "" }
        ));
        dashboard::Shown::until_seen().await;
        let load = self.watched_load(agent).await;
        shown.end().await?;
        self.narrator.command("howdah history load --last 15m");
        self.narrator.result(&load?);
        Ok(())
    }

    /// The load that was watched: who goes on at once is faster than the first samples.
    async fn watched_load(&self, agent: &Context) -> Result<Outcome> {
        let started = Instant::now();
        loop {
            match self.call(agent, "show_load", json!({ "last": "15m" })).await {
                Err(error) if error.kind == ErrorKind::NotFound && started.elapsed() < FIRST_SAMPLES => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                answer => return answer,
            }
        }
    }

    async fn orders(&self, agent: &Context) -> Result<Value> {
        let counted = self
            .call(
                agent,
                "run_query",
                json!({ "sql": "SELECT count(*) FROM shop.orders" }),
            )
            .await?;
        Ok(counted.value()?["rows"][0][0].clone())
    }

    async fn end(&self, keep: bool) -> Result<()> {
        if keep {
            self.narrator.chapter("Yours to keep");
            self.narrator.say(&format!(
                "psql \"$(howdah cluster url {0})\"\nhowdah query --target {0} \"SELECT * FROM shop.revenue_by_month LIMIT 3\"\nhowdah cluster delete {0} --skip-final-snapshot --yes --wait",
                self.name
            ));
            return Ok(());
        }
        self.narrator.chapter("Cleaning up");
        self.narrator.command(&format!(
            "howdah cluster delete {} --skip-final-snapshot --yes --wait",
            self.name
        ));
        let action = json!({ "action": "delete", "name": self.name, "skip_final_snapshot": true });
        self.job("start_cluster_job", action).await?;
        self.narrator
            .say("The cluster is gone. `howdah demo --keep` leaves it running.");
        Ok(())
    }

    async fn call(&self, cx: &Context, tool: &str, input: Value) -> Result<Outcome> {
        let entry = find_tool(tool)
            .ok_or_else(|| Error::internal(format!("The tool {tool} is not in the registry.")))?;
        (entry.run)(input, cx).await
    }

    async fn job(&self, tool: &str, input: Value) -> Result<()> {
        let started = self.call(&self.cx, tool, input).await?;
        let job = started
            .job()
            .ok_or_else(|| Error::internal(format!("{tool} started no job.")))?;
        let watcher = follow::watcher(self.output);
        let (ended, code) =
            follow::until_the_end(&self.cx, job, &*watcher, &CancellationToken::new()).await?;
        match code {
            0 => Ok(()),
            _ => Err(
                Error::new(howdah_core::ErrorKind::Local, ended.report().to_text(None))
                    .hint(format!("howdah job show {job}")),
            ),
        }
    }
}

/// What a statement of the sample's script does, where it takes long enough to be told.
fn loading(sql: &str) -> Option<String> {
    if let Some(rest) = sql.strip_prefix("INSERT INTO ") {
        return Some(format!("Loading {}", rest.split_whitespace().next()?));
    }
    sql.starts_with("VACUUM")
        .then(|| "Gathering statistics".to_owned())
}
