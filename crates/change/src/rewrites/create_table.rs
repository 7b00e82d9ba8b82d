use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{ConstrType, CreateStmt, Node};

use crate::form::relation_name;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step};

/// CREATE TABLE, CREATE TABLE AS, CREATE MATERIALIZED VIEW: new, and nobody's but the script's.
struct CreateTable;

rewrite!(CreateTable);

#[async_trait]
impl Rewrite for CreateTable {
    fn code(&self) -> &'static str {
        "create_table"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        match &form.node {
            NodeEnum::CreateStmt(create) => create.partbound.is_none(),
            NodeEnum::CreateTableAsStmt(_) => true,
            NodeEnum::SelectStmt(select) => select.into_clause.is_some(),
            _ => false,
        }
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (range, if_not_exists, what) = match &form.node {
            NodeEnum::CreateStmt(create) => (create.relation.as_ref(), create.if_not_exists, "TABLE"),
            NodeEnum::CreateTableAsStmt(create) => {
                use howdah_sql::pg_query::protobuf::ObjectType;
                let materialized = ObjectType::try_from(create.objtype) == Ok(ObjectType::ObjectMatview);
                let what = if materialized { "MATERIALIZED VIEW" } else { "TABLE" };
                (create.into.as_ref().and_then(|into| into.rel.as_ref()), create.if_not_exists, what)
            }
            NodeEnum::SelectStmt(select) => (select.into_clause.as_ref().and_then(|into| into.rel.as_ref()), false, "TABLE"),
            _ => (None, false, "TABLE"),
        };
        let Some(range) = range else { return Ok(()) };
        let name = relation_name(range);
        if planning.facts.relation(&name).is_some() {
            if if_not_exists {
                planning.note(format!("{name} is there already: nothing is done, as the script says."));
            } else {
                planning.refuse(format!("{name} is there already"), None);
            }
            return Ok(());
        }
        let mut step = Step::transaction(format!("Create the {} {name}", what.to_lowercase()), vec![form.sql.clone()])
            .reason("New and empty: nobody waits for it.")
            .estimate(Estimate::moment());
        if let NodeEnum::CreateStmt(create) = &form.node {
            let mut referenced: Vec<RelationName> = foreign_keys(create).map(|name| planning.qualified(&name)).collect();
            referenced.sort();
            referenced.dedup();
            for other in referenced {
                if other != name && !planning.facts.is_created(&other) {
                    step = step
                        .reason("New and empty. The tables that its foreign keys refer to are locked for a moment: filling the new table is a step of its own.")
                        .locks(&other, LockMode::ShareRowExclusive);
                }
            }
            for parent in create.inh_relations.iter().filter_map(as_range) {
                step = step.locks(&planning.qualified(&parent), LockMode::ShareUpdateExclusive);
            }
        }
        // Only what this step made is dropped by its undo: the name was free.
        let undo = format!("DROP {what} IF EXISTS {name}");
        planning.step(step.undo(crate::Undo::Transaction { lock: Vec::new(), statements: vec![undo] }));
        planning.facts.created.push(name);
        Ok(())
    }
}

fn as_range(node: &Node) -> Option<RelationName> {
    match &node.node {
        Some(NodeEnum::RangeVar(range)) => Some(relation_name(range)),
        _ => None,
    }
}

/// The tables that the foreign keys of a new table refer to.
fn foreign_keys(create: &CreateStmt) -> impl Iterator<Item = RelationName> {
    create
        .table_elts
        .iter()
        .chain(&create.constraints)
        .flat_map(|element| match &element.node {
            Some(NodeEnum::ColumnDef(column)) => column.constraints.iter().collect(),
            _ => vec![element],
        })
        .filter_map(|element| match &element.node {
            Some(NodeEnum::Constraint(constraint)) if ConstrType::try_from(constraint.contype) == Ok(ConstrType::ConstrForeign) => {
                constraint.pktable.as_ref().map(relation_name)
            }
            _ => None,
        })
}
