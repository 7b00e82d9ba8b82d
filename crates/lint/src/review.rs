use std::collections::HashSet;

use howdah_core::Finding;
use howdah_pg::Connection;
use howdah_rehearse::{
    Options as RehearsalOptions, ReadRate, Rehearsal, RehearseError, Rehearsing, Schema, Scratch, Sizes,
    Statistics, Unit, WorkKind,
};
use howdah_sql::RelationName;

use crate::migration::{
    Basis, Relations, Script, Size, Step, Transactions, World, copied, findings, predict, steps,
};
use crate::schema::SchemaModel;

/// How scripts are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The major version of the server; the target's own where there is one.
    pub major: u16,
    /// A relation of no more rows is small.
    pub small_table_rows: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            major: NEWEST,
            small_table_rows: 1000.0,
        }
    }
}

/// The version that is assumed where none is given.
pub const NEWEST: u16 = 18;

/// The database that scripts are for.
pub struct Surroundings {
    schema: Schema,
    sizes: Sizes,
    model: SchemaModel,
    statistics: Statistics,
}

impl Surroundings {
    /// Reads the target's schema and sizes, and what the statistics know of the tables that
    /// these texts name, from its catalogs only.
    pub async fn of(connection: &mut Connection, texts: &[&str]) -> Result<Self, RehearseError> {
        let model = crate::schema::read(connection)
            .await
            .map_err(RehearseError::Target)?;
        let tables = model.tables.iter().map(|table| table.name.name.as_str());
        let named = named(tables, texts);
        let triggered = texts
            .iter()
            .any(|text| text.to_ascii_lowercase().contains("function"));
        Ok(Self {
            schema: Schema::capture(connection).await?,
            sizes: Sizes::capture(connection).await?,
            statistics: Statistics::capture(connection, &named, triggered).await?,
            model,
        })
    }

    /// Its tables, as the rules of queries want to know them.
    pub fn model(&self) -> &SchemaModel {
        &self.model
    }

    /// The major version of the target.
    pub fn major(&self) -> u16 {
        self.schema.major()
    }
}

/// Those of the names that stand in the texts.
fn named<'n>(names: impl Iterator<Item = &'n str>, texts: &[&str]) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let words: HashSet<&str> = texts
        .iter()
        .flat_map(|text| text.split(|c: char| !is_part(c)))
        .collect();
    let folded: HashSet<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let stands = |name: &&str| match name.chars().all(is_part) {
        true => words.contains(name) || folded.contains(*name),
        false => texts.iter().any(|text| text.contains(name)),
    };
    let mut named: Vec<String> = names.filter(stands).map(str::to_owned).collect();
    named.sort();
    named.dedup();
    named
}

/// What was found in a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Reviewed {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// What limits them.
    pub notes: Vec<String>,
    /// What they rest on.
    pub basis: Basis,
}

/// Sizes where a target is known, else none.
struct Known<'a> {
    sizes: Option<&'a Sizes>,
    small_table_rows: f64,
}

impl Relations for Known<'_> {
    fn size(&self, relation: &RelationName) -> Option<Size> {
        let found = self.sizes?.of(relation)?;
        Some(Size {
            rows: found.rows,
            heap_bytes: found.heap_bytes,
            total_bytes: found.total_bytes,
        })
    }

    fn small_table_rows(&self) -> f64 {
        self.small_table_rows
    }

    fn reads(&self) -> Option<ReadRate> {
        self.sizes?.reads
    }
}

/// Judges scripts one after another by their text: what an earlier one made is new to a later one.
pub struct ByText<'s> {
    world: World,
    surroundings: Option<&'s Surroundings>,
    options: Options,
    /// How a script stands of which another part follows.
    transactions: Transactions,
}

impl<'s> ByText<'s> {
    /// Begins with nothing but the sizes of the target, if it is known.
    pub fn new(surroundings: Option<&'s Surroundings>, options: &Options) -> Self {
        Self {
            world: World::new(options.major),
            surroundings,
            options: options.clone(),
            transactions: Transactions::default(),
        }
    }

    /// Judges the next script, or the next part of one.
    pub fn review(&mut self, script: &Script<'_>) -> Reviewed {
        let steps = predict(script, &mut self.world, &mut self.transactions);
        if !script.goes_on {
            self.transactions = Transactions::default();
        }
        let relations = Known {
            sizes: self.surroundings.map(|known| &known.sizes),
            small_table_rows: self.options.small_table_rows,
        };
        let findings = findings(script, &steps, &relations, Basis::Text, self.options.major);
        Reviewed {
            findings: with_copied(findings, script, &self.world),
            notes: Vec::new(),
            basis: Basis::Text,
        }
    }
}

/// Judges scripts one after another by what they do in a scratch database with the target's schema,
/// and by the target's sizes. Each finds there what those before it have done.
pub struct ByRehearsal<'s> {
    scratch: &'s Scratch,
    surroundings: Option<&'s Surroundings>,
    options: Options,
    /// Gone where the scratch server failed; then the next script begins anew.
    rehearsing: Option<Rehearsing>,
    earlier: Vec<Vec<Unit>>,
}

