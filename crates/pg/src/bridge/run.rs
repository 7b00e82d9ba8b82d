//! Carries statements out by calls, and writes the messages that a server would send.

use bytes::{BufMut, BytesMut};
use tokio_util::sync::CancellationToken;

use super::session::Session;
use super::statement::{Control, Ready, Way, ready};
use super::transaction::{self, Open};
use super::{Answer, Call, Fault, Running, read, record};

/// Types below this number are the server's own from the start, and no domains.
const FIRST_OF_CATALOG: u32 = 10_000;

/// The columns of a result.
#[derive(Debug, Default)]
struct Columns {
    names: Vec<String>,
    types: Vec<u32>,
}

impl Session {
    /// Runs the statement of the portal, at most `limit` rows of it.
    pub(super) async fn execute(
        &mut self,
        sql: &str,
        params: &[Option<String>],
        limit: Option<u32>,
        describe: bool,
    ) -> Result<(), Fault> {
        let Some(ready) = ready(sql, params)? else {
            self.message(b'I', |_| {});
            return Ok(());
        };
        match &ready.way {
            Way::Transaction(control) => return self.control(control, &ready, describe).await,
            _ if self.failed => {
                return Err(Fault::new(
                    "25P02",
                    "current transaction is aborted, commands ignored until end of transaction block",
                    "",
                ));
            }
            Way::Nothing => {
                self.no_data(describe);
                self.complete(ready.tag);
                return Ok(());
            }
            _ => {}
        }
        if self.open.is_none() {
            self.open = Some(transaction::begin(&self.bridge, &self.database, "", true).await?);
        }
        match &ready.way {
            Way::Read => self.read(&ready, limit, describe).await,
            Way::Returning => self.returning(&ready, limit, describe).await,
            _ => self.plain(&ready, describe).await,
        }
    }

    /// What a statement would give, for one that is only analysed.
    pub(super) async fn describe(&mut self, sql: &str) -> Result<(), Fault> {
        let Some(ready) = ready(sql, &[])? else {
            self.message(b't', |body| body.put_i16(0));
            self.no_data(true);
            return Ok(());
        };
        if ready.way != Way::Read {
            return Err(Fault::new(
                "0A000",
                format!(
                    "{} can be run through the Data API, but not be analysed without being run.",
                    ready.tag
                ),
                "Connect with the method pgwire or pgwire_iam for this.",
            ));
        }
        if self.open.is_none() {
            self.open = Some(transaction::begin(&self.bridge, &self.database, "", true).await?);
        }
        let wrapped = read::columns(&ready)?;
        let answer = self
            .call(&ready, &wrapped.sql, wrapped.before, false, true)
            .await?;
        let columns = self.columns(answer.rows.first()).await?;
        self.message(b't', |body| body.put_i16(0));
        self.row_description(&columns);
        Ok(())
    }

    async fn control(&mut self, control: &Control, ready: &Ready, describe: bool) -> Result<(), Fault> {
        self.no_data(describe);
        let mut tag = ready.tag;
        match control {
            // A server only warns, and leaves the modes of what is open as they are.
            Control::Begin(_) if self.open.is_some() => {
                return Err(Fault::new(
                    "25001",
                    "there is already a transaction in progress",
                    "",
                ));
            }
            Control::Begin(modes) => {
                self.open = Some(transaction::begin(&self.bridge, &self.database, modes, false).await?);
            }
            Control::Commit if self.failed => {
                tag = "ROLLBACK";
                self.roll_back().await;
            }
            Control::Commit => self.commit().await?,
            Control::Rollback => self.roll_back().await,
            Control::Savepoint | Control::RollbackTo => {
                if self
                    .open
                    .as_ref()
                    .is_none_or(|open| open.implicit || open.name.is_none())
                {
                    return Err(Fault::new(
                        "25P01",
                        format!("{tag} can only be used in transaction blocks"),
                        "",
                    ));
                }
                if self.failed && *control == Control::Savepoint {
                    return Err(Fault::new(
                        "25P02",
                        "current transaction is aborted, commands ignored until end of transaction block",
                        "",
                    ));
                }
                self.call(ready, &ready.text, 0, false, false).await?;
                self.failed = false;
            }
        }
        self.complete(tag);
        Ok(())
    }

