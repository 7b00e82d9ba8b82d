//! What each node of a plan took by itself.

use std::collections::HashMap;

use super::{Plan, Role};

/// Figures that the plan does not print, by node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Milliseconds of all runs, with those below; of a node that several processes ran at a time, of one of them.
    pub wall_ms: Vec<f64>,
    /// The same without those below.
    pub own_ms: Vec<f64>,
    /// What it was expected to cost in all its runs, with those below, in the planner's unit.
    pub cost: Vec<f64>,
    /// The same without those below.
    pub own_cost: Vec<f64>,
    /// Processes that ran it at a time.
    pub processes: Vec<f64>,
    /// What all nodes above took by themselves, in milliseconds, and what they were expected to cost.
    pub above: Vec<(f64, f64)>,
    /// Whether whoever reads from it may have stopped before its end ([`Plan::may_stop_early`]).
    pub stops_early: Vec<bool>,
    /// The CTEs by their names.
    pub ctes: HashMap<String, usize>,
    /// Whether it is a part of a recursion, or below one.
    pub is_recursive: Vec<bool>,
    /// The nodes whose time and blocks are counted in those of a node: those below it, but of a CTE and of what is
    /// evaluated once whichever node asks for it first.
    pub counted: Vec<Vec<usize>>,
}

impl Figures {
    /// Reckons them.
    pub fn of(plan: &Plan) -> Self {
        let count = plan.nodes.len();
        let mut figures = Self {
            wall_ms: vec![0.0; count],
            own_ms: vec![0.0; count],
            cost: vec![0.0; count],
            own_cost: vec![0.0; count],
            processes: vec![1.0; count],
            above: vec![(0.0, 0.0); count],
            stops_early: vec![false; count],
            ctes: HashMap::new(),
            is_recursive: vec![false; count],
            counted: vec![Vec::new(); count],
        };
        figures.processes(plan);
        for (at, node) in plan.nodes.iter().enumerate() {
            let Some((actual, (_, end))) = node.actual.and_then(|actual| Some((actual, actual.ms?))) else {
                continue;
            };
            figures.wall_ms[at] = end * actual.loops / figures.processes[at];
        }
        figures.own_ms.clone_from(&figures.wall_ms);
        let readers = Readers::of(plan);
        for at in 1..count {
            let Some(payer) = readers.payer(plan, &figures.wall_ms, at) else {
                continue;
            };
            figures.own_ms[payer] = (figures.own_ms[payer] - figures.wall_ms[at]).max(0.0);
            figures.counted[payer].push(at);
        }
        figures.costs(plan);
        for (at, node) in plan.nodes.iter().enumerate() {
            let Some(parent) = node.parent else { continue };
            let (ms, cost) = figures.above[parent];
            figures.above[at] = (ms + figures.own_ms[parent], cost + figures.own_cost[parent]);
            let cte = node.subplan.as_deref().and_then(|name| name.strip_prefix("CTE "));
            figures.stops_early[at] = match cte {
                Some(cte) => {
                    figures.ctes.insert(cte.to_owned(), at);
                    let mut run = readers
                        .of_cte(cte)
                        .filter(|reader| plan.nodes[*reader].loops() > 0.0);
                    !run.any(|reader| !plan.may_stop_early(reader))
                }
                None => plan.stops(at, parent).unwrap_or(figures.stops_early[parent]),
            };
            figures.is_recursive[at] =
                figures.is_recursive[parent] || plan.nodes[parent].kind == "Recursive Union";
        }
        figures
    }

    /// Below a Gather each node is run by several processes: as many as ran the node that is right below.
    fn processes(&mut self, plan: &Plan) {
        for (at, node) in plan.nodes.iter().enumerate() {
            let Some(parent) = node.parent else { continue };
            let above = &plan.nodes[parent];
            let gathers = above.kind == "Gather" || above.kind == "Gather Merge";
            self.processes[at] = match (gathers, node.role) {
                (true, Role::Input) => {
                    let together = above.number("Workers Launched") + 1.0;
                    let rounds = above.loops().max(1.0);
                    (node.loops() / rounds).clamp(1.0, together)
                }
                // What is evaluated once is so before the workers start.
                (_, Role::InitPlan) => 1.0,
                _ => self.processes[parent],
            };
        }
    }

