//! Expressions that are true when something is in the catalog as it should be: matched by
//! definition, never only by name. They are what decides after a crash.

use howdah_rehearse::LockMode;
use howdah_sql::{RelationName, quote_ident, quote_literal};

/// A regclass of the relation, NULL where it does not exist.
pub(crate) fn regclass(relation: &RelationName) -> String {
    format!("to_regclass({})", quote_literal(&relation.to_string()))
}

/// How LOCK TABLE writes a mode.
pub(crate) fn mode_sql(mode: LockMode) -> &'static str {
    match mode {
        LockMode::AccessShare => "ACCESS SHARE",
        LockMode::RowShare => "ROW SHARE",
        LockMode::RowExclusive => "ROW EXCLUSIVE",
        LockMode::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
        LockMode::Share => "SHARE",
        LockMode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
        LockMode::Exclusive => "EXCLUSIVE",
        LockMode::AccessExclusive => "ACCESS EXCLUSIVE",
    }
}

/// The index of that name belongs to the table, is of that uniqueness, and `valid` or not.
fn index_is(table: &RelationName, index: &RelationName, unique: bool, valid: bool) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = {} AND indrelid = {} AND indisunique = {unique} AND indisvalid = {valid})",
        regclass(index),
        regclass(table)
    )
}

/// The index is there and can be used.
pub fn index_valid(table: &RelationName, index: &RelationName, unique: bool) -> String {
    index_is(table, index, unique, true)
}

/// A killed build left it, and nobody is building it now.
pub fn index_left_over(table: &RelationName, index: &RelationName, unique: bool) -> String {
    format!(
        "{} AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index WHERE index_relid = {})",
        index_is(table, index, unique, false),
        regclass(index)
    )
}

/// Removes an index beside readers and writers.
pub fn drop_index(index: &RelationName) -> String {
    format!("DROP INDEX CONCURRENTLY IF EXISTS {index}")
}

/// The constraint is there, of that kind (`pg_constraint.contype`), validated or, with
/// `validated` false, in either state.
pub fn constraint(table: &RelationName, name: &str, kind: char, validated: bool) -> String {
    let validated = if validated { " AND convalidated" } else { "" };
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {} AND conname = {} AND contype = '{kind}'{validated})",
        regclass(table),
        quote_literal(name)
    )
}

/// The column is there with that type, as `format_type` prints it.
pub fn column(table: &RelationName, name: &str, type_name: Option<&str>) -> String {
    let of_type = type_name.map_or(String::new(), |type_name| {
        format!(
            " AND pg_catalog.format_type(atttypid, atttypmod) = {}",
            quote_literal(type_name)
        )
    });
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = {} AND attname = {} AND attnum > 0 AND NOT attisdropped{of_type})",
        regclass(table),
        quote_literal(name)
    )
}

/// The column is NOT NULL.
pub fn not_null(table: &RelationName, name: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = {} AND attname = {} AND NOT attisdropped AND attnotnull)",
        regclass(table),
        quote_literal(name)
    )
}

/// `ALTER TABLE t <what>`.
pub fn alter(table: &RelationName, what: &str) -> String {
    format!("ALTER TABLE {table} {what}")
}

/// `ALTER TABLE t DROP CONSTRAINT IF EXISTS name`, if the table exists.
pub fn drop_constraint(table: &RelationName, name: &str) -> String {
    alter(table, &format!("DROP CONSTRAINT IF EXISTS {}", quote_ident(name)))
}
