//! Changes of types: of a column, of an enum, of a domain.

use howdah_rehearse::{LockMode, WorkKind};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterDomainStmt, AlterEnumStmt, ColumnDef, RangeVar};
use howdah_sql::quote_ident;

use super::Gathering;
use super::expression::{column as column_of, type_word};
use crate::migration::{Key, strings};

/// ALTER COLUMN … TYPE. The old type is not in the text: types that others are widened to keep
/// the heap, the rest is written anew.
pub(super) fn column(table: &RangeVar, name: &str, column: &ColumnDef, to: &mut Gathering<'_>) {
    let Some(kind) = &column.type_name else { return };
    let word = type_word(kind);
    let is_array = !kind.array_bounds.is_empty();
    // USING c, or c::text, is what happens without it.
    let converts = column
        .raw_default
        .as_deref()
        .is_some_and(|using| column_of(using).as_deref() != Some(name));
    let keeps = match word.as_str() {
        "text" | "varchar" | "citext" | "varbit" | "inet" => true,
        "numeric" => true,
        "timestamptz" => to
            .world
            .time_zone
            .as_deref()
            .is_some_and(|zone| zone.eq_ignore_ascii_case("utc")),
        _ => false,
    };
    if keeps && !converts && !is_array {
        to.unsure(format!(
            "Whether {} was of a type that becomes {word} without being written anew, and whether an index, a CHECK or a view stands on it, is not in the script: --url lets the target say.",
            quote_ident(name)
        ));
        return;
    }
    to.work(table, WorkKind::Rewrite);
}

/// ALTER TYPE … ADD VALUE and RENAME VALUE.
pub(super) fn enumeration(change: &AlterEnumStmt, to: &mut Gathering<'_>) {
    let key = Key::of_parts(&strings(&change.type_name));
    if !change.old_val.is_empty() {
        if !to.world.types.contains(&key) {
            to.break_clients(
                format!("statements with the value '{}'", change.old_val),
                format!("invalid input value for enum: \"{}\"", change.old_val),
                "22P02",
            );
        }
        return;
    }
    let transaction = to.world.transaction();
    // Of an enum that the same transaction made, 17 and later allow its new values.
    let made_here = to.world.enums.get(&key) == Some(&transaction);
    if !(made_here && to.world.major >= 17) {
        to.world.new_values.insert(change.new_val.clone());
    }
}

/// ALTER DOMAIN: every table that uses it is locked against writers, and read.
pub(super) fn domain(change: &AlterDomainStmt, to: &mut Gathering<'_>) {
    let parts = strings(&change.type_name);
    let key = Key::of_parts(&parts);
    if to.world.types.contains(&key) {
        return;
    }
    let validates = match change.subtype.as_str() {
        // NOT NULL, and VALIDATE CONSTRAINT.
        "O" | "V" => true,
        "C" => match change.def.as_deref().and_then(|def| def.node.as_ref()) {
            Some(NodeEnum::Constraint(constraint)) => !constraint.skip_validation,
            _ => true,
        },
        _ => false,
    };
    if validates {
        let tables = RangeVar {
            relname: format!("tables with the domain {}", parts.join(".")),
            inh: true,
            relpersistence: "p".to_owned(),
            ..RangeVar::default()
        };
        to.lock(&tables, LockMode::Share);
        to.work(&tables, WorkKind::Scan);
    }
}
