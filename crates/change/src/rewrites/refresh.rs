use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;

use crate::blocking::scanned;
use crate::form::relation_name;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step, Undo};

/// REFRESH MATERIALIZED VIEW beside readers.
struct Refresh;

rewrite!(Refresh);

#[async_trait]
impl Rewrite for Refresh {
    fn code(&self) -> &'static str {
        "refresh"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::RefreshMatViewStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::RefreshMatViewStmt(statement) = &form.node else { return Ok(()) };
        let Some(written) = statement.relation.as_ref().map(relation_name) else { return Ok(()) };
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let Some(view) = planning.facts.relation(&written).cloned().filter(|view| view.kind == 'm') else {
            planning.refuse(format!("{written} is no materialized view"), None);
            return Ok(());
        };
        let name = view.name();
        let populated = planning
            .ask("SELECT relispopulated FROM pg_catalog.pg_class WHERE oid = to_regclass($1)", &[Some(&name.to_string())])
            .await?;
        if statement.skip_data {
            planning.refuse(
                format!("WITH NO DATA empties {name}: whoever reads it fails until it is filled"),
                Some("Leave WITH NO DATA out."),
            );
            return Ok(());
        }
        let refresh = |title: String, sql: String| {
            Step::autocommit(title, sql)
                .undo(Undo::Nothing)
                .estimate(Estimate::scan(view.heap_bytes * 3))
        };
        if populated.as_deref() != Some("t") {
            planning.step(
                refresh(format!("Fill {name}"), format!("REFRESH MATERIALIZED VIEW {name}"))
                    .reason("It has no data yet: nobody can read it, and nobody waits.")
                    .holds(&name, LockMode::AccessExclusive),
            );
            return Ok(());
        }
        let unique = view
            .indexes
            .iter()
            .any(|index| index.unique && index.valid && index.immediate && !index.partial && !index.expressions);
        if unique {
            planning.step(
                refresh(format!("Refresh {name}"), format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {name}"))
                    .reason("REFRESH keeps readers out until it is done; CONCURRENTLY writes the differences while they go on.")
                    .holds(&name, LockMode::Exclusive),
            );
        } else {
            planning.refuse(
                format!("Without a unique index {name} cannot be refreshed while clients read it"),
                Some(&format!(
                    "Build one first, over columns that are unique: CREATE UNIQUE INDEX ON {name} (…). The least bad way without: refresh it in a quiet hour; nobody can read it for the time of its query and about {} more.",
                    scanned(view.heap_bytes)
                )),
            );
        }
        Ok(())
    }
}
