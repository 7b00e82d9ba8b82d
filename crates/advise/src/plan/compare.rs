//! Why a plan takes longer than another of the same statement, or less.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
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
    #[serde(skip)]
    #[schemars(skip)]
    is_setting: bool,
    /// Another way was taken, or a step came or went.
    #[serde(skip)]
    #[schemars(skip)]
    is_choice: bool,
    /// The planner expects wrong numbers of rows that were right before.
    #[serde(skip)]
    #[schemars(skip)]
    is_estimate: bool,
    /// Workers are more or fewer: what is below takes another time for that.
    #[serde(skip)]
    #[schemars(skip)]
    is_of_workers: bool,
    /// Only that it took longer is known.
    #[serde(skip)]
    #[schemars(skip)]
    is_effect: bool,
    /// Its share in the difference, with that of what follows from it.
    #[serde(skip)]
    #[schemars(skip)]
    weight: f64,
}

/// Within this factor two times count as the same.
const SAME_FACTOR: f64 = 1.1;
/// From this factor on a number of rows counts as changed.
const ROWS_FACTOR: f64 = 2.0;
/// From this factor on an estimate counts as wrong.
const WRONG_FACTOR: f64 = 10.0;
/// Milliseconds from which on a difference in planning is told.
const PLANNING_MS: f64 = 10.0;
/// Below this difference, in milliseconds, two times count as the same.
const SAME_MS: f64 = 0.1;
/// Changes that are told.
const CHANGES_MAX: usize = 20;

/// Compares an earlier plan with a later one.
pub fn compare(before: &Plan, after: &Plan) -> Comparison {
    let is_timed = before.total_ms().is_some() && after.total_ms().is_some();
    let (old, new) = (Side::of(before, is_timed), Side::of(after, is_timed));
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
    attribute(&mut changes, after);
    let (mut from, mut to) = (old.total, new.total);
    // Where planning makes the difference the whole counts.
    let planning = planning_ms(after) - planning_ms(before);
    if is_timed && planning.abs() >= PLANNING_MS && planning.abs() >= (to - from).abs() {
        (from, to) = (from + planning_ms(before), to + planning_ms(after));
    }
    let sign = if to >= from { 1.0 } else { -1.0 };
    changes.sort_by(|a, b| (sign * b.weight).total_cmp(&(sign * a.weight)));
    let verdict = verdict(from, to, is_timed, &changes);
    changes.truncate(CHANGES_MAX);
    Comparison {
        verdict,
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
    if factor < SAME_FACTOR || (is_timed && (to - from).abs() < SAME_MS) {
        return format!("As before: {figures}.");
    }
    let is_slower = to > from;
    let word = match (is_slower, is_timed) {
        (true, true) => "Regressed",
        (false, true) => "Faster",
        (true, false) => "Expected to be slower",
        (false, false) => "Expected to be faster",
    };
    let explains = |change: &&Change| {
        let is_that_way = (change.weight > 0.0) == is_slower;
        !change.is_setting && is_that_way && change.weight.abs() >= 0.1 * (to - from).abs()
    };
    let mut reasons: Vec<&Change> = changes.iter().filter(explains).take(3).collect();
    // A wrong estimate takes no time itself: it is why another way was taken.
    if is_slower && reasons.iter().any(|change| change.is_choice) {
        let estimate = changes.iter().find(|change| change.is_estimate);
        reasons.extend(estimate.filter(|change| !reasons.contains(change)));
    }
    let reasons: Vec<&str> = reasons
        .into_iter()
        .map(|change| change.message.as_str())
        .collect();
    // A setting is no part of any step, and the reason of many.
    let settings: Vec<&str> = changes
        .iter()
        .filter(|change| change.is_setting)
        .map(|change| change.message.as_str())
        .collect();
    let settings = match settings.is_empty() {
        true => String::new(),
        false => format!("; settings differ: {}", settings.join(", ")),
    };
    let because = match reasons.is_empty() {
        true => {
            ", and no step of the plan says why: look at locks, at the cache and at what else the server did"
                .to_owned()
        }
        false => format!(" because {}", reasons.join("; ")),
    };
    format!("{word}, {figures} ({}×){because}{settings}.", count(factor))
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
    fn of(plan: &'a Plan, is_timed: bool) -> Self {
        let figures = Figures::of(plan);
        let cost = plan.root().cost.map_or(0.0, |cost| cost.1);
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
            is_timed,
            total: plan.total_ms().filter(|_| is_timed).unwrap_or(cost),
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
            true => with_ms(&message, more),
            false => message,
        };
        Change {
            message,
            more_ms: Some(more),
            node: Some(at + 1),
            is_setting: false,
            is_choice: true,
            is_estimate: false,
            is_of_workers: false,
            is_effect: false,
            weight: more,
        }
    }
}

