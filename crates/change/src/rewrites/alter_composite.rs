use std::collections::BTreeMap;

use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, DropBehavior, ObjectType};
use howdah_sql::{RelationName, quote_ident};
use serde::Deserialize;

use crate::blocking::rewritten;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Step, Undo};

/// ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE.
struct AlterComposite;

rewrite!(AlterComposite);

const COMPOSITE: &str = include_str!("../ask/composite.sql");

/// What hangs on a composite type.
#[derive(Deserialize)]
struct Composite {
    /// Names and types.
    attributes: BTreeMap<String, String>,
    /// Typed tables: schema and name.
    tables: Vec<(String, String)>,
    /// Their bytes with indexes.
    bytes: u64,
    /// Columns that hold values of it, in arrays, domains and other types too.
    columns: Vec<String>,
}

#[async_trait]
impl Rewrite for AlterComposite {
    fn code(&self) -> &'static str {
        "alter_composite"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        form.alter().is_some_and(|(alter, subtype, _)| {
            use AlterTableType::*;
            alter.objtype() == ObjectType::ObjectType && matches!(subtype, AtAddColumn | AtDropColumn | AtAlterColumnType)
        })
    }

    /// Asked before those for columns of tables.
    fn rank(&self) -> i32 {
        20
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((_, subtype, cmd)), Some(name)) = (form.alter(), form.altered()) else { return Ok(()) };
        let found = planning.ask(COMPOSITE, &[Some(&name.to_string())]).await?;
        let Some(found) = found else {
            if planning.gone.types.is_empty() {
                planning.refuse(format!("There is no composite type {name}"), None);
            } else {
                super::as_it_is::direct(form, planning, None, "Only the catalog is written, of a type that the script made or renamed.");
            }
            return Ok(());
        };
        let composite: Composite = serde_json::from_str(&found)?;
        let tables: Vec<RelationName> =
            composite.tables.iter().map(|(schema, table)| RelationName::in_schema(schema, table)).collect();
        let listed = tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let cascades = cmd.behavior() == DropBehavior::DropCascade;
        if !tables.is_empty() && !cascades {
            planning.refuse(
                format!("{name} is the type of the typed table {listed}, whose columns change with it"),
                Some("PostgreSQL asks for CASCADE here: ALTER TYPE … CASCADE."),
            );
            return Ok(());
        }
        let attribute = quote_ident(&cmd.name);
        let old = composite.attributes.get(&cmd.name);
        if subtype != AlterTableType::AtAddColumn && old.is_none() {
            if cmd.missing_ok {
                planning.note(format!("{name} has no attribute {attribute}: nothing is done, as the script says."));
            } else {
                planning.refuse(format!("{name} has no attribute {attribute}"), None);
            }
            return Ok(());
        }
        if subtype == AlterTableType::AtAlterColumnType {
            if !composite.columns.is_empty() {
                planning.refuse(
                    format!("The type of {attribute} of {name} cannot change: values of it are stored in {}", composite.columns.join(", ")),
                    Some("PostgreSQL does not change it either. Make a new type, give those columns that one (ALTER COLUMN … TYPE … USING), and drop this one."),
                );
                return Ok(());
            }
            if composite.bytes > 0 {
                planning.refuse(
                    format!(
                        "ALTER ATTRIBUTE writes the typed table {listed} anew, and nobody can read or write it for about {}",
                        rewritten(composite.bytes)
                    ),
                    Some("Make it an ordinary table (ALTER TABLE … NOT OF), change the type of its column, change the type's attribute, and make it a typed table again (ALTER TABLE … OF)."),
                );
                return Ok(());
            }
        }
        let cascade = if cascades { " CASCADE" } else { "" };
        let (what, undo) = match (subtype, &cmd.def.as_ref().and_then(|def| def.node.as_ref())) {
            (AlterTableType::AtAddColumn, Some(NodeEnum::ColumnDef(column))) => {
                let added = quote_ident(&column.colname);
                (format!("Add the attribute {added} to {name}"), Some(format!("ALTER TYPE {name} DROP ATTRIBUTE IF EXISTS {added}{cascade}")))
            }
            (AlterTableType::AtDropColumn, _) => (format!("Drop the attribute {attribute} of {name}"), None),
            _ => (
                format!("Change the type of the attribute {attribute} of {name}"),
                old.map(|old| format!("ALTER TYPE {name} ALTER ATTRIBUTE {attribute} TYPE {old}{cascade}")),
            ),
        };
        if subtype == AlterTableType::AtDropColumn && !(tables.is_empty() && composite.columns.is_empty()) {
            planning.note(format!("What rows hold in {attribute} of {name} cannot be read any more, and does not come back."));
        }
        let mut step = Step::transaction(what, vec![form.sql.clone()])
            .reason("Only the catalog is written: values that are stored keep their form, and a new attribute of theirs is NULL.")
            .undo(match undo {
                Some(statement) => Undo::Transaction { lock: Vec::new(), statements: vec![statement] },
                None => Undo::Impossible { reason: "an attribute that is dropped does not come back".to_owned() },
            })
            .estimate(Estimate::moment());
        for table in &tables {
            step = step.locks(table, LockMode::AccessExclusive);
        }
        planning.step(step);
        Ok(())
    }
}
