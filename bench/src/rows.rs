//! A hundred thousand rows asked for: what comes back, and what it costs in memory.

use anyhow::Result;

use crate::measure::{Client, Line, Setting};

const SQL: &str =
    "SELECT g, md5(g::text) AS digest, repeat('x', 100) AS filler FROM generate_series(1, 100000) AS g";

/// Size of the answer and growth of the process over five such calls.
pub(crate) async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let client = Client::start(setting).await?;
    client.call(setting.tool, &setting.query("SELECT 1")).await?;
    let before = client.memory_mib("VmHWM")?;
    let mut bytes = 0;
    for _ in 0..5 {
        let mut arguments = setting.query(SQL);
        if setting.name == "howdah" {
            arguments["max_rows"] = 100_000.into();
        }
        bytes = client.call(setting.tool, &arguments).await?.len();
    }
    let after = client.memory_mib("VmHWM")?;
    let line = |what, value, budget| Line {
        program: setting.name.clone(),
        what,
        value,
        raw: None,
        budget,
    };
    Ok(vec![
        line("100,000 rows × 5: more memory, MiB", after - before, "≤ 30"),
        line("100,000 rows: answer, MB", bytes as f64 / 1e6, "capped"),
    ])
}
