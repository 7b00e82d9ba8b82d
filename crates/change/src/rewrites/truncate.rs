use async_trait::async_trait;
use howdah_sql::pg_query::NodeEnum;

use crate::form::relation_name;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Form, Planning};

/// TRUNCATE: refused where there are rows.
struct Truncate;

rewrite!(Truncate);

#[async_trait]
impl Rewrite for Truncate {
    fn code(&self) -> &'static str {
        "truncate"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::TruncateStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::TruncateStmt(statement) = &form.node else { return Ok(()) };
        let mut populated = Vec::new();
        let mut empty = Vec::new();
        for range in statement.relations.iter().filter_map(|relation| match &relation.node {
            Some(NodeEnum::RangeVar(range)) => Some(relation_name(range)),
            _ => None,
        }) {
            if planning.facts.is_created(&range) {
                continue;
            }
            let name = planning.qualified(&range);
            if planning.facts.relation(&range).is_none() {
                planning.refuse(format!("The table {range} does not exist"), None);
            } else if planning.has_rows(&name).await? {
                populated.push(name);
            } else {
                empty.push(name);
            }
        }
        if populated.is_empty() {
            super::as_it_is::direct(form, planning, empty.first(), "There are no rows.");
            return Ok(());
        }
        let names: Vec<String> = populated.iter().map(ToString::to_string).collect();
        let deletes: Vec<String> = populated.iter().map(|name| format!("DELETE FROM {name}")).collect();
        planning.refuse(
            format!("TRUNCATE removes every row of {} at once, and nothing brings them back", names.join(", ")),
            Some(&format!(
                "To remove them while clients work, by ranges of the key: {}. To keep them until all is well: rename the table, and make a new one under its name (CREATE TABLE … (LIKE … INCLUDING ALL)).",
                deletes.join("; ")
            )),
        );
        Ok(())
    }
}
