//! Logs on standard error. Standard output belongs to results and to the protocol.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// Warnings. Those of the SDK of AWS are dumps of requests that it tries anew or does without;
/// what comes of them is an error of ours.
const BY_DEFAULT: &str =
    "warn,aws_config=error,aws_runtime=error,aws_smithy_runtime=error,aws_smithy_http_client=error";

/// Starts to log at `--log`, else `RUST_LOG`, else warnings.
///
/// The MCP library logs whole messages from `info` down, with SQL and its
/// literals in them; so it is held at `error` whatever the filter says.
pub(crate) fn start(level: Option<&str>, colour: bool) {
    let filter = match level {
        Some(level) => EnvFilter::builder()
            .with_default_directive(LevelFilter::WARN.into())
            .parse_lossy(level),
        None if std::env::var_os(EnvFilter::DEFAULT_ENV).is_none_or(|filter| filter.is_empty()) => {
            EnvFilter::builder().parse_lossy(BY_DEFAULT)
        }
        None => EnvFilter::builder()
            .with_default_directive(LevelFilter::WARN.into())
            .from_env_lossy(),
    };
    let without_messages = filter_fn(|metadata| {
        !metadata.target().starts_with("rmcp") || *metadata.level() == tracing::Level::ERROR
    });
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .with_filter(without_messages);
    // Fails only where a test has started one before; then that one logs.
    let _ = tracing_subscriber::registry().with(layer).with(filter).try_init();
}
