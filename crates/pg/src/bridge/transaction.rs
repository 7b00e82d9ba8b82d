//! Transactions by calls: begun read-only where that is asked for, and committed for certain.

use std::time::Duration;

use super::{Answer, Bridge, Call, Fault};

/// How often the fate of a transaction is asked for whose commit was not answered.
const FATES: u32 = 5;
const FATE_PAUSE: Duration = Duration::from_millis(300);

/// A transaction that is open.
#[derive(Debug)]
pub(super) struct Open {
    /// Its name at the service; `None` where the service has ended it.
    pub(super) name: Option<String>,
    pub(super) backend: Backend,
    pub(super) read_only: bool,
    /// Begun by us for a statement that came without one.
    pub(super) implicit: bool,
}

/// The server process that a transaction runs in, told apart from what others do there later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backend {
    pid: i32,
    began: String,
}

impl Backend {
    /// The statement that cancels what it is doing, if it still is in that transaction.
    pub(super) fn cancel(&self) -> String {
        format!(
            "SELECT pg_catalog.pg_cancel_backend(a.pid) FROM pg_catalog.pg_stat_activity AS a \
             WHERE a.pid OPERATOR(pg_catalog.=) {} \
             AND CAST(pg_catalog.date_part('epoch', a.xact_start) AS pg_catalog.text) OPERATOR(pg_catalog.=) {}",
            self.pid,
            howdah_sql::quote_literal(&self.began)
        )
    }
}

/// Begins a transaction with the modes that stood behind `BEGIN`.
pub(super) async fn begin(
    bridge: &Bridge,
    database: &str,
    modes: &str,
    implicit: bool,
) -> Result<Open, Fault> {
    let name = bridge.service().begin(database).await?;
    match prepare(bridge, database, &name, modes).await {
        Ok((backend, read_only)) => Ok(Open {
            name: Some(name),
            backend,
            read_only,
            implicit,
        }),
        Err(fault) => {
            // What fails here is the first fault's own consequence, and ends by itself.
            let _ = bridge.service().rollback(&name).await;
            Err(fault)
        }
    }
}

/// Sets its modes, and makes sure of them by the server's word.
async fn prepare(bridge: &Bridge, database: &str, name: &str, modes: &str) -> Result<(Backend, bool), Fault> {
    let read_only = modes.eq_ignore_ascii_case("READ ONLY");
    let set_modes = format!("SET TRANSACTION {modes}");
    let call = |sql| Call {
        database,
        transaction: Some(name),
        sql,
        describe: false,
        repeatable: true,
    };
    if !modes.is_empty() && !read_only {
        bridge.service().execute(call(&set_modes)).await?;
    }
    let set = match read_only {
        true => "pg_catalog.set_config('transaction_read_only', 'on', true)",
        false => "pg_catalog.current_setting('transaction_read_only')",
    };
    // How strings are read is what our own parser took for granted.
    let sql = format!(
        "SELECT {set}, pg_catalog.set_config('standard_conforming_strings', 'on', true), \
         CAST(pg_catalog.pg_backend_pid() AS pg_catalog.text), \
         CAST(pg_catalog.date_part('epoch', pg_catalog.now()) AS pg_catalog.text)"
    );
    let answer = bridge.service().execute(call(&sql)).await?;
    let said = match answer.rows.as_slice() {
        [row] => match row.as_slice() {
            [Some(said), Some(_), Some(pid), Some(began)] => pid.parse().ok().map(|pid| {
                (
                    said == "on",
                    Backend {
                        pid,
                        began: began.clone(),
                    },
                )
            }),
            _ => None,
        },
        _ => None,
    };
    match said {
        Some((now, backend)) if now || !read_only => Ok((backend, now)),
        _ => Err(Fault::new(
            "25006",
            "The transaction could not be made read-only through the Data API, so nothing was run in it.",
            "Connect with pgwire or pgwire_iam.",
        )),
    }
}

/// Commits. Where the answer to that is lost, the server is asked what became of the transaction.
pub(super) async fn commit(bridge: &Bridge, database: &str, open: &Open) -> Result<(), Fault> {
    let Some(name) = &open.name else {
        return Err(Fault::Gone("The transaction is not there any more.".to_owned()));
    };
    let ask = |sql, transaction| Call {
        database,
        transaction,
        sql,
        describe: false,
        repeatable: true,
    };
    let mut id = None;
    if !open.read_only {
        let sql = "SELECT CAST(pg_catalog.pg_current_xact_id_if_assigned() AS pg_catalog.text)";
        id = value(bridge.service().execute(ask(sql, Some(name))).await?);
    }
    let lost = match bridge.service().commit(name).await {
        Err(Fault::Lost(why)) => why,
        other => return other,
    };
    // Nothing was written: there is nothing to lose.
    let Some(id) = id else { return Ok(()) };
    let sql = format!(
        "SELECT pg_catalog.pg_xact_status(CAST({} AS pg_catalog.xid8))",
        howdah_sql::quote_literal(&id)
    );
    for _ in 0..FATES {
        match bridge.service().execute(ask(&sql, None)).await.map(value) {
            Ok(Some(fate)) if fate == "committed" => return Ok(()),
            Ok(Some(fate)) if fate == "aborted" => {
                return Err(Fault::new(
                    "40000",
                    format!(
                        "The transaction was not committed: {lost} The server says that it was rolled back."
                    ),
                    "Nothing of it is there. Try again.",
                ));
            }
            // The call did not arrive.
            Ok(Some(_)) => match bridge.service().commit(name).await {
                Ok(()) => return Ok(()),
                Err(_) => tokio::time::sleep(FATE_PAUSE).await,
            },
            _ => tokio::time::sleep(FATE_PAUSE).await,
        }
    }
    Err(Fault::new(
        "08007",
        format!("Whether the transaction was committed is not known: {lost}"),
        format!("Ask the server before anything is done again: SELECT pg_xact_status('{id}')."),
    ))
}

fn value(answer: Answer) -> Option<String> {
    answer.rows.into_iter().next()?.into_iter().next()?
}
