use howdah_pg::Connection;
use howdah_pg::catalog::{Query, Reading};
use howdah_sql::{quote_ident, quote_literal};

use crate::RehearseError;

/// What a target's planner knows: how large its relations are, what their columns hold, and the figures that it reckons
/// with. In a scratch copy of the schema that knows the same, statements are planned as they are there. All of it is in
/// catalogs: no row of a table is read.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    pub(crate) relations: Vec<Relation>,
    /// Each as a JSON object.
    pub(crate) columns: Vec<String>,
    /// Names and values.
    pub(crate) settings: Vec<(String, String)>,
}

/// How large a relation is.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    schema: String,
    name: String,
    tuples: f64,
    pages: i64,
    visible: i64,
    /// Pages on disk.
    blocks: u64,
}

/// Milliseconds that reading the statistics of a large catalog may take.
const STATEMENT_TIMEOUT_MS: u32 = 30_000;
/// Relations or columns that go into one message.
const AT_ONCE: usize = 500;

impl Knowledge {
    /// Reads it. A role without SELECT on a column is not told what it holds.
    pub async fn capture(connection: &mut Connection) -> Result<Self, RehearseError> {
        let queries = [
            include_str!("../queries/knowledge_sizes.sql"),
            include_str!("../queries/knowledge_columns.sql"),
            include_str!("../queries/knowledge_settings.sql"),
        ]
        .map(|sql| Query::new(sql, &[]));
        let rows = Reading::of(connection)
            .statement_timeout_ms(STATEMENT_TIMEOUT_MS)
            .all(&queries)
            .await
            .map_err(RehearseError::Target)?;
        let [sizes, columns, settings] = rows.as_slice() else {
            return Ok(Self::default());
        };
        let relations = sizes.iter().filter_map(|row| {
            Some(Relation {
                schema: row.get(0)?.to_owned(),
                name: row.get(1)?.to_owned(),
                tuples: row.parse(2)?,
                pages: row.parse(3)?,
                visible: row.parse(4)?,
                blocks: row.parse(5)?,
            })
        });
        let columns = columns.iter().filter_map(|row| row.get(0).map(str::to_owned));
        let settings = settings
            .iter()
            .filter_map(|row| Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())));
        Ok(Self {
            relations: relations.collect(),
            columns: columns.collect(),
            settings: settings.collect(),
        })
    }

    /// Gives it to the planner of a database, and says how large each file of it has to be, in pages.
    pub(crate) async fn impart(
        &self,
        connection: &mut Connection,
        database: &str,
    ) -> Result<Vec<(String, u64)>, RehearseError> {
        let doing = || RehearseError::scratch("setting statistics");
        let mut files = Vec::new();
        connection
            .batch("SET search_path = pg_catalog")
            .await
            .map_err(doing())?;
        for some in self.relations.chunks(AT_ONCE) {
            let values: Vec<String> = some.iter().map(Relation::values).collect();
            let sql = include_str!("../queries/build/knowledge_sizes.sql")
                .replace("/* relations */", &values.join(", "));
            let rows = connection.query(&sql, &[]).await.map_err(doing())?;
            files.extend(
                rows.iter()
                    .filter_map(|row| Some((row.get(0)?.to_owned(), row.parse(1)?))),
            );
        }
        for some in self.columns.chunks(AT_ONCE) {
            if let Err(error) = connection.batch(&told(some)).await {
                if error.is_fatal() {
                    return Err(doing()(error));
                }
                // One whose type is another here: each for itself.
                for one in some.chunks(1) {
                    match connection.batch(&told(one)).await {
                        Err(error) if error.is_fatal() => return Err(doing()(error)),
                        Err(error) => tracing::debug!(%error, "a column's statistics cannot be set"),
                        Ok(()) => {}
                    }
                }
            }
        }
        for (name, value) in &self.settings {
            // A list of names is a list here, too.
            let value = match name.as_str() {
                "search_path" => value.clone(),
                _ => quote_literal(value),
            };
            let sql = format!(
                "ALTER DATABASE {} SET {} = {value}",
                quote_ident(database),
                quote_ident(name)
            );
            match connection.batch(&sql).await {
                // Each version has settings of its own.
                Err(error) if !error.is_fatal() => tracing::debug!(%error, name, "not set"),
                outcome => outcome.map_err(doing())?,
            }
        }
        Ok(files)
    }
}

impl Relation {
    fn values(&self) -> String {
        format!(
            "({}, {}, {}::float4, {}, {}, {}::int8)",
            quote_literal(&self.schema),
            quote_literal(&self.name),
            self.tuples,
            self.pages,
            self.visible,
            self.blocks,
        )
    }
}

fn told(columns: &[String]) -> String {
    let list = format!("[{}]", columns.join(","));
    include_str!("../queries/build/knowledge_columns.sql").replace(
        "/* columns */",
        &format!("{}::pg_catalog.json", quote_literal(&list)),
    )
}
