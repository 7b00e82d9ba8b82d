//! Connections, pools and targets against real servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a failing helper is a failing test"
)]

mod connect;
mod conninfo;
mod limits;
mod pool;
mod pooler;
mod targets;
mod tls;
mod wire;

use howdah_pg::{Column, ConnInfo, Connection, Flow, RowView, Sink};

/// What a sink was given, as text.
#[derive(Debug, Default)]
struct Seen {
    columns: Vec<(usize, Vec<Column>)>,
    rows: Vec<(usize, Vec<Option<String>>)>,
    lengths: Vec<usize>,
    cell_cap: Option<usize>,
    /// The row, counted from 1, at which it says `then`.
    until: usize,
    then: Option<Flow>,
}

impl Sink for Seen {
    fn columns(&mut self, step: usize, columns: Vec<Column>) {
        self.columns.push((step, columns));
    }

    fn row(&mut self, step: usize, row: &RowView<'_>) -> Flow {
        let texts = row.cells().map(|cell| cell.map(|cell| cell.text().into_owned()));
        self.rows.push((step, texts.collect()));
        self.lengths
            .extend(row.cells().map(|cell| cell.map_or(0, |cell| cell.full_len)));
        match self.then {
            Some(flow) if self.rows.len() >= self.until => flow,
            _ => Flow::Continue,
        }
    }

    fn cell_cap(&self) -> usize {
        self.cell_cap.unwrap_or(1024)
    }
}

/// Counts rows and bytes and keeps nothing.
#[derive(Debug, Default)]
struct Count {
    rows: u64,
    bytes: u64,
}

impl Sink for Count {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        self.rows += 1;
        self.bytes += row
            .cells()
            .flatten()
            .map(|cell| cell.full_len as u64)
            .sum::<u64>();
        Flow::Continue
    }
}

/// Runs `test`, this test's path, again in a process of its own and says whether this is
/// that process: for what concerns the whole process, where other tests must not meddle.
async fn alone(test: &str) -> bool {
    const ALONE: &str = "HOWDAH_TEST_ALONE";
    if std::env::var(ALONE).is_ok() {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let output = tokio::process::Command::new(program)
        .args([test, "--exact", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(
        text.contains("1 passed"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

async fn connect(url: &str) -> Connection {
    let info = ConnInfo::parse(url).unwrap();
    Connection::connect(&info).await.unwrap()
}

/// The first cell of the first row.
async fn value(connection: &mut Connection, sql: &str) -> String {
    let rows = connection.query(sql, &[]).await.unwrap();
    rows.first().unwrap().get(0).unwrap().to_owned()
}

/// Resident memory of this process in KiB, and the most it ever was.
fn memory_kib() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (field("VmRSS:"), field("VmHWM:"))
}