    fn costs(&mut self, plan: &Plan) {
        let mut runs = vec![1.0_f64; plan.nodes.len()];
        // The share of a node's rows that the one above is expected to ask for.
        let mut share = vec![1.0_f64; plan.nodes.len()];
        for (at, node) in plan.nodes.iter().enumerate() {
            let Some((_, total)) = node.cost else { continue };
            if let Some(parent) = node.parent {
                let above = &plan.nodes[parent];
                let mut times = 1.0;
                if above.kind == "Nested Loop" {
                    let mut inputs = plan.inputs(parent);
                    if let (Some(outer), Some(inner)) = (inputs.next(), inputs.next())
                        && inner == at
                    {
                        times = plan.nodes[outer].plan_rows.max(1.0);
                    }
                }
                runs[at] = runs[parent] * times;
                share[at] = match (above.kind.as_str(), above.cost) {
                    ("Limit", Some((_, limited))) if total > 0.0 => (limited / total).min(1.0),
                    _ => share[parent],
                };
            }
            self.cost[at] = total * runs[at] * share[at];
        }
        self.own_cost.clone_from(&self.cost);
        for (at, node) in plan.nodes.iter().enumerate() {
            if let Some(parent) = node.parent {
                self.own_cost[parent] = (self.own_cost[parent] - self.cost[at]).max(0.0);
            }
        }
    }
}

/// Which nodes ask for the values of CTEs and InitPlans.
struct Readers {
    /// By the name of a CTE, or by what refers to an InitPlan: `$0`, `(InitPlan 1)`.
    places: HashMap<String, Vec<usize>>,
    /// The first node after those below each.
    ends: Vec<usize>,
}

impl Readers {
    fn of(plan: &Plan) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        let mut ends: Vec<usize> = (1..=plan.nodes.len()).collect();
        for (at, node) in plan.nodes.iter().enumerate().rev() {
            if let Some(parent) = node.parent {
                ends[parent] = ends[parent].max(ends[at]);
            }
        }
        for (at, node) in plan.nodes.iter().enumerate() {
            if let (true, Some(cte)) = (node.kind == "CTE Scan", &node.relation) {
                places.entry(cte.clone()).or_default().push(at);
            }
            for text in node.details.values() {
                for reference in references(text) {
                    places.entry(reference).or_default().push(at);
                }
            }
        }
        Self { places, ends }
    }

    fn of_cte(&self, cte: &str) -> impl Iterator<Item = usize> + '_ {
        self.places.get(cte).into_iter().flatten().copied()
    }

    /// The node whose time that of `at` is a part of.
    fn payer(&self, plan: &Plan, wall_ms: &[f64], at: usize) -> Option<usize> {
        let node = &plan.nodes[at];
        let parent = node.parent?;
        if node.role != Role::InitPlan {
            return Some(parent);
        }
        let name = node.subplan.as_deref().unwrap_or_default();
        // `InitPlan 1 (returns $0)` is referred to as $0, since version 17 as (InitPlan 1).col1.
        let reference = match (name.strip_prefix("CTE "), name.split_once("(returns ")) {
            (Some(cte), _) => cte.to_owned(),
            (None, Some((_, returns))) => {
                let first = returns.split([',', ')']).next();
                first.unwrap_or_default().to_owned()
            }
            (None, None) => format!("({name})"),
        };
        let places = self.places.get(&reference).map_or(&[][..], Vec::as_slice);
        let within = &places[places.partition_point(|place| *place < parent)..];
        let mut first = None;
        for place in within.iter().take_while(|place| **place < self.ends[parent]) {
            if (at..self.ends[at]).contains(place) {
                continue;
            }
            // It is computed as it is read: by the reader that is run first, which need not be the first that is
            // printed, but takes as long at least.
            if wall_ms[*place] >= wall_ms[at] {
                return Some(*place);
            }
            first = first.or(Some(*place));
        }
        first.or(Some(parent))
    }
}

/// The values of InitPlans that a text names.
fn references(text: &str) -> impl Iterator<Item = String> + '_ {
    let parameters = text.match_indices('$').filter_map(|(at, _)| {
        let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then(|| text[at..=at + digits].to_owned())
    });
    let named = text
        .match_indices("(InitPlan ")
        .filter_map(|(at, _)| Some(text[at..=at + text[at..].find(')')?].to_owned()));
    parameters.chain(named)
}
