//! A plan as a person reads it: what each node took by itself, and where the planner was wrong.

use super::{Figures, Node, Plan, Role};

/// From this factor on an estimate is marked.
const MARKED_FACTOR: f64 = 10.0;
/// Details that are worth a line, with what they are called there.
const DETAILS: &[&str] = &[
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "One-Time Filter",
    "Order By",
    "TID Cond",
    "Cache Key",
    "Sort Key",
    "Presorted Key",
    "Group Key",
];

/// The tree, a node a line with its conditions below it.
///
/// A node that was run shows milliseconds by itself and its share of the whole, rows against those expected, and
/// how often it ran; one that was not, its cost. Estimates that are wrong by ten times or more are marked with `⚠`.
pub fn tree(plan: &Plan, figures: &Figures) -> String {
    let mut text = String::new();
    let total = plan.total_ms().unwrap_or(0.0);
    let whole_cost = figures.cost.first().copied().unwrap_or(0.0);
    // A plan of hundreds of levels would be nothing but blanks.
    let indent = |depth: usize| "  ".repeat(depth.min(40));
    for (at, node) in plan.nodes.iter().enumerate() {
        let pad = indent(node.depth);
        if let Some(subplan) = &node.subplan {
            text.push_str(&format!("{pad}{subplan}:\n"));
        } else if node.role == Role::SubPlan {
            text.push_str(&format!("{pad}SubPlan:\n"));
        }
        text.push_str(&format!("{pad}#{} {}", at + 1, node.name()));
        match node.actual {
            Some(actual) if actual.loops == 0.0 => text.push_str("  never executed"),
            Some(actual) => {
                if actual.ms.is_some() {
                    let own = figures.own_ms[at];
                    text.push_str(&format!("  {}", milliseconds(own)));
                    if total > 0.0 {
                        text.push_str(&format!(" ({:.0} %)", 100.0 * own / total));
                    }
                }
                text.push_str(&format!("  {}", rows(actual.rows)));
                if actual.loops > 1.0 {
                    text.push_str(&format!(" × {}", count(actual.loops)));
                }
                if let Some(factor) = misestimate(node) {
                    text.push_str(&format!(", expected {}", count(node.plan_rows)));
                    // Where whoever asked for the rows had enough, the estimate may be right.
                    let is_cut_short = || actual.rows < node.plan_rows && figures.stops_early[at];
                    let is_again = || actual.rows > node.plan_rows && plan.may_count_again(at);
                    if factor >= MARKED_FACTOR && !is_cut_short() && !is_again() {
                        text.push_str(&format!("  ⚠ {}× {}", count(factor), direction(node)));
                    }
                }
            }
            // With COSTS OFF nothing is told of it.
            None if node.cost.is_none() => {}
            None => {
                let own = figures.own_cost[at];
                text.push_str(&format!("  cost {}", count(own)));
                if whole_cost > 0.0 {
                    text.push_str(&format!(" ({:.0} %)", 100.0 * own / whole_cost));
                }
                text.push_str(&format!("  {} expected", rows(node.plan_rows)));
            }
        }
        text.push('\n');
        for name in DETAILS {
            let Some(value) = node.text(name) else { continue };
            text.push_str(&format!("{pad}    {name}: {}", shortened(value)));
            let removed = node.removed(&format!("Rows Removed by {name}"));
            if removed > 0.0 {
                text.push_str(&format!("  (removes {})", rows(removed)));
            }
            text.push('\n');
        }
        for line in notes(node) {
            text.push_str(&format!("{pad}    {line}\n"));
        }
    }
    for trigger in &plan.triggers {
        text.push_str(&format!(
            "Trigger {}: {} in {} calls\n",
            trigger.name,
            milliseconds(trigger.ms),
            count(trigger.calls)
        ));
    }
    if let Some(jit) = plan.jit {
        text.push_str(&format!(
            "JIT: {} functions compiled in {}\n",
            count(jit.functions),
            milliseconds(jit.ms)
        ));
    }
    if let Some(planning) = plan.planning_ms {
        text.push_str(&format!("Planning {}", milliseconds(planning)));
        match plan.execution_ms {
            Some(execution) => text.push_str(&format!(", execution {}\n", milliseconds(execution))),
            None => text.push('\n'),
        }
    }
    text
}

/// By how much the rows of a node differ from those expected; `None` where it never ran, or nothing was told of
/// what is expected (COSTS OFF).
pub(crate) fn misestimate(node: &Node) -> Option<f64> {
    node.cost?;
    let actual = node.actual.filter(|actual| actual.loops > 0.0)?;
    let (seen, expected) = (actual.rows.max(1.0), node.plan_rows.max(1.0));
    Some((seen / expected).max(expected / seen))
}

fn direction(node: &Node) -> &'static str {
    match node.actual.is_some_and(|actual| actual.rows > node.plan_rows) {
        true => "more",
        false => "fewer",
    }
}

/// What says more than the figures: where something went to the disk, what a cache did.
fn notes(node: &Node) -> Vec<String> {
    let mut notes = Vec::new();
    let kilobytes = node.number("Sort Space Used");
    match (node.text("Sort Method"), node.text("Sort Space Type")) {
        (Some(method), Some(space)) => {
            let place = if space == "Disk" { "on disk" } else { "in memory" };
            notes.push(format!("{method}, {} kB {place}", count(kilobytes)));
        }
        (None, Some("Disk")) => notes.push(format!("{} kB on disk", count(kilobytes))),
        _ => {}
    }
    let batches = node.number("Hash Batches").max(node.number("HashAgg Batches"));
    if batches > 1.0 {
        notes.push(format!("in {} batches, on disk", count(batches)));
    }
    let fetches = node.number("Heap Fetches");
    if fetches > 0.0 {
        notes.push(format!("{} looked up in the table", rows(fetches)));
    }
    let lossy = node.number("Lossy Heap Blocks");
    if lossy > 0.0 {
        notes.push(format!("{} pages remembered as a whole", count(lossy)));
    }
    let (planned, launched) = (node.number("Workers Planned"), node.number("Workers Launched"));
    if planned > 0.0 && node.actual.is_some() {
        notes.push(format!(
            "{launched} of {}",
            howdah_core::counted(planned, "worker")
        ));
    }
    let (hits, misses) = (node.number("Cache Hits"), node.number("Cache Misses"));
    if hits + misses > 0.0 {
        notes.push(format!("{} hits, {} misses", count(hits), count(misses)));
    }
    notes
}

/// Characters of a condition that are shown.
const SHOWN_CHARS: usize = 200;

/// A condition in one line, cut where it is long.
pub(crate) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// A number with a comma at each thousand; one decimal where it is small.
pub(crate) fn count(number: f64) -> String {
    if number < 10.0 && number.fract() > 0.05 {
        return format!("{number:.1}");
    }
    let digits = format!("{:.0}", number.max(0.0));
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `1,234 rows`.
pub(crate) fn rows(number: f64) -> String {
    howdah_core::counted(count(number), "row")
}

/// `0.04 ms`, `12 ms`, `3.4 s`.
pub(crate) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1_000.0),
    }
}

/// A size for `work_mem` that holds so many kilobytes: megabytes, a power of two.
pub(crate) fn memory(kilobytes: f64) -> String {
    let mut megabytes = 8_u64;
    while (megabytes as f64) * 1_024.0 < kilobytes && megabytes < 1 << 20 {
        megabytes *= 2;
    }
    format!("{megabytes}MB")
}