    /// Commits the transaction that is open. It is over, however that ends.
    pub(super) async fn commit(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let outcome = transaction::commit(&self.bridge, &self.database, &open).await;
        if outcome.is_err() {
            self.end_at_service(&open).await;
        }
        outcome
    }

    /// Ends the transaction that is open without effect.
    pub(super) async fn roll_back(&mut self) {
        self.failed = false;
        if let Some(open) = self.open.take() {
            self.end_at_service(&open).await;
        }
    }

    async fn end_at_service(&self, open: &Open) {
        let Some(name) = &open.name else { return };
        if let Err(fault) = self.bridge.service().rollback(name).await {
            // The service ends it by itself within minutes; so does the server by its own limit.
            tracing::debug!(?fault, "a transaction behind a service could not be rolled back");
        }
    }

    /// A query: what fits into one answer without a cursor, which is most of them; else from the beginning by one.
    async fn read(&mut self, ready: &Ready, limit: Option<u32>, describe: bool) -> Result<(), Fault> {
        let most = limit.map_or(read::FIRST_ROWS, |limit| limit.min(read::FIRST_ROWS));
        let wrapped = read::first(ready, most)?;
        let answer = self
            .call(ready, &wrapped.sql, wrapped.before, false, true)
            .await?;
        let mut rows = answer.rows.into_iter();
        let columns = self.columns(rows.next().as_ref()).await?;
        let mut parts = Parts::new(columns.names.len());
        let mut found = Vec::new();
        let mut cut = false;
        for row in rows {
            match kind(&row) {
                read::CUT => cut = true,
                kind => found.extend(parts.take(kind, &row)?),
            }
        }
        if describe {
            self.row_description(&columns);
        }
        let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
        if !cut && (count < most || limit == Some(most)) {
            for row in &found {
                self.data_row(row);
            }
            self.flush_if_full().await;
            self.finish_read(ready, u64::from(count), limit);
            return Ok(());
        }
        drop(found);
        self.pages(ready, &columns, limit).await
    }

    async fn pages(&mut self, ready: &Ready, columns: &Columns, limit: Option<u32>) -> Result<(), Fault> {
        self.cursors += 1;
        let name = format!("howdah_rows_{}", self.cursors);
        let wrapped = read::cursor(ready, &name, limit)?;
        self.call(ready, &wrapped.sql, wrapped.before, false, false)
            .await?;
        let mut parts = Parts::new(columns.names.len());
        let (mut count, mut page) = (0, read::PAGES[0]);
        loop {
            let sql = format!("FETCH FORWARD {page} FROM {name}");
            let answer = self.call(ready, &sql, usize::MAX, false, false).await?;
            let arrived = answer.rows.len();
            if let Some(last) = answer.rows.last() {
                page = read::page(last.get(2..).unwrap_or_default()).max(1);
            }
            let asked = sql
                .split(' ')
                .nth(2)
                .and_then(|page| page.parse().ok())
                .unwrap_or(0);
            for row in answer.rows {
                if let Some(row) = parts.take(kind(&row), &row)? {
                    self.data_row(&row);
                    count += 1;
                }
            }
            self.flush_if_full().await;
            if arrived < asked {
                break;
            }
        }
        if self.open.as_ref().is_some_and(|open| !open.read_only) {
            self.call(ready, &format!("CLOSE {name}"), usize::MAX, false, false)
                .await?;
        }
        self.finish_read(ready, count, limit);
        Ok(())
    }

    fn finish_read(&mut self, ready: &Ready, count: u64, limit: Option<u32>) {
        match limit {
            Some(limit) if count >= u64::from(limit) => self.message(b's', |_| {}),
            _ => self.complete(&format!("{} {count}", ready.tag)),
        }
    }

