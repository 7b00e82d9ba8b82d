//! The MCP face over standard input and output: the registered tools of the
//! chosen toolsets, the book as resources, the workflows as prompts.
//!
//! Revisions 2025-06-18 and 2025-11-25 (a session opened by `initialize`) and
//! 2026-07-28 (every request carries its own context) are served side by side.

mod answers;
mod arguments;
mod call;
mod confirm;
mod listing;
mod progress;
mod reading;
mod resident;
mod schema;
mod server;
mod stdio;
mod streams;

use std::process::ExitCode;

use clap::ArgMatches;
use howdah_core::{Caller, Config, Error, Result, Toolset};
use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::cli::Globals;
use crate::output::{DONE, Output};
use crate::services;
use crate::stop::{Signals, cancel_on_servers};

pub use listing::{Listing, Offer};

/// The section `[mcp]` of `howdah.toml`, as far as it concerns this face.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Settings {
    /// The toolsets to offer when `--toolsets` is not given.
    toolsets: Option<Vec<String>>,
    /// As `--output-schemas`.
    output_schemas: bool,
    /// As `--results`.
    results: Option<String>,
}

/// Serves until the input ends or a signal comes.
pub(crate) async fn run(
    matches: &ArgMatches,
    globals: &Globals,
    output: &Output,
    signals: &mut Signals,
) -> ExitCode {
    match serve(matches, globals, signals).await {
        Ok(code) => ExitCode::from(code),
        // Standard output belongs to the protocol, whatever --json says.
        Err(error) => output.to_stderr().error(&error),
    }
}

async fn serve(matches: &ArgMatches, globals: &Globals, signals: &mut Signals) -> Result<u8> {
    let cx = services::context(globals, Caller::Agent).await?;
    let settings: Settings = cx.get::<Config>()?.section("mcp")?;
    let offer = offer(matches, &settings)?;
    // Ends every call; the service itself goes on until its input ends.
    let calls = CancellationToken::new();
    let server = server::Server::new(cx, offer, calls.clone())?;
    let transport = stdio::Stdio::new(calls.clone());

    let serving = async {
        match server.serve(transport).await {
            Ok(running) => {
                if let Err(error) = running.waiting().await {
                    tracing::error!(%error, "the service ended badly");
                }
            }
            // The client went away before it had said anything.
            Err(ServerInitializeError::ConnectionClosed(_)) => {}
            Err(error) => tracing::error!(%error, "no session was opened"),
        }
    };
    let code = tokio::select! {
        () = serving => DONE,
        stop = signals.next() => stop.exit_code(),
    };
    calls.cancel();
    // The calls are dropped by tasks of their own, which must run before what
    // they leave behind can be awaited.
    tokio::task::yield_now().await;
    cancel_on_servers().await;
    Ok(code)
}

fn offer(matches: &ArgMatches, settings: &Settings) -> Result<Offer> {
    let given = matches
        .get_many::<String>("toolsets")
        .map(|names| names.cloned().collect())
        .or_else(|| settings.toolsets.clone())
        .unwrap_or_else(|| vec![Toolset::Core.name().to_owned()]);
    let results = matches
        .get_one::<String>("results")
        .or(settings.results.as_ref())
        .map_or("structured", String::as_str);
    Ok(Offer {
        toolsets: toolsets(&given)?,
        output_schemas: matches.get_flag("output-schemas") || settings.output_schemas,
        results_as_text: match results {
            "structured" => false,
            "text" => true,
            other => {
                return Err(Error::invalid(format!(
                    "[mcp] results is \"{other}\"; it can be \"structured\" or \"text\"."
                )));
            }
        },
    })
}

fn toolsets(names: &[String]) -> Result<Vec<Toolset>> {
    let mut sets = Vec::new();
    for name in names {
        if name == "all" {
            return Ok(Toolset::ALL.to_vec());
        }
        let set = Toolset::ALL.into_iter().find(|set| set.name() == name);
        sets.push(set.ok_or_else(|| {
            Error::invalid(format!("There is no toolset {name}."))
                .hint("Toolsets are core, ops, cluster, build and all.")
        })?);
    }
    Ok(sets)
}
