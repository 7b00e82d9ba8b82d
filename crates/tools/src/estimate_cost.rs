//! The tool `estimate_cost`.

#[path = "estimate_cost/unused.rs"]
mod unused;

use std::path::PathBuf;

use howdah_aurora::Clusters;
use howdah_aurora::cost::{Advice, Decimal, Description, Estimate, Figure, Prices, Verdict, estimate};
use howdah_core::{Caller, Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a cluster of Aurora costs in a month, and what it would cost otherwise: another class or range of ACU, Serverless
/// v2 or instances, I/O-Optimized, Reserved Instances, Database Savings Plans, backups, what is unused.
///
/// Of a cluster at AWS, or of one that is described: no account is needed for that. What was measured is given with it;
/// under 7 days of it, and where a figure is missing, nothing is advised, and it says what is missing. Every number comes
/// with its formula, and prices with their date.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct EstimateCost {
    /// A cluster of the provider aws; what is given beside it takes the place of what AWS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// A description in JSON, with the names of the options (`storage_gib`); options take its place one by one.
    #[arg(long, value_name = "FILE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Prices of your own, for a region or class without, or for a discount of yours.
    #[arg(long, value_name = "FILE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<PathBuf>,
    /// Take for what is unused the indexes of the target that nobody reads, and the tables that nobody reads or writes.
    #[arg(long, conflicts_with = "unused_gib")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unused_of_target: bool,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Ask AWS for its prices of now, as is done for a cluster at AWS; it needs credentials.
    #[arg(long, conflicts_with = "prices")]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live_prices: bool,
    /// Print the prices that are built in, to begin a file of your own with.
    #[arg(long)]
    #[serde(default)]
    pub example_prices: bool,
    /// The cluster, described.
    #[command(flatten)]
    #[serde(flatten)]
    pub given: Given,
}

/// A description in parts: numbers are taken as they are written, and never as doubles.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct Given {
    /// The region: us-east-1.
    #[arg(long, value_name = "REGION")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A class (db.r6g.large) or a range of ACU (0.5-16).
    #[arg(long, value_name = "SIZE")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Writer and readers together; 1 without it.
    #[arg(long, value_name = "COUNT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Its storage is I/O-Optimized.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub io_optimized: bool,
    /// Days since it was last switched to I/O-Optimized.
    #[arg(long, value_name = "DAYS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_since_io_optimized: Option<u32>,
    /// The version of Aurora PostgreSQL: 16.4.
    #[arg(long = "pg-version", value_name = "VERSION")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What keeps it from pausing: rds-proxy, logical-replication, global-database, zero-etl, babelfish.
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_awake_by: Vec<String>,
    /// GiB of its volume.
    #[arg(long, value_name = "GIB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_gib: Option<Decimal>,
    /// Requests of I/O in a month, reads and writes together.
    #[arg(long, value_name = "COUNT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_requests: Option<Decimal>,
    /// GiB of all its backups.
    #[arg(long, value_name = "GIB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup_gib: Option<Decimal>,
    /// GiB of indexes and tables that nobody uses.
    #[arg(long, value_name = "GIB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_gib: Option<Decimal>,
    /// The hours that the measured figures are of.
    #[arg(long, value_name = "HOURS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_hours: Option<u32>,
    /// The use of processors, in per cent: the mean.
    #[arg(long, value_name = "PERCENT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_avg: Option<Decimal>,
    /// The 95th percentile.
    #[arg(long, value_name = "PERCENT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_p95: Option<Decimal>,
    /// The most.
    #[arg(long, value_name = "PERCENT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_max: Option<Decimal>,
    /// GiB that must stay in memory.
    #[arg(long, value_name = "GIB")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_set_gib: Option<Decimal>,
    /// ACU of an instance: the mean, paused hours included.
    #[arg(long, value_name = "ACU")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acu_avg: Option<Decimal>,
    /// The most.
    #[arg(long, value_name = "ACU")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acu_max: Option<Decimal>,
    /// What is never fallen below.
    #[arg(long, value_name = "ACU")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acu_steady: Option<Decimal>,
    /// Hours of a month in which nobody is connected.
    #[arg(long, value_name = "HOURS")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_hours: Option<Decimal>,
}

/// What it costs, or the prices that were asked for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Cost {
    /// What was reckoned with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<Description>,
    /// What it costs, and what would be cheaper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// A file of prices to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example_prices: Option<String>,
}

howdah_core::tool!(EstimateCost);

impl Tool for EstimateCost {
    const NAME: &'static str = "estimate_cost";
    const TITLE: &'static str = "Estimate the cost of a cluster";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["cost"];
    const EXAMPLES: &'static str = "
        howdah cost --region us-east-1 --size db.r6g.large --instances 2 --storage-gib 500   what is planned
        howdah cost --file cluster.json --prices mine.json                                   described in a file
        howdah cost shop --working-set-gib 12                                                a cluster at AWS";
    type Out = Cost;

    async fn run(self, cx: &Context) -> Result<Cost> {
        let names_files = self.file.is_some() || self.prices.is_some();
        if names_files && !matches!(cx.caller, Caller::Person { .. }) {
            return Err(Error::refused("Files are read for a person at the command line alone.")
                .hint("Give the figures themselves: region, size, storage_gib, io_requests."));
        }
        if self.example_prices {
            return Ok(Cost { given: None, estimate: None, example_prices: Some(Prices::example().to_owned()) });
        }
        let mut given = self.description(cx).await?;
        let unused = match self.unused_of_target {
            true => unused::of_target(cx, self.target.as_deref()).await?,
            false => (None, Vec::new()),
        };
        given.unused_gib = unused.0.or(given.unused_gib);
        let (prices, note) = self.prices(cx, &given.region).await?;
        let mut estimate = estimate(&given, &prices)?;
        estimate.notes.extend(unused.1);
        estimate.notes.extend(note);
        Ok(Cost { given: Some(given), estimate: Some(estimate), example_prices: None })
    }
}

