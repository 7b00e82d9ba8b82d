//! `howdah top`: the dashboard's sibling in the terminal. What it shows, tools say.

mod screen;

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use howdah_core::{Caller, Context, Error, Output as _, Report, Result, Tool};
use howdah_tools::show_activity::{Activity, ShowActivity};
use howdah_tools::top_queries::{Order, TopQueries, TopStatements};
use serde_json::json;

use crate::cli::Globals;
use crate::output::{DONE, Output};
use crate::services;
use crate::stop::{Signals, cancel_on_servers};
use screen::{Key, Screen, View};

const AFTER_HELP: &str = "\
Examples:
  howdah top                    sessions at work, what they wait for, who blocks whom; q ends it
  howdah top --once             once, as text
  howdah --target prod top --every 5 --idle

Keys: q ends it, p stops it for a while, i shows sessions that do nothing as well.";

/// Looks that the load is averaged over.
const LOOKS: usize = 30;
/// The statements are asked for so many times less often than the sessions.
const STATEMENTS_EVERY: usize = 5;

/// `howdah top`.
pub(crate) fn command() -> Command {
    Command::new("top")
        .about("Show what the server does now, in the terminal")
        .after_help(AFTER_HELP)
        .arg(
            Arg::new("once")
                .long("once")
                .action(ArgAction::SetTrue)
                .help("Print it once; so it is too where the output is no terminal"),
        )
        .arg(
            Arg::new("every")
                .long("every")
                .value_name("SECONDS")
                .default_value("2")
                .value_parser(value_parser!(u64).range(1..=3600))
                .help("How often it looks"),
        )
        .arg(
            Arg::new("idle")
                .long("idle")
                .action(ArgAction::SetTrue)
                .help("Sessions that do nothing as well"),
        )
}

/// Shows it until `q` or a signal.
pub(crate) async fn run(
    matches: &ArgMatches,
    globals: &Globals,
    output: &Output,
    signals: &mut Signals,
) -> ExitCode {
    let top = Top {
        every: Duration::from_secs(matches.get_one::<u64>("every").copied().unwrap_or(2)),
        idle: matches.get_flag("idle"),
    };
    let is_shown_once = matches.get_flag("once") || output.is_json() || !std::io::stdout().is_terminal();
    let work = async {
        let cx = services::context(globals, Caller::Person { consents: false }).await?;
        match is_shown_once {
            true => top.once(&cx, output).await,
            false => top.live(&cx).await,
        }
    };
    tokio::select! {
        done = work => match done {
            Ok(code) => code,
            Err(error) => output.error(&error),
        },
        stop = signals.next() => {
            cancel_on_servers().await;
            ExitCode::from(stop.exit_code())
        }
    }
}

struct Top {
    every: Duration,
    idle: bool,
}

impl Top {
    async fn once(&self, cx: &Context, output: &Output) -> Result<ExitCode> {
        let activity = sessions(cx, self.idle).await?;
        let statements = statements(cx).await.ok();
        if output.is_json() {
            return Ok(output.value(&json!({ "activity": activity, "statements": statements })));
        }
        let mut report = activity.report();
        if let Some(statements) = statements {
            report.blocks.extend(Report::new().heading("Statements").blocks);
            report.blocks.extend(statements.report().blocks);
        }
        output.print(&report);
        Ok(ExitCode::from(DONE))
    }

    async fn live(mut self, cx: &Context) -> Result<ExitCode> {
        // Whoever mistyped a name wants to read that on a screen that stays.
        let mut said = Ok(sessions(cx, self.idle).await?);
        let target = cx.get::<howdah_pg::Targets>()?.get(None)?.name.clone();
        let mut screen = Screen::open()?;
        let mut statements = self::statements(cx).await.ok();
        let mut load = Load::default();
        said.iter().for_each(|activity| load.look(activity));
        let mut is_paused = false;
        for turn in 1.. {
            let view = View {
                target: &target,
                said: said.as_ref(),
                statements: statements.as_ref(),
                waits: &load.waits(),
                is_paused,
            };
            screen.draw(&view)?;
            tokio::select! {
                () = tokio::time::sleep(self.every), if !is_paused => {}
                key = screen.key() => match key {
                    Key::End => return Ok(ExitCode::from(DONE)),
                    Key::Pause => is_paused = !is_paused,
                    Key::Idle => self.idle = !self.idle,
                },
            }
            if is_paused {
                continue;
            }
            said = sessions(cx, self.idle).await;
            said.iter().for_each(|activity| load.look(activity));
            if turn % STATEMENTS_EVERY == 0 {
                statements = self::statements(cx).await.ok();
            }
        }
        Ok(ExitCode::from(DONE))
    }
}

async fn sessions(cx: &Context, idle: bool) -> Result<Activity, Error> {
    let tool = ShowActivity {
        idle,
        limit: 200,
        target: None,
        database: None,
    };
    tool.run(cx).await
}

async fn statements(cx: &Context) -> Result<TopStatements> {
    let tool = TopQueries {
        last: "15m".to_owned(),
        ago: None,
        order: Order::Time,
        limit: 10,
        counters: false,
        course: false,
        target: None,
        database: None,
    };
    tool.run(cx).await
}

/// What sessions at work waited for in the last looks.
#[derive(Default)]
struct Load {
    looks: VecDeque<Vec<String>>,
}

impl Load {
    fn look(&mut self, activity: &Activity) {
        let at_work = activity
            .sessions
            .iter()
            .filter(|session| session.state == "active");
        let waits = at_work.map(|session| match session.wait.as_str() {
            "" => "CPU".to_owned(),
            wait => wait.to_owned(),
        });
        self.looks.push_back(waits.collect());
        if self.looks.len() > LOOKS {
            self.looks.pop_front();
        }
    }

    /// Average active sessions on each wait, the most first.
    fn waits(&self) -> Vec<(String, f64)> {
        let mut waits: Vec<(String, f64)> = Vec::new();
        for wait in self.looks.iter().flatten() {
            match waits.iter_mut().find(|(known, _)| known == wait) {
                Some((_, seen)) => *seen += 1.0,
                None => waits.push((wait.clone(), 1.0)),
            }
        }
        for (_, seen) in &mut waits {
            *seen /= self.looks.len().max(1) as f64;
        }
        waits.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        waits
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use howdah_tools::show_activity::SessionLine;

    use super::*;

    #[test]
    fn the_load_is_averaged_over_the_last_looks() {
        let activity = |waits: &[&str]| Activity {
            counts: BTreeMap::new(),
            sessions: waits
                .iter()
                .map(|wait| SessionLine {
                    state: "active".to_owned(),
                    wait: (*wait).to_owned(),
                    ..SessionLine::default()
                })
                .collect(),
            queues: Vec::new(),
            left_out: 0,
            is_partial: false,
        };
        let mut load = Load::default();
        load.look(&activity(&["", "Lock:tuple"]));
        load.look(&activity(&[""]));
        assert_eq!(
            load.waits(),
            [("CPU".to_owned(), 1.0), ("Lock:tuple".to_owned(), 0.5)]
        );
        for _ in 0..LOOKS {
            load.look(&activity(&[]));
        }
        assert!(load.waits().is_empty());
    }
}
