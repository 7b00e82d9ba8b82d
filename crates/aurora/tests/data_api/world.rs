//! A cluster with the Data API, the server that is behind it, and the way by a socket beside it.

#![allow(unreachable_pub, reason = "a module of a test")]

use std::path::Path;
use std::sync::Arc;

use howdah_pg::guard::{self, Caps, GuardError, Query};
use howdah_pg::{Column, ConnInfo, Connection, Flow, NoEnvironment, Origin, RowView, Sink, Target};
use serde_json::{Value, json};

use crate::account::Account;

pub struct World {
    pub account: Account,
    pub target: Arc<Target>,
    pub by_socket: Arc<Target>,
    server: Value,
    url: String,
    ignored: std::cell::Cell<usize>,
}

/// A result.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    pub columns: Vec<(String, u32)>,
    pub rows: Vec<Vec<Option<String>>>,
    pub truncated: bool,
}

impl Sink for Found {
    fn columns(&mut self, _: usize, columns: Vec<Column>) {
        self.columns = columns
            .into_iter()
            .map(|column| (column.name, column.type_oid))
            .collect();
    }

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        self.rows.push(
            row.cells()
                .map(|cell| cell.map(|cell| cell.text().into_owned()))
                .collect(),
        );
        Flow::Continue
    }

    fn cell_cap(&self) -> usize {
        usize::MAX
    }

    fn row_cap(&self) -> usize {
        usize::MAX
    }
}

impl World {
    pub async fn on(major: u16) -> Self {
        let server = howdah_testkit::server(major).await;
        let mut maintenance = Connection::connect(&conninfo(&server.url("postgres")))
            .await
            .unwrap();
        maintenance.batch("CREATE DATABASE app").await.unwrap();
        let url = server.url("app");
        let mut connection = Connection::connect(&conninfo(&url)).await.unwrap();
        connection.batch(include_str!("shapes.sql")).await.unwrap();
        let account = Account::with("method = \"rdsapi\"");
        let socket = server.socket_dir().join(format!(".s.PGSQL.{}", server.port()));
        let server = json!({ "socket": socket, "user": "postgres", "clusters": ["data-orders"] });
        account.reset(
            &json!({ "data-orders": 1, "plain": 1 }),
            &json!({ "server": server }),
        );
        let target = Arc::new(account.clusters.target("data-orders").await.unwrap());
        let by_socket = Target::new("by socket", conninfo(&url), Origin::Config);
        Self {
            account,
            target,
            by_socket: Arc::new(by_socket),
            server,
            url,
            ignored: std::cell::Cell::new(0),
        }
    }

    /// Calls count from here on, with what is to go wrong.
    pub fn plan(&self, faults: &Value) {
        let mut plan = faults.clone();
        plan["server"] = self.server.clone();
        self.account.order(&plan);
    }

    /// Calls since the last plan.
    pub fn calls(&self) -> usize {
        self.account.state()["calls"].as_array().unwrap().len() - self.ignored.get()
    }

    pub async fn direct(&self, sql: &str, params: &[Option<&str>]) -> Result<Found, GuardError> {
        guarded(&self.by_socket, sql, params).await
    }

    pub async fn called(&self, sql: &str, params: &[Option<&str>]) -> Result<Found, GuardError> {
        guarded(&self.target, sql, params).await
    }

    /// All rows, as an export reads them.
    pub async fn all(&self, target: &Arc<Target>, sql: &str) -> Result<Found, GuardError> {
        let mut session = target.session().await?;
        let caps = Caps {
            rows: None,
            bytes: usize::MAX,
            cell_bytes: usize::MAX,
        };
        let query = Query {
            caps,
            ..Query::new(sql, &session)
        };
        let mut found = Found::default();
        let guarded = guard::query(&mut session, &query, &mut found).await?;
        found.truncated = guarded.truncated;
        Ok(found)
    }

