use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset, human_bytes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job_view::human_duration;
use crate::target_session;

const SQL: &str = include_str!("show_tables.sql");

/// Shows the largest tables of the database and their indexes: sizes, live and dead tuples, use, and when each was
/// vacuumed and analysed last.
///
/// Use is counted since the counters of the database began. What is wrong with tables and indexes, check_health and
/// find_index_problems tell.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowTables {
    /// At most so many, the largest.
    #[arg(long, default_value_t = 50)]
    #[serde(default = "fifty")]
    pub limit: usize,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// The tables of a database.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Tables {
    /// How many tables and materialised views there are.
    pub count: usize,
    /// Bytes of all of them, without indexes.
    pub table_bytes: u64,
    /// Bytes of all their indexes.
    pub index_bytes: u64,
    /// The largest ones, in order of table and indexes together.
    pub tables: Vec<TableLine>,
}

/// A table or materialised view.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TableLine {
    /// `schema.name`, quoted where it must be.
    pub name: String,
    /// Whether it is a materialised view.
    pub is_view: bool,
    /// Bytes with TOAST and maps, without indexes.
    pub table_bytes: u64,
    /// Bytes of its indexes.
    pub index_bytes: u64,
    /// Live tuples, as the server estimates.
    pub live: i64,
    /// Dead tuples, as the server estimates.
    pub dead: i64,
    /// Sequential scans.
    pub seq_scans: i64,
    /// Tuples that these read.
    pub seq_tuples: i64,
    /// Scans of its indexes.
    pub index_scans: i64,
    /// Tuples inserted, updated and deleted.
    pub writes: i64,
    /// Tuples changed since it was analysed.
    pub changed: i64,
    /// Seconds since it was vacuumed, by whomever; absent where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vacuumed_s: Option<f64>,
    /// Seconds since it was analysed, by whomever; absent where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysed_s: Option<f64>,
    /// Its indexes, the largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<IndexLine>,
}

/// An index.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IndexLine {
    /// `schema.name`, quoted where it must be.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// How often it was scanned.
    pub scans: i64,
    /// Whether it can be used.
    pub is_valid: bool,
    /// Whether it keeps values unique.
    pub is_unique: bool,
    /// Its key columns; `expr` is an expression.
    pub columns: String,
}

howdah_core::tool!(ShowTables);

/// At most so many are given, whatever is asked for.
const MOST: usize = 1_000;

impl Tool for ShowTables {
    const NAME: &'static str = "show_tables";
    const TITLE: &'static str = "Show tables, indexes and their use";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["tables"];
    const EXAMPLES: &'static str = "
        howdah tables                    the largest, with dead tuples and when vacuum came last
        howdah tables --limit 5 --json   with their indexes, for a program";
    type Out = Tables;

    async fn run(self, cx: &Context) -> Result<Tables> {
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let limit = self.limit.clamp(1, MOST).to_string();
        let rows = session.query(SQL, &[Some(&limit)]).await?;
        let whole = |column: usize| rows.first().and_then(|row| row.parse(column)).unwrap_or(0);
        let tables = rows.iter().map(|row| {
            let indexes = match row.get(16) {
                Some(json) => serde_json::from_str(json)
                    .map_err(|error| Error::internal(format!("The indexes of a table were not read: {error}")))?,
                None => Vec::new(),
            };
            Ok(TableLine {
                name: row.get(0).unwrap_or_default().to_owned(),
                is_view: row.is_true(1),
                table_bytes: row.parse(2).unwrap_or(0),
                index_bytes: row.parse(3).unwrap_or(0),
                live: row.parse(4).unwrap_or(0),
                dead: row.parse(5).unwrap_or(0),
                seq_scans: row.parse(6).unwrap_or(0),
                seq_tuples: row.parse(7).unwrap_or(0),
                index_scans: row.parse(8).unwrap_or(0),
                writes: row.parse(9).unwrap_or(0),
                changed: row.parse(10).unwrap_or(0),
                vacuumed_s: row.parse(11),
                analysed_s: row.parse(12),
                indexes,
            })
        });
        Ok(Tables {
            count: whole(13) as usize,
            table_bytes: whole(14),
            index_bytes: whole(15),
            tables: tables.collect::<Result<_>>()?,
        })
    }
}

impl TableLine {
    /// Part of its tuples that are dead, in per cent.
    pub fn dead_percent(&self) -> f64 {
        100.0 * self.dead as f64 / (self.live + self.dead).max(1) as f64
    }
}

impl Output for Tables {
    fn report(&self) -> Report {
        let rows = self
            .tables
            .iter()
            .map(|table| {
                let ago = |seconds: Option<f64>| match seconds {
                    Some(seconds) => format!("{} ago", human_duration(seconds.max(0.0))),
                    None => "never".to_owned(),
                };
                vec![
                    table.name.clone(),
                    human_bytes(table.table_bytes),
                    human_bytes(table.index_bytes),
                    table.live.to_string(),
                    format!("{:.0} %", table.dead_percent()),
                    table.seq_scans.to_string(),
                    table.index_scans.to_string(),
                    ago(table.vacuumed_s),
                    ago(table.analysed_s),
                ]
            })
            .collect();
        Report::new().text(self.summary()).table(
            &["Table", "Size", "Indexes", "Rows", "Dead", "Seq scans", "Index scans", "Vacuumed", "Analysed"],
            rows,
        )
    }

    fn summary(&self) -> String {
        match self.count {
            0 => "There are no tables in this database.".to_owned(),
            count => format!(
                "{count} tables of {} with {} of indexes.",
                human_bytes(self.table_bytes),
                human_bytes(self.index_bytes)
            ),
        }
    }
}

fn fifty() -> usize {
    50
}
