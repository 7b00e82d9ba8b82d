#[path = "set_slow_log/wanted.rs"]
mod wanted;

use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_aurora::Clusters;
use howdah_core::{Answer, Caller, Command, Confirmation, Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_pg::{Host, Mode, Origin, Session};
use howdah_sql::quote_literal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::audited::Audited;
use crate::target_session;
use wanted::{Logging, Wanted};

/// Turns the log of slow statements on, the way that the target's provider wants it, and sees to it that it is.
///
/// Elsewhere than on RDS it is in force at once, on every server of a cluster on this machine: statements from the
/// threshold on, waits for locks, temporary files from 10 MB on, runs of autovacuum from 10 s on. Settings that log as
/// much already are left alone. On Aurora and RDS, where a parameter group decides, it says what has to be changed
/// there, and whether the server has it. `howdah log show` reads the log.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct SetSlowLog {
    /// From which duration on a statement is logged: 250ms, 2s, 1min. Each costs a line of the log.
    #[arg(long, value_name = "TIME", default_value = "1s")]
    #[serde(default = "a_second")]
    pub threshold: String,
    /// With their plans, by auto_explain in new sessions: without measuring each node, which would slow down every statement.
    #[arg(long)]
    #[serde(default)]
    pub plans: bool,
    /// Turn it off: statements and plans are logged no more, the rest stays.
    #[arg(skip)]
    #[serde(default)]
    pub off: bool,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// How slow statements are logged now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SlowLogState {
    /// Whether every server is now as it was asked to be.
    pub done: bool,
    /// Each server.
    pub servers: Vec<LoggingServer>,
    /// What is left for a person to do, and the command for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to_do: Vec<String>,
}

/// A server and its settings.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LoggingServer {
    /// Which.
    pub server: String,
    /// Those that were not as they should be.
    pub settings: Vec<ChangedSetting>,
}

/// A setting, in the unit in which the server keeps it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangedSetting {
    /// Its name.
    pub name: String,
    /// What it was.
    pub before: String,
    /// What it should be.
    pub wanted: String,
    /// What the server says that it is now.
    pub now: String,
}

howdah_core::tool!(SetSlowLog);

impl Tool for SetSlowLog {
    const NAME: &'static str = "set_slow_log";
    const TITLE: &'static str = "Turn the log of slow statements on";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::Destructive;
    const COMMAND: &'static [&'static str] = &["log", "on"];
    const EXAMPLES: &'static str = "
        howdah log on                             statements of a second or more, after you agreed
        howdah log on --threshold 250ms --yes     from a quarter of a second on
        howdah log on --plans --yes               with their plans";
    type Out = SlowLogState;

    async fn run(self, cx: &Context) -> Result<SlowLogState> {
        let threshold_ms = wanted::milliseconds(&self.threshold)?;
        let mut servers = Vec::new();
        for session in self.sessions(cx).await? {
            servers.push(Server::of(session, self.off, threshold_ms, self.plans).await?);
        }
        let is_rds = servers.iter().any(|server| server.logging.is_rds);
        if is_rds || servers.iter().all(|server| server.wanted.is_empty()) {
            return Ok(state(&servers, threshold_ms));
        }
        self.agreed(cx, &servers, threshold_ms).await?;
        for server in &mut servers {
            server.change(cx).await?;
        }
        Ok(state(&servers, threshold_ms))
    }
}

/// Turns the log of slow statements off.
#[derive(Debug, Clone, clap::Args)]
pub struct TurnLogOff {}

howdah_core::command!(TurnLogOff);

impl Command for TurnLogOff {
    const COMMAND: &'static [&'static str] = &["log", "off"];
    const EXAMPLES: &'static str = "
        howdah log off --yes      statements and plans are logged no more; waits for locks and the like still are";
    type Tool = SetSlowLog;

    fn into_tool(self) -> Result<SetSlowLog> {
        Ok(SetSlowLog { threshold: a_second(), plans: false, off: true, target: None })
    }
}

