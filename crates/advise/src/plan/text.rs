//! Reads what EXPLAIN prints as text.

use super::{Actual, Jit, Node, Plan, PlanError, Role, Trigger, label};

/// The plans of a text, one after the other.
///
/// # Errors
/// Where no line of it is a node of a plan.
pub fn read_text(text: &str) -> Result<Vec<Plan>, PlanError> {
    let lines = lines(text);
    let has_figures = lines.iter().any(|line| figures(line.text).is_some());
    let mut plans: Vec<Open> = Vec::new();
    let mut query = String::new();
    for line in &lines {
        if let Some((node, is_below)) = node(line, has_figures) {
            match plans.last_mut() {
                Some(open) if is_below => open.below(line, node),
                _ if is_below => {
                    return Err(PlanError(
                        "The plan begins in the middle: its root is missing.".to_owned(),
                    ));
                }
                _ => {
                    let mut open = Open::root(line, node);
                    let text = std::mem::take(&mut query);
                    open.plan.query = Some(text).filter(|text| !text.is_empty());
                    plans.push(open);
                }
            }
        } else if let Some(open) = plans.last_mut().filter(|_| query.is_empty()) {
            if has_figures && open.unfinished.is_none() && line.text.starts_with("->  ") {
                let shown: String = line.text.chars().take(80).collect();
                return Err(PlanError(format!(
                    "The plan is cut off, or has a node that is not known: {shown}."
                )));
            }
            match line.text.strip_prefix("Query Text: ") {
                Some(text) if line.column <= open.column => query = text.to_owned(),
                _ => open.line(line),
            }
        } else if let Some(text) = line.text.strip_prefix("Query Text: ") {
            query = text.to_owned();
        } else if !query.is_empty() {
            query.push('\n');
            query.push_str(line.text);
        }
    }
    if plans.is_empty() {
        return Err(PlanError("No line of the text is a node of a plan.".to_owned()));
    }
    Ok(plans.into_iter().map(|open| finished(open.plan)).collect())
}

/// With what the text leaves out because there is no doubt.
fn finished(mut plan: Plan) -> Plan {
    let mut changed = plan.nodes.iter().filter(|node| node.kind == "ModifyTable");
    if let (Some(node), None) = (changed.next(), changed.next()) {
        for trigger in &mut plan.triggers {
            trigger.relation = trigger.relation.take().or_else(|| node.relation.clone());
        }
    }
    plan
}

struct Line<'a> {
    column: usize,
    text: &'a str,
}

/// The lines with their indentation.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.strip_prefix('\t').unwrap_or(line).trim_end();
        let text = line.trim_start();
        if !text.is_empty() {
            lines.push(Line {
                column: line.len() - text.len(),
                text,
            });
        }
    }
    lines
}

/// A plan that is being read.
struct Open {
    plan: Plan,
    /// Where the root begins.
    column: usize,
    /// The nodes from the root to the last that was read, and where the arrow of each is.
    path: Vec<(usize, usize)>,
    /// `SubPlan 1`, which the next node is.
    heading: Option<String>,
    /// The end of the nodes: what is indented further belongs to the last heading.
    footer: Option<String>,
    /// A detail whose quoted text goes on.
    unfinished: Option<(usize, String, String)>,
}

impl Open {
    fn root(line: &Line<'_>, node: Node) -> Self {
        let mut plan = Plan::default();
        plan.add(None);
        plan.nodes[0] = node;
        Self {
            plan,
            column: line.column,
            path: vec![(line.column, 0)],
            heading: None,
            footer: None,
            unfinished: None,
        }
    }

    fn below(&mut self, line: &Line<'_>, node: Node) {
        self.unfinished = None;
        while self.path.len() > 1 && self.path.last().is_some_and(|(column, _)| *column >= line.column) {
            self.path.pop();
        }
        let parent = self.path.last().map_or(0, |(_, node)| *node);
        let at = self.plan.add(Some(parent));
        let (parent, depth) = (self.plan.nodes[at].parent, self.plan.nodes[at].depth);
        let subplan = self.heading.take();
        let role = match &subplan {
            Some(name) if name.starts_with("SubPlan") => Role::SubPlan,
            Some(_) => Role::InitPlan,
            None => Role::Input,
        };
        self.plan.nodes[at] = Node {
            parent,
            depth,
            role,
            subplan,
            ..node
        };
        self.path.push((line.column, at));
    }

