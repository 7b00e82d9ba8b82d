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
            column.width.max(column.widest) >= MIN_BYTES && finds_a_row
        })
    };
    equal.iter().find(is_worth)
}

#[cfg(test)]
mod tests {
    use super::super::catalog::Column;
    use super::super::definition::Key;
    use super::super::samples;
    use super::*;

    #[test]
    fn what_finds_a_row_by_itself_is_hashed_beside_others() {
        let column = |name: &str, width: f64, distinct: f64| Column {
            distinct,
            ..samples::text(name, width)
        };
        let columns = vec![
            column("provider", 8.0, 3.0),
            column("agent", 40.0, 30.0),
            column("reference", 36.0, 1_000.0),
        ];
        let payments = samples::relation("payments", 1_000.0, 20.0, columns);
        let part = |name: &str| Part {
            key: Key::column(name),
            columns: [name.to_owned()].into(),
        };
        let hashed = |names: &[&str]| {
            let equal: Vec<Part> = names.iter().map(|name| part(name)).collect();
            worth_hashing(&equal, &payments).map(|part| part.key.sql.clone())
        };
        assert_eq!(hashed(&["provider", "reference"]).as_deref(), Some("reference"));
        assert_eq!(hashed(&["agent"]).as_deref(), Some("agent"));
        assert_eq!(hashed(&["provider", "agent"]), None);
        assert_eq!(hashed(&["provider"]), None);
    }
}
