use schemars::JsonSchema;
use serde::Serialize;

use howdah_sql::{RelationName, quote_ident};

/// The access method of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Equality, ranges and order.
    Btree,
    /// Equality of what is long.
    Hash,
    /// Ranges of what grows along with the relation.
    Brin,
    /// What is contained in a value: documents, arrays, texts.
    Gin,
    /// What overlaps or holds what: ranges, shapes.
    Gist,
}

impl Method {
    /// As `USING` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Btree => "btree",
            Self::Hash => "hash",
            Self::Brin => "brin",
            Self::Gin => "gin",
            Self::Gist => "gist",
        }
    }

    /// Whether the extension that pretends indexes knows it; what it does not know is reckoned by a rule.
    pub(crate) fn is_pretended(self) -> bool {
        !matches!(self, Self::Gin | Self::Gist)
    }
}

/// A key of an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// A quoted column, or an expression in parentheses.
    pub(crate) sql: String,
    /// The operator class, where it is not the type's own.
    pub(crate) class: Option<String>,
    pub(crate) descends: bool,
    pub(crate) nulls_first: bool,
}

impl Key {
    pub(crate) fn column(name: &str) -> Self {
        Self::ascending(quote_ident(name))
    }

    pub(crate) fn expression(sql: &str) -> Self {
        Self::ascending(format!("({sql})"))
    }

    fn ascending(sql: String) -> Self {
        Self {
            sql,
            class: None,
            descends: false,
            nulls_first: false,
        }
    }

    pub(crate) fn with_class(mut self, class: impl Into<String>) -> Self {
        self.class = Some(class.into());
        self
    }

    fn to_sql(&self) -> String {
        let mut sql = self.sql.clone();
        if let Some(class) = &self.class {
            sql.push(' ');
            sql.push_str(class);
        }
        sql.push_str(match (self.descends, self.nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        });
        sql
    }
}

/// An index that could be built.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Definition {
    /// The OID of its relation.
    pub(crate) relation: u32,
    pub(crate) method: Method,
    pub(crate) keys: Vec<Key>,
    /// Columns that are only carried along, by name.
    pub(crate) include: Vec<String>,
    /// The conditions of its predicate, sorted.
    pub(crate) predicate: Vec<String>,
    /// The columns that anything in it names, sorted: an update of one of these cannot be heap-only.
    pub(crate) columns: Vec<String>,
}

impl Definition {
    /// What follows `CREATE INDEX ON`, for one relation.
    pub(crate) fn on(&self, relation: &RelationName) -> String {
        self.on_text(&relation.to_string())
    }

    /// The same for a relation whose name is quoted already.
    pub(crate) fn on_text(&self, relation: &str) -> String {
        let keys: Vec<String> = self.keys.iter().map(Key::to_sql).collect();
        let mut sql = format!("{relation} USING {} ({})", self.method.name(), keys.join(", "));
        if !self.include.is_empty() {
            let names: Vec<String> = self.include.iter().map(|name| quote_ident(name)).collect();
            sql.push_str(&format!(" INCLUDE ({})", names.join(", ")));
        }
        if !self.predicate.is_empty() {
            let conditions: Vec<String> = self.predicate.iter().map(|one| format!("({one})")).collect();
            sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
        }
        sql
    }

    /// Whether whatever the other serves this one serves as well, perhaps with a little more to read.
    pub(crate) fn extends(&self, other: &Self) -> bool {
        self.relation == other.relation
            && self.method == other.method
            && self != other
            && self.predicate == other.predicate
            && self.keys.starts_with(&other.keys)
            && other.include.iter().all(|name| {
                self.include.contains(name) || self.keys.iter().any(|key| key.sql == quote_ident(name))
            })
    }
}
