//! Plans as data: read from the server or from a file, in its text or its JSON, of any version from 13 on.

mod compare;
mod condition;
mod figures;
mod json;
mod label;
mod logged;
mod proof;
mod relations;
mod text;
mod tree;
mod wrapping;

use std::collections::BTreeMap;

use howdah_sql::RelationName;

pub use compare::{Change, Comparison, compare};
pub use condition::{cast_columns, columns, is_of_subqueries};
pub use figures::Figures;
pub use json::read_json;
pub use logged::{Found, UnreadPlan, read_plans};
pub use proof::prove;
pub use relations::{RelationFacts, read_relations};
pub use text::read_text;
pub use tree::tree;
pub(crate) use tree::{count, memory, milliseconds, misestimate, rows};

/// A plan: its nodes in the order in which the server prints them, the root first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// At least one.
    pub nodes: Vec<Node>,
    /// Milliseconds that planning took.
    pub planning_ms: Option<f64>,
    /// Milliseconds from the start to the end of the execution, triggers included.
    pub execution_ms: Option<f64>,
    /// What triggers took.
    pub triggers: Vec<Trigger>,
    /// What compiling took.
    pub jit: Option<Jit>,
    /// Planner settings that are not as they were built.
    pub settings: BTreeMap<String, String>,
    /// The statement, where the source tells.
    pub query: Option<String>,
}

/// A step of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Node {
    /// As the server's JSON calls it: `Seq Scan`, `Aggregate`, `ModifyTable`.
    pub kind: String,
    /// As the server's text calls it, without the relation: `Parallel Seq Scan`, `HashAggregate`, `Update`.
    pub label: String,
    /// The node above.
    pub parent: Option<usize>,
    /// The nodes below, in order.
    pub children: Vec<usize>,
    /// How many nodes are above.
    pub depth: usize,
    /// What it is to the node above.
    pub role: Role,
    /// `CTE x`, `InitPlan 1 (returns $0)`, `SubPlan 2`.
    pub subplan: Option<String>,
    /// The schema of the relation, where the plan tells it.
    pub schema: Option<String>,
    /// The relation, function or CTE that it reads or changes.
    pub relation: Option<String>,
    /// What the statement calls that.
    pub alias: Option<String>,
    /// The index that it reads.
    pub index: Option<String>,
    /// What it was expected to cost to the first row and to the last, in the planner's unit.
    pub cost: Option<(f64, f64)>,
    /// Rows that were expected of each run.
    pub plan_rows: f64,
    /// Bytes of a row, as expected.
    pub width: f64,
    /// What it did, where the statement was run.
    pub actual: Option<Actual>,
    /// Everything else, by the names of the server's JSON. Lists are joined by commas.
    pub details: BTreeMap<String, String>,
    /// Kilobytes that parallel workers sorted or hashed on the disk.
    pub worker_disk_kb: f64,
}

/// What a node is to the one above it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// Gives rows to the node above.
    #[default]
    Input,
    /// Is evaluated once, by whichever node needs its value first.
    InitPlan,
    /// Is evaluated by the node above, for its rows or once.
    SubPlan,
}

/// What a node did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Actual {
    /// Milliseconds of each run to the first row and to the last; absent with TIMING OFF.
    pub ms: Option<(f64, f64)>,
    /// Rows of each run, on average.
    pub rows: f64,
    /// How often it was run, in all processes.
    pub loops: f64,
}

/// What the calls of a trigger took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trigger {
    /// Its name, or that of the constraint behind it.
    pub name: String,
    /// Whether it checks a constraint.
    pub is_constraint: bool,
    /// The relation, where the plan tells it.
    pub relation: Option<String>,
    /// Milliseconds together.
    pub ms: f64,
    /// How often it was called.
    pub calls: f64,
}

/// What compiling expressions took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Jit {
    /// Functions that were compiled.
    pub functions: f64,
    /// Milliseconds together.
    pub ms: f64,
}

/// Why a text was not read as a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub(crate) String);

impl Plan {
    /// The node that everything else is below.
    pub fn root(&self) -> &Node {
        &self.nodes[0]
    }

    /// Whether the statement was run.
    pub fn is_analyzed(&self) -> bool {
        self.root().actual.is_some()
    }

