use async_trait::async_trait;
use howdah_sql::RelationName;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ObjectType};

use crate::blocking::rewritten;
use crate::form::relation_name;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Form, Planning, Relation};

/// CLUSTER, SET TABLESPACE, SET (UN)LOGGED, SET ACCESS METHOD, SET EXPRESSION: what writes a whole table anew.
struct RewriteTable;

rewrite!(RewriteTable);

/// At most so many bytes with indexes are written anew while clients wait: at 20 MB/s (see [`rewritten`]) no longer
/// than they may be made to wait.
const SMALL_BYTES: u64 = 1024 * 1024;

#[async_trait]
impl Rewrite for RewriteTable {
    fn code(&self) -> &'static str {
        "rewrite_table"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::ClusterStmt(_))
            || matches!(
                form.alter(),
                Some((
                    _,
                    AlterTableType::AtSetTableSpace
                        | AlterTableType::AtSetLogged
                        | AlterTableType::AtSetUnLogged
                        | AlterTableType::AtSetAccessMethod
                        | AlterTableType::AtSetExpression,
                    _
                ))
            )
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (names, repack): (Vec<RelationName>, String) = match &form.node {
            NodeEnum::ClusterStmt(cluster) => (cluster.relation.iter().map(relation_name).collect(), String::new()),
            _ => match form.alter() {
                Some((alter, AlterTableType::AtSetTableSpace, cmd)) => {
                    if alter.objtype() == ObjectType::ObjectIndex {
                        return move_index(form, planning, &cmd.name).await;
                    }
                    (form.altered().into_iter().collect(), format!("--tablespace={}", cmd.name))
                }
                _ => (form.altered().into_iter().collect(), "none".to_owned()),
            },
        };
        if names.is_empty() {
            planning.refuse(
                format!("{} of every table would keep clients out of one after the other", form.kind.name()),
                Some("Name the tables that need it."),
            );
            return Ok(());
        }
        for name in names {
            if planning.facts.is_created(&name) {
                planning.step(super::as_it_is::on_new_table(form, &name));
                continue;
            }
            match planning.facts.relation(&name).cloned() {
                None => planning.refuse(format!("{name} does not exist"), None),
                Some(relation) if is_quick(form, &relation) => {
                    super::as_it_is::direct(form, planning, Some(&relation.name()), "No row is there that would have to be written anew.");
                }
                Some(relation) if planning.facts.family_total_bytes(&relation) <= SMALL_BYTES => {
                    super::as_it_is::direct(form, planning, Some(&relation.name()), "The table is so small that it is written anew in some ten milliseconds.");
                }
                Some(relation) => refuse(form, planning, &relation, &repack).await?,
            }
        }
        Ok(())
    }
}

/// Of a partitioned table only the catalog is written, and what is so already stays so.
fn is_quick(form: &Form<'_>, relation: &Relation) -> bool {
    match form.alter() {
        Some((_, AlterTableType::AtSetLogged, _)) => relation.persistence == 'p',
        Some((_, AlterTableType::AtSetUnLogged, _)) => relation.persistence == 'u',
        Some((_, AlterTableType::AtSetExpression, cmd)) => {
            relation.column(&cmd.name).is_some_and(|column| column.generated == "v")
                && !relation.constraints.iter().any(|constraint| constraint.columns.contains(&cmd.name))
        }
        Some(_) => relation.kind == 'p',
        None => false,
    }
}

/// An index moves by being built there.
async fn move_index(form: &Form<'_>, planning: &mut Planning<'_>, place: &str) -> Result<(), ChangeError> {
    let Some(written) = form.altered() else { return Ok(()) };
    match super::drop_index::find(planning, &written) {
        Some((relation, index)) if relation.kind != 'p' => {
            super::reindex::one(planning, &relation, &index, Some(place.to_owned())).await
        }
        Some(_) => {
            super::as_it_is::direct(form, planning, None, "Only the catalog is written, for partitions to come.");
            Ok(())
        }
        None => {
            planning.refuse(format!("There is no index {written}"), None);
            Ok(())
        }
    }
}

async fn refuse(form: &Form<'_>, planning: &mut Planning<'_>, relation: &Relation, repack: &str) -> Result<(), ChangeError> {
    let name = relation.name();
    let bytes = planning.facts.family_total_bytes(relation);
    let installed = planning
        .ask("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_repack'", &[])
        .await?;
    let time = rewritten(bytes);
    let repack = match (repack, installed) {
        ("none", _) => "Or make a table as you want it, keep it in step by a trigger while the rows are copied, and swap the names.".to_owned(),
        (options, Some(version)) => format!(
            "pg_repack {version} is installed, which does it beside clients: pg_repack --no-superuser-check {options} --table='{name}' {}",
            planning.facts.server.database
        ),
        (_, None) => "The extension pg_repack does it beside clients; it is not installed here.".to_owned(),
    };
    planning.refuse(
        format!("{} writes {name} anew, and nobody can read or write it for about {time}", what(form)),
        Some(&format!("{repack} The least bad way without: do it in a quiet hour.")),
    );
    Ok(())
}

fn what(form: &Form<'_>) -> String {
    match form.alter() {
        Some((_, AlterTableType::AtSetTableSpace, _)) => "SET TABLESPACE".to_owned(),
        Some((_, AlterTableType::AtSetLogged, _)) => "SET LOGGED".to_owned(),
        Some((_, AlterTableType::AtSetUnLogged, _)) => "SET UNLOGGED".to_owned(),
        Some((_, AlterTableType::AtSetAccessMethod, _)) => "SET ACCESS METHOD".to_owned(),
        Some((_, AlterTableType::AtSetExpression, _)) => "SET EXPRESSION".to_owned(),
        _ => form.kind.name().to_owned(),
    }
}
