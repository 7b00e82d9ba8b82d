//! `howdah health` and `howdah review` of a large schema, and of a hundred targets at once.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::measure::{self, Line};
use crate::spent::{line, several, spent};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Tables of the schema, each with ten columns.
    #[arg(long, default_value_t = 10_000)]
    tables: u32,
    /// Targets that are looked at together.
    #[arg(long, default_value_t = 100)]
    targets: u32,
}

/// Measures and prints.
pub(crate) async fn run(arguments: Arguments, howdah: &Path) -> Result<()> {
    let howdah = howdah
        .canonicalize()
        .with_context(|| format!("{} is missing: build it first", howdah.display()))?;
    let major = *howdah_testkit::majors().last().context("no PostgreSQL")?;
    let server = howdah_testkit::server(major).await;
    let database = server.database("large").await;
    for from in (0..arguments.tables).step_by(200) {
        database
            .execute(&tables(from, (from + 200).min(arguments.tables)))
            .await;
    }
    database
        .execute("VACUUM ANALYZE pg_class, pg_attribute, pg_index, pg_constraint, pg_depend, pg_statistic")
        .await;
    let mut lines = Vec::new();
    for (command, what) in [
        ("health", "all checks of 10,000 tables, s"),
        ("review", "review of 10,000 tables, s"),
    ] {
        let url = database.url();
        let runs = several(|| spent(Command::new(&howdah).args([command, "--url", &url, "--json"])))?;
        lines.push(line("howdah", what, &runs, |of| of.wall_s, "≤ 5"));
        lines.push(line(
            "howdah",
            "its memory, MiB",
            &runs,
            |of| of.peak_mib,
            "≤ 200",
        ));
    }
    lines.extend(together(&howdah, server, arguments.targets).await?);
    measure::print(&lines, major, false);
    Ok(())
}

/// Tables with ten columns, a foreign key, a sequence and three indexes each.
fn tables(from: u32, to: u32) -> String {
    let mut sql = String::new();
    for number in from..to {
        let _ = write!(
            sql,
            "CREATE TABLE things_{number} (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES things_{number},
                 name varchar(50), status text DEFAULT 'new', price float8, at timestamp DEFAULT now(), email text NOT NULL,
                 note text, extra json, seen boolean);
             CREATE INDEX ON things_{number} (name); CREATE INDEX ON things_{number} (name, status);"
        );
        if number % 2 == 0 {
            let _ = write!(
                sql,
                "INSERT INTO things_{number} (name, email) SELECT 'n' || g, 'e' || g FROM generate_series(1, 20) g; ANALYZE things_{number};"
            );
        }
    }
    sql
}

/// Many targets with `--all`: how long, and how many connections at the same time.
async fn together(howdah: &Path, server: &howdah_testkit::Server, targets: u32) -> Result<Vec<Line>> {
    let home = tempfile::tempdir()?;
    let database = server.database("together").await;
    let mut configuration = String::new();
    for number in 0..targets {
        let _ = write!(
            configuration,
            "[targets.t{number}]\nurl = \"{}\"\n",
            database.url()
        );
    }
    let file = home.path().join("howdah.toml");
    std::fs::write(&file, configuration)?;
    let probe = server.probe("postgres").await;
    let is_over = Arc::new(AtomicBool::new(false));
    let name = database.name.clone();
    let counting = tokio::spawn({
        let is_over = Arc::clone(&is_over);
        async move {
            let mut most = 0_i64;
            while !is_over.load(Ordering::Relaxed) {
                let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1";
                let count: i64 = probe.query_one(sql, &[&name]).await?.get(0);
                most = most.max(count);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            anyhow::Ok(most)
        }
    });
    let (program, directory) = (howdah.to_owned(), home.path().to_owned());
    let run = tokio::task::spawn_blocking(move || {
        spent(
            Command::new(program)
                .args(["health", "--all", "--json"])
                .current_dir(&directory)
                .env("HOWDAH_HOME", directory.join("state"))
                .env("XDG_CONFIG_HOME", &directory)
                .env_remove("DATABASE_URL"),
        )
    })
    .await?;
    is_over.store(true, Ordering::Relaxed);
    let most = counting.await??;
    let run = run?;
    ensure!(most > 1, "the targets were not looked at");
    let one = |what, value, budget| Line {
        program: "howdah".to_owned(),
        what,
        value,
        raw: None,
        budget,
    };
    Ok(vec![
        one("all checks of 100 targets with --all, s", run.wall_s, ""),
        one("its memory, MiB", run.peak_mib, "≤ 200"),
        // The server takes a moment to bury one that has ended.
        one("its connections at the same time", most as f64, "≈ 16"),
    ])
}