    async fn returning(&mut self, ready: &Ready, limit: Option<u32>, describe: bool) -> Result<(), Fault> {
        let wrapped = read::returning(ready)?;
        let answer = self
            .call(ready, &wrapped.sql, wrapped.before, false, false)
            .await?;
        let mut rows = answer.rows.into_iter();
        let columns = self.columns(rows.next().as_ref()).await?;
        if describe {
            self.row_description(&columns);
        }
        let mut parts = Parts::new(columns.names.len());
        let mut count = 0;
        for row in rows {
            if let Some(row) = parts.take(kind(&row), &row)? {
                count += 1;
                if limit.is_none_or(|limit| count <= u64::from(limit)) {
                    self.data_row(&row);
                }
            }
        }
        self.complete(&tag(ready, count));
        Ok(())
    }

    /// A statement as it is. Rows that it gives have types that the service knows.
    async fn plain(&mut self, ready: &Ready, describe: bool) -> Result<(), Fault> {
        super::statement::bounded(&ready.text)?;
        let answer = self.call(ready, &ready.text, 0, describe, false).await?;
        let columns = Columns {
            types: answer.columns.iter().map(|(_, of)| type_named(of)).collect(),
            names: answer.columns.into_iter().map(|(name, _)| name).collect(),
        };
        match columns.names.is_empty() {
            true => self.no_data(describe),
            false if describe => self.row_description(&columns),
            false => {}
        }
        let count = answer.rows.len() as u64;
        if !columns.names.is_empty() {
            for row in &answer.rows {
                self.data_row(row);
            }
        }
        let selects = ready.tag == "SELECT" || ready.tag == "FETCH";
        self.complete(&match selects {
            true => format!("{} {count}", ready.tag),
            false => tag(ready, answer.updated),
        });
        Ok(())
    }

    /// One call in the open transaction, which can be cancelled.
    async fn call(
        &mut self,
        ready: &Ready,
        sql: &str,
        before: usize,
        describe: bool,
        repeatable: bool,
    ) -> Result<Answer, Fault> {
        let gone = || Fault::Gone("The transaction is not there any more.".to_owned());
        let Some(open) = &self.open else {
            return Err(gone());
        };
        let Some(name) = open.name.clone() else {
            return Err(gone());
        };
        let read_only = open.read_only;
        let running = Running {
            token: self.stop.clone(),
            database: self.database.clone(),
            backend: Some(open.backend.clone()),
        };
        let call = Call {
            database: &self.database,
            transaction: Some(&name),
            sql,
            describe,
            repeatable: repeatable && read_only,
        };
        self.bridge.set_running(self.number, Some(running));
        let outcome = tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Fault::new("57014", "canceling statement due to user request", "")),
            outcome = self.bridge.service().execute(call) => outcome,
        };
        outcome.map_err(|mut fault| {
            if fault.ends_transaction()
                && let Some(open) = &mut self.open
            {
                open.name = None;
            }
            if let Fault::Server(error) = &mut fault {
                error.position = error.position.and_then(|at| ready.position(at, before));
            }
            fault
        })
    }

    /// Reads the header, and finds what the types of columns are based on where these are domains.
    async fn columns(&mut self, header: Option<&Vec<Option<String>>>) -> Result<Columns, Fault> {
        let text = |at: usize| header.and_then(|row| row.get(at)?.as_deref());
        let columns = match (
            text(0),
            text(1).and_then(record::names),
            text(2).and_then(record::types),
        ) {
            (Some(read::HEADER), Some(names), Some(types)) if names.len() == types.len() => {
                Columns { names, types }
            }
            _ => return Err(unread()),
        };
        let mut columns = columns;
        if columns.types.iter().all(|oid| *oid < FIRST_OF_CATALOG) {
            return Ok(columns);
        }
        let oids: Vec<String> = columns.types.iter().map(ToString::to_string).collect();
        let sql = include_str!("../../queries/bridge/domains.sql")
            .replace("$1", &format!("'{{{}}}'", oids.join(",")));
        let Some(asking) = ready(&sql, &[])? else {
            return Err(unread());
        };
        let answer = self.call(&asking, &sql, usize::MAX, false, true).await?;
        for row in answer.rows {
            let number = |at: usize| row.get(at)?.as_deref()?.parse::<u32>().ok();
            let (Some(domain), Some(base)) = (number(0), number(1)) else {
                return Err(unread());
            };
            for oid in columns.types.iter_mut().filter(|oid| **oid == domain) {
                *oid = base;
            }
        }
        Ok(columns)
    }

    fn row_description(&mut self, columns: &Columns) {
        self.message(b'T', |body| {
            body.put_u16(u16::try_from(columns.names.len()).unwrap_or(u16::MAX));
            for (name, oid) in columns.names.iter().zip(&columns.types) {
                body.put_slice(name.as_bytes());
                body.put_u8(0);
                body.put_u32(0);
                body.put_i16(0);
                body.put_u32(*oid);
                body.put_i16(-1);
                body.put_i32(-1);
                body.put_i16(0);
            }
        });
    }

    fn data_row(&mut self, row: &[Option<String>]) {
        self.message(b'D', |body| {
            body.put_u16(u16::try_from(row.len()).unwrap_or(u16::MAX));
            for value in row {
                match value {
                    None => body.put_i32(-1),
                    Some(value) => {
                        body.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
                        body.put_slice(value.as_bytes());
                    }
                }
            }
        });
    }

    fn no_data(&mut self, describe: bool) {
        // The simple protocol has no such message.
        if describe && !self.simple {
            self.message(b'n', |_| {});
        }
    }

    /// Nothing runs any more that could be cancelled.
    pub(super) fn rest(&mut self) {
        self.bridge.set_running(self.number, None);
        if self.stop.is_cancelled() {
            self.stop = CancellationToken::new();
        }
    }

    fn complete(&mut self, tag: &str) {
        self.message(b'C', |body: &mut BytesMut| {
            body.put_slice(tag.as_bytes());
            body.put_u8(0);
        });
    }
}