    /// A write that somebody has agreed to: the rows that it returned, and its tag.
    pub async fn write(&self, sql: &str) -> Result<(Vec<Vec<Option<String>>>, String), GuardError> {
        let mut session = self.target.session().await?;
        let caps = Query::new(sql, &session).caps;
        let mut found = Found::default();
        let done = guard::write::execute_write(&mut session, sql, &[], caps, None, &mut found).await?;
        Ok((found.rows, done.command_tag))
    }

    /// A number, by the socket.
    pub async fn number(&self, sql: &str) -> u64 {
        let mut connection = Connection::connect(&conninfo(&self.url)).await.unwrap();
        connection
            .query(sql, &[])
            .await
            .unwrap()
            .first()
            .unwrap()
            .parse(0)
            .unwrap()
    }

    /// What no read changes: the next transaction id, rows, sequences, settings, large objects, locks that stay.
    pub async fn marks(&self) -> Vec<Option<String>> {
        let mut connection = Connection::connect(&conninfo(&self.url)).await.unwrap();
        let rows = connection.query(include_str!("marks.sql"), &[]).await.unwrap();
        let row = rows.first().unwrap();
        (0..7).map(|at| row.get(at).map(str::to_owned)).collect()
    }

    /// Every call was one by the model of AWS, and no secret was told.
    pub async fn clean(&self) {
        self.account.assert_clean(None).await;
    }
}

async fn guarded(target: &Arc<Target>, sql: &str, params: &[Option<&str>]) -> Result<Found, GuardError> {
    let mut session = target.session().await?;
    let query = Query::new(sql, &session).params(params);
    let mut found = Found::default();
    let guarded = guard::query(&mut session, &query, &mut found).await?;
    found.truncated = guarded.truncated;
    Ok(found)
}

fn conninfo(url: &str) -> ConnInfo {
    ConnInfo::parse_with(url, &NoEnvironment).unwrap()
}

/// One in so many statements of the guard's corpus, of each class another one first.
const SLICE: usize = 24;

/// Statements of the guard's corpus that need nothing but a server, and what a superuser has made for them before.
pub async fn attacks(world: &World) -> Vec<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/tests/guard_corpus");
    let mut connection = Connection::connect(&conninfo(&world.url)).await.unwrap();
    let made = std::fs::read_to_string(corpus.join("world.sql")).unwrap();
    connection.batch(&made).await.unwrap();
    let entries = std::fs::read_dir(corpus.join("attacks")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut attacks, mut setups) = (Vec::new(), 0);
    for (number, file) in files.iter().enumerate() {
        let text = std::fs::read_to_string(file).unwrap();
        // Those spoil a database for all others.
        if text.lines().any(|line| line.starts_with("-- database:")) {
            continue;
        }
        let mut items = Vec::new();
        for item in text
            .split("\n-- ")
            .filter(|item| item.starts_with("name: ") || item.starts_with("setup: "))
        {
            // Headers were split off with what follows the last of them.
            let at = text.find(item).unwrap() + item.find('\n').unwrap_or(item.len());
            let end = ["\n-- name: ", "\n-- setup: "]
                .iter()
                .filter_map(|next| text[at..].find(next))
                .min();
            let body = &text[at..end.map_or(text.len(), |end| at + end)];
            let sql: Vec<&str> = body.lines().filter(|line| !line.starts_with("-- ")).collect();
            let sql = sql.join("\n");
            if sql.contains("{{") || sql.len() > 20_000 || item.contains("requires:") {
                continue;
            }
            match item.starts_with("setup: ") {
                // Some need a version or an extension that is not here.
                true => setups += usize::from(connection.batch(&sql).await.is_ok()),
                false => items.push(sql),
            }
        }
        attacks.extend(items.into_iter().skip(number % SLICE).step_by(SLICE));
    }
    assert!(setups > 20, "{setups} of the setups were carried out");
    attacks
}