    fn line(&mut self, line: &Line<'_>) {
        if let Some((node, key, mut value)) = self.unfinished.take() {
            value.push('\n');
            value.push_str(line.text);
            self.detail(node, key, value);
            return;
        }
        if line.column <= self.column {
            self.footer(line.text);
            return;
        }
        if let Some(heading) = &self.footer {
            if heading == "JIT:" {
                let jit = self.plan.jit.get_or_insert_default();
                jit_line(jit, line.text);
            }
            return;
        }
        let is_heading = ["InitPlan ", "SubPlan ", "CTE "]
            .iter()
            .any(|begins| line.text.starts_with(begins));
        let (column, node) = match self.path.last() {
            Some((arrow, node)) if *node > 0 => (arrow + 6, *node),
            _ => (self.column + 2, 0),
        };
        match line.text.split_once(": ") {
            // Below `Worker 0:`, what that one did.
            Some(_) if line.column > column => worker(&mut self.plan.nodes[node], line.text),
            _ if is_heading => self.heading = Some(line.text.to_owned()),
            Some((key, value)) => self.detail(node, key.to_owned(), value.to_owned()),
            None => {}
        }
    }

    fn detail(&mut self, node: usize, key: String, value: String) {
        // A text constant may hold line breaks.
        if value.matches('\'').count() % 2 == 1 {
            self.unfinished = Some((node, key, value));
            return;
        }
        detail(&mut self.plan.nodes[node], &key, &value);
    }

    fn footer(&mut self, text: &str) {
        self.footer = Some(text.to_owned());
        let plan = &mut self.plan;
        if let Some(time) = text.strip_prefix("Planning Time: ") {
            plan.planning_ms = leading_number(time);
        } else if let Some(time) = text.strip_prefix("Execution Time: ") {
            plan.execution_ms = leading_number(time);
        } else if let Some(settings) = text.strip_prefix("Settings: ") {
            for setting in settings.split("', ") {
                if let Some((name, value)) = setting.split_once(" = '") {
                    let value = value.trim_end_matches('\'');
                    plan.settings.insert(name.to_owned(), value.to_owned());
                }
            }
        } else if let Some(trigger) = text.strip_prefix("Trigger ") {
            plan.triggers.extend(read_trigger(trigger));
        }
    }
}

/// A line as a node, and whether it is below another.
fn node(line: &Line<'_>, has_figures: bool) -> Option<(Node, bool)> {
    let (text, is_below) = match line.text.strip_prefix("->  ") {
        Some(text) => (text, true),
        None => (line.text, false),
    };
    let mut node = Node::default();
    let words = match figures(text) {
        Some((words, cost, actual)) => {
            if let Some(cost) = cost {
                read_cost(&mut node, cost)?;
            }
            if let Some(actual) = actual {
                node.actual = Some(read_actual(actual)?);
            }
            words
        }
        // With COSTS OFF only the words tell.
        None if !has_figures => text,
        None => return None,
    };
    let is_node = label::read_text(&mut node, words.trim_end());
    is_node.then_some((node, is_below))
}

/// What a node's line says before its figures, its cost, and what it did.
#[allow(clippy::type_complexity, reason = "three parts of one line")]
fn figures(text: &str) -> Option<(&str, Option<&str>, Option<&str>)> {
    let find = |begins: &str| label::outside_quotes(text, begins);
    let inside = |at: usize| {
        let rest = &text[at + 1..];
        Some(&rest[..rest.find(')')?])
    };
    let cost = find("(cost=");
    let actual = find("(actual ").or_else(|| find("(never executed)"));
    let first = cost.or(actual)?;
    let cost = match cost {
        Some(at) => Some(inside(at)?),
        None => None,
    };
    let actual = match actual {
        Some(at) => Some(inside(at)?),
        None => None,
    };
    Some((&text[..first], cost, actual))
}

