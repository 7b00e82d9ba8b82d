//! What is wrong with a plan: one finding per file, its page in the `.md` beside it: documentation, and test.

use std::collections::BTreeMap;

use howdah_core::{Applicability, Fix, Severity};
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{Figures, Node, Plan, RelationFacts};

include!(concat!(env!("OUT_DIR"), "/plans.rs"));

/// The pages of the findings, by code, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}

/// Something that may be wrong with a plan.
///
/// One file in `src/plans` registers one with `inventory::submit!`.
pub struct PlanRule {
    /// The name of its file, with dashes.
    pub code: &'static str,
    /// What is wrong, as a heading says it.
    pub title: &'static str,
    /// The section of the guide that it comes from or corrects.
    pub guide: &'static str,
    /// Finds it.
    pub find: fn(&Reading<'_>, &mut Vec<PlanFinding>),
}

inventory::collect!(PlanRule);

/// Every rule, sorted by code.
pub fn plan_rules() -> Vec<&'static PlanRule> {
    let mut rules: Vec<&PlanRule> = inventory::iter::<PlanRule>().collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

/// Something that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanFinding {
    /// The rule: `sort-spill`.
    pub code: String,
    /// A warning where it takes a tenth of the whole or more, else a note.
    pub severity: Severity,
    /// The node, by its number in the tree; absent where it is about the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<usize>,
    /// What that node is: `Seq Scan on orders`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The relation, quoted as needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The condition that it is about, as the server prints it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// One sentence: what is wrong here.
    pub message: String,
    /// What to do about it.
    pub advice: String,
    /// Milliseconds that could be saved at most, where the statement was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves_ms: Option<f64>,
    /// The same as a share of the whole, in per cent; of the cost where it was not run.
    pub saves_percent: f64,
    /// SQL that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// What the planner says with the fix, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Whether an index could mend it.
    #[serde(skip)]
    #[schemars(skip)]
    pub wants_index: bool,
}

/// An index that was pretended, and what the planner then expected.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Proof {
    /// What the statement was expected to cost, in the planner's unit.
    pub cost_before: f64,
    /// What it was expected to cost with the index.
    pub cost_after: f64,
    /// Bytes that the index is reckoned to take.
    pub bytes: u64,
}

/// A plan and what is known of it.
pub struct Reading<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What its nodes took.
    pub figures: &'a Figures,
    /// By schema and name, where a server was asked.
    pub relations: &'a BTreeMap<(String, String), RelationFacts>,
}

/// Below this share of the whole a finding is a note: the least of the thresholds that PEV2 marks nodes by.
const WARNING_PERCENT: f64 = 10.0;

/// Finds what is wrong with a plan, what could save most time first.
pub fn examine(reading: &Reading<'_>) -> Vec<PlanFinding> {
    let mut found = Vec::new();
    for rule in plan_rules() {
        (rule.find)(reading, &mut found);
    }
    slow_node::drop_explained(reading, &mut found);
    let mut found = folded(reading, found);
    found.sort_by(|a, b| {
        b.saves_percent
            .total_cmp(&a.saves_percent)
            .then_with(|| a.code.cmp(&b.code))
            .then_with(|| a.node.cmp(&b.node))
    });
    found
}

/// What is found in the same way at several partitions of a table is told once, of the first.
fn folded(reading: &Reading<'_>, found: Vec<PlanFinding>) -> Vec<PlanFinding> {
    let mut groups: BTreeMap<(String, usize), Vec<PlanFinding>> = BTreeMap::new();
    let mut alone = Vec::new();
    for one in found {
        let append = one.node.and_then(|number| reading.plan.append_of(number - 1));
        match append {
            Some(append) => groups.entry((one.code.clone(), append)).or_default().push(one),
            None => alone.push(one),
        }
    }
    for mut group in groups.into_values() {
        group.sort_by_key(|one| one.node);
        let statements: Vec<String> = group
            .iter()
            .filter_map(|one| one.fix.as_ref())
            .map(|fix| fix.sql.clone())
            .collect();
        let (saves, percent): (f64, f64) = group.iter().fold((0.0, 0.0), |(ms, percent), one| {
            (ms + one.saves_ms.unwrap_or(0.0), percent + one.saves_percent)
        });
        let others = group.len() - 1;
        let mut group = group.into_iter();
        let Some(mut first) = group.next() else { continue };
        if others > 0 {
            first.message.push_str(&format!(
                " The same goes for {}.",
                howdah_core::counted(others, "other partition")
            ));
            first.saves_ms = first.saves_ms.map(|_| (saves * 1_000.0).round() / 1_000.0);
            first.saves_percent = (percent.min(100.0) * 10.0).round() / 10.0;
            first.severity = severity(first.saves_percent);
            if let Some(fix) = &mut first.fix {
                let distinct: std::collections::BTreeSet<&str> =
                    statements.iter().map(String::as_str).collect();
                fix.sql = distinct.into_iter().collect::<Vec<_>>().join(" ");
            }
        }
        alone.push(first);
    }
    alone
}

