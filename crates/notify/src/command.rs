use std::process::Stdio;

use howdah_core::{Error, ErrorKind, Result};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::{News, webhook};

/// Runs the program; no shell reads its words, and nothing that a database wrote is among them.
pub(crate) async fn run(words: &[String], news: &News) -> Result<()> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Error::invalid("A command needs at least the name of a program."));
    };
    let failed = |reason: String| Error::new(ErrorKind::Local, format!("{program} {reason}."));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("could not be started: {error}")))?;
    if let Some(mut input) = child.stdin.take() {
        // A program need not read what it is told.
        drop(input.write_all(webhook::json(news)?.as_bytes()).await);
    }
    let ended = child
        .wait()
        .await
        .map_err(|error| failed(format!("was lost: {error}")))?;
    match ended.success() {
        true => Ok(()),
        false => Err(failed(format!("ended with {ended}"))),
    }
}
