//! From asking for a page of the dashboard to its first paint, in a real browser on loopback.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use howdah_testkit::Browser;

use crate::measure::{Line, median};

const RUNS: usize = 11;
/// The pages, each with what it is called in the table.
const PAGES: &[(&str, &str)] = &[
    ("/", "first paint of the overview, ms"),
    ("/tables", "first paint of the tables, ms"),
    ("/activity", "first paint of the activity, ms"),
];

/// The first paint of each page, the first visit among them.
pub(crate) async fn measure(howdah: &Path, url: &str) -> Result<Vec<Line>> {
    let home = tempfile::tempdir()?;
    let mut child = Command::new(howdah)
        .args(["serve", "--listen", "127.0.0.1:0", "--no-watch"])
        .current_dir(home.path())
        .env("HOWDAH_HOME", home.path())
        .env("DATABASE_URL", url)
        .stderr(Stdio::piped())
        .spawn()?;
    let said = BufReader::new(child.stderr.take().context("standard error")?).lines();
    let address = said
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("The dashboard: ").map(str::to_owned));
    let address = address.context("howdah serve did not start")?;
    let browser = Browser::start().await;
    let mut lines = Vec::new();
    for (path, what) in PAGES {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            // A tab of its own: nothing is in its cache.
            let tab = browser.tab(1280).await;
            tab.open(&format!("{address}{path}")).await;
            let painted = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
            tab.until(&format!("{painted} > 0")).await;
            times.push(tab.eval(painted).await.as_f64().context("a time")?);
        }
        lines.push(Line {
            program: "howdah".to_owned(),
            what,
            value: median(times),
            raw: None,
            budget: "≤ 200",
        });
    }
    child.kill()?;
    child.wait()?;
    Ok(lines)
}
