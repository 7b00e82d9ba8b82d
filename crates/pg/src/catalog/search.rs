use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::CatalogError;
use super::names::text_array;
use super::reading::{Query, Reading};
use crate::Connection;

const SEARCH: &str = include_str!("../../queries/catalog/search.sql");

/// The kinds of objects that can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A schema.
    Schema,
    /// A table, partitioned or not, or a partition.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A foreign table.
    ForeignTable,
    /// A column of any of these, or a field of a composite type.
    Column,
    /// A function, procedure or aggregate.
    Function,
    /// An enum, domain, composite, range or base type.
    Type,
    /// A label of an enum.
    EnumLabel,
    /// An index.
    Index,
    /// A sequence.
    Sequence,
    /// An installed extension.
    Extension,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Schema,
        Self::Table,
        Self::View,
        Self::MaterializedView,
        Self::ForeignTable,
        Self::Column,
        Self::Function,
        Self::Type,
        Self::EnumLabel,
        Self::Index,
        Self::Sequence,
        Self::Extension,
    ];

    /// Whether it is an object for itself, not a part of a table or type.
    fn stands_alone(self) -> bool {
        !matches!(
            self,
            Self::Column | Self::EnumLabel | Self::Index | Self::Sequence
        )
    }

    /// As it is written in JSON and SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized_view",
            Self::ForeignTable => "foreign_table",
            Self::Column => "column",
            Self::Function => "function",
            Self::Type => "type",
            Self::EnumLabel => "enum_label",
            Self::Index => "index",
            Self::Sequence => "sequence",
            Self::Extension => "extension",
        }
    }
}

impl FromStr for ObjectKind {
    type Err = String;

    /// Reads `materialized_view`, `materialized-view` and the plural of either.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.to_lowercase().replace(['-', ' '], "_");
        let singular = text
            .strip_suffix("es")
            .filter(|word| word.ends_with('x'))
            .or_else(|| text.strip_suffix('s'));
        let found = Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text || Some(kind.name()) == singular);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.name()).collect();
            format!("the kinds are {}", names.join(", "))
        })
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().replace('_', " "))
    }
}

/// What to search for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search<'a> {
    /// A part of a name or comment, in any letter case. With `*`, which stands
    /// for any characters, it is a whole name: `order*`, `*_id`. What stands
    /// before the last dot names the container: `sales.ord`, `orders.total`.
    /// Empty or `*` is everything; columns, labels, indexes and sequences only if
    /// `kinds` names them.
    pub pattern: &'a str,
    /// The kinds wanted; none: all.
    pub kinds: &'a [ObjectKind],
    /// Also look in `pg_catalog` and `information_schema`.
    pub system: bool,
    /// How many objects at most.
    pub limit: usize,
}

/// An object that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name as SQL takes it, with schema, and table for a column; of an enum's label, the label itself.
    pub name: String,
    /// A column's type, a function's result, an index's table and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A table's rows by the statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The comment on it; its first 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SearchResult {
    /// The best first: the same name, then names that start so, then a word that
    /// starts so, then any part of the name, then comments.
    pub objects: Vec<Found>,
    /// How many there are altogether.
    pub total: u64,
    /// Whether `objects` are not all of them.
    pub truncated: bool,
}

