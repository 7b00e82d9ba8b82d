//! Plans of a size that nobody reads by eye.

use std::time::{Duration, Instant};

use howdah_advise::plan::{Figures, Plan, compare, read_json, read_text, tree};

use super::findings;

/// An Append of many members, and a deep chain of joins, as the server would print them.
fn text(nodes: usize, is_deep: bool) -> String {
    let mut text =
        String::from("Append  (cost=0.00..9.00 rows=9 width=4) (actual time=0.010..90.000 rows=9 loops=1)\n");
    for at in 0..nodes {
        let column = if is_deep { 2 + 6 * at } else { 2 };
        let pad = " ".repeat(column);
        text.push_str(&format!(
            "{pad}->  Seq Scan on part_{at} t_{at}  (cost=0.00..1.00 rows=1 width=4) (actual time=0.001..0.002 rows=1 loops=1)\n\
             {pad}      Filter: (v = {at})\n{pad}      Rows Removed by Filter: 20\n"
        ));
    }
    text + "Planning Time: 1.000 ms\nExecution Time: 91.000 ms\n"
}

fn json(nodes: usize) -> String {
    let open = r#"{"Node Type": "Nested Loop", "Join Type": "Inner", "Startup Cost": 0.0, "Total Cost": 1.0, "Plan Rows": 1, "Plan Width": 4, "Actual Startup Time": 0.0, "Actual Total Time": 1.0, "Actual Rows": 1, "Actual Loops": 1, "Plans": ["#;
    format!(
        "[{{\"Plan\": {}{{\"Node Type\": \"Result\", \"Plan Rows\": 1}}{}}}]",
        open.repeat(nodes),
        "]}".repeat(nodes)
    )
}

fn everything(plan: &Plan, other: &Plan) -> usize {
    let figures = Figures::of(plan);
    let found = findings(plan).len();
    compare(plan, other).changes.len() + tree(plan, &figures).len() + found
}

#[test]
fn a_plan_of_20000_nodes_is_read_in_a_moment() {
    let (wide, deep) = (text(20_000, false), json(20_000));
    let began = Instant::now();
    let wide = read_text(&wide).unwrap().remove(0);
    assert_eq!(wide.nodes.len(), 20_001);
    assert!(everything(&wide, &wide) > 0);
    let deep = read_json(&deep).unwrap().remove(0);
    assert_eq!(deep.nodes.len(), 20_001);
    assert!(everything(&deep, &wide) > 0);
    let took = began.elapsed();
    // Both together, and without the compiler's optimisation; what `howdah explain` takes is measured in bench.
    assert!(took < Duration::from_secs(60), "{took:?}");
    let deep = read_text(&text(200, true)).unwrap().remove(0);
    assert_eq!(deep.nodes.last().unwrap().depth, 200);
}
