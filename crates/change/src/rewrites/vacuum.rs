use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{Node, VacuumStmt};
use howdah_sql::{RelationName, quote_ident};

use crate::form::relation_name;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Compact, Estimate, Form, Planning, Relation, Step, Undo};

/// VACUUM: beside clients as it is; FULL by moving rows to the beginning of the table.
struct Vacuum;

rewrite!(Vacuum);

#[async_trait]
impl Rewrite for Vacuum {
    fn code(&self) -> &'static str {
        "vacuum"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::VacuumStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::VacuumStmt(vacuum) = &form.node else { return Ok(()) };
        if !is_on(vacuum, "full") {
            planning.step(
                Step::autocommit(form.kind.name(), form.sql.clone())
                    .reason("Runs beside readers and writers, for as long as it needs.")
                    .undo(Undo::Nothing),
            );
            return Ok(());
        }
        let names = vacuum.rels.iter().filter_map(|rel| match &rel.node {
            Some(NodeEnum::VacuumRelation(rel)) => rel.relation.as_ref().map(relation_name),
            _ => None,
        });
        let names: Vec<RelationName> = names.collect();
        if names.is_empty() {
            planning.refuse(
                "VACUUM FULL of every table would take hours of which most are for nothing",
                Some("Name the tables that need it: howdah health names those with much room that is free. VACUUM without FULL runs beside clients."),
            );
        }
        for name in names {
            if planning.facts.is_created(&name) {
                planning.step(super::as_it_is::on_new_table(form, &name));
                continue;
            }
            let Some(relation) = planning.facts.relation(&name).cloned() else {
                planning.refuse(format!("{name} does not exist"), None);
                continue;
            };
            let leaves: Vec<Relation> = match relation.kind {
                'p' => planning.facts.leaves(&relation).into_iter().cloned().collect(),
                _ => vec![relation],
            };
            for leaf in leaves {
                compact(vacuum, planning, &leaf).await?;
            }
        }
        Ok(())
    }
}

/// Whether an option is given, and not as false.
fn is_on(vacuum: &VacuumStmt, name: &str) -> bool {
    let is_true = |arg: Option<&Node>| match arg.and_then(|arg| arg.node.as_ref()) {
        None => true,
        Some(NodeEnum::Boolean(value)) => value.boolval,
        Some(NodeEnum::Integer(value)) => value.ival != 0,
        Some(NodeEnum::String(value)) => !matches!(value.sval.to_lowercase().as_str(), "false" | "off" | "0"),
        _ => true,
    };
    vacuum.options.iter().any(|option| match &option.node {
        Some(NodeEnum::DefElem(option)) => option.defname == name && is_true(option.arg.as_deref()),
        _ => false,
    })
}