/// A message with the milliseconds more, or less.
fn with_ms(message: &str, more: f64) -> String {
    format!(
        "{message} ({}{})",
        if more < 0.0 { "−" } else { "+" },
        milliseconds(more.abs())
    )
}

/// What takes longer because something below it gives it more to do counts for that.
fn attribute(changes: &mut [Change], plan: &Plan) {
    let mut causes: Vec<(usize, usize)> = changes
        .iter()
        .enumerate()
        .filter(|(_, change)| !change.is_effect)
        .filter_map(|(place, change)| Some((change.node?, place)))
        .collect();
    causes.sort_unstable();
    for effect in 0..changes.len() {
        let Some(node) = changes[effect].node.filter(|_| changes[effect].is_effect) else {
            continue;
        };
        // Numbers count from one: those behind it in the plan, as long as they are deeper, are below.
        let depth = plan.nodes[node - 1].depth;
        let below = plan.nodes[node..]
            .iter()
            .take_while(|below| below.depth > depth)
            .count();
        let from = causes.partition_point(|(cause, _)| *cause <= node);
        let to = causes.partition_point(|(cause, _)| *cause <= node + below);
        let weight = changes[effect].weight;
        for (_, cause) in &causes[from..to] {
            changes[*cause].weight += weight / (to - from) as f64;
        }
        if to > from {
            changes[effect].weight = 0.0;
            continue;
        }
        // The time of a change contains that of its triggers, and work that is divided among other numbers of workers
        // takes another time.
        let is_change = plan.nodes[node - 1].kind == "ModifyTable";
        let cause = changes.iter().position(|change| {
            let is_of_triggers = is_change && change.node.is_none() && change.message.starts_with(TRIGGERS);
            let gathers = |number: usize| plan.above(node - 1).any(|above| above == number - 1);
            is_of_triggers || (change.is_of_workers && change.node.is_some_and(gathers))
        });
        if let Some(cause) = cause {
            if !is_change {
                let change = &mut changes[cause];
                change.weight += weight;
                change.more_ms = Some(change.weight);
                let words = change
                    .message
                    .rsplit_once(" (")
                    .map_or("", |(words, _)| words)
                    .to_owned();
                change.message = with_ms(&words, change.weight);
            }
            changes[effect].weight = 0.0;
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
fn differences(old: &Side<'_>, place: usize, new: &Side<'_>, at: usize) -> Option<Change> {
    let (before, after) = (&old.plan.nodes[place], &new.plan.nodes[at]);
    let more = new.own(at) - old.own(place);
    let name = after.name();
    let mut said: Vec<String> = Vec::new();
    let mut is_estimate = false;
    let is_other_way = way(old.plan, place) != way(new.plan, at);
    if is_other_way {
        let (old_way, new_way) = (way(old.plan, place), way(new.plan, at));
        said.push(match after.relation_name().filter(|_| after.is_scan()) {
            Some(relation) => format!("{relation} is read by {new_way} in place of {old_way}"),
            None => format!("{name} took the place of {}", before.name()),
        });
    }
    let disk = |node: &Node| {
        node.text("Sort Space Type") == Some("Disk")
            || node.number("Hash Batches") > 1.0
            || node.number("HashAgg Batches") > 1.0
    };
    match (disk(before), disk(after)) {
        (false, true) => said.push(format!("{name} does not fit into memory and goes to the disk")),
        (true, false) => said.push(format!("{name} fits into memory now")),
        _ => {}
    }
    let ran = before.loops() > 0.0 && after.loops() > 0.0;
    let is_source = after.is_scan() && after.kind != "Bitmap Index Scan";
    if ran && is_source {
        let runs = |side: &Side<'_>, at: usize| side.plan.nodes[at].loops() / side.figures.processes[at];
        let read = |node: &Node| node.number("Shared Read Blocks");
        let fetched = |node: &Node| node.number("Heap Fetches");
        let removed = |node: &Node| node.removed("Rows Removed by Filter");
        // Another way finds and throws away other rows by its nature.
        let figures = [
            (!is_other_way, 1.0, "ran", "time", runs(old, place), runs(new, at)),
            (!is_other_way, 1.0, "gave", "row", before.rows(), after.rows()),
            (
                !is_other_way,
                1_000.0,
                "threw away",
                "row",
                removed(before),
                removed(after),
            ),
            (
                true,
                100.0,
                "read from outside of the cache",
                "block",
                read(before),
                read(after),
            ),
            (
                !is_other_way,
                100.0,
                "looked up in the table",
                "row",
                fetched(before),
                fetched(after),
            ),
        ];
        for (counts, least, did, what, from, to) in figures {
            let factor = (to.max(1.0) / from.max(1.0)).max(from.max(1.0) / to.max(1.0));
            if counts && factor >= ROWS_FACTOR && from.max(to) >= least {
                said.push(format!(
                    "{name} {did} {} in place of {}",
                    howdah_core::counted(count(to), what),
                    count(from)
                ));
            }
        }
        // The same rows out of more blocks: the table or the index is bloated, or was read less closely.
        let blocks = |node: &Node| node.number("Shared Hit Blocks") + node.number("Shared Read Blocks");
        let (from, to) = (blocks(before), blocks(after));
        if said.is_empty()
            && from.min(to) > 0.0
            && from.max(to) >= 100.0
            && (to / from).max(from / to) >= ROWS_FACTOR
        {
            said.push(format!(
                "{name} went through {} for as many rows, in place of {}",
                howdah_core::counted(count(to), "block"),
                count(from)
            ));
        }
        let wrong = |node: &Node| misestimate(node).unwrap_or(1.0);
        if wrong(after) >= WRONG_FACTOR && wrong(before) < WRONG_FACTOR {
            is_estimate = true;
            said.push(format!(
                "the planner expected {} rows of {name} and got {}, where it was right before",
                count(after.plan_rows),
                count(after.actual.map_or(0.0, |actual| actual.rows))
            ));
        }
    }
    let launched = |node: &Node| node.number("Workers Launched");
    let is_of_workers = ran && launched(before) != launched(after);
    if is_of_workers {
        said.push(format!(
            "{name} had {} in place of {}",
            howdah_core::counted(launched(after), "worker"),
            launched(before)
        ));
    }
    let share = more.abs() / old.total.max(new.total).max(f64::MIN_POSITIVE);
    let is_effect = said.is_empty();
    if said.is_empty() && share >= 0.1 && new.is_timed && old.is_timed {
        said.push(format!(
            "{name} took {} in place of {}",
            milliseconds(new.own(at)),
            milliseconds(old.own(place))
        ));
    }
    (!said.is_empty()).then(|| Change {
        is_effect,
        is_choice: is_other_way,
        is_estimate,
        is_of_workers,
        ..new.change(at, more, said.join(", "))
    })
}

/// The way that a node takes: `Index Scan using orders_pkey`.
fn way(plan: &Plan, at: usize) -> String {
    let node = &plan.nodes[at];
    let label = node.label.trim_start_matches("Parallel ");
    // The index of a bitmap is named below.
    let bitmap = (node.kind == "Bitmap Heap Scan")
        .then(|| plan.inputs(at).next())
        .flatten();
    match bitmap.map_or(&node.index, |below| &plan.nodes[below].index) {
        Some(index) => format!("{label} using {}", howdah_sql::quote_ident(index)),
        None => label.to_owned(),
    }
}

/// What triggers are called among the changes.
const TRIGGERS: &str = "triggers";

/// Milliseconds of all triggers.
fn trigger_ms(plan: &Plan) -> f64 {
    plan.triggers.iter().fold(0.0, |sum, trigger| sum + trigger.ms)
}

fn planning_ms(plan: &Plan) -> f64 {
    plan.planning_ms.unwrap_or(0.0)
}

/// What differs beside the nodes.
fn of_the_whole(before: &Plan, after: &Plan, is_timed: bool) -> Vec<Change> {
    let mut found = Vec::new();
    let mut say = |message: String, more: f64, is_setting: bool| {
        found.push(Change {
            message,
            more_ms: Some(more),
            node: None,
            is_setting,
            is_choice: false,
            is_estimate: false,
            is_of_workers: false,
            is_effect: false,
            weight: more,
        });
    };
    let total = before
        .total_ms()
        .unwrap_or(0.0)
        .max(after.total_ms().unwrap_or(0.0));
    let jit = |plan: &Plan| plan.jit.map_or(0.0, |jit| jit.ms);
    let planning = (planning_ms(before), planning_ms(after));
    for (what, from, to) in [
        ("compiling (JIT)", jit(before), jit(after)),
        (TRIGGERS, trigger_ms(before), trigger_ms(after)),
        ("planning", planning.0, planning.1),
    ] {
        let least = if what == "planning" { PLANNING_MS } else { 0.0 };
        if is_timed && (to - from).abs() >= (0.05 * total).max(least) {
            let message = format!(
                "{what} took {} in place of {}",
                milliseconds(to),
                milliseconds(from)
            );
            say(message, to - from, false);
        }
    }
    let names: BTreeSet<&String> = before.settings.keys().chain(after.settings.keys()).collect();
    for name in names {
        let (from, to) = (before.settings.get(name), after.settings.get(name));
        if from != to {
            let word = |value: Option<&String>| value.map_or("its default", String::as_str).to_owned();
            say(
                format!("{name} is {} in place of {}", word(to), word(from)),
                0.0,
                true,
            );
        }
    }
    found
}
