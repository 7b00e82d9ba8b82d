use async_trait::async_trait;
use howdah_sql::StatementEffect;
use howdah_sql::pg_query::NodeEnum;

use crate::form::relation_name;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step, Undo};

/// What no other rewrite takes: sent as it is, with a lock timeout and tries.
struct AsItIs;

rewrite!(AsItIs);

#[async_trait]
impl Rewrite for AsItIs {
    fn code(&self) -> &'static str {
        "as_it_is"
    }

    fn takes(&self, _: &Form<'_>) -> bool {
        true
    }

    fn rank(&self) -> i32 {
        -1
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let tag = form.kind.name();
        if form.kind.effect() == StatementEffect::Transaction {
            planning.note("BEGIN and COMMIT of the script are left out: every step commits by itself, so that no lock is held while something long runs.");
            return Ok(());
        }
        if let NodeEnum::CreateStmt(create) = &form.node
            && let Some(range) = &create.relation
        {
            planning.facts.created.push(relation_name(range));
        }
        let step = if form.kind.runs_in_transaction() {
            Step::transaction(tag, vec![form.sql.clone()])
        } else {
            Step::autocommit(tag, form.sql.clone())
        };
        planning.step(
            step.reason("As it is written: its lock is asked for briefly, again and again, so that nobody queues behind it.")
                .undo(Undo::Impossible { reason: format!("{tag} is taken back by a statement of your own") })
                .estimate(Estimate::moment()),
        );
        Ok(())
    }
}