/// Compacts one table and builds its indexes anew.
async fn compact(vacuum: &VacuumStmt, planning: &mut Planning<'_>, relation: &Relation) -> Result<(), ChangeError> {
    let table = relation.name();
    let column = match column(planning, relation).await? {
        Ok(column) => column,
        Err((why, hint)) => {
            let time = crate::blocking::rewritten(relation.total_bytes);
            planning.refuse(
                format!("VACUUM FULL writes {table} anew, and nobody can read or write it for about {time}; beside clients it cannot be done: {why}"),
                Some(&format!("{hint} VACUUM without FULL makes the room usable again, if not free.")),
            );
            return Ok(());
        }
    };
    planning.step(
        Step::compact(
            format!("Move the rows of {table} to its beginning"),
            Compact { table: table.clone(), column, rows: relation.row_estimate() },
        )
        .reason(
            "VACUUM FULL writes the table anew, and nobody can read or write it meanwhile. Here some rows at a time get a new version, \
             which goes where there is room nearer the beginning; VACUUM then cuts off the end. No second copy is made, and what \
             depends on the table stays as it is.",
        )
        .holds(&table, LockMode::RowExclusive)
        .estimate(Estimate::compaction(relation.heap_bytes)),
    );
    for index in &relation.indexes {
        let is_exclusion = |constraint: &&crate::Constraint| {
            constraint.kind == 'x' && constraint.index.as_deref() == Some(index.name.as_str())
        };
        if relation.constraints.iter().any(|constraint| is_exclusion(&constraint)) {
            planning.note(format!("The index {} of an exclusion constraint stays as large as it is: it cannot be rebuilt beside writers.", quote_ident(&index.name)));
            continue;
        }
        super::reindex::one(planning, relation, index, None).await?;
    }
    let further: Vec<&str> = ["freeze", "analyze"].into_iter().filter(|option| is_on(vacuum, option)).collect();
    if !further.is_empty() {
        let options = further.join(", ").to_uppercase();
        planning.step(
            Step::autocommit(format!("VACUUM ({options})"), format!("VACUUM ({options}) {table}"))
                .reason("What else was asked for; it runs beside readers and writers.")
                .undo(Undo::Nothing)
                .holds(&table, LockMode::ShareUpdateExclusive),
        );
    }
    let oid = relation.oid.to_string();
    let toast = planning.ask(include_str!("vacuum.toast.sql"), &[Some(&oid)]).await?;
    let toast: u64 = toast.and_then(|text| text.parse().ok()).unwrap_or(0);
    if toast > relation.heap_bytes / 4 {
        planning.note(format!(
            "{} of {table} are long values in its TOAST table, which do not move: room there is used again after VACUUM, and not given back.",
            howdah_core::human_bytes(toast)
        ));
    }
    Ok(())
}

/// A column that may be set to what it is, or why none may, and what to do.
async fn column(
    planning: &mut Planning<'_>,
    relation: &Relation,
) -> Result<Result<String, (String, &'static str)>, ChangeError> {
    let no = |why: String, hint| Ok(Err((why, hint)));
    const QUIET: &str = "The least bad way: do it in a quiet hour.";
    if relation.kind != 'r' {
        return no("it is no table".to_owned(), "A materialized view is small again after REFRESH MATERIALIZED VIEW.");
    }
    let oid = relation.oid.to_string();
    let heap = "SELECT a.amname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam WHERE c.oid = $1::oid";
    let method = planning.ask(heap, &[Some(&oid)]).await?.unwrap_or_default();
    if method != "heap" {
        return no(format!("its access method is {method}"), QUIET);
    }
    if relation.has_rules {
        return no("it has rules that rewrite its statements".to_owned(), QUIET);
    }
    let fires = |trigger: &&crate::Trigger| trigger.on_update && matches!(trigger.enabled, 'A' | 'R');
    if let Some(trigger) = relation.triggers.iter().find(fires) {
        return no(
            format!("the trigger {} fires for every row that moves, as it is enabled ALWAYS or for REPLICA", quote_ident(&trigger.name)),
            QUIET,
        );
    }
    let is_open = |constraint: &&crate::Constraint| constraint.kind == 'c' && !constraint.validated;
    if let Some(constraint) = relation.constraints.iter().find(is_open) {
        return no(
            format!("rows that violate {} cannot move", quote_ident(&constraint.name)),
            "Validate the constraint first.",
        );
    }
    let may_be_set = |column: &&crate::Column| column.generated.is_empty() && column.identity != "a";
    let Some(column) = relation.columns.iter().find(may_be_set) else {
        return no("none of its columns can be set to what it is".to_owned(), QUIET);
    };
    // The server itself says whether an UPDATE is let through: privileges, publications without a replica identity.
    let (table, name) = (relation.name(), quote_ident(&column.name));
    match planning.ask(&format!("EXPLAIN UPDATE ONLY {table} SET {name} = {name}"), &[]).await {
        Ok(_) => Ok(Ok(column.name.clone())),
        Err(ChangeError::Pg(howdah_pg::PgError::Server(error))) if !error.is_fatal() => {
            no(format!("the server says \"{}\"", error.message), "See to that first.")
        }
        Err(error) => Err(error),
    }
}
