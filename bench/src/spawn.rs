//! From starting the program to having its list of tools, and what it weighs then.

use std::time::Instant;

use anyhow::Result;
use serde_json::json;

use crate::measure::{Client, Line, Setting, median};

const RUNS: usize = 21;

/// Time and memory of a start.
pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let runs = if setting.name == "howdah" { RUNS } else { 3 };
    let (mut times, mut memory, mut bytes) = (vec![], vec![], 0);
    for _ in 0..runs {
        let start = Instant::now();
        let client = Client::start(setting).await?;
        bytes = client.request("tools/list", &json!({})).await?.len();
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        memory.push(client.memory_mib("VmRSS")?);
    }
    let line = |what, value, budget| Line {
        program: setting.name.clone(),
        what,
        value,
        raw: None,
        budget,
    };
    Ok(vec![
        line("spawn → tools listed, ms", median(times), "≤ 15"),
        line("memory after the list, MiB", median(memory), "≤ 20"),
        line("tools/list, KB", bytes as f64 / 1000.0, "≤ 8"),
    ])
}