    /// Milliseconds of the whole execution; `None` where it was not run or not timed.
    pub fn total_ms(&self) -> Option<f64> {
        let root = self
            .root()
            .actual
            .and_then(|actual| actual.ms)
            .map(|(_, end)| end);
        match (self.execution_ms, root) {
            (Some(execution), Some(root)) => Some(execution.max(root)),
            (execution, root) => execution.or(root),
        }
    }

    /// Whether whoever reads from a node may have stopped before its end, so that it gave fewer rows than it has.
    pub fn may_stop_early(&self, at: usize) -> bool {
        let mut below = at;
        for above in self.above(at) {
            if let Some(stops) = self.stops(below, above) {
                return stops;
            }
            below = above;
        }
        false
    }

    /// Whether `above` may stop reading from `below`, which is right below it; `None` where that rests with who
    /// reads from `above`.
    pub(crate) fn stops(&self, below: usize, above: usize) -> Option<bool> {
        let node = &self.nodes[above];
        if let Some(name) = self.nodes[below].subplan.as_deref() {
            // An EXISTS asks for one row; a CTE is read to its end where one of its readers is.
            return Some(match name.strip_prefix("CTE ") {
                Some(cte) => !self.readers(cte).any(|reader| !self.may_stop_early(reader)),
                None => true,
            });
        }
        let is_inner = || self.inputs(above).nth(1) == Some(below);
        let join = node.text("Join Type").unwrap_or_default();
        // The text tells only with VERBOSE that one inner row is enough, which each outer row then has at most.
        let may_be_unique = || {
            let outer = self
                .inputs(above)
                .next()
                .map_or(0.0, |outer| self.nodes[outer].rows());
            node.text("Inner Unique").is_none() && node.text("Join Filter").is_some() && node.rows() <= outer
        };
        let is_first_enough = || {
            matches!(join, "Semi" | "Anti") || node.text("Inner Unique") == Some("true") || may_be_unique()
        };
        match node.kind.as_str() {
            "Limit" | "Merge Join" => Some(true),
            // A condition such as row_number() <= 3 ends it.
            "WindowAgg" if node.text("Run Condition").is_some() => Some(true),
            "Nested Loop" if is_first_enough() && is_inner() => Some(true),
            // These take in everything before they give the first row.
            "Sort" | "Hash" | "ModifyTable" => Some(false),
            "Aggregate" if node.text("Strategy") != Some("Sorted") => Some(false),
            // Without a row on one side the other is not read.
            "Hash Join" if self.inputs(above).any(|input| self.nodes[input].rows() == 0.0) => Some(true),
            _ => None,
        }
    }

    /// Whether a node's rows are counted anew whenever a merge join goes back to the first of some equal rows, so
    /// that it gave more rows than it has.
    pub fn may_count_again(&self, at: usize) -> bool {
        let mut below = at;
        for above in self.above(at) {
            match self.nodes[above].kind.as_str() {
                "Merge Join" => return self.inputs(above).nth(1) == Some(below),
                "Result" => below = above,
                _ => return false,
            }
        }
        false
    }

    /// The scans of a CTE that were run.
    fn readers<'a>(&'a self, cte: &'a str) -> impl Iterator<Item = usize> + 'a {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(move |(_, node)| node.kind == "CTE Scan" && node.relation.as_deref() == Some(cte))
            .filter(|(_, node)| node.loops() > 0.0)
            .map(|(at, _)| at)
    }

    /// The Append that a node is a part of, by itself or below a sort, where its parts are the partitions of one
    /// table: the server numbers their names, `orders_1`, `orders_2`. What UNION ALL joins are others.
    pub fn append_of(&self, at: usize) -> Option<usize> {
        let mut below = at;
        let append = loop {
            let above = self.nodes[below].parent?;
            match self.nodes[above].kind.as_str() {
                "Append" | "Merge Append" => break above,
                "Sort" | "Incremental Sort" | "Result" => below = above,
                _ => return None,
            }
        };
        let stem = |node: usize| {
            let (stem, number) = self.nodes[node].alias.as_deref()?.rsplit_once('_')?;
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then_some(stem)
        };
        let first = self
            .inputs(append)
            .next()
            .and_then(|input| stem(self.scan_of(input)?))?;
        (stem(at)? == first).then_some(append)
    }

