//! The statements of the application, with their sets of parameters.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tokio_postgres::Client;

/// Sets of parameters of each statement.
pub(crate) const SETS: usize = 4;

/// A statement of the application.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) weight: f64,
    pub(crate) writes: bool,
    text: String,
}

/// The statements, and the values that their places take.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) templates: Vec<Template>,
    values: BTreeMap<String, Vec<String>>,
}

/// An application: its tables, its statements, and what they are called with.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Domain {
    /// A shop of many tenants.
    Application,
    /// Devices that measure, and who looks after them.
    Fleet,
    /// TPC-H without q17 and q20, which take longer than all others together.
    Tpch,
}

impl Domain {
    /// What makes the tables and fills them.
    pub(crate) fn setup(self) -> &'static str {
        match self {
            Self::Application => include_str!("application/setup.sql"),
            Self::Fleet => include_str!("fleet/setup.sql"),
            Self::Tpch => include_str!("tpch/setup.sql"),
        }
    }

    /// The table that is made last.
    pub(crate) fn last_table(self) -> &'static str {
        match self {
            Self::Application => "invoices",
            Self::Fleet => "bills",
            Self::Tpch => "lineitem",
        }
    }

    /// The name of its database on a new server.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Fleet => "fleet",
            Self::Tpch => "tpch",
        }
    }

    fn parameters(self) -> &'static str {
        match self {
            Self::Application => include_str!("application/parameters.sql"),
            Self::Fleet => include_str!("fleet/parameters.sql"),
            Self::Tpch => include_str!("tpch/parameters.sql"),
        }
    }

    fn workload(self) -> &'static str {
        match self {
            Self::Application => include_str!("application/workload.sql"),
            Self::Fleet => include_str!("fleet/workload.sql"),
            Self::Tpch => include_str!("tpch/workload.sql"),
        }
    }
}

impl Application {
    /// Reads the files of a domain; some values come from the data.
    pub(crate) async fn read(client: &Client, domain: Domain) -> Result<Self> {
        let mut values = BTreeMap::new();
        for (head, sql) in sections(domain.parameters()) {
            let rows = client
                .query(sql, &[])
                .await
                .with_context(|| format!("the values of {head}"))?;
            values.insert(head.to_owned(), rows.iter().map(|row| row.get(0)).collect());
        }
        let template = |(head, text): (&str, &str)| {
            let words: Vec<&str> = head.split_whitespace().collect();
            Template {
                name: words[0].to_owned(),
                weight: words.get(2).and_then(|word| word.parse().ok()).unwrap_or(1.0),
                writes: words.last() == Some(&"write"),
                text: text.trim_end_matches(';').to_owned(),
            }
        };
        let templates = sections(domain.workload()).into_iter().map(template).collect();
        Ok(Self { templates, values })
    }

    /// A statement with one of its sets of parameters; `fresh` is a key that is not there yet.
    pub(crate) fn statement(&self, template: &Template, set: usize, fresh: i64) -> String {
        let mut text = template.text.replace("{fresh}", &fresh.to_string());
        for (name, values) in &self.values {
            text = text.replace(&format!("{{{name}}}"), &values[set % values.len()]);
        }
        text
    }

    /// What an advisor gets to see: one set of parameters of each.
    pub(crate) fn as_seen(&self) -> String {
        let one = |template: &Template| {
            format!(
                "-- weight: {}\n{};\n",
                template.weight,
                self.statement(template, 0, 1_000_000_000)
            )
        };
        self.templates.iter().map(one).collect()
    }
}

/// The head and the text of each section.
fn sections(text: &'static str) -> Vec<(&'static str, &'static str)> {
    let parts = text.split("-- name: ").skip(1);
    parts
        .filter_map(|part| part.split_once('\n'))
        .map(|(head, text)| (head.trim(), text.trim()))
        .collect()
}
