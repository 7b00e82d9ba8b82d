//! Relations as tests need them.

use howdah_sql::RelationName;

use super::catalog::{Column, Relation};

/// A number of eight bytes in which ANALYZE found nothing special.
pub(crate) fn column(name: &str) -> Column {
    Column {
        name: name.to_owned(),
        base_type: "int8".to_owned(),
        category: 'N',
        is_enum: false,
        null_fraction: 0.0,
        distinct: 0.0,
        width: 8.0,
        correlation: None,
        common: Vec::new(),
        frequencies: Vec::new(),
        spread: Vec::new(),
        has_statistics: true,
        collation: String::new(),
        below_domain: None,
        is_searchable: false,
        is_unbounded: false,
        widest: 0.0,
    }
}

/// A text.
pub(crate) fn text(name: &str, width: f64) -> Column {
    Column {
        base_type: "text".to_owned(),
        category: 'S',
        width,
        ..column(name)
    }
}

/// An ordinary table without indexes.
pub(crate) fn relation(name: &str, rows: f64, pages: f64, columns: Vec<Column>) -> Relation {
    Relation {
        oid: 1,
        name: RelationName::in_schema("public", name),
        rows,
        pages,
        leaves: Vec::new(),
        is_partitioned: false,
        foreign_keys: 0,
        stores_apart: false,
        columns,
        existing: Vec::new(),
        compared: std::collections::BTreeMap::new(),
    }
}
