//! Why a plan takes longer than another of the same statement, or less.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use schemars::JsonSchema;
use serde::Serialize;

use super::tree::{count, milliseconds, misestimate};
use super::{Figures, Node, Plan};

/// Two plans of a statement, beside each other.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// One sentence: slower or faster, by how much and above all why.
    pub verdict: String,
    /// Milliseconds of the earlier one, where it was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_ms: Option<f64>,
    /// Milliseconds of the later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<f64>,
    /// What the earlier one was expected to cost, in the planner's unit.
    pub before_cost: f64,
    /// What the later one was.
    pub after_cost: f64,
    /// What differs, what matters most first.
    pub changes: Vec<Change>,
}

/// Something that differs between two plans.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// One sentence.
    pub message: String,
    /// Milliseconds that the later plan takes more there; negative where it takes less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_ms: Option<f64>,
    /// The node of the later plan, by its number in the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<usize>,
}

/// Within this factor two times count as the same.
const SAME_FACTOR: f64 = 1.1;
/// From this factor on a number of rows counts as changed.
const ROWS_FACTOR: f64 = 2.0;
/// Changes that are told.
const CHANGES_MAX: usize = 20;

/// Compares an earlier plan with a later one.
pub fn compare(before: &Plan, after: &Plan) -> Comparison {
    let (old, new) = (Side::of(before), Side::of(after));
    let is_timed = before.total_ms().is_some() && after.total_ms().is_some();
    let mut changes = Vec::new();
    let mut matched: Vec<bool> = vec![false; before.nodes.len()];
    for at in 0..after.nodes.len() {
        match old.places.get(&new.keys[at]) {
            Some(place) => {
                matched[*place] = true;
                changes.extend(differences(&old, *place, &new, at));
            }
            None if is_worth_telling(&new, at) => {
                let node = &after.nodes[at];
                changes.push(new.change(at, new.own(at), format!("{} is new", node.name())));
            }
            None => {}
        }
    }
    for (at, is_matched) in matched.iter().enumerate() {
        if !is_matched && is_worth_telling(&old, at) {
            let node = &before.nodes[at];
            let mut change = old.change(at, -old.own(at), format!("{} is gone", node.name()));
            change.node = None;
            changes.push(change);
        }
    }
    changes.extend(of_the_whole(before, after, is_timed));
    if !is_timed {
        for change in &mut changes {
            change.more_ms = None;
        }
    }
    // By what each adds to the difference; what is not timed keeps the order of the plan.
    let (from, to) = (old.total, new.total);
    let sign = if to >= from { 1.0 } else { -1.0 };
    changes.sort_by(|a, b| {
        let weight = |change: &Change| sign * change.more_ms.unwrap_or(0.0);
        weight(b).total_cmp(&weight(a))
    });
    changes.truncate(CHANGES_MAX);
    Comparison {
        verdict: verdict(from, to, is_timed, &changes),
        before_ms: before.total_ms(),
        after_ms: after.total_ms(),
        before_cost: before.root().cost.map_or(0.0, |cost| cost.1),
        after_cost: after.root().cost.map_or(0.0, |cost| cost.1),
        changes,
    }
}

fn verdict(from: f64, to: f64, is_timed: bool, changes: &[Change]) -> String {
    let shown = |value: f64| match is_timed {
        true => milliseconds(value),
        false => format!("cost {}", count(value)),
    };
    let figures = format!("{} → {}", shown(from), shown(to));
    let factor = (to.max(0.001) / from.max(0.001)).max(from.max(0.001) / to.max(0.001));
    if factor < SAME_FACTOR {
        return format!("As before: {figures}.");
    }
    let is_slower = to > from;
    let word = match (is_slower, is_timed) {
        (true, true) => "Regressed",
        (false, true) => "Faster",
        (true, false) => "Expected to be slower",
        (false, false) => "Expected to be faster",
    };
    let explains = |change: &&Change| match change.more_ms {
        Some(ms) => (ms > 0.0) == is_slower && ms.abs() >= 0.1 * (to - from).abs(),
        None => true,
    };
    let reasons: Vec<&str> = changes
        .iter()
        .filter(explains)
        .take(3)
        .map(|change| change.message.trim_end_matches('.'))
        .collect();
    let because = match reasons.is_empty() {
        true => {
            ", and no step of the plan says why: look at locks, at the cache and at what else the server did"
                .to_owned()
        }
        false => format!(" because {}", reasons.join("; ")),
    };
    format!("{word}, {figures} ({}×){because}.", count(factor))
}

