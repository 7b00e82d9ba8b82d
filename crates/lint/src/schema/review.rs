use std::cmp::Ordering;
use std::collections::BTreeMap;

use howdah_core::{Applicability, Error, Finding, Fix, Severity};
use howdah_sql::{RelationName, quote_ident};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Column, SchemaModel, Table};
use super::sample::Observations;
use crate::Profile;

/// How a schema is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReviewOptions {
    /// Whose opinion counts where opinions differ.
    pub profile: Profile,
    /// Only these rules, where there are any.
    pub only: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Rows from which on a table is large enough for its missing indexes to matter.
    pub large_table_rows: u64,
    /// Rows from which on statistics say something about the data.
    pub evidence_rows: u64,
    /// Columns from which on a table is wide.
    pub many_columns: usize,
    /// Indexes from which on a table has many.
    pub many_indexes: usize,
    /// Days that the counters must have been counting before "never read" means anything.
    pub never_read_days: u32,
    /// Whether rows of the tables are looked at.
    pub sample: bool,
    /// Rows that are looked at of a table.
    pub sample_rows: u32,
    /// Milliseconds after which no further table is sampled.
    pub sample_budget_ms: u64,
    /// Whether what a sample or statistics suggest is confirmed by reading whole tables.
    pub confirm: bool,
    /// How many findings are kept, the worst first; all are counted.
    #[serde(skip)]
    pub most_findings: usize,
}

impl Default for ReviewOptions {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            only: Vec::new(),
            ignore: Vec::new(),
            large_table_rows: 10_000,
            evidence_rows: 1_000,
            many_columns: 60,
            many_indexes: 12,
            never_read_days: 7,
            sample: true,
            sample_rows: 20_000,
            sample_budget_ms: 2_500,
            confirm: false,
            most_findings: usize::MAX,
        }
    }
}

impl ReviewOptions {
    /// Refuses the names of rules that do not exist.
    pub fn known_rules(&self) -> Result<(), Error> {
        let rules = schema_rules();
        let unknown = |name: &&String| !rules.iter().any(|rule| is_named(name, rule.code));
        match self.only.iter().chain(&self.ignore).find(unknown) {
            None => Ok(()),
            Some(name) => {
                let codes: Vec<&str> = rules.iter().map(|rule| rule.code).collect();
                Err(Error::invalid(format!("There is no rule {name:?} for schemas."))
                    .hint(format!("The rules are {}.", codes.join(", "))))
            }
        }
    }
}

/// Whether a person means the rule of that code: `schema/no-primary-key`, `no-primary-key`, or with underscores.
fn is_named(name: &str, code: &str) -> bool {
    let name = name.replace('_', "-");
    name == code || Some(name.as_str()) == code.strip_prefix("schema/")
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// What.
    pub what: String,
    /// Why, and what would change that.
    pub reason: String,
}

/// A finding, and the table it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SchemaFinding {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// The table, quoted as SQL would; none for what belongs to no table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
}

/// What a rule judges.
#[derive(Debug, Clone, Copy)]
pub struct Review<'a> {
    /// The schema.
    pub model: &'a SchemaModel,
    /// How.
    pub options: &'a ReviewOptions,
    /// What a sample of the rows showed.
    pub observed: &'a Observations,
}

impl<'a> Review<'a> {
    /// The tables that somebody designed: all but partitions.
    pub fn tables(&self) -> impl Iterator<Item = &'a Table> + use<'a> {
        self.model.designed()
    }

    /// Every column of these tables.
    pub fn columns(&self) -> impl Iterator<Item = (&'a Table, &'a Column)> + use<'a> {
        self.tables()
            .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
    }

    /// Whether the opinions of the modern profile count.
    pub fn is_modern(&self) -> bool {
        self.options.profile == Profile::Modern
    }

    /// Whether a table is so large, or may be, that work on all of it matters.
    pub fn may_be_large(&self, table: &Table) -> bool {
        !self.model.context.is_populated || table.has_rows(self.options.large_table_rows)
    }

    /// Whether statistics of the table say something about its data.
    pub fn has_evidence(&self, table: &Table) -> bool {
        table.has_rows(self.options.evidence_rows)
    }

    /// `SEVERITY` for tables that are or may be large, a note for others.
    pub fn if_large(&self, table: &Table, severity: Severity) -> Severity {
        if self.may_be_large(table) {
            severity
        } else {
            Severity::Note
        }
    }
}

/// Takes what a rule finds.
#[derive(Debug, Default)]
pub struct Found {
    drafts: Vec<Draft>,
}

impl Found {
    /// Begins a finding; it is in the list from now on.
    pub fn add(&mut self, severity: Severity, message: impl Into<String>) -> &mut Draft {
        self.drafts.push(Draft {
            severity,
            message: message.into(),
            ..Draft::default()
        });
        let last = self.drafts.len() - 1;
        &mut self.drafts[last]
    }

    pub(super) fn finish(self, rule: &SchemaRule) -> impl Iterator<Item = SchemaFinding> {
        self.drafts.into_iter().map(move |draft| SchemaFinding {
            relation: draft.relation,
            finding: Finding {
                code: rule.code.to_owned(),
                severity: draft.severity,
                object: draft.object,
                span: None,
                message: draft.message,
                evidence: draft.evidence,
                fix: draft.fix,
                guide: Some(rule.guide.to_owned()),
            },
        })
    }
}

