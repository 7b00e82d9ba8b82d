//! Asks the server's own analyser what a statement would run, without running it.
//!
//! With `debug_print_rewritten` the server sends the rewritten query tree as a LOG
//! message when it takes in a statement: names resolved, views and row-level security
//! expanded. The tree also goes to the server's log, unless the role may turn that off;
//! so it is asked only where names leave a doubt.

use super::GuardError;
use super::refusal::Refusal;
use super::stored::{References, When, references};
use crate::{Column, Connection, Flow, RowView, Sink, Step};

/// Bytes that a rewritten tree may have.
const TREE_MAX_BYTES: usize = 32 * 1024 * 1024;
/// The server breaks the printed tree into lines of this many bytes.
const LINE_BYTES: usize = 78;

/// The OIDs of everything in the statement, as the server resolves it in the transaction
/// that is open on the connection. `types` are those of its parameters (OIDs).
pub(super) async fn analyse(
    connection: &mut Connection,
    sql: &str,
    types: &[u32],
) -> Result<References, GuardError> {
    let step = Step::new(sql).param_types(types).parse_only();
    // Its own and that of what turns the printing off again.
    let [tree, _] = &trees(connection, step).await?[..] else {
        return Err(unreadable().into());
    };
    // A word that is longer than a line is broken in its middle; nothing may be read into that.
    if tree
        .lines()
        .any(|line| line.len() >= LINE_BYTES && !line.contains(' '))
    {
        return Err(unreadable().into());
    }
    references(tree, When::Runs).map_err(|_| unreadable().into())
}

/// The trees of what was taken in while they are printed.
async fn trees(connection: &mut Connection, step: Step<'_>) -> Result<Vec<String>, GuardError> {
    connection.take_notices();
    connection.keep_notices(1_000, TREE_MAX_BYTES);
    let quiet = match connection.version_num() {
        150_000.. => " OR pg_catalog.has_parameter_privilege('log_min_messages', 'SET')",
        _ => "",
    };
    let on = format!(
        "SELECT pg_catalog.set_config('debug_pretty_print', 'off', true), \
         pg_catalog.set_config('client_min_messages', 'log', true), \
         CASE WHEN pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on'{quiet} \
         THEN pg_catalog.set_config('log_min_messages', 'panic', true) END, \
         pg_catalog.set_config('debug_print_rewritten', 'on', true)"
    );
    let off = Step::silent("SET LOCAL debug_print_rewritten = off");
    let steps = [Step::silent(&on), step, off];
    let outcome = connection.run(&steps, &mut Nothing).await;
    let notices = connection.take_notices();
    connection.keep_notices(100, 256 * 1024);
    outcome?;
    Ok(notices
        .into_iter()
        .filter(|notice| notice.message == "rewritten parse tree:")
        .map(|notice| notice.detail.unwrap_or_default())
        .collect())
}

fn unreadable() -> Refusal {
    Refusal::new("What the statement would run could not be learnt from the server.")
}

/// Takes in nothing of what is answered.
pub(super) struct Nothing;

impl Sink for Nothing {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, _: &RowView<'_>) -> Flow {
        Flow::Continue
    }
}