/// Objects whose names or comments are like a pattern, in one round trip.
pub async fn search_objects(
    connection: &mut Connection,
    search: &Search<'_>,
) -> Result<SearchResult, CatalogError> {
    let patterns = Patterns::of(search.pattern);
    let everything = ObjectKind::ALL.iter().filter(|kind| kind.stands_alone()).copied();
    let kinds: Vec<ObjectKind> = match search.kinds {
        [] if patterns.plain.is_empty() && patterns.container.is_none() => everything.collect(),
        kinds => kinds.to_vec(),
    };
    let kinds = (!kinds.is_empty()).then(|| text_array(kinds.iter().map(|kind| Some(kind.name()))));
    let limit = search.limit.to_string();
    let params = [
        Some(patterns.name.as_str()),
        patterns.container.as_deref(),
        patterns.contained.as_deref(),
        patterns.comment.as_deref(),
        kinds.as_deref(),
        Some(if search.system { "true" } else { "false" }),
        Some(patterns.plain.as_str()),
        Some(limit.as_str()),
    ];
    let sql = if search.pattern.is_ascii() {
        Cow::Borrowed(SEARCH)
    } else {
        Cow::Owned(SEARCH.replace("COLLATE \"C\"", "COLLATE \"default\""))
    };
    let rows = Reading::of(connection).one(&Query::new(&sql, &params)).await?;
    let mut objects = Vec::with_capacity(rows.len());
    let mut total = 0;
    for row in rows.iter() {
        #[derive(Deserialize)]
        struct Hit {
            #[serde(flatten)]
            found: Found,
            total: u64,
        }
        let hit: Hit = serde_json::from_str(row.get(0).unwrap_or_default()).map_err(|error| {
            CatalogError::Unexpected {
                query: "search.sql",
                reason: error.to_string(),
            }
        })?;
        total = hit.total;
        objects.push(hit.found);
    }
    let truncated = total > objects.len() as u64;
    Ok(SearchResult {
        objects,
        total,
        truncated,
    })
}

/// A search pattern as the patterns of LIKE that `search.sql` takes.
#[derive(Debug, PartialEq, Eq)]
struct Patterns {
    name: String,
    container: Option<String>,
    contained: Option<String>,
    comment: Option<String>,
    /// In lower case, without wildcards and container: what names are ranked by.
    plain: String,
}

impl Patterns {
    fn of(pattern: &str) -> Self {
        // NUL cannot be sent, and is in no name.
        let pattern = pattern.trim().replace('\0', "").to_lowercase();
        let everything = pattern.chars().all(|c| c == '*');
        let is_whole = pattern.contains('*');
        let whole = like(&pattern);
        let part = format!("%{whole}%");
        let last = pattern.rsplit_once('.').filter(|(before, _)| !before.is_empty());
        let (container, contained) = match last {
            None => (None, None),
            Some((before, name)) if is_whole => (Some(like(before)), Some(like(name))),
            Some((before, name)) => (
                Some(format!("%{}", like(before))),
                Some(format!("{}%", like(name))),
            ),
        };
        Self {
            name: if is_whole { whole } else { part.clone() },
            container,
            contained,
            comment: (!everything).then_some(part),
            plain: last.map_or(pattern.as_str(), |(_, name)| name).replace('*', ""),
        }
    }
}

/// The text as a pattern of LIKE in which only `*` is special.
fn like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '*' => pattern.push('%'),
            '%' | '_' | '\\' => pattern.extend(['\\', c]),
            _ => pattern.push(c),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_asterisk_is_special() {
        assert_eq!(Patterns::of("order_id").name, "%order\\_id%");
        assert_eq!(Patterns::of("100%\\").name, "%100\\%\\\\%");
        assert_eq!(Patterns::of("order*").name, "order%");
        assert_eq!(Patterns::of("").name, "%%");
        assert_eq!(Patterns::of("*").comment, None);
        let dotted = Patterns::of("Sales.Ord");
        assert_eq!(dotted.name, "%sales.ord%");
        assert_eq!(dotted.container.as_deref(), Some("%sales"));
        assert_eq!(dotted.contained.as_deref(), Some("ord%"));
        assert_eq!(dotted.plain, "ord");
        let whole = Patterns::of("sales.*");
        assert_eq!(
            (whole.container.as_deref(), whole.contained.as_deref()),
            (Some("sales"), Some("%"))
        );
    }

    #[test]
    fn kinds_are_written_alike_everywhere() {
        for kind in ObjectKind::ALL {
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.name().into()));
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("Materialized-Views".parse(), Ok(ObjectKind::MaterializedView));
        assert_eq!("indexes".parse(), Ok(ObjectKind::Index));
        assert!("tablet".parse::<ObjectKind>().is_err());
    }
}