/// `cost=0.29..8.31 rows=1 width=36`
fn read_cost(node: &mut Node, text: &str) -> Option<()> {
    for part in text.split(' ') {
        let (name, value) = part.split_once('=')?;
        match name {
            "cost" => {
                let (start, end) = value.split_once("..")?;
                node.cost = Some((start.parse().ok()?, end.parse().ok()?));
            }
            "rows" => node.plan_rows = value.parse().ok()?,
            "width" => node.width = value.parse().ok()?,
            _ => {}
        }
    }
    Some(())
}

/// `actual time=0.013..0.014 rows=1 loops=1`, without times where they were not measured, or `never executed`.
fn read_actual(text: &str) -> Option<Actual> {
    let mut actual = Actual::default();
    if text == "never executed" {
        return Some(actual);
    }
    for part in text.split(' ') {
        match part.split_once('=') {
            Some(("time", value)) => {
                let (start, end) = value.split_once("..")?;
                actual.ms = Some((start.parse().ok()?, end.parse().ok()?));
            }
            Some(("rows", value)) => actual.rows = value.parse().ok()?,
            Some(("loops", value)) => actual.loops = value.parse().ok()?,
            _ => {}
        }
    }
    Some(actual)
}

/// A line below a node, by the names that the JSON has for it.
fn detail(node: &mut Node, key: &str, value: &str) {
    let mut set = |name: &str, value: &str| {
        node.details.insert(name.to_owned(), value.to_owned());
    };
    // `Sort Method: quicksort  Memory: 25kB`: several details on a line.
    let parts = || -> Vec<(&str, &str)> {
        let first = std::iter::once((key, value.split("  ").next().unwrap_or(value)));
        let rest = value.split("  ").skip(1).filter_map(|part| part.split_once(": "));
        first.chain(rest).collect()
    };
    let kilobytes = |value: &str| value.trim_end_matches("kB").to_owned();
    match key {
        "Output" => {}
        "Sort Method" => {
            for (name, value) in parts() {
                match name {
                    "Disk" | "Memory" => {
                        set("Sort Space Type", name);
                        set("Sort Space Used", &kilobytes(value));
                    }
                    _ => set(name, value),
                }
            }
        }
        "Buckets" => {
            for (name, value) in parts() {
                let now = value.split(" (originally ").next().unwrap_or(value);
                match name {
                    "Batches" => set("Hash Batches", now),
                    "Memory Usage" => set("Peak Memory Usage", &kilobytes(value)),
                    _ => set("Hash Buckets", now),
                }
                if let Some((_, before)) = value.split_once(" (originally ") {
                    let name = if name == "Batches" {
                        "Original Hash Batches"
                    } else {
                        "Original Hash Buckets"
                    };
                    set(name, before.trim_end_matches(')'));
                }
            }
        }
        "Planned Partitions" | "Batches" => {
            for (name, value) in parts() {
                match name {
                    "Batches" => set("HashAgg Batches", value),
                    "Memory Usage" => set("Peak Memory Usage", &kilobytes(value)),
                    "Disk Usage" => set("Disk Usage", &kilobytes(value)),
                    _ => set(name, value),
                }
            }
        }
        "Hits" => {
            for (name, value) in parts() {
                match name {
                    "Memory Usage" => set("Peak Memory Usage", &kilobytes(value)),
                    _ => set(&format!("Cache {name}"), value),
                }
            }
        }
        "Heap Blocks" => {
            for part in value.split(' ') {
                match part.split_once('=') {
                    Some(("exact", blocks)) => set("Exact Heap Blocks", blocks),
                    Some(("lossy", blocks)) => set("Lossy Heap Blocks", blocks),
                    _ => {}
                }
            }
        }
        "Storage" => {
            for (name, value) in parts() {
                set(name, &kilobytes(value));
            }
        }
        "Full-sort Groups" | "Pre-sorted Groups" => {
            if let Some((_, peak)) = value.split_once("Peak Disk: ") {
                set("Sort Space Type", "Disk");
                set(
                    "Sort Space Used",
                    &kilobytes(peak.split(' ').next().unwrap_or(peak)),
                );
            }
        }
        "Buffers" => {
            for (kind, name, blocks) in groups(value) {
                let kind = if kind.is_empty() { "shared" } else { kind };
                set(&format!("{} {} Blocks", capital(kind), capital(name)), blocks);
            }
        }
        "I/O Timings" => {
            for (kind, name, ms) in groups(value) {
                let kind = if kind == "temp" || kind == "local" {
                    kind
                } else {
                    "shared"
                };
                set(&format!("{} I/O {} Time", capital(kind), capital(name)), ms);
            }
        }
        _ if key.starts_with("Worker ") => worker(node, value),
        _ => set(key, value),
    }
}

