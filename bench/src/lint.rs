//! `howdah lint` and `howdah review`: CPU time of long scripts, of many, and of many findings; a
//! rehearsal on a schema of 300 tables; a review of 10,000. Squawk beside it, where it is installed.

mod corpus;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::measure::{self, Line, median};
use crate::spent::{Spent, line, several, spent};

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure only these: text, rehearsal, review.
    names: Vec<String>,
    /// Tables of the schema that is reviewed.
    #[arg(long, default_value_t = 10_000)]
    tables: u32,
}

/// Measures and prints.
pub(crate) async fn run(arguments: Arguments, howdah: &Path, peers: Option<&Path>) -> Result<()> {
    let howdah = howdah
        .canonicalize()
        .with_context(|| format!("{} is missing: build it first", howdah.display()))?;
    let wanted = |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|n| n == name);
    let directory = tempfile::tempdir()?;
    let mut lines = Vec::new();
    if wanted("text") {
        let squawk = peers
            .map(|venv| venv.join("bin/squawk"))
            .filter(|path| path.exists());
        lines.extend(by_text(&howdah, squawk.as_deref(), directory.path())?);
    }
    let major = *howdah_testkit::majors().last().context("no PostgreSQL")?;
    if wanted("rehearsal") || wanted("review") {
        let server = howdah_testkit::server(major).await;
        if wanted("rehearsal") {
            let database = server.database("rehearsed").await;
            database.execute(&corpus::schema(300)).await;
            lines.extend(rehearsed(&howdah, &database.url(), major, directory.path())?);
        }
        if wanted("review") {
            let database = server.database("reviewed").await;
            for tables in corpus::tables(arguments.tables).chunks(200) {
                database.execute(&tables.join("\n")).await;
            }
            database
                .execute("VACUUM ANALYZE pg_class, pg_attribute, pg_index, pg_constraint, pg_depend")
                .await;
            let spent = several(|| {
                spent(Command::new(&howdah).args(["review", "--url", &database.url(), "--json"]))
            })?;
            lines.push(line(
                "howdah",
                "review of 10,000 tables, s",
                &spent,
                |of| of.wall_s,
                "≤ 5",
            ));
            lines.push(line(
                "howdah",
                "its memory, MiB",
                &spent,
                |of| of.peak_mib,
                "≤ 200",
            ));
        }
    }
    measure::print(&lines, major, false);
    Ok(())
}

fn by_text(howdah: &Path, squawk: Option<&Path>, directory: &Path) -> Result<Vec<Line>> {
    let mixed = written(directory, "mixed.sql", &corpus::mixed(10_000_000))?;
    let migrations = directory.join("migrations");
    std::fs::create_dir(&migrations)?;
    let mut files = Vec::new();
    for (number, text) in corpus::small_files(1000).iter().enumerate() {
        files.push(written(&migrations, &format!("V{}__step.sql", number + 1), text)?);
    }
    let lint = |paths: &[PathBuf]| several(|| spent(Command::new(howdah).arg("lint").args(paths)));
    let cpu = |of: &Spent| of.cpu_s;
    let mut lines = vec![
        line(
            "howdah",
            "lint of a script of 10 MB, CPU s",
            &lint(&[mixed])?,
            cpu,
            "≤ 2",
        ),
        line(
            "howdah",
            "lint of 1000 files in a directory, CPU s",
            &lint(std::slice::from_ref(&migrations))?,
            cpu,
            "≤ 0.2",
        ),
        line(
            "howdah",
            "lint of 1000 files by name, CPU s",
            &lint(&files)?,
            cpu,
            "≤ 0.2",
        ),
    ];
    // Ten times as many findings may cost ten times as much, and no more.
    for wrapped in [false, true] {
        let few = written(directory, "few.sql", &corpus::dangerous(3_000, wrapped))?;
        let many = written(directory, "many.sql", &corpus::dangerous(30_000, wrapped))?;
        let (few, many) = (lint(&[few])?, lint(&[many])?);
        let per = |of: &[Spent], count: f64| median(of.iter().map(|of| of.cpu_s / count * 1e6).collect());
        let what: &'static str = match wrapped {
            false => "30,000 findings, CPU µs each (beside: of 3,000)",
            true => "30,000 findings in one transaction, CPU µs each (beside: of 3,000)",
        };
        lines.push(Line {
            program: "howdah".into(),
            what,
            value: per(&many, 30_000.0),
            raw: Some(per(&few, 3_000.0)),
            budget: "≤ 1.5×",
        });
    }
    let same = written(directory, "one_mb.sql", &corpus::mixed(1_000_000))?;
    lines.push(line(
        "howdah",
        "lint of a script of 1 MB, CPU s",
        &lint(std::slice::from_ref(&same))?,
        cpu,
        "",
    ));
    if let Some(squawk) = squawk {
        // It needs minutes for 10 MB.
        let lint = |paths: &[PathBuf]| several(|| spent(Command::new(squawk).args(paths)));
        lines.push(line(
            "squawk",
            "lint of a script of 1 MB, CPU s",
            &lint(&[same])?,
            cpu,
            "",
        ));
        lines.push(line(
            "squawk",
            "lint of 1000 files by name, CPU s",
            &lint(&files)?,
            cpu,
            "",
        ));
    }
    Ok(lines)
}

fn rehearsed(howdah: &Path, url: &str, major: u16, directory: &Path) -> Result<Vec<Line>> {
    let script = written(directory, "fifty.sql", &corpus::fifty_statements())?;
    let wall = |of: &Spent| of.wall_s;
    let spent_on = several(|| spent(Command::new(howdah).args(["lint", "--url", url]).arg(&script)))?;
    let mut lines = vec![line(
        "howdah",
        "rehearsal of 50 statements on 300 tables, s",
        &spent_on,
        wall,
        "≤ 5",
    )];
    let mut by_count = Vec::new();
    for count in [20, 80] {
        let migrations = directory.join(format!("rehearsed-{count}"));
        std::fs::create_dir(&migrations)?;
        for (number, text) in corpus::small_files(count).iter().enumerate() {
            written(&migrations, &format!("V{}__step.sql", number + 1), text)?;
        }
        let pg = major.to_string();
        by_count.push(
            spent(
                Command::new(howdah)
                    .args(["lint", "--rehearse", "--pg", &pg])
                    .arg(&migrations),
            )?
            .wall_s,
        );
    }
    lines.push(Line {
        program: "howdah".into(),
        what: "rehearsal of a directory of 80 files, s a file (beside: of 20)",
        value: by_count[1] / 80.0,
        raw: Some(by_count[0] / 20.0),
        budget: "≤ 1.5×",
    });
    Ok(lines)
}

fn written(directory: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = directory.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}
