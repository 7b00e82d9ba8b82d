use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use howdah_core::{Caller, Context, Error, ErrorKind, Result, ToolEntry, find_tool};
use howdah_jobs::{Engine, run_worker};

use super::{Globals, chosen};
use crate::output::{COULD_NOT_RUN, Output};
use crate::stop::{Signals, Stop, cancel_on_servers};
use crate::terminal::{TerminalHuman, TerminalProgress};
use crate::{book, demo, follow, logging, mcp, services, top, web};

/// Runs the command that was parsed and gives its exit code.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals, output: &Output) -> ExitCode {
    let colour = std::io::stderr().is_terminal() && !globals.no_color;
    logging::start(globals.log.as_deref(), colour);
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            return output.error(&Error::new(
                ErrorKind::Local,
                format!("Signals cannot be received: {error}"),
            ));
        }
    };
    match matches.subcommand() {
        Some(("mcp", below)) => mcp::run(below, globals, output, &mut signals).await,
        Some(("serve", below)) => web::run(below, globals, output, &mut signals).await,
        Some(("top", below)) => top::run(below, globals, output, &mut signals).await,
        Some(("demo", below)) => demo::run(below, globals, output, &mut signals).await,
        Some(("completions", below)) => completions(below),
        Some(("book", _)) => output.value(&book::value()),
        Some(("job", below)) if below.subcommand_name() == Some("work") => {
            let id = below
                .subcommand_matches("work")
                .and_then(|work| work.get_one::<String>("id"));
            match work(id.map_or("", String::as_str), globals).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => output.error(&error),
            }
        }
        _ => registered(matches, globals, output, &mut signals).await,
    }
}

async fn registered(
    matches: &ArgMatches,
    globals: &Globals,
    output: &Output,
    signals: &mut Signals,
) -> ExitCode {
    let prepared = match prepare(matches, globals).await {
        Ok(prepared) => prepared,
        Err(error) => return output.error(&error),
    };
    let cx = &prepared.cx;
    let mut call = (prepared.tool.run)(prepared.input, cx);
    let outcome = tokio::select! {
        outcome = &mut call => outcome,
        stop = signals.next() => {
            cx.cancel.cancel();
            if prepared.tool.ends_when_told
                && let Ok(Ok(mut outcome)) = tokio::time::timeout(ENDS_WITHIN, call).await
            {
                outcome.exit_code = stop.exit_code();
                return output.outcome(&outcome);
            }
            return interrupted(stop, output).await;
        }
    };
    match outcome {
        Ok(outcome) => match outcome.job() {
            Some(job) if prepared.wait => follow::follow(cx, job, output, signals).await,
            _ => output.outcome(&outcome),
        },
        Err(error) => output.error(&error),
    }
}

struct Prepared {
    tool: &'static ToolEntry,
    input: serde_json::Value,
    cx: Context,
    wait: bool,
}

/// How long a command that was interrupted may take to finish what it has in hand.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

async fn prepare(matches: &ArgMatches, globals: &Globals) -> Result<Prepared> {
    let (entry, leaf) =
        chosen(matches).ok_or_else(|| Error::internal("The command is not in the registry."))?;
    let tool = find_tool(entry.tool)
        .ok_or_else(|| Error::internal(format!("The tool {} is not in the registry.", entry.tool)))?;
    let input = (entry.to_input)(leaf)?;
    let caller = Caller::Person {
        consents: globals.yes,
    };
    let mut cx = services::context(globals, caller).await?;
    // What deals with jobs first sees to it that all of them are at work.
    if let [group, ..] = entry.path
        && ["job", "cluster"].contains(group)
    {
        services::adopt_jobs(&cx).await;
    }
    if !globals.yes {
        cx.human = Arc::new(TerminalHuman);
    }
    if !output_is_bare(globals) {
        cx.progress = Arc::new(TerminalProgress::new());
    }
    let wait = super::starts_a_job(entry.tool) && matches!(leaf.try_get_one::<bool>("wait"), Ok(Some(true)));
    Ok(Prepared {
        tool,
        input,
        cx,
        wait,
    })
}

fn output_is_bare(globals: &Globals) -> bool {
    globals.quiet || globals.json
}

async fn interrupted(stop: Stop, output: &Output) -> ExitCode {
    cancel_on_servers().await;
    output.note("Interrupted; what ran on the server was cancelled.");
    ExitCode::from(stop.exit_code())
}

async fn work(id: &str, globals: &Globals) -> Result<()> {
    // Whoever started the job has consented to it.
    let cx = services::context(globals, Caller::Person { consents: true }).await?;
    run_worker(&*cx.get::<Engine>()?, id, &cx).await?;
    Ok(())
}

fn completions(matches: &ArgMatches) -> ExitCode {
    let Some(shell) = matches.get_one::<clap_complete::Shell>("shell") else {
        return ExitCode::from(COULD_NOT_RUN);
    };
    // Written to memory first: the generator gives up with a panic when the
    // reader of standard output goes away.
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut super::command(), "howdah", &mut script);
    crate::output::bytes(&script)
}