impl SetSlowLog {
    /// A session on each server: whoever is made the writer next has to log as well.
    async fn sessions(&self, cx: &Context) -> Result<Vec<Session>> {
        let first = target_session::open(cx, self.target.as_deref(), None).await?;
        let target = Arc::clone(first.target());
        let mut sessions = vec![first];
        if target.origin == Origin::Cluster {
            let cluster = target.name.split('/').next().unwrap_or(&target.name);
            for reader in cx.get::<Clusters>()?.servers(cluster).await?.into_iter().skip(1) {
                sessions.push(Arc::new(reader).session().await?);
            }
        }
        Ok(sessions)
    }

    /// A person agrees: by `--yes`, or to the question that their client puts.
    async fn agreed(&self, cx: &Context, servers: &[Server], threshold_ms: u64) -> Result<()> {
        let Some(first) = servers.first() else { return Ok(()) };
        let target = first.session.target();
        let command = self.command(&target.name);
        match (cx.caller, target.mode) {
            (Caller::Person { consents: true }, _) | (Caller::Agent, Mode::ReadWrite) => return Ok(()),
            (Caller::Agent | Caller::Dashboard, Mode::ReadOnly) => {
                return Err(Error::refused(format!("Target \"{}\" only reads: its settings stay as they are.", target.name))
                    .hint(format!("A person can run: `{command}`")));
            }
            _ => {}
        }
        let what = match self.off {
            true => "Log slow statements no more".to_owned(),
            false => format!("Log statements from {threshold_ms} ms on"),
        };
        let mut message = format!("{what}, on {}?", names(servers));
        for server in servers {
            message.push_str(&format!("\n\n{}:", server.name()));
            for one in &server.wanted {
                message.push_str(&format!("\n{}", one.statement()));
            }
        }
        let refused = |why: &str| Error::refused(format!("Nothing was changed: {why}."));
        match cx.human.confirm(Confirmation { binding: message.clone(), message }).await? {
            Answer::Approved => Ok(()),
            Answer::Declined => Err(refused("the person said no")),
            Answer::AskAndReturn => Err(refused("the person has been asked and has not answered yet")),
            Answer::Unavailable => Err(refused("this changes settings of the server, and nobody can be asked here")
                .hint(format!("If that is what you want: `{command}`"))),
        }
    }

    /// The command with which a person consents.
    fn command(&self, target: &str) -> String {
        let rest = match (self.off, self.plans) {
            (true, _) => "off".to_owned(),
            (false, true) => format!("on --threshold {} --plans", self.threshold),
            (false, false) => format!("on --threshold {}", self.threshold),
        };
        format!("howdah --target {target} log {rest} --yes")
    }
}

/// How long a server may take to read its settings again.
const TAKES_EFFECT_WITHIN: Duration = Duration::from_secs(10);

/// A server on the way to what it should be.
struct Server {
    session: Session,
    logging: Logging,
    /// What is not as it should be.
    wanted: Vec<Wanted>,
    /// What it says after it was changed.
    now: Logging,
}

impl Server {
    async fn of(mut session: Session, off: bool, threshold_ms: u64, plans: bool) -> Result<Self> {
        let logging = Logging::read(&mut session).await?;
        let wanted = match off {
            true => logging.off(),
            false => logging.on(threshold_ms, plans),
        };
        Ok(Self { session, now: logging.clone(), logging, wanted })
    }

    fn name(&self) -> &str {
        &self.session.target().name
    }