/// A plan with what tells its nodes apart from those of another.
struct Side<'a> {
    plan: &'a Plan,
    figures: Figures,
    is_timed: bool,
    /// Milliseconds, or the cost where it was not run.
    total: f64,
    /// What each node does, whatever way it takes.
    keys: Vec<Key>,
    places: BTreeMap<Key, usize>,
}

/// The kind of work, a hash of all that it reads below, and which of several such it is.
type Key = (&'static str, u64, usize);

impl<'a> Side<'a> {
    fn of(plan: &'a Plan) -> Self {
        let figures = Figures::of(plan);
        let total = plan.total_ms();
        // Independent of the order, so that a join is found again when its inputs changed places.
        let mut reads = vec![0_u64; plan.nodes.len()];
        for (at, node) in plan.nodes.iter().enumerate().rev() {
            if node.is_scan() && node.kind != "Bitmap Index Scan" {
                reads[at] = reads[at].wrapping_add(hash(node));
            }
            if let Some(parent) = node.parent {
                reads[parent] = reads[parent].wrapping_add(reads[at]);
            }
        }
        let mut seen: BTreeMap<(&'static str, u64), usize> = BTreeMap::new();
        let mut keys = Vec::with_capacity(plan.nodes.len());
        let mut places = BTreeMap::new();
        for (at, node) in plan.nodes.iter().enumerate() {
            let work = work(node);
            let number = seen.entry((work, reads[at])).or_default();
            let key = (work, reads[at], *number);
            *number += 1;
            keys.push(key);
            places.insert(key, at);
        }
        Self {
            plan,
            is_timed: total.is_some(),
            total: total.unwrap_or_else(|| plan.root().cost.map_or(0.0, |cost| cost.1)),
            figures,
            keys,
            places,
        }
    }

    fn own(&self, at: usize) -> f64 {
        match self.is_timed {
            true => self.figures.own_ms[at],
            false => self.figures.own_cost[at],
        }
    }

    fn change(&self, at: usize, more: f64, message: String) -> Change {
        let message = match self.is_timed {
            true => format!(
                "{message} ({}{})",
                if more < 0.0 { "−" } else { "+" },
                milliseconds(more.abs())
            ),
            false => message,
        };
        Change {
            message,
            more_ms: Some(more),
            node: Some(at + 1),
        }
    }
}

fn hash(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        node.schema.as_deref(),
        node.relation.as_deref(),
        node.alias.as_deref(),
    )
        .hash(&mut hasher);
    hasher.finish()
}

/// What a node is there for. A new step is told by its own name only where nothing of the kind was there before.
fn work(node: &Node) -> &'static str {
    match node.kind.as_str() {
        "Bitmap Index Scan" => "index of a bitmap",
        "BitmapAnd" | "BitmapOr" => "bitmaps",
        _ if node.is_scan() => "scan",
        "Nested Loop" | "Hash Join" | "Merge Join" => "join",
        "Sort" | "Incremental Sort" => "sort",
        "Aggregate" | "Group" | "Unique" => "group",
        "Hash" | "Materialize" | "Memoize" => "keep",
        "Gather" | "Gather Merge" => "gather",
        "Append" | "Merge Append" => "append",
        "ModifyTable" => "modify",
        "WindowAgg" => "window",
        "Limit" => "limit",
        _ => "other",
    }
}

/// Steps that come and go with others are told only where they take time.
fn is_worth_telling(side: &Side<'_>, at: usize) -> bool {
    let is_main = matches!(work(&side.plan.nodes[at]), "scan" | "sort" | "window" | "gather");
    let share = side.own(at) / side.total.max(f64::MIN_POSITIVE);
    share >= if is_main { 0.01 } else { 0.05 }
}

