use howdah_core::Severity;
use howdah_sql::pg_query::{NodeEnum, protobuf::TransactionStmtKind as Kind};

use crate::query::{QueryFound, QueryOptions, ScriptStatement};

crate::query_rule!(
    "query/long-transaction",
    "Query Development: Write Operations",
    script
);

/// Statements from which on a transaction of changes is long.
const MANY: usize = 1000;

fn check(script: &[ScriptStatement<'_>], options: &QueryOptions<'_>, found: &mut QueryFound) {
    let mut open: Option<(ScriptStatement<'_>, usize)> = None;
    for of in script {
        match of.statement.node() {
            NodeEnum::TransactionStmt(transaction) => match transaction.kind() {
                Kind::TransStmtBegin | Kind::TransStmtStart => open = open.or(Some((*of, 0))),
                Kind::TransStmtCommit | Kind::TransStmtRollback | Kind::TransStmtPrepare => {
                    if let Some((first, count)) = open.take().filter(|(_, count)| *count >= MANY) {
                        report(
                            first,
                            Severity::Note,
                            format!(
                                "A transaction of {count} statements holds its locks, and vacuum back in the whole database, until its end: commit in parts where each part makes sense by itself."
                            ),
                            found,
                        );
                    }
                }
                _ => {}
            },
            _ => {
                let Some((_, count)) = &mut open else { continue };
                *count += 1;
                if of.statement.text().to_ascii_lowercase().contains("pg_sleep") {
                    report(
                        *of,
                        Severity::Warning,
                        "It sleeps inside of a transaction, which holds its locks, and vacuum back in the whole database, meanwhile.".to_owned(),
                        found,
                    );
                }
            }
        }
    }
    // A migration's verdict speaks of a transaction that is left open.
    if let Some((first, _)) = open.filter(|_| !options.is_migration) {
        report(
            first,
            Severity::Warning,
            "The script ends inside of this transaction: what it did is undone, or stays idle in transaction, holding locks.".to_owned(),
            found,
        );
    }
}

fn report(of: ScriptStatement<'_>, severity: Severity, message: String, found: &mut QueryFound) {
    let place = of.span();
    found.add(severity, place, message);
}
