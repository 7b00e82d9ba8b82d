//! What the catalog tells of functions, operators, types and relations.

use super::facts::{is_true, number, numbers, text};

/// A function that is not built in, or was changed.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    /// `internal`, `c`, `sql`, `plpgsql`, or words that name another one.
    pub(super) language: String,
    /// C symbol, or body.
    pub(super) source: String,
    /// The library, for C.
    pub(super) library: String,
    pub(super) procedure: bool,
    /// Arguments that a call has at least and at most.
    pub(super) args: (usize, usize),
    /// Types of arguments and result.
    pub(super) types: Vec<u32>,
    /// The types of what a call gives, OUT left out.
    pub(super) inputs: Vec<u32>,
    /// The body as a tree, for `BEGIN ATOMIC`.
    pub(super) tree: Option<String>,
    /// Trees of the arguments' defaults.
    pub(super) defaults: Option<String>,
    /// The function that helps the planner with it; 0 without.
    pub(super) support: u32,
    /// The functions of an aggregate.
    pub(super) parts: Vec<u32>,
    /// The state's type and the sort operator of an aggregate; 0 without.
    pub(super) state: (u32, u32),
    pub(super) extension: Option<String>,
    /// `schema.name(types)`.
    pub(super) signature: String,
    /// `CREATE FUNCTION …`, for PL/pgSQL.
    pub(super) definition: Option<String>,
    pub(super) volatile: bool,
    /// The search path that it sets.
    pub(super) search_path: Option<String>,
    pub(super) security_definer: bool,
}

impl Function {
    pub(super) fn read(row: &[Option<String>]) -> Self {
        let most = number(row, 7) as usize;
        let least = most.saturating_sub(number(row, 8) as usize);
        Self {
            oid: number(row, 0),
            schema: text(row, 1).to_owned(),
            name: text(row, 2).to_owned(),
            language: text(row, 3).to_owned(),
            source: text(row, 4).to_owned(),
            library: text(row, 5).to_owned(),
            procedure: text(row, 6) == "p",
            args: if is_true(row, 9) {
                (least.saturating_sub(1), usize::MAX)
            } else {
                (least, most)
            },
            inputs: numbers(row, 10).into_iter().take(most).collect(),
            types: numbers(row, 10),
            tree: row.get(11).cloned().flatten(),
            defaults: row.get(12).cloned().flatten(),
            support: number(row, 13),
            parts: numbers(row, 14),
            state: (number(row, 15), number(row, 16)),
            extension: row.get(17).cloned().flatten(),
            signature: text(row, 18).to_owned(),
            definition: row.get(19).cloned().flatten(),
            volatile: text(row, 20) == "v",
            search_path: row.get(21).cloned().flatten(),
            security_definer: is_true(row, 22),
        }
    }
}

/// An operator that is not built in.
#[derive(Debug, Clone)]
pub(super) struct Operator {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    /// Its function, and those that estimate its selectivity.
    pub(super) functions: Vec<u32>,
    /// Commutator and negator, which the planner may put in its place.
    pub(super) relatives: Vec<u32>,
    /// Its operands' types, where only values of just these can be meant.
    pub(super) only_for: Vec<u32>,
}

impl Operator {
    pub(super) fn read(row: &[Option<String>]) -> Self {
        Self {
            oid: number(row, 0),
            schema: text(row, 1).to_owned(),
            name: text(row, 2).to_owned(),
            functions: numbers(row, 3),
            relatives: numbers(row, 4),
            only_for: numbers(row, 5),
        }
    }
}

/// A type that is not built in.
#[derive(Debug, Clone)]
pub(super) struct Type {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    /// What it is made of: element, base, attributes, subtype.
    pub(super) parts: Vec<u32>,
    /// Functions of a base type that read and print its values.
    pub(super) functions: Vec<u32>,
    /// Those that the analyser runs: for a modifier of the type, and for subscripts.
    pub(super) analysed_with: Vec<u32>,
    /// Functions of a range.
    pub(super) range_functions: Vec<u32>,
    /// Trees of a domain's checks.
    pub(super) checks: Vec<String>,
    pub(super) of_extension: bool,
}

impl Type {
    pub(super) fn read(row: &[Option<String>]) -> Self {
        Self {
            oid: number(row, 0),
            schema: text(row, 1).to_owned(),
            name: text(row, 2).to_owned(),
            parts: numbers(row, 3),
            functions: numbers(row, 4),
            analysed_with: numbers(row, 5),
            range_functions: numbers(row, 6),
            checks: serde_json::from_str(text(row, 7)).unwrap_or_default(),
            of_extension: is_true(row, 8),
        }
    }
}

/// A relation.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    /// As in `pg_class.relkind`.
    pub(super) kind: String,
    pub(super) has_children: bool,
    /// Types of its columns that are not built in.
    pub(super) types: Vec<u32>,
    /// The server that a foreign table is on.
    pub(super) server: Option<String>,
    /// The type of its rows.
    pub(super) row_type: u32,
}

impl Relation {
    pub(super) fn read(row: &[Option<String>]) -> Self {
        Self {
            oid: number(row, 0),
            schema: text(row, 1).to_owned(),
            name: text(row, 2).to_owned(),
            kind: text(row, 3).to_owned(),
            has_children: is_true(row, 4),
            types: numbers(row, 5),
            server: row.get(6).cloned().flatten(),
            row_type: number(row, 7),
        }
    }

    pub(super) fn noun(&self) -> &'static str {
        match self.kind.as_str() {
            "v" => "view",
            "m" => "materialized view",
            "f" => "foreign table",
            "S" => "sequence",
            _ => "table",
        }
    }
}
