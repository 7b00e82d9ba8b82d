//! Asks the server's analyser what the body of a function in SQL would run, where names leave a doubt.
//!
//! A body whose names are looked up when it runs is parsed with the types of the function's
//! arguments as a prepared statement is, which resolves it as a call would, and runs nothing that
//! reading the literals in it does not run. Where that cannot take it, names decide.

use std::sync::Arc;

use super::analyser;
use super::body;
use super::builtins::Builtins;
use super::judge::{Judge, STATEMENT, Scope};
use super::rows::Function;
use super::stored::References;
use super::{GuardError, reading_runs_code};
use crate::{PgError, Session};

/// What the body of the function runs, if the analyser can tell and may be asked.
pub(super) async fn analyse(
    session: &mut Session,
    builtins: &Arc<Builtins>,
    function: &Function,
) -> Result<Option<References>, GuardError> {
    let Some(sql) = query(function) else {
        return Ok(None);
    };
    let Ok(found) = body::mentions(function) else {
        return Ok(None);
    };
    if session.parameter("server_encoding") != Some("UTF8") {
        return Ok(None);
    }
    let target = Arc::clone(session.target());
    let mut judge = Judge::new(Arc::clone(builtins), &target.guard, &target.name);
    judge.mentions(&found.bare, Scope::Session, STATEMENT);
    // A literal may also become a value of an argument's type.
    for oid in &function.types {
        judge.type_(*oid, STATEMENT);
    }
    judge.settle(session, Vec::new()).await?;
    if reading_runs_code(&judge.finish(), &found.bare) {
        return Ok(None);
    }
    session.batch("SAVEPOINT howdah_body").await?;
    match analyser::analyse(session, sql, &function.inputs).await {
        Ok(found) => {
            session.batch("RELEASE SAVEPOINT howdah_body").await?;
            Ok(Some(found))
        }
        Err(GuardError::Pg(PgError::Server(_)) | GuardError::Refused(_)) => {
            session.batch("ROLLBACK TO SAVEPOINT howdah_body").await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The one query that a body is, if it is one.
fn query(function: &Function) -> Option<&str> {
    let trees = howdah_sql::tree(&function.source, &howdah_sql::Limits::default()).ok()?;
    (trees.len() == 1 && trees[0].get("SelectStmt").is_some()).then_some(&function.source)
}
