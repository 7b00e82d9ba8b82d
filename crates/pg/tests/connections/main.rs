//! Connections, pools and targets against real servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failing helper is a failing test"
)]

mod connect;
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
        self.lengths.extend(row.cells().map(|cell| cell.map_or(0, |cell| cell.full_len)));
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
        self.bytes += row.cells().flatten().map(|cell| cell.full_len as u64).sum::<u64>();
        Flow::Continue
    }
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
