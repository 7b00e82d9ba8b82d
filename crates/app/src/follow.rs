//! Waiting for a job at the command line.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use howdah_core::{Context, Error, NoProgress, Outcome, Progress, ProgressSink, Result, find_tool};
use howdah_jobs::{Engine, exit_code};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::output::Output;
use crate::stop::Signals;

/// Follows the job that was started to its end and prints its result. Ctrl-C
/// ends the waiting; the job goes on.
pub(crate) async fn follow(cx: &Context, job: &str, output: &Output, signals: &mut Signals) -> ExitCode {
    let stop = CancellationToken::new();
    let watcher = watcher(output);
    let ended = tokio::select! {
        ended = until_the_end(cx, job, &*watcher, &stop) => ended,
        stopped = signals.next() => {
            stop.cancel();
            drop(watcher);
            output.note(&format!("The job goes on: howdah job show {job}"));
            return ExitCode::from(stopped.exit_code());
        }
    };
    drop(watcher);
    match ended {
        Ok((mut outcome, code)) => {
            outcome.exit_code = code;
            output.outcome(&outcome)
        }
        Err(error) => output.error(&error),
    }
}

/// Shows progress in the way that suits where standard error goes.
pub(crate) fn watcher(output: &Output) -> Box<dyn ProgressSink> {
    match output.is_quiet() || output.is_json() {
        true => Box::new(NoProgress),
        false if std::io::stderr().is_terminal() => Box::new(Bar::new()),
        false => Box::new(Lines::default()),
    }
}

/// Waits for the job's end; gives what the tool that shows jobs says of it, and the exit code.
pub(crate) async fn until_the_end(
    cx: &Context,
    job: &str,
    watcher: &dyn ProgressSink,
    stop: &CancellationToken,
) -> Result<(Outcome, u8)> {
    let record = cx.get::<Engine>()?.follow(job, watcher, stop).await?;
    // The tool that shows jobs shows this one, as every other face does.
    let tool = find_tool("get_job_status")
        .ok_or_else(|| Error::internal("The tool get_job_status is not in the registry."))?;
    let outcome = (tool.run)(json!({ "id": record.id }), cx).await?;
    Ok((outcome, exit_code(record.state)))
}

/// A bar with the phase, on a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(1000);
        if let Ok(style) = ProgressStyle::with_template("{spinner} [{bar:30}] {percent:>3} %  {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl ProgressSink for Bar {
    fn report(&self, progress: Progress) {
        if let Some(fraction) = progress.fraction {
            self.0.set_position((fraction.clamp(0.0, 1.0) * 1000.0) as u64);
        }
        self.0.set_message(with_remaining(&progress));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A line for each phase, where a bar would only make a mess of a log.
#[derive(Default)]
struct Lines(Mutex<String>);

impl ProgressSink for Lines {
    fn report(&self, progress: Progress) {
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last == progress.phase {
            return;
        }
        match progress.fraction {
            Some(fraction) => eprintln!("{:>3.0} %  {}", fraction * 100.0, progress.phase),
            None => eprintln!("       {}", progress.phase),
        }
        *last = progress.phase;
    }
}

fn with_remaining(progress: &Progress) -> String {
    match progress.eta_s {
        Some(seconds) if seconds >= 1.0 => format!("{} (about {seconds:.0} s left)", progress.phase),
        _ => progress.phase.clone(),
    }
}