/// What differs at a node that both have.
fn differences(old: &Side<'_>, place: usize, new: &Side<'_>, at: usize) -> Vec<Change> {
    let (before, after) = (&old.plan.nodes[place], &new.plan.nodes[at]);
    let more = new.own(at) - old.own(place);
    let name = after.name();
    let mut found = Vec::new();
    let mut say = |message: String| found.push(new.change(at, more, message));
    if way(before) != way(after) {
        match after.relation_name().filter(|_| after.is_scan()) {
            Some(relation) => say(format!(
                "{relation} is read by {} in place of {}",
                way(after),
                way(before)
            )),
            None => say(format!("{name} took the place of {}", before.name())),
        }
    }
    let disk = |node: &Node| {
        node.text("Sort Space Type") == Some("Disk")
            || node.number("Hash Batches") > 1.0
            || node.number("HashAgg Batches") > 1.0
    };
    if disk(after) && !disk(before) {
        say(format!("{name} no longer fits into memory and goes to the disk"));
    }
    if disk(before) && !disk(after) {
        say(format!("{name} fits into memory now"));
    }
    let factor = |from: f64, to: f64| (to.max(1.0) / from.max(1.0)).max(from.max(1.0) / to.max(1.0));
    let ran = before.loops() > 0.0 && after.loops() > 0.0;
    let is_source = after.is_scan() && after.kind != "Bitmap Index Scan";
    if ran && factor(before.loops(), after.loops()) >= ROWS_FACTOR && is_source {
        say(format!(
            "{name} ran {} times in place of {}",
            count(after.loops()),
            count(before.loops())
        ));
    }
    if ran && factor(before.rows(), after.rows()) >= ROWS_FACTOR && is_source {
        say(format!(
            "{name} gave {} rows in place of {}",
            count(after.rows()),
            count(before.rows())
        ));
    }
    let removed = |node: &Node| node.removed("Rows Removed by Filter");
    if ran
        && factor(removed(before), removed(after)) >= ROWS_FACTOR
        && removed(before).max(removed(after)) >= 1_000.0
    {
        say(format!(
            "the filter of {name} took {} rows away in place of {}",
            count(removed(after)),
            count(removed(before))
        ));
    }
    let wrong = |node: &Node| misestimate(node).unwrap_or(1.0);
    if ran && wrong(after) >= 10.0 && wrong(before) < 10.0 && is_source {
        say(format!(
            "the planner expected {} rows of {name} and got {}, where it was right before",
            count(after.plan_rows),
            count(after.actual.map_or(0.0, |actual| actual.rows))
        ));
    }
    let read = |node: &Node| node.number("Shared Read Blocks");
    if is_source && factor(read(before), read(after)) >= ROWS_FACTOR && read(before).max(read(after)) >= 100.0
    {
        say(format!(
            "{name} read {} blocks from outside of the cache in place of {}",
            count(read(after)),
            count(read(before))
        ));
    }
    let launched = |node: &Node| node.number("Workers Launched");
    if ran && launched(before) != launched(after) {
        say(format!(
            "{name} had {} workers in place of {}",
            launched(after),
            launched(before)
        ));
    }
    if found.is_empty()
        && (more.abs() / old.total.max(new.total).max(f64::MIN_POSITIVE)) >= 0.1
        && new.is_timed
        && old.is_timed
    {
        found.push(new.change(
            at,
            more,
            format!(
                "{name} took {} in place of {}",
                milliseconds(new.own(at)),
                milliseconds(old.own(place))
            ),
        ));
    }
    // Several things said of a node share what it takes more.
    for change in found.iter_mut().skip(1) {
        change.more_ms = Some(0.0);
    }
    found
}

/// The way that a node takes: `Index Scan using orders_pkey`.
fn way(node: &Node) -> String {
    let label = node.label.trim_start_matches("Parallel ");
    match &node.index {
        Some(index) => format!("{label} using {}", howdah_sql::quote_ident(index)),
        None => label.to_owned(),
    }
}

/// What differs beside the nodes.
fn of_the_whole(before: &Plan, after: &Plan, is_timed: bool) -> Vec<Change> {
    let mut found = Vec::new();
    let mut say = |message: String, more: Option<f64>| {
        found.push(Change {
            message,
            more_ms: more,
            node: None,
        });
    };
    let jit = |plan: &Plan| plan.jit.map_or(0.0, |jit| jit.ms);
    let total = before
        .total_ms()
        .unwrap_or(0.0)
        .max(after.total_ms().unwrap_or(0.0));
    if is_timed && (jit(after) - jit(before)).abs() >= 0.05 * total {
        say(
            format!(
                "compiling (JIT) took {} in place of {}",
                milliseconds(jit(after)),
                milliseconds(jit(before))
            ),
            Some(jit(after) - jit(before)),
        );
    }
    let triggers = |plan: &Plan| plan.triggers.iter().map(|trigger| trigger.ms).sum::<f64>();
    if is_timed && (triggers(after) - triggers(before)).abs() >= 0.05 * total {
        say(
            format!(
                "triggers took {} in place of {}",
                milliseconds(triggers(after)),
                milliseconds(triggers(before))
            ),
            Some(triggers(after) - triggers(before)),
        );
    }
    let names: std::collections::BTreeSet<&String> =
        before.settings.keys().chain(after.settings.keys()).collect();
    for name in names {
        let (from, to) = (before.settings.get(name), after.settings.get(name));
        if from != to {
            let word =
                |value: Option<&String>| value.map_or("its default", |value| value.as_str()).to_owned();
            say(
                format!("{name} is {} in place of {}", word(to), word(from)),
                Some(0.0),
            );
        }
    }
    found
}
