//! What Postgres MCP Pro advises for a workload, asked as an agent asks it: the statements that read, ten at a time.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::workload::Application;
use crate::measure::Client;
use crate::peers;

/// Statements that one call takes.
const AT_ONCE: usize = 10;
/// Megabytes that its indexes may take.
const MEGABYTES: u64 = 500;

/// Its indexes, each once however it names it; `None` where it is not installed. What it fails at as ten it is asked
/// one by one.
pub(crate) async fn advise(venv: &Path, url: &str, application: &Application) -> Result<Option<Vec<String>>> {
    let Some(setting) = peers::pro(venv, url) else {
        return Ok(None);
    };
    let client = Client::start(&setting).await?;
    let reads = application.templates.iter().filter(|template| !template.writes);
    let queries: Vec<String> = reads
        .map(|template| application.statement(template, 0, 0))
        .collect();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut failed = 0;
    for ten in queries.chunks(AT_ONCE) {
        let of_ten = match ask(&client, ten).await? {
            Ok(indexes) => vec![Ok(indexes)],
            Err(_) => {
                let mut each = Vec::new();
                for query in ten {
                    each.push(ask(&client, std::slice::from_ref(query)).await?);
                }
                each
            }
        };
        for answer in of_ten {
            match answer {
                Ok(indexes) => found.extend(indexes.into_iter().filter_map(|index| {
                    let (_, on) = index.split_once(" ON ")?;
                    Some((on.to_owned(), format!("CREATE INDEX ON {on}")))
                })),
                Err(_) => failed += 1,
            }
        }
    }
    if failed > 0 {
        eprintln!("Postgres MCP Pro failed at {failed} statements");
    }
    Ok(Some(found.into_values().collect()))
}

/// What it says of some statements, or why it says nothing.
async fn ask(client: &Client, queries: &[String]) -> Result<Result<Vec<String>, String>> {
    let arguments = json!({"queries": queries, "max_index_size_mb": MEGABYTES, "method": "dta"});
    let line = match client.call("analyze_query_indexes", &arguments).await {
        Ok(line) => line,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let answer: Value = serde_json::from_str(&line)?;
    let text = answer["result"]["content"][0]["text"]
        .as_str()
        .context("an answer without text")?;
    // It prints a dictionary as Python does.
    if text.starts_with("{'error'") {
        return Ok(Err(text.chars().take(200).collect()));
    }
    let definitions = text.match_indices("CREATE INDEX").filter_map(|(at, _)| {
        let rest = &text[at..];
        rest.find(['\'', '"', ';']).map(|end| rest[..end].to_owned())
    });
    Ok(Ok(definitions.collect()))
}
