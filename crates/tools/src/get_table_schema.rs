#[path = "get_table_schema/report.rs"]
mod report;

use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset, human_bytes};
use howdah_pg::catalog::{self, Relation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target_session;
use report::{rows_sentence, shown_name};

pub(crate) use report::one_line;

/// Describes a table, view, index, sequence or any other relation: columns with
/// types and defaults, keys in both directions, indexes with size and use,
/// partitions, policies, triggers, sizes and the number of rows.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct GetTableSchema {
    /// Its name as in SQL: orders, sales.orders, "Mixed Case"."Table".
    #[arg(value_name = "NAME")]
    #[serde(alias = "table", alias = "table_name", alias = "relation")]
    pub name: String,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// The relation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TableSchema(Relation);

howdah_core::tool!(GetTableSchema);

impl Tool for GetTableSchema {
    const NAME: &'static str = "get_table_schema";
    const TITLE: &'static str = "Describe a table";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["describe"];
    const EXAMPLES: &'static str = "
        howdah describe orders                    columns, keys, indexes, sizes
        howdah describe sales.orders --json       the same for a program
        howdah describe '\"Mixed Case\"'            names as in SQL";
    type Out = TableSchema;

    async fn run(self, cx: &Context) -> Result<TableSchema> {
        let mut session = target_session::open(cx, self.target.as_deref(), self.database.as_deref()).await?;
        Ok(TableSchema(
            catalog::describe_relation(&mut session, &self.name).await?,
        ))
    }
}

impl Output for TableSchema {
    fn report(&self) -> Report {
        report::of(&self.0)
    }

    fn summary(&self) -> String {
        let relation = &self.0;
        let mut parts = vec![format!("{}: {}", shown_name(relation), relation.kind)];
        if let Some(rows) = &relation.rows {
            parts.push(format!("rows: {}", rows_sentence(rows)));
        }
        if let Some(size) = &relation.size {
            parts.push(human_bytes(size.total_bytes));
        }
        let count = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        };
        parts.extend(count(relation.columns.len(), "column", "columns"));
        parts.extend(count(relation.indexes.len(), "index", "indexes"));
        parts.extend(count(relation.foreign_keys.len(), "foreign key", "foreign keys"));
        if let Some(partitions) = relation.children_total {
            parts.push(format!("{partitions} partitions or children"));
        }
        let mut summary = format!("{}.", parts.join(", "));
        for sentence in &relation.unseen {
            summary.push_str(&format!("\n{sentence}"));
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use howdah_core::{Caller, Config};
    use howdah_pg::Targets;
    use howdah_testkit::{majors, server};

    use super::*;
    use crate::search_objects::SearchObjects;

    async fn context(url: &str) -> Context {
        let targets = Targets::load(&Config::default(), Some(url), None).unwrap();
        Context::new(Caller::Agent).with(Arc::new(targets))
    }

    #[tokio::test]
    async fn a_table_reads_like_a_good_listing_and_is_short_for_models() {
        for major in majors() {
            let database = server(major).await.database("describe").await;
            database
                .execute(
                    "CREATE TABLE \"pay\nments\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL
                         DEFAULT 'new' CHECK (state <> ''), paid_at timestamptz);
                     COMMENT ON COLUMN \"pay\nments\".state IS 'two\nlines';
                     CREATE INDEX late ON \"pay\nments\" (paid_at) WHERE state = 'new';
                     CREATE TABLE refunds (payment bigint REFERENCES \"pay\nments\")",
                )
                .await;
            let cx = context(&database.url()).await;
            let tool = GetTableSchema {
                name: "pay\nments".to_owned(),
                ..GetTableSchema::default()
            };
            let schema = tool.run(&cx).await.unwrap();
            let text = schema.report().to_text(None);
            for part in [
                "Table public.\"pay\\nments\"",
                "Primary key  id",
                "two\\nlines",
                "identity, always",
                "late: btree (paid_at) WHERE (state = 'new'::text) (8.0 KiB, 0 scans)",
                "CHECK ((state <> ''::text))",
                "public.refunds: FOREIGN KEY (payment) REFERENCES",
            ] {
                assert!(text.contains(part), "{part} is not in\n{text}");
            }
            let summary = schema.summary();
            assert!(
                summary.starts_with("public.\"pay\\nments\": table, rows: unknown (never analysed)"),
                "{summary}"
            );
            assert!(summary.ends_with("3 columns, 2 indexes."), "{summary}");
            let json = serde_json::to_string(&schema).unwrap();
            assert!(json.len() < 1400, "{} bytes: {json}", json.len());

            let search = SearchObjects {
                pattern: "PAY".to_owned(),
                ..SearchObjects::default()
            };
            let found = search.run(&cx).await.unwrap();
            assert!(found.report().to_text(None).contains("public.\"pay\\nments\""));
            assert_eq!(found.summary(), "4 objects.");
            let wide = SearchObjects {
                limit: Some(5000),
                ..SearchObjects::default()
            };
            assert!(wide.run(&cx).await.is_err());
        }
    }

    #[test]
    fn models_may_name_the_argument_as_they_are_used_to() {
        for argument in ["name", "table", "table_name", "relation"] {
            let tool: GetTableSchema =
                serde_json::from_value(serde_json::json!({ argument: "orders" })).unwrap();
            assert_eq!(tool.name, "orders");
        }
    }
}
