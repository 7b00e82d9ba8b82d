//! Advice for thousands of statements in a catalog of thousands of tables: what it takes.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use howdah_testkit::ServerOptions;

use crate::measure::{self, Line};
use crate::spent::spent;

/// Tables there are, of which some hold rows.
const TABLES: usize = 10_000;
const FILLED: usize = 500;
/// Statements that differ by more than their constants, all on tables that hold rows.
const STATEMENTS: usize = 5_000;

/// Makes the tables, advises, and prints what that took.
pub(super) async fn run(major: u16, howdah: &Path, options: &[String]) -> Result<()> {
    let server = howdah_testkit::private(ServerOptions {
        major,
        ..ServerOptions::default()
    })
    .await;
    let database = server.database("many").await;
    eprintln!("making {TABLES} tables …");
    for some in (0..TABLES).collect::<Vec<_>>().chunks(200) {
        let tables: Vec<String> = some.iter().map(|number| table(*number)).collect();
        database.execute(&tables.join("\n")).await;
    }
    database.execute("CREATE EXTENSION hypopg").await;
    database.execute("VACUUM ANALYZE").await;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), statements())?;
    let mut command = Command::new(howdah);
    command
        .args(["index", "advise", "--format", "sql", "--queries"])
        .arg(file.path())
        .args(options)
        .env("DATABASE_URL", database.url());
    let spent = spent(&mut command)?;
    let line = |what, value, budget| Line {
        program: "howdah".to_owned(),
        what,
        value,
        raw: None,
        budget,
    };
    let lines = [
        line(
            "advice for 5,000 statements in 10,000 tables, s",
            spent.wall_s,
            "≤ 60",
        ),
        line("its own CPU time, s", spent.cpu_s, ""),
        line("its memory, MiB", spent.peak_mib, "≤ 500"),
    ];
    measure::print(&lines, major, false);
    Ok(())
}

fn table(number: usize) -> String {
    let mut sql = format!(
        "CREATE TABLE t{number} (id bigint PRIMARY KEY, account bigint NOT NULL, state text NOT NULL, amount numeric(12,2), \
         at timestamptz NOT NULL, email text, parent bigint, note text, kind int, gone_at timestamptz);"
    );
    if number < FILLED {
        let _ = write!(
            sql,
            "INSERT INTO t{number} SELECT i, i % 97, (ARRAY['new', 'paid', 'sent', 'lost'])[1 + i % 4], i % 1000, \
             now() - i * interval '1 minute', 'user' || i || '@example.org', i / 3, md5(i::text), i % 7, \
             CASE WHEN i % 20 = 0 THEN now() END FROM generate_series(1, 2000) i;"
        );
    }
    sql
}

/// Ten on each of the tables that hold rows.
fn statements() -> String {
    let mut text = String::new();
    for number in 0..STATEMENTS {
        let (table, shape) = (number % FILLED, number / FILLED);
        let next = (table + 1) % FILLED;
        let sql = match shape {
            0 => format!("SELECT * FROM t{table} WHERE account = 17 AND state = 'lost'"),
            1 => format!("SELECT id, amount FROM t{table} WHERE account = 5 ORDER BY at DESC LIMIT 20"),
            2 => format!("SELECT count(*) FROM t{table} WHERE at >= now() - interval '1 day'"),
            3 => format!("SELECT * FROM t{table} WHERE lower(email) = 'user17@example.org'"),
            4 => format!(
                "SELECT a.id, b.note FROM t{table} a JOIN t{next} b ON b.parent = a.id WHERE a.kind = 3 AND a.account = 2"
            ),
            5 => format!(
                "SELECT state, sum(amount) FROM t{table} WHERE gone_at IS NULL AND kind = 2 GROUP BY state"
            ),
            6 => format!("UPDATE t{table} SET amount = amount + 1 WHERE parent = 12"),
            7 => format!("INSERT INTO t{table} VALUES (1000000, 1, 'new', 1, now(), 'a@b', 1, 'x', 1, NULL)"),
            8 => format!("DELETE FROM t{table} WHERE gone_at < now() - interval '1 year'"),
            _ => format!("SELECT id FROM t{table} WHERE note LIKE 'abc%' OR parent IN (1, 2, 3)"),
        };
        let _ = writeln!(text, "-- weight: {}\n{sql};", 1 + number % 50);
    }
    text
}
