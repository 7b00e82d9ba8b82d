use async_trait::async_trait;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::a_const::Val;
use howdah_sql::pg_query::protobuf::{Node, VariableSetStmt};

use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Form, Planning};

/// BEGIN, COMMIT, SET and others that concern the script's session rather than the database.
struct Session;

rewrite!(Session);

/// Settings without a meaning for what a change does: timeouts and what scripts are prefaced with.
const WITHOUT_MEANING: [&str; 18] = [
    "lock_timeout",
    "statement_timeout",
    "transaction_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "deadlock_timeout",
    "client_min_messages",
    "client_encoding",
    "standard_conforming_strings",
    "check_function_bodies",
    "xmloption",
    "row_security",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "max_parallel_workers",
    "work_mem",
    "default_table_access_method",
    "application_name",
];

#[async_trait]
impl Rewrite for Session {
    fn code(&self) -> &'static str {
        "session"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(
            form.node,
            NodeEnum::TransactionStmt(_)
                | NodeEnum::VariableSetStmt(_)
                | NodeEnum::VariableShowStmt(_)
                | NodeEnum::LockStmt(_)
                | NodeEnum::ConstraintsSetStmt(_)
                | NodeEnum::DiscardStmt(_)
        )
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        match &form.node {
            NodeEnum::TransactionStmt(transaction) => {
                use howdah_sql::pg_query::protobuf::TransactionStmtKind::*;
                match transaction.kind() {
                    TransStmtBegin | TransStmtStart | TransStmtCommit | TransStmtSavepoint | TransStmtRelease => planning
                        .note("BEGIN and COMMIT of the script are left out: every step commits by itself, so that no lock is held while something long runs."),
                    _ => planning.refuse(
                        format!("{} takes back what the script did before: what the script is to leave behind is not clear", form.kind.name()),
                        Some("Leave out what is taken back."),
                    ),
                }
            }
            NodeEnum::VariableSetStmt(set) => {
                let name = set.name.to_lowercase();
                if WITHOUT_MEANING.contains(&name.as_str()) || is_empty(set, "default_tablespace") {
                    planning.note(format!("SET {name} of the script is left out: the change chooses its own for each step."));
                } else if name == "search_path" {
                    planning.refuse(
                        "SET search_path would change what the names of the rest of the script mean".to_owned(),
                        Some("Let it stand before all other statements, or write names with their schema."),
                    );
                } else if matches!(name.as_str(), "role" | "session_authorization") {
                    planning.refuse(
                        format!("SET {name} would change whose rights the rest of the script has, in the midst of what is journalled as another"),
                        Some("Leave it out, and carry the script out as that role: in the URL ?options=-crole%3D…"),
                    );
                } else {
                    planning.refuse(
                        format!("SET {name} holds for a session, and the steps of a change may run in several"),
                        Some("Leave it out, let it stand before all other statements if it is about the meaning of names or dates, or set it for the role or the database: ALTER ROLE … SET, ALTER DATABASE … SET."),
                    );
                }
            }
            NodeEnum::LockStmt(_) => planning.note("LOCK TABLE of the script is left out: every step takes its own locks, as briefly as it can."),
            NodeEnum::VariableShowStmt(_) => planning.note("SHOW of the script is left out."),
            _ => planning.note(format!("{} of the script is left out: every step is a transaction of its own.", form.kind.name())),
        }
        Ok(())
    }
}

/// Whether the script sets that to nothing, as dumps do.
fn is_empty(set: &VariableSetStmt, name: &str) -> bool {
    let empty = |value: &Node| matches!(&value.node, Some(NodeEnum::AConst(value)) if matches!(&value.val, Some(Val::Sval(text)) if text.sval.is_empty()));
    set.name.eq_ignore_ascii_case(name) && set.args.iter().all(empty)
}
