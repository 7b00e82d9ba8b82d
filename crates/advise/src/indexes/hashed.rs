//! Which of the values that a statement compares are worth hashing.

use super::candidates::Part;
use super::catalog::Relation;

/// Bytes of a value from which on hashing it saves room.
const MIN_BYTES: f64 = 24.0;
/// Different values in parts of the rows from which on one finds next to no other row.
const UNIQUE: f64 = 0.2;

/// The long value that is worth hashing: the only one that is compared, or one that finds a row by itself, whatever
/// else is compared.
pub(crate) fn worth_hashing<'a>(equal: &'a [Part], relation: &Relation) -> Option<&'a Part> {
    let is_worth = |part: &&Part| {
        let mut names = part.columns.iter();
        let (Some(name), None) = (names.next(), names.next()) else {
            return false;
        };
        relation.column(name).is_some_and(|column| {
            let finds_a_row = equal.len() == 1 || column.distinct >= relation.rows * UNIQUE;
            column.width >= MIN_BYTES && finds_a_row
        })
    };
    equal.iter().find(is_worth)
}