impl EstimateCost {
    /// Those of the file, or of AWS now, or those that are built in, with a word on why not of now.
    async fn prices(&self, cx: &Context, region: &str) -> Result<(Prices, Option<String>)> {
        if let Some(file) = &self.prices {
            return Ok((Prices::of_file(&read(file).await?, region)?, None));
        }
        if !self.live_prices && self.cluster.is_none() {
            return Ok((Prices::built_in(region)?, None));
        }
        match cx.get::<Clusters>()?.live_prices(region).await {
            Ok(prices) => Ok((prices, None)),
            Err(error) => {
                let why = error.to_text().replace('\n', " ");
                let note = format!("Prices of now could not be had, and those that are built in were taken: {why}");
                // Without either it is the first reason that helps.
                Prices::built_in(region).map(|prices| (prices, Some(note))).map_err(|none| none.detail(why))
            }
        }
    }

    /// What AWS says of the cluster, over it what the file has, over that what was given.
    async fn description(&self, cx: &Context) -> Result<Description> {
        let mut all = match &self.cluster {
            Some(name) => object(&cx.get::<Clusters>()?.usage(name).await?)?,
            None => Map::new(),
        };
        if let Some(file) = &self.file {
            let text = read(file).await?;
            let described: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
                Error::invalid(format!("{} is no description of a cluster: {error}.", file.display()))
                    .hint("It is an object of JSON: {\"region\": \"us-east-1\", \"size\": \"db.r6g.large\", \"storage_gib\": 500}.")
            })?;
            all.extend(described);
        }
        all.extend(object(&self.given)?);
        for (name, what) in [("region", "us-east-1"), ("size", "db.r6g.large or 0.5-16")] {
            if !all.contains_key(name) {
                return Err(Error::invalid(format!("Which {name}? Nothing says so."))
                    .hint(format!("Give --{name} ({what}), a file with it, or the name of a cluster at AWS.")));
            }
        }
        serde_json::from_value(Value::Object(all)).map_err(|error| {
            Error::invalid(format!("The description of the cluster cannot be read: {error}."))
                .hint("`howdah cost --help` has the names; in a file they are written with underscores.")
        })
    }
}

fn object(value: &impl Serialize) -> Result<Map<String, Value>> {
    match serde_json::to_value(value)? {
        Value::Object(map) => Ok(map),
        other => Err(Error::internal(format!("{other} is no object."))),
    }
}

/// Far more than any description or list of prices.
const MOST_BYTES: u64 = 4 << 20;

async fn read(file: &PathBuf) -> Result<String> {
    let cannot = |why: String| {
        Error::new(ErrorKind::Local, format!("{} cannot be read: {why}.", file.display()))
            .hint("Is it there, and may you read it?")
    };
    let length = tokio::fs::metadata(file).await.map_err(|error| cannot(error.to_string()))?.len();
    if length > MOST_BYTES {
        return Err(cannot(format!("it has {length} bytes, and {MOST_BYTES} are the most")));
    }
    tokio::fs::read_to_string(file).await.map_err(|error| cannot(error.to_string()))
}

impl Output for Cost {
    fn report(&self) -> Report {
        if let Some(prices) = &self.example_prices {
            return Report::new().code(prices.clone());
        }
        let Some(estimate) = &self.estimate else { return Report::new() };
        let rows = estimate.items.iter().map(|item| vec![item.name.clone(), item.value.money(), item.formula.clone()]);
        let sum = vec!["together".to_owned(), estimate.monthly.money(), "the sum of them".to_owned()];
        let mut report = Report::new()
            .heading(estimate.of.clone())
            .table(&["What", "A month", "How"], rows.chain([sum]).collect());
        if let Some(most) = &estimate.monthly_at_most {
            report = report.text(format!("At most {} a month.", most.money()));
        }
        for note in &estimate.notes {
            report = report.text(note.clone());
        }
        report = report.heading("Otherwise");
        for advice in &estimate.advice {
            report = report.text(in_words(advice));
        }
        report.text(prices_in_words(estimate))
    }

    fn summary(&self) -> String {
        let Some(estimate) = &self.estimate else {
            return "The prices that are built in, to begin a file with.".to_owned();
        };
        let mut lines = vec![format!("{}: {} a month.", estimate.of, estimate.monthly.money())];
        let said = |verdict: Verdict| verdict != Verdict::NoGain && verdict != Verdict::CostsMore;
        for advice in estimate.advice.iter().filter(|advice| said(advice.verdict)) {
            lines.push(format!("{} ({}): {}", advice.rule, advice.verdict.as_str(), advice.says));
        }
        lines.push(prices_in_words(estimate));
        lines.join("\n")
    }
}

fn prices_in_words(estimate: &Estimate) -> String {
    format!(
        "Prices in {} on demand of {}, without taxes and transfer of data: {}.",
        estimate.currency, estimate.prices_of, estimate.prices_from
    )
}

fn in_words(advice: &Advice) -> String {
    let mut text = format!("{}  {}\n  {}", advice.verdict.as_str(), advice.rule, advice.says);
    for Figure { name, value, formula } in &advice.figures {
        text.push_str(&format!("\n  · {name}: {value} = {formula}"));
    }
    if let Some(size) = &advice.size {
        text.push_str(&format!("\n  size: {size}"));
    }
    text
}