/// `shared hit=3 read=4, temp read=1 written=2`: each figure with what it is of.
fn groups(text: &str) -> Vec<(&str, &str, &str)> {
    let mut found = Vec::new();
    for group in text.split(", ") {
        let mut kind = "";
        for word in group.split(' ') {
            match word.split_once('=') {
                Some((name, value)) => found.push((kind, name, value)),
                None => kind = word,
            }
        }
    }
    found
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// What a parallel worker did: `Sort Method: external merge  Disk: 576kB`.
fn worker(node: &mut Node, text: &str) {
    // The last is the peak, where an average is told as well.
    for mark in ["Disk: ", "Disk Usage: "] {
        if let Some((_, after)) = text.rsplit_once(mark) {
            node.worker_disk_kb += leading_number(after).unwrap_or(0.0);
        }
    }
    for part in text.split("  ") {
        let Some((name, value)) = part.split_once(": ") else {
            continue;
        };
        let value = value.trim_end_matches("kB");
        match name {
            "Hits" | "Misses" | "Evictions" | "Overflows" => {
                node.did_in_worker(&format!("Cache {name}"), value)
            }
            "Batches" => node.did_in_worker("HashAgg Batches", value),
            "Memory Usage" => node.did_in_worker("Peak Memory Usage", value),
            "Heap Blocks" => {
                for blocks in value.split(' ') {
                    match blocks.split_once('=') {
                        Some(("exact", blocks)) => node.did_in_worker("Exact Heap Blocks", blocks),
                        Some(("lossy", blocks)) => node.did_in_worker("Lossy Heap Blocks", blocks),
                        _ => {}
                    }
                }
            }
            _ => node.did_in_worker(name, value),
        }
    }
}

fn leading_number(text: &str) -> Option<f64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

/// `for constraint orders_fkey on orders: time=1.5 calls=3`
fn read_trigger(text: &str) -> Option<Trigger> {
    let (names, figures) = text.rsplit_once(": ")?;
    let (mut name, relation) = match names.rsplit_once(" on ") {
        Some((name, relation)) => (name, Some(relation.to_owned())),
        None => (names, None),
    };
    let mut is_constraint = false;
    if let Some(at) = name.find("for constraint ") {
        is_constraint = true;
        name = &name[at + "for constraint ".len()..];
    }
    let mut trigger = Trigger {
        name: name.to_owned(),
        is_constraint,
        relation,
        ..Trigger::default()
    };
    for figure in figures.split(' ') {
        match figure.split_once('=') {
            Some(("time", value)) => trigger.ms = value.parse().ok()?,
            Some(("calls", value)) => trigger.calls = value.parse().ok()?,
            _ => {}
        }
    }
    Some(trigger)
}

fn jit_line(jit: &mut Jit, text: &str) {
    if let Some(functions) = text.strip_prefix("Functions: ") {
        jit.functions = leading_number(functions).unwrap_or(0.0);
    } else if let Some((_, total)) = text.split_once("Total ").filter(|_| text.starts_with("Timing: ")) {
        jit.ms = leading_number(total).unwrap_or(0.0);
    }
}