/// A finding that is being written.
#[derive(Debug)]
pub struct Draft {
    severity: Severity,
    message: String,
    relation: Option<String>,
    object: Option<String>,
    evidence: Vec<String>,
    fix: Option<Fix>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            severity: Severity::Note,
            message: String::new(),
            relation: None,
            object: None,
            evidence: Vec::new(),
            fix: None,
        }
    }
}

impl Draft {
    /// It is about this table.
    pub fn table(&mut self, table: &Table) -> &mut Self {
        let name = table.name.to_string();
        self.object = Some(name.clone());
        self.relation = Some(name);
        self
    }

    /// It is about this column.
    pub fn column(&mut self, table: &Table, column: &Column) -> &mut Self {
        self.part(table, &column.name)
    }

    /// It is about something of the table that has a name: a column, a constraint, a trigger.
    pub fn part(&mut self, table: &Table, name: &str) -> &mut Self {
        self.table(table);
        self.object = Some(format!("{}.{}", table.name, quote_ident(name)));
        self
    }

    /// It is about an object in the table's schema: an index.
    pub fn beside(&mut self, table: &Table, name: &str) -> &mut Self {
        self.table(table);
        self.object = Some(beside(table, name).to_string());
        self
    }

    /// It is about this object, which belongs to no table.
    pub fn object(&mut self, object: impl Into<String>) -> &mut Self {
        self.object = Some(object.into());
        self
    }

    /// A figure or a fact that it rests on.
    pub fn evidence(&mut self, fact: impl Into<String>) -> &mut Self {
        self.evidence.push(fact.into());
        self
    }

    /// The number of rows of the table, where it is known.
    pub fn rows(&mut self, table: &Table) -> &mut Self {
        if table.rows.is_some() {
            self.evidence(table.rows_text());
        }
        self
    }

    /// What to run, where it does strictly what was found to be missing.
    pub fn safe_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Safe)
    }

    /// What to run, if a person agrees.
    pub fn unsafe_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Unsafe)
    }

    /// How it could look.
    pub fn shown_fix(&mut self, sql: impl Into<String>) -> &mut Self {
        self.fix(sql, Applicability::Display)
    }

    fn fix(&mut self, sql: impl Into<String>, applicability: Applicability) -> &mut Self {
        self.fix = Some(Fix {
            sql: sql.into(),
            applicability,
        });
        self
    }
}

/// The name of an index in the schema of its table.
pub fn beside(table: &Table, name: &str) -> RelationName {
    RelationName {
        schema: table.name.schema.clone(),
        name: name.to_owned(),
    }
}

/// A rule of the schema family. `schema_rule!` registers one.
pub struct SchemaRule {
    /// `schema/` and the name of its file, with dashes.
    pub code: &'static str,
    /// The section of the guide that it comes from or corrects.
    pub guide: &'static str,
    /// Whether it runs where nobody asks for it by name.
    pub on_by_default: bool,
    /// Finds.
    pub check: fn(&Review<'_>, &mut Found),
}

inventory::collect!(SchemaRule);

/// Registers a rule of the schema family.
#[macro_export]
macro_rules! schema_rule {
    ($code:literal, $guide:literal) => {
        $crate::schema_rule!($code, $guide, true);
    };
    ($code:literal, $guide:literal, $on:literal) => {
        inventory::submit! {
            $crate::schema::SchemaRule { code: $code, guide: $guide, on_by_default: $on, check }
        }
    };
}

/// Every rule of the family, sorted by code.
pub fn schema_rules() -> Vec<&'static SchemaRule> {
    let mut rules: Vec<&SchemaRule> = inventory::iter::<SchemaRule>().collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

/// How many findings there are of each rule and severity, those that are not kept too.
pub type Counted = BTreeMap<(&'static str, Severity), usize>;

/// Judges a schema: the worst first, then by table, as many as the options keep.
pub(super) fn judge(review: &Review<'_>) -> (Vec<SchemaFinding>, Counted) {
    let options = review.options;
    let named = |list: &[String], code: &str| list.iter().any(|name| is_named(name, code));
    let mut findings: Vec<SchemaFinding> = Vec::new();
    let mut counted = Counted::new();
    for rule in schema_rules() {
        let chosen = match options.only.is_empty() {
            true => rule.on_by_default,
            false => named(&options.only, rule.code),
        };
        if !chosen || named(&options.ignore, rule.code) {
            continue;
        }
        let mut found = Found::default();
        (rule.check)(review, &mut found);
        for draft in &found.drafts {
            *counted.entry((rule.code, draft.severity)).or_insert(0) += 1;
        }
        findings.extend(found.finish(rule));
        // Of ten thousand tables one rule alone may find something in each column.
        if findings.len() > options.most_findings {
            findings.sort_by(worst_first);
            findings.truncate(options.most_findings);
        }
    }
    findings.sort_by(worst_first);
    (findings, counted)
}

fn worst_first(a: &SchemaFinding, b: &SchemaFinding) -> Ordering {
    let (x, y) = (&a.finding, &b.finding);
    y.severity
        .cmp(&x.severity)
        .then_with(|| a.relation.cmp(&b.relation))
        .then_with(|| x.code.cmp(&y.code))
        .then_with(|| x.object.cmp(&y.object))
}