impl<'s> ByRehearsal<'s> {
    /// Begins with the target's schema; without a target, with nothing.
    pub fn new(scratch: &'s Scratch, surroundings: Option<&'s Surroundings>, options: &Options) -> Self {
        Self {
            scratch,
            surroundings,
            options: options.clone(),
            rehearsing: None,
            earlier: Vec::new(),
        }
    }

    /// Judges the next script.
    ///
    /// # Errors
    /// Only where the scratch server fails; the script counts among the earlier ones then, too.
    pub async fn review(&mut self, script: &Script<'_>) -> Result<Reviewed, RehearseError> {
        let units = script.units();
        let rehearsed = self.rehearse(&units).await;
        self.earlier.push(units);
        Ok(self.reviewed(script, &rehearsed?))
    }

    async fn rehearse(&mut self, units: &[Unit]) -> Result<Rehearsal, RehearseError> {
        let mut rehearsing = match self.rehearsing.take() {
            Some(rehearsing) => rehearsing,
            None => self.start().await?,
        };
        let rehearsal = rehearsing.judge(units).await?;
        self.rehearsing = Some(rehearsing);
        Ok(rehearsal)
    }

    async fn start(&self) -> Result<Rehearsing, RehearseError> {
        let known = self.surroundings;
        let name = known.map_or("rehearsal", |known| known.schema.database.as_str());
        let mut database = self.scratch.database(name).await?;
        if let Some(known) = known {
            database.build(&known.schema).await?;
        }
        let options = RehearsalOptions {
            statistics: known.map(|known| known.statistics.clone()).unwrap_or_default(),
            ..RehearsalOptions::default()
        };
        let mut rehearsing = Rehearsing::start(database, &options).await?;
        for (number, units) in self.earlier.iter().enumerate() {
            rehearsing.skip(number, units).await?;
        }
        Ok(rehearsing)
    }

    fn reviewed(&self, script: &Script<'_>, rehearsal: &Rehearsal) -> Reviewed {
        let mut observed = steps(rehearsal);
        let mut world = World::new(rehearsal.major);
        let predicted = predict(script, &mut world, &mut Transactions::default());
        add_unseen(&mut observed, &predicted);
        let relations = Known {
            sizes: self.surroundings.map(|known| &known.sizes),
            small_table_rows: self.options.small_table_rows,
        };
        let findings = findings(script, &observed, &relations, Basis::Rehearsal, rehearsal.major);
        let mut reviewed = Reviewed {
            findings: with_copied(findings, script, &world),
            notes: rehearsal.notes.clone(),
            basis: Basis::Rehearsal,
        };
        if self
            .surroundings
            .is_some_and(|known| known.major() != rehearsal.major)
        {
            beside_another_version(&mut reviewed, script, self.surroundings, &self.options);
        }
        reviewed
    }
}

/// The findings with that on the rows which the script brings along, in the order of the text.
fn with_copied(mut findings: Vec<Finding>, script: &Script<'_>, world: &World) -> Vec<Finding> {
    if let Some(copied) = copied(script, world) {
        findings.push(copied);
        findings.sort_by_key(|finding| finding.span.map_or(0, |span| span.start));
    }
    findings
}

/// Adds what a rehearsal without rows cannot show, and the text does: INSERTs that rely on a
/// sequence's next number, and what a loop writes that finds no rows to begin with.
fn add_unseen(observed: &mut [Step], predicted: &[Step]) {
    /// A duplicate key: what an INSERT gets whose number is taken.
    const OF_NUMBERS: &str = "23505";
    for step in observed {
        let at = predicted.binary_search_by_key(&step.span.start, |text| text.span.start);
        let Some(text) = at.ok().map(|at| &predicted[at]) else {
            continue;
        };
        if step.effects.failure.is_some() {
            continue;
        }
        let inserts = text
            .effects
            .breaks
            .iter()
            .filter(|found| found.failure.sqlstate == OF_NUMBERS);
        step.effects.breaks.extend(inserts.cloned());
        let written = text
            .effects
            .work
            .iter()
            .filter(|work| work.kind == WorkKind::RowsWritten && text.loops);
        step.effects.work.extend(written.cloned());
    }
}

/// A rehearsal on another version may fail where the target would not: such a failure counts only
/// if the text tells of it as well.
fn beside_another_version(
    reviewed: &mut Reviewed,
    script: &Script<'_>,
    surroundings: Option<&Surroundings>,
    options: &Options,
) {
    let failed = |finding: &Finding| finding.evidence.iter().any(|line| line.starts_with("error: "));
    if !reviewed.findings.iter().any(failed) {
        return;
    }
    let by_text = ByText::new(surroundings, options).review(script);
    let first = reviewed
        .findings
        .iter()
        .find(|finding| failed(finding))
        .and_then(|finding| finding.span)
        .map_or(0, |span| span.start);
    // From there on the scratch database is not what the target would be.
    reviewed
        .findings
        .retain(|finding| finding.span.is_none_or(|span| span.start < first));
    let rest = by_text
        .findings
        .into_iter()
        .filter(|finding| finding.span.is_some_and(|span| span.start >= first));
    reviewed.findings.extend(rest);
    reviewed.notes.push(
        "A statement does not run on the version that was rehearsed on: from there on the text alone was judged.".to_owned(),
    );
}
