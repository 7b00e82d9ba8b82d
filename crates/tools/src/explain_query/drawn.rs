use howdah_advise::plan::{Figures, Plan, Role};

/// A node of a plan with what a picture of it needs, in the order of the plan.
#[derive(Debug, Clone, Default)]
pub struct DrawnNode {
    /// What findings call it, from 1 on.
    pub number: usize,
    /// How many nodes are above.
    pub depth: usize,
    /// The place of the node above in the list.
    pub parent: Option<usize>,
    /// Such as `Seq Scan on orders`.
    pub name: String,
    /// `CTE x`, `SubPlan 2`, where it is more than an input.
    pub subplan: Option<String>,
    /// Milliseconds by itself, where it was run and timed.
    pub own_ms: Option<f64>,
    /// Its own part of the whole, in per cent: of the time, else of the cost.
    pub own_percent: f64,
    /// Its own cost, in the planner's unit.
    pub own_cost: f64,
    /// Rows of all runs, where it was run.
    pub rows: Option<f64>,
    /// Rows that were expected of each run.
    pub expected: f64,
    /// Rows of each run, where it was run.
    pub rows_per_run: Option<f64>,
    /// How often it was run.
    pub loops: f64,
    /// Whether the execution never came to it.
    pub is_never_run: bool,
    /// Conditions and keys, by their names.
    pub details: Vec<(String, String)>,
}

/// Details that explain a node best.
const DETAILS: &[&str] = &[
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "Sort Key",
    "Group Key",
    "Sort Method",
    "Sort Space Type",
    "Heap Fetches",
];

/// Every node of the plan.
pub(super) fn nodes(plan: &Plan, figures: &Figures) -> Vec<DrawnNode> {
    let total_ms = plan.total_ms().unwrap_or(0.0);
    let total_cost = figures.cost.first().copied().unwrap_or(0.0);
    let part = |own: f64, whole: f64| if whole > 0.0 { (100.0 * own / whole).clamp(0.0, 100.0) } else { 0.0 };
    let drawn = plan.nodes.iter().enumerate().map(|(at, node)| {
        let is_timed = node.actual.is_some_and(|actual| actual.ms.is_some());
        let mut details: Vec<(String, String)> = Vec::new();
        for name in DETAILS {
            let Some(value) = node.text(name) else { continue };
            details.push(((*name).to_owned(), value.to_owned()));
            let removed = node.removed(&format!("Rows Removed by {name}"));
            if removed > 0.0 {
                details.push((format!("Rows removed by {name}"), format!("{removed:.0}")));
            }
        }
        DrawnNode {
            number: at + 1,
            depth: node.depth,
            parent: node.parent,
            name: node.name(),
            subplan: match (&node.subplan, node.role) {
                (Some(name), _) => Some(name.clone()),
                (None, Role::SubPlan) => Some("SubPlan".to_owned()),
                (None, Role::InitPlan) => Some("InitPlan".to_owned()),
                (None, Role::Input) => None,
            },
            own_ms: is_timed.then(|| figures.own_ms[at]),
            own_percent: match is_timed {
                true => part(figures.own_ms[at], total_ms),
                false => part(figures.own_cost[at], total_cost),
            },
            own_cost: figures.own_cost[at],
            rows: node.actual.map(|_| node.rows()),
            rows_per_run: node.actual.map(|actual| actual.rows),
            expected: node.plan_rows,
            loops: node.loops(),
            is_never_run: node.actual.is_some_and(|actual| actual.loops == 0.0),
            details,
        }
    });
    drawn.collect()
}