    async fn change(&mut self, cx: &Context) -> Result<()> {
        if self.wanted.is_empty() {
            return Ok(());
        }
        // A setting of a library is known where that is loaded.
        if self.wanted.iter().any(|one| one.name.starts_with("auto_explain.")) {
            self.run(cx, "LOAD 'auto_explain'").await?;
        }
        for one in self.wanted.clone() {
            self.run(cx, &one.statement()).await?;
        }
        self.run(cx, "SELECT pg_catalog.pg_reload_conf()").await?;
        let began = Instant::now();
        loop {
            self.now = Logging::read(&mut self.session).await?;
            if self.is_done() || began.elapsed() > TAKES_EFFECT_WITHIN {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn run(&mut self, cx: &Context, sql: &str) -> Result<()> {
        let mut audited = Audited::begin(cx, SetSlowLog::NAME, &self.session, sql)?;
        audited.writes();
        let outcome = self.session.query(sql, &[]).await.map_err(Error::from).map_err(|error| {
            match error.sqlstate.as_deref() {
                Some("42501") => error.hint(format!("A superuser has to run it: {sql};")),
                _ => error,
            }
        });
        audited.end(outcome.as_ref().map(|_| 0)).await?;
        outcome.map(drop)
    }

    fn is_done(&self) -> bool {
        self.wanted.iter().all(|one| self.now.has(one))
    }
}

fn names(servers: &[Server]) -> String {
    servers.iter().map(Server::name).collect::<Vec<_>>().join(" and ")
}

fn state(servers: &[Server], threshold_ms: u64) -> SlowLogState {
    let done = servers.iter().all(Server::is_done);
    let mut to_do = Vec::new();
    for server in servers.iter().filter(|server| !server.is_done()) {
        if server.logging.is_rds {
            to_do.push(group(server));
            continue;
        }
        for one in server.wanted.iter().filter(|one| !server.now.has(one)) {
            to_do.push(format!(
                "{} is {} on {}, as it is set for {}: that is stronger than ALTER SYSTEM, and has to be changed there. Statements from {threshold_ms} ms on are meant.",
                one.name,
                server.now.value(one.name),
                server.name(),
                server.now.source(one.name),
            ));
        }
    }
    let servers = servers.iter().map(|server| LoggingServer {
        server: server.name().to_owned(),
        settings: server.wanted.iter().map(|one| ChangedSetting {
            name: one.name.to_owned(),
            before: server.logging.value(one.name).to_owned(),
            wanted: one.value.clone(),
            now: server.now.value(one.name).to_owned(),
        }).collect(),
    });
    SlowLogState { done, servers: servers.collect(), to_do }
}

/// The change of the parameter group that brings a server of RDS there.
fn group(server: &Server) -> String {
    let host = server.session.target().conninfo.hosts().first().map(Host::name).unwrap_or_default();
    let id = match host.split_once('.') {
        Some((id, rest)) if rest.ends_with("rds.amazonaws.com") => id,
        _ => "NAME",
    };
    let parameters: Vec<String> = server.wanted.iter().map(|one| {
        let method = if one.name == "shared_preload_libraries" { "pending-reboot" } else { "immediate" };
        quote_literal(&format!("ParameterName={},ParameterValue={},ApplyMethod={method}", one.name, one.value.replace(',', "\\,")))
    }).collect();
    let parameters = parameters.join(" ");
    let (what, modify) = match server.logging.is_aurora {
        true => (
            format!("aws rds describe-db-clusters --db-cluster-identifier {id} --query 'DBClusters[0].DBClusterParameterGroup' --output text"),
            "aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name",
        ),
        false => (
            format!("aws rds describe-db-instances --db-instance-identifier {id} --query 'DBInstances[0].DBParameterGroups[0].DBParameterGroupName' --output text"),
            "aws rds modify-db-parameter-group --db-parameter-group-name",
        ),
    };
    let restart = match server.wanted.iter().any(|one| one.name == "shared_preload_libraries") {
        true => " shared_preload_libraries is in force after a reboot of each instance.",
        false => "",
    };
    format!(
        "The parameter group of {} decides; a default group (default.…) cannot be changed and has to be replaced first. Run: {modify} \"$({what})\" --parameters {parameters}\nThen run this again: it asks the server.{restart}",
        server.name()
    )
}

impl Output for SlowLogState {
    fn report(&self) -> Report {
        let mut report = Report::new();
        let mut rows = Vec::new();
        for server in &self.servers {
            for one in &server.settings {
                rows.push(vec![server.server.clone(), one.name.clone(), one.before.clone(), one.wanted.clone(), one.now.clone()]);
            }
        }
        if !rows.is_empty() {
            report = report.table(&["Server", "Setting", "Was", "Wanted", "Is"], rows);
        }
        for one in &self.to_do {
            report = report.text(one.clone());
        }
        report.text(match (self.done, self.servers.iter().all(|server| server.settings.is_empty())) {
            (true, true) => "Nothing had to be changed: it is as it should be. `howdah log show` reads the log.",
            (true, false) => "The servers say that it is in force. `howdah log show` reads the log.",
            (false, _) => "It is not in force.",
        })
    }

    fn exit_code(&self) -> u8 {
        u8::from(!self.done)
    }
}

fn a_second() -> String {
    "1s".to_owned()
}
