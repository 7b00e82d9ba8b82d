use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::protobuf::AlterTableType;
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Constraint, Estimate, Form, Planning, Step, Undo};

/// VALIDATE CONSTRAINT: long, and nobody waits for it.
struct ValidateConstraint;

rewrite!(ValidateConstraint);

#[async_trait]
impl Rewrite for ValidateConstraint {
    fn code(&self) -> &'static str {
        "validate_constraint"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        matches!(form.alter(), Some((_, AlterTableType::AtValidateConstraint, _)))
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((_, _, cmd)), Some(written)) = (form.alter(), form.altered()) else { return Ok(()) };
        let found = planning.facts.relation(&written).cloned();
        let Some((relation, constraint)) = found
            .as_ref()
            .and_then(|relation| Some((relation, relation.constraint(&cmd.name)?.clone())))
        else {
            // It may be one that the script adds before.
            planning.step(Step::autocommit(format!("Validate {} of {written}", quote_ident(&cmd.name)), form.sql.clone())
                .reason("Reads all rows under a lock that lets clients read and write.")
                .holds(&written, LockMode::ShareUpdateExclusive));
            return Ok(());
        };
        let table = relation.name();
        let bytes = planning.facts.family_bytes(relation);
        let undo = not_valid_again(&relation.name(), &constraint);
        planning.step(
            Step::autocommit(
                format!("Validate {} of {table}", quote_ident(&cmd.name)),
                proof::alter(&table, &format!("VALIDATE CONSTRAINT {}", quote_ident(&cmd.name))),
            )
            .reason("Reads all rows under a lock that lets clients read and write.")
            .proof(proof::constraint(&table, &cmd.name, constraint.kind, true))
            .undo(undo)
            .holds(&table, LockMode::ShareUpdateExclusive)
            .estimate(Estimate::scan(bytes)),
        );
        planning.facts.record(relation.oid, |member| {
            for other in &mut member.constraints {
                other.validated |= other.name == constraint.name;
            }
        });
        Ok(())
    }
}

/// A constraint that was not valid before is made so again: dropped and added, both in a moment.
pub(super) fn not_valid_again(table: &RelationName, constraint: &Constraint) -> Undo {
    if constraint.validated {
        return Undo::Nothing;
    }
    let name = quote_ident(&constraint.name);
    let mut statements = vec![
        proof::drop_constraint(table, &constraint.name),
        proof::alter(table, &format!("ADD CONSTRAINT {name} {}", constraint.definition)),
    ];
    if let Some(comment) = &constraint.comment {
        statements.push(format!("COMMENT ON CONSTRAINT {name} ON {table} IS {}", quote_literal(comment)));
    }
    Undo::Transaction { lock: Vec::new(), statements }
}
