//! What each node of a plan took by itself.

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
        for at in 1..count {
            let Some(payer) = payer(plan, at) else { continue };
            figures.own_ms[payer] = (figures.own_ms[payer] - figures.wall_ms[at]).max(0.0);
            figures.counted[payer].push(at);
        }
        figures.costs(plan);
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
                let inputs: Vec<usize> = plan.inputs(parent).take(2).collect();
                let is_inner = above.kind == "Nested Loop" && inputs.get(1) == Some(&at);
                let times = match inputs.first() {
                    Some(outer) if is_inner => plan.nodes[*outer].plan_rows.max(1.0),
                    _ => 1.0,
                };
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

/// The node whose time that of `at` is a part of.
fn payer(plan: &Plan, at: usize) -> Option<usize> {
    let node = &plan.nodes[at];
    let parent = node.parent?;
    if node.role != Role::InitPlan {
        return Some(parent);
    }
    let name = node.subplan.as_deref().unwrap_or_default();
    let end = end_of(plan, parent);
    let within =
        |mut is_reader: Box<dyn FnMut(usize) -> bool + '_>| (parent..end).find(|other| is_reader(*other));
    if let Some(cte) = name.strip_prefix("CTE ") {
        // A CTE is computed as it is read.
        return within(Box::new(|other| {
            let other = &plan.nodes[other];
            other.kind == "CTE Scan" && other.relation.as_deref() == Some(cte)
        }));
    }
    // `InitPlan 1 (returns $0)` is referred to as $0, since version 17 as (InitPlan 1).col1.
    let reference = match name.split_once("(returns ") {
        Some((_, returns)) => returns
            .trim_end_matches(')')
            .split(',')
            .next()
            .unwrap_or_default()
            .to_owned(),
        None => format!("({name})"),
    };
    let own = at..end_of(plan, at);
    let reader = within(Box::new(|other| {
        !own.contains(&other)
            && plan.nodes[other]
                .details
                .values()
                .any(|text| refers(text, &reference))
    }));
    reader.or(Some(parent))
}

/// The first node after those below one.
fn end_of(plan: &Plan, at: usize) -> usize {
    let depth = plan.nodes[at].depth;
    let below = plan.nodes[at + 1..].iter().take_while(|node| node.depth > depth);
    at + 1 + below.count()
}

/// Whether a text names the value, and not one whose name goes on.
fn refers(text: &str, reference: &str) -> bool {
    text.match_indices(reference).any(|(at, found)| {
        let next = text[at + found.len()..].chars().next();
        !next.is_some_and(|next| next.is_ascii_digit())
    })
}
