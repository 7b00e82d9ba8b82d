//! The program: thin faces over the registry in `howdah_core`. The command line
//! and MCP over stdio serve the same tools and know none of them; the dashboard
//! draws what they give, so that each of its pages knows some.

pub mod book;
pub mod cli;
mod demo;
pub mod documents;
mod follow;
mod logging;
pub mod mcp;
mod output;
mod services;
mod stop;
mod terminal;
mod top;
mod visible;
mod web;

// The registry is filled by this crate's tools; naming it links it.
use howdah_tools as _;

use std::ffi::OsString;
use std::process::ExitCode;

use output::Output;

/// Parses the arguments, runs the command and gives its exit code:
/// 0 done, 1 refused or failed, 2 could not run, 130 interrupted.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = match cli::parser().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => {
            let worded = cli::command().try_get_matches_from(&args).err();
            return Output::guess(&args).usage(&worded.unwrap_or(error));
        }
    };
    let globals = cli::Globals::from(&matches);
    let output = Output::new(&globals);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads())
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return output.error(&howdah_core::Error::new(
                howdah_core::ErrorKind::Local,
                format!("The runtime could not start: {error}"),
            ));
        }
    };
    let code = runtime.block_on(cli::run(&matches, &globals, &output));
    // A read of standard input that is still pending must not hold up the exit.
    runtime.shutdown_background();
    code
}

/// Calls wait for the network, not for a processor: a few threads serve many.
fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(2, |available| available.get().clamp(1, 4))
}