fn severity(percent: f64) -> Severity {
    match percent >= WARNING_PERCENT {
        true => Severity::Warning,
        false => Severity::Note,
    }
}

impl<'a> Reading<'a> {
    /// The nodes with their places.
    pub fn nodes(&self) -> impl Iterator<Item = (usize, &'a Node)> {
        self.plan.nodes.iter().enumerate()
    }

    /// Milliseconds of the whole; its cost where it was not timed.
    pub fn whole(&self) -> f64 {
        self.plan
            .total_ms()
            .unwrap_or_else(|| self.figures.cost.first().copied().unwrap_or(0.0))
    }

    /// What a node took by itself, in the unit of [`Reading::whole`].
    pub fn own(&self, at: usize) -> f64 {
        match self.plan.total_ms() {
            Some(_) => self.figures.own_ms[at],
            None => self.figures.own_cost[at],
        }
    }

    /// What all nodes above one took by themselves, in the same unit.
    pub fn above(&self, at: usize) -> f64 {
        let (ms, cost) = self.figures.above[at];
        match self.plan.total_ms() {
            Some(_) => ms,
            None => cost,
        }
    }

    /// What a node took with all below it, in the same unit.
    pub fn with_below(&self, at: usize) -> f64 {
        match self.plan.total_ms() {
            Some(_) => self.figures.wall_ms[at],
            None => self.figures.cost[at],
        }
    }

    /// The share of the whole that something takes, from 0 to 1.
    pub fn share(&self, took: f64) -> f64 {
        (took / self.whole().max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    }

    /// The first input of a node.
    pub fn input(&self, at: usize) -> Option<(usize, &'a Node)> {
        let below = self.plan.inputs(at).next()?;
        Some((below, &self.plan.nodes[below]))
    }

    /// The only relation that is read at a node and below; `None` where there are several.
    pub fn only_relation(&self, at: usize) -> Option<String> {
        let depth = self.plan.nodes[at].depth;
        let below = self.plan.nodes[at + 1..]
            .iter()
            .take_while(|node| node.depth > depth);
        let mut names: Vec<String> = std::iter::once(&self.plan.nodes[at])
            .chain(below)
            .filter(|node| node.is_scan())
            .filter_map(Node::relation_name)
            .collect();
        names.dedup();
        (names.len() == 1).then(|| names.remove(0))
    }

    /// Blocks or milliseconds of a node without what the nodes below it count too.
    pub fn own_detail(&self, at: usize, name: &str) -> f64 {
        let node = &self.plan.nodes[at];
        let counted = self.figures.counted[at].iter();
        let below: f64 = counted.map(|other| self.plan.nodes[*other].number(name)).sum();
        (node.number(name) - below).max(0.0)
    }

    /// What is known of the relation that a node reads.
    pub fn relation(&self, node: &Node) -> Option<RelationFacts> {
        let key = (node.schema.clone()?, node.relation.clone()?);
        self.relations.get(&key).copied()
    }

    /// A finding about a node that could save so much, in the unit of [`Reading::whole`].
    pub fn finding(&self, code: &str, at: usize, saves: f64, message: String, advice: String) -> PlanFinding {
        let node = &self.plan.nodes[at];
        PlanFinding {
            node: Some(at + 1),
            at: Some(node.name()),
            relation: node.relation_name(),
            ..self.finding_of_all(code, saves, message, advice)
        }
    }

    /// A finding about the whole.
    pub fn finding_of_all(&self, code: &str, saves: f64, message: String, advice: String) -> PlanFinding {
        let percent = 100.0 * self.share(saves);
        PlanFinding {
            code: code.to_owned(),
            severity: severity(percent),
            node: None,
            at: None,
            relation: None,
            predicate: None,
            message,
            advice,
            saves_ms: self.plan.total_ms().map(|_| (saves * 1_000.0).round() / 1_000.0),
            saves_percent: (percent * 10.0).round() / 10.0,
            fix: None,
            proof: None,
            wants_index: false,
        }
    }
}

impl PlanFinding {
    /// With the condition that it is about.
    #[must_use]
    pub fn about(mut self, predicate: Option<&str>) -> Self {
        self.predicate = predicate.map(str::to_owned);
        self
    }

    /// With the SQL that mends it.
    #[must_use]
    pub fn mended_by(mut self, sql: String, applicability: Applicability) -> Self {
        self.fix = Some(Fix { sql, applicability });
        self
    }

    /// An index could mend it.
    #[must_use]
    pub fn by_an_index(mut self) -> Self {
        self.wants_index = true;
        self
    }
}
