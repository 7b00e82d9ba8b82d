//! What a run of a program takes: processor, time, memory.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::measure::{Line, median};

/// Each figure is the median of so many runs.
const RUNS: usize = 3;

/// What one run of a program took.
pub(crate) struct Spent {
    pub(crate) cpu_s: f64,
    pub(crate) wall_s: f64,
    pub(crate) peak_mib: f64,
}

/// Several runs of the same.
pub(crate) fn several(measure: impl Fn() -> Result<Spent>) -> Result<Vec<Spent>> {
    (0..RUNS).map(|_| measure()).collect()
}

/// A figure of several runs: their median.
pub(crate) fn line(
    program: &str,
    what: &'static str,
    spent: &[Spent],
    of: impl Fn(&Spent) -> f64,
    budget: &'static str,
) -> Line {
    Line {
        program: program.to_owned(),
        what,
        value: median(spent.iter().map(of).collect()),
        raw: None,
        budget,
    }
}

/// Runs a program to its end. That it finds something is no failure.
pub(crate) fn spent(command: &mut Command) -> Result<Spent> {
    let before = children_cpu_s()?;
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let status_file = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_kib = 0.0_f64;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let text = std::fs::read_to_string(&status_file).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        peak_kib = peak_kib.max(peak.unwrap_or_default());
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall_s = start.elapsed().as_secs_f64();
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("{command:?} ended with {status}");
    }
    Ok(Spent {
        cpu_s: children_cpu_s()? - before,
        wall_s,
        peak_mib: peak_kib / 1024.0,
    })
}

/// What the processes have used that this one has waited for, in steps of a hundredth of a second.
fn children_cpu_s() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat
        .rsplit_once(')')
        .context("/proc/self/stat is not as expected")?;
    // Fields 16 and 17 of the whole line, of which two are before the bracket.
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
