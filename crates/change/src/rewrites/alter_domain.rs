use async_trait::async_trait;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterDomainStmt, Constraint};
use howdah_sql::{RelationName, quote_ident};

use crate::blocking::scanned;
use crate::form::deparse;
use crate::fragment::{named, node};
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Form, Planning, Undo};

/// ALTER DOMAIN: what is not checked against rows goes; the rest has no online way.
struct AlterDomain;

rewrite!(AlterDomain);

#[async_trait]
impl Rewrite for AlterDomain {
    fn code(&self) -> &'static str {
        "alter_domain"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.node, NodeEnum::AlterDomainStmt(_))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let NodeEnum::AlterDomainStmt(statement) = &form.node else { return Ok(()) };
        let Some(name) = named(&statement.type_name) else { return Ok(()) };
        let checks_rows = match statement.subtype.as_str() {
            "C" => !constraint(statement).is_some_and(|constraint| constraint.skip_validation),
            "O" | "V" => true,
            _ => false,
        };
        let users = if checks_rows { users(planning, &name).await? } else { Vec::new() };
        if users.is_empty() {
            let reason = if checks_rows { "No table uses the domain: nothing has to be read." } else { "Only the catalog is written." };
            let undo = match constraint(statement) {
                Some(constraint) if !constraint.conname.is_empty() => Undo::Transaction {
                    lock: Vec::new(),
                    statements: vec![format!("ALTER DOMAIN {name} DROP CONSTRAINT IF EXISTS {}", quote_ident(&constraint.conname))],
                },
                _ => Undo::Impossible { reason: format!("it is taken back by an ALTER DOMAIN {name} of your own") },
            };
            let mut step = super::as_it_is::in_a_moment(form, None, reason).undo(undo);
            step.title = match statement.subtype.as_str() {
                "C" => format!("Add a constraint to the domain {name}"),
                "T" => format!("Set the default of the domain {name}"),
                "X" => format!("Drop a constraint of the domain {name}"),
                "O" => format!("Set the domain {name} NOT NULL"),
                "V" => format!("Validate a constraint of the domain {name}"),
                _ => format!("Alter the domain {name}"),
            };
            planning.step(step);
            return Ok(());
        }
        let bytes: u64 = users.iter().map(|(_, bytes)| bytes).sum();
        let tables: Vec<&str> = users.iter().map(|(table, _)| table.as_str()).collect();
        let first = match statement.subtype.as_str() {
            "C" => format!("Add it for new values only, which takes a moment: {}. ", not_valid(statement)?),
            _ => String::new(),
        };
        planning.refuse(
            format!("A constraint of the domain {name} is checked against the rows of every table that uses it, which keeps writers out of them: {}", tables.join(", ")),
            Some(&format!(
                "{first}The least bad way for the rows that are there: in a quiet hour; writers wait for about {}. Or put the check on the tables instead: ADD CHECK … NOT VALID, then VALIDATE.",
                scanned(bytes)
            )),
        );
        Ok(())
    }
}

fn constraint(statement: &AlterDomainStmt) -> Option<&Constraint> {
    match statement.def.as_ref()?.node.as_ref()? {
        NodeEnum::Constraint(constraint) => Some(constraint),
        _ => None,
    }
}

/// The tables with rows that use the domain, itself or beneath another, and their sizes.
async fn users(planning: &mut Planning<'_>, name: &RelationName) -> Result<Vec<(String, u64)>, ChangeError> {
    const USERS: &str = include_str!("alter_domain.sql");
    let rows = planning.connection.query(USERS, &[Some(&name.to_string())]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.get(0)?.to_owned(), row.parse(1)?)))
        .collect())
}

fn not_valid(statement: &AlterDomainStmt) -> Result<String, ChangeError> {
    let mut statement = statement.clone();
    if let Some(constraint) = constraint(&statement).cloned() {
        let constraint = Constraint { skip_validation: true, initially_valid: false, ..constraint };
        statement.def = Some(Box::new(node(NodeEnum::Constraint(Box::new(constraint)))));
    }
    deparse(&NodeEnum::AlterDomainStmt(Box::new(statement)))
}