    /// The scan that an input of an Append is, by itself or below a sort.
    fn scan_of(&self, input: usize) -> Option<usize> {
        let mut at = input;
        while !self.nodes[at].is_scan() {
            at = match self.nodes[at].kind.as_str() {
                "Sort" | "Incremental Sort" | "Result" => self.inputs(at).next()?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The nodes below one that give it their rows.
    pub fn inputs(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let children = self.nodes[node].children.iter().copied();
        children.filter(|child| self.nodes[*child].role == Role::Input)
    }

    /// The nodes above one, the nearest first.
    pub fn above(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.nodes[node].parent, |above| self.nodes[*above].parent)
    }

    /// Adds a node below another.
    pub(crate) fn add(&mut self, parent: Option<usize>) -> usize {
        let at = self.nodes.len();
        let depth = parent.map_or(0, |parent| self.nodes[parent].depth + 1);
        if let Some(parent) = parent {
            self.nodes[parent].children.push(at);
        }
        self.nodes.push(Node {
            parent,
            depth,
            ..Node::default()
        });
        at
    }
}

impl Node {
    /// A detail by its name in the server's JSON.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.details.get(name).map(String::as_str)
    }

    /// A detail that is a number; 0 where it is not there.
    pub fn number(&self, name: &str) -> f64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
    }

    /// Adds what one of the workers tells of a cache, a bitmap, an aggregate or a sort, which the node's own figures
    /// leave out.
    pub(crate) fn did_in_worker(&mut self, name: &str, value: &str) {
        match name {
            "Cache Hits" | "Cache Misses" | "Cache Evictions" | "Cache Overflows" | "Exact Heap Blocks"
            | "Lossy Heap Blocks" => {
                let sum = self.number(name) + value.parse().unwrap_or(0.0);
                self.details.insert(name.to_owned(), sum.to_string());
            }
            "HashAgg Batches" | "Peak Memory Usage" => {
                let most = self.number(name).max(value.parse().unwrap_or(0.0));
                self.details.insert(name.to_owned(), most.to_string());
            }
            // A process that was given no rows sorted none.
            "Sort Method" if self.text(name).is_none() || value == "top-N heapsort" => {
                self.details.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }

    /// How often it was run; 0 where it never was.
    pub fn loops(&self) -> f64 {
        self.actual.map_or(0.0, |actual| actual.loops)
    }

    /// Rows of all runs together.
    pub fn rows(&self) -> f64 {
        self.actual.map_or(0.0, |actual| actual.rows * actual.loops)
    }

    /// Rows that a condition took away, over all runs: the server prints the average.
    pub fn removed(&self, by: &str) -> f64 {
        self.number(by) * self.loops()
    }

    /// Whether it reads a relation, an index, a function or the like.
    pub fn is_scan(&self) -> bool {
        self.kind.ends_with("Scan") && self.kind != "Subquery Scan"
    }

    /// The relation as a sentence names it: with its schema unless that is the usual one, quoted as needed.
    pub fn relation_name(&self) -> Option<String> {
        let relation = self.relation.as_deref()?;
        Some(match self.schema.as_deref() {
            Some("public" | "pg_catalog") | None => howdah_sql::quote_ident(relation),
            Some(schema) => RelationName::in_schema(schema, relation).to_string(),
        })
    }

    /// The relation as a statement names it whatever the search path is.
    pub fn relation_in_sql(&self) -> Option<String> {
        let relation = self.relation.as_deref()?;
        Some(match self.schema.as_deref() {
            Some(schema) => RelationName::in_schema(schema, relation).to_string(),
            None => howdah_sql::quote_ident(relation),
        })
    }

    /// The node as a sentence names it: `Seq Scan on orders`.
    pub fn name(&self) -> String {
        let mut name = self.label.clone();
        if let Some(index) = self.index.as_deref() {
            let word = if self.relation.is_some() { "using" } else { "on" };
            name.push_str(&format!(" {word} {}", howdah_sql::quote_ident(index)));
        }
        let Some(relation) = self.relation_name() else {
            return name;
        };
        name.push_str(&format!(" on {relation}"));
        match self.alias.as_deref() {
            Some(alias) if Some(alias) != self.relation.as_deref() => {
                name.push_str(&format!(" {}", howdah_sql::quote_ident(alias)));
            }
            _ => {}
        }
        name
    }
}
