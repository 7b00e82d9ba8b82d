use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_pg::catalog::{self, ObjectKind, Search, SearchResult};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::get_table_schema::one_line;
use crate::target_session;

/// Finds schemas, tables, views, columns, functions, types, enum labels,
/// indexes, sequences and extensions by a part of their name or comment.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct SearchObjects {
    /// A part of the name or comment, in any letter case; or with * a whole name:
    /// order*, *_id. After a dot, a name in a schema or table: sales.ord, orders.total,
    /// sales.*. Empty lists everything but columns, labels, indexes and sequences.
    #[arg(value_name = "PATTERN", default_value = "")]
    #[serde(default)]
    pub pattern: String,
    /// Only these kinds.
    #[arg(
        long = "kind",
        value_name = "KIND",
        value_delimiter = ',',
        long_help = "Only these kinds: schema, table, view, materialized_view, foreign_table, column, function, type, enum_label, index, sequence, extension"
    )]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<ObjectKind>,
    /// How many objects at most (50 if not given, 1000 at most).
    #[arg(long, value_name = "N")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// Also look in pg_catalog and information_schema.
    #[arg(long)]
    #[serde(default)]
    pub system: bool,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct FoundObjects(SearchResult);

howdah_core::tool!(SearchObjects);

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 1000;

impl Tool for SearchObjects {
    const NAME: &'static str = "search_objects";
    const TITLE: &'static str = "Search for objects";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["search"];
    const EXAMPLES: &'static str = "
        howdah search customer                        everything with customer in its name or comment
        howdah search '*_id' --kind column            columns whose names end with _id
        howdah search 'sales.*' --kind table,view     the tables and views of a schema";
    type Out = FoundObjects;

    async fn run(self, cx: &Context) -> Result<FoundObjects> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(
                Error::invalid(format!("The limit is {limit}; it can be 1 to {MAX_LIMIT}."))
                    .hint("Narrow the pattern or the kinds instead."),
            );
        }
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let search = Search {
            pattern: &self.pattern,
            kinds: &self.kinds,
            system: self.system,
            limit,
        };
        Ok(FoundObjects(
            catalog::search_objects(&mut session, &search).await?,
        ))
    }
}

impl Output for FoundObjects {
    fn report(&self) -> Report {
        let found = &self.0;
        if found.objects.is_empty() {
            return Report::new().text("Nothing was found. --system also looks in the system's own schemas.");
        }
        let rows = found
            .objects
            .iter()
            .map(|object| {
                vec![
                    object.kind.to_string(),
                    one_line(&object.name),
                    one_line(object.detail.as_deref().unwrap_or_default()),
                    object.rows.map(|rows| format!("≈{rows}")).unwrap_or_default(),
                    one_line(object.comment.as_deref().unwrap_or_default()),
                ]
            })
            .collect();
        let report = Report::new().table(&["Kind", "Name", "Detail", "Rows", "Comment"], rows);
        if found.truncated {
            return report.text(format!(
                "The first {} of {}. Narrow the pattern or the kinds, or raise the limit.",
                found.objects.len(),
                found.total
            ));
        }
        report
    }

    fn summary(&self) -> String {
        let found = &self.0;
        match (found.objects.len(), found.truncated) {
            (0, _) => "Nothing was found; `system` also looks in the system's own schemas.".to_owned(),
            (shown, true) => format!(
                "The best {shown} of {}: narrow the pattern or the kinds.",
                found.total
            ),
            (1, false) => "1 object.".to_owned(),
            (all, false) => format!("{all} objects."),
        }
    }
}