/// Puts the pieces of rows together.
struct Parts {
    columns: usize,
    text: String,
    count: u32,
}

impl Parts {
    fn new(columns: usize) -> Self {
        Self {
            columns,
            text: String::new(),
            count: 0,
        }
    }

    fn take(&mut self, kind: &str, row: &[Option<String>]) -> Result<Option<Vec<Option<String>>>, Fault> {
        let piece = row.get(1).and_then(Option::as_deref).ok_or_else(unread)?;
        match kind {
            read::PART => {
                self.text.push_str(piece);
                self.count += 1;
                if self.count > read::PIECES_MAX {
                    return Err(Fault::new(
                        "54000",
                        "A row has more than 4,000,000 characters, and the Data API gives out 64 KiB of one at a time.",
                        "Ask for a part of what is long (substr, left), or connect with pgwire or pgwire_iam.",
                    ));
                }
                Ok(None)
            }
            read::LAST_PART => {
                self.text.push_str(piece);
                let values = record::values(&self.text, self.columns).ok_or_else(unread)?;
                self.text.clear();
                self.count = 0;
                Ok(Some(values))
            }
            _ => Err(unread()),
        }
    }
}

fn kind(row: &[Option<String>]) -> &str {
    row.first().and_then(Option::as_deref).unwrap_or_default()
}

fn tag(ready: &Ready, count: u64) -> String {
    match ready.tag {
        "INSERT" => format!("INSERT 0 {count}"),
        tag @ ("UPDATE" | "DELETE" | "MERGE") => format!("{tag} {count}"),
        tag => tag.to_owned(),
    }
}

fn unread() -> Fault {
    Fault::new(
        "08P01",
        "The answer of the Data API is not in the form that was asked for.",
        "Connect with pgwire or pgwire_iam for this statement.",
    )
}

/// The types of results that come without a query around them, such as those of EXPLAIN and SHOW.
fn type_named(name: &str) -> u32 {
    match name {
        "bool" => 16,
        "int8" => 20,
        "int2" => 21,
        "int4" => 23,
        "json" => 114,
        "xml" => 142,
        "float4" => 700,
        "float8" => 701,
        "numeric" => 1700,
        "uuid" => 2950,
        "jsonb" => 3802,
        _ => 25,
    }
}
