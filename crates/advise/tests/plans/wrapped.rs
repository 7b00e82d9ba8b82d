//! What psql, other clients, mails and notes put around a plan is taken off.

use howdah_advise::plan::{Plan, read_plans};

/// The lines that the server sent.
const PLAIN: &str = r#"Limit  (cost=543.51..543.51 rows=1 width=18)
  ->  Sort  (cost=543.51..543.51 rows=1 width=18)
        Sort Key: c.name
        ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)
              Join Filter: (m."Key" = c.code)
              ->  Seq Scan on "Mixed Case" m  (cost=0.00..538.00 rows=1 width=10)
                    Filter: ("a ""b""" = 'one
two, three'::text)
              ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)
"#;

/// The same as psql prints it.
const PRINTED: &[(&str, &str)] = &[
    (
        "what psql prints",
        r#"                                    QUERY PLAN                                     
-----------------------------------------------------------------------------------
 Limit  (cost=543.51..543.51 rows=1 width=18)
   ->  Sort  (cost=543.51..543.51 rows=1 width=18)
         Sort Key: c.name
         ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)
               Join Filter: (m."Key" = c.code)
               ->  Seq Scan on "Mixed Case" m  (cost=0.00..538.00 rows=1 width=10)
                     Filter: ("a ""b""" = 'one
 two, three'::text)
               ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)
(9 rows)

"#,
    ),
    (
        "with a border",
        r#"+-----------------------------------------------------------------------------------+
|                                    QUERY PLAN                                     |
+-----------------------------------------------------------------------------------+
| Limit  (cost=543.51..543.51 rows=1 width=18)                                      |
|   ->  Sort  (cost=543.51..543.51 rows=1 width=18)                                 |
|         Sort Key: c.name                                                          |
|         ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)                      |
|               Join Filter: (m."Key" = c.code)                                     |
|               ->  Seq Scan on "Mixed Case" m  (cost=0.00..538.00 rows=1 width=10) |
|                     Filter: ("a ""b""" = 'one                                     |
| two, three'::text)                                                                |
|               ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)     |
+-----------------------------------------------------------------------------------+
(9 rows)

"#,
    ),
    (
        "with lines of Unicode",
        r#"┌───────────────────────────────────────────────────────────────────────────────────┐
│                                    QUERY PLAN                                     │
├───────────────────────────────────────────────────────────────────────────────────┤
│ Limit  (cost=543.51..543.51 rows=1 width=18)                                      │
│   ->  Sort  (cost=543.51..543.51 rows=1 width=18)                                 │
│         Sort Key: c.name                                                          │
│         ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)                      │
│               Join Filter: (m."Key" = c.code)                                     │
│               ->  Seq Scan on "Mixed Case" m  (cost=0.00..538.00 rows=1 width=10) │
│                     Filter: ("a ""b""" = 'one                                     │
│ two, three'::text)                                                                │
│               ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)     │
└───────────────────────────────────────────────────────────────────────────────────┘
(9 rows)

"#,
    ),
    (
        "line by line",
        r#"-[ RECORD 1 ]---------------------------------------------------------------------------------
QUERY PLAN | Limit  (cost=543.51..543.51 rows=1 width=18)
-[ RECORD 2 ]---------------------------------------------------------------------------------
QUERY PLAN |   ->  Sort  (cost=543.51..543.51 rows=1 width=18)
-[ RECORD 3 ]---------------------------------------------------------------------------------
QUERY PLAN |         Sort Key: c.name
-[ RECORD 4 ]---------------------------------------------------------------------------------
QUERY PLAN |         ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)
-[ RECORD 5 ]---------------------------------------------------------------------------------
QUERY PLAN |               Join Filter: (m."Key" = c.code)
-[ RECORD 6 ]---------------------------------------------------------------------------------
QUERY PLAN |               ->  Seq Scan on "Mixed Case" m  (cost=0.00..538.00 rows=1 width=10)
-[ RECORD 7 ]---------------------------------------------------------------------------------
QUERY PLAN |                     Filter: ("a ""b""" = 'one
-[ RECORD 8 ]---------------------------------------------------------------------------------
QUERY PLAN | two, three'::text)
-[ RECORD 9 ]---------------------------------------------------------------------------------
QUERY PLAN |               ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)

"#,
    ),
    (
        "line by line with a border",
        r#"+-[ RECORD 1 ]-----------------------------------------------------------------------------------+
| QUERY PLAN | Limit  (cost=543.51..543.51 rows=1 width=18)                                      |
+-[ RECORD 2 ]-----------------------------------------------------------------------------------+
| QUERY PLAN |   ->  Sort  (cost=543.51..543.51 rows=1 width=18)                                 |
+-[ RECORD 3 ]-----------------------------------------------------------------------------------+
| QUERY PLAN |         Sort Key: c.name                                                          |
+-[ RECORD 4 ]-----------------------------------------------------------------------------------+
| QUERY PLAN |         ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)                      |
+-[ RECORD 5 ]-----------------------------------------------------------------------------------+
| QUERY PLAN |               Join Filter: (m."Key" = c.code)                                     |
+-[ RECORD 6 ]-----------------------------------------------------------------------------------+
| QUERY PLAN |               ->  Seq Scan on "Mixed Case" m  (cost=0.00..538.00 rows=1 width=10) |
+-[ RECORD 7 ]-----------------------------------------------------------------------------------+
| QUERY PLAN |                     Filter: ("a ""b""" = 'one                                     |
+-[ RECORD 8 ]-----------------------------------------------------------------------------------+
| QUERY PLAN | two, three'::text)                                                                |
+-[ RECORD 9 ]-----------------------------------------------------------------------------------+
| QUERY PLAN |               ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)     |
+------------+-----------------------------------------------------------------------------------+

"#,
    ),
    (
        "as CSV",
        r#"QUERY PLAN
Limit  (cost=543.51..543.51 rows=1 width=18)
  ->  Sort  (cost=543.51..543.51 rows=1 width=18)
        Sort Key: c.name
        ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)
"              Join Filter: (m.""Key"" = c.code)"
"              ->  Seq Scan on ""Mixed Case"" m  (cost=0.00..538.00 rows=1 width=10)"
"                    Filter: (""a """"b"""""" = 'one"
"two, three'::text)"
              ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)
"#,
    ),
    (
        "cut to the width of a terminal",
        r#"                    QUERY PLAN                    
--------------------------------------------------
 Limit  (cost=543.51..543.51 rows=1 width=18)
   ->  Sort  (cost=543.51..543.51 rows=1 width=18.
.)
         Sort Key: c.name
         ->  Nested Loop  (cost=0.00..543.50 rows.
.=1 width=18)
               Join Filter: (m."Key" = c.code)
               ->  Seq Scan on "Mixed Case" m  (c.
.ost=0.00..538.00 rows=1 width=10)
                     Filter: ("a ""b""" = 'one
 two, three'::text)
               ->  Seq Scan on countries c  (cost.
.=0.00..3.00 rows=200 width=8)
(9 rows)

"#,
    ),
    (
        "without a frame",
        r#"                                   QUERY PLAN                                     
---------------------------------------------------------------------------------
Limit  (cost=543.51..543.51 rows=1 width=18)
  ->  Sort  (cost=543.51..543.51 rows=1 width=18)
        Sort Key: c.name
        ->  Nested Loop  (cost=0.00..543.50 rows=1 width=18)
              Join Filter: (m."Key" = c.code)
              ->  Seq Scan on "Mixed Case" m  (cost=0.00..538.00 rows=1 width=10)
                    Filter: ("a ""b""" = 'one
two, three'::text)
              ->  Seq Scan on countries c  (cost=0.00..3.00 rows=200 width=8)
(9 rows)

"#,
    ),
];

fn read(text: &str) -> Plan {
    let (mut found, unread) = read_plans(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(unread.is_empty() && found.len() == 1, "{text}");
    found.remove(0).plan
}

/// The lines of a condition are indented as the frame indents them.
fn words(plan: &Plan) -> Vec<String> {
    let nodes = plan.nodes.iter().map(|node| {
        format!(
            "{:?}",
            (node.depth, node.name(), node.cost, node.plan_rows, &node.details)
        )
    });
    nodes.map(|text| text.replace(' ', "")).collect()
}

#[test]
fn every_frame_is_taken_off() {
    let plain = read(PLAIN);
    assert!(plain.nodes.len() >= 4, "{plain:#?}");
    let is_on_mixed = |node: &&howdah_advise::plan::Node| node.relation.as_deref() == Some("Mixed Case");
    let scan = plain.nodes.iter().find(is_on_mixed).unwrap();
    assert_eq!(
        scan.text("Filter"),
        Some("(\"a \"\"b\"\"\" = 'one\ntwo, three'::text)")
    );
    let mut forms: Vec<(String, String)> = PRINTED
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let printed = PRINTED[0].1;
    let each = |text: &str, line: &dyn Fn(&str) -> String| text.lines().map(line).collect::<String>();
    forms.push((
        "in a note".to_owned(),
        format!("My plan:\n\n```sql\n{printed}```\n\nWhy?\n"),
    ));
    forms.push((
        "in a mail".to_owned(),
        each(printed, &|line| format!("> {line}\n")),
    ));
    forms.push(("from Windows".to_owned(), printed.replace('\n', "\r\n")));
    forms.push((
        "behind a prompt".to_owned(),
        format!("shop=# EXPLAIN SELECT …;\n{printed}\nTime: 1.234 ms\n"),
    ));
    forms.push(("from a web page".to_owned(), printed.replace("  ", "\u{a0} ")));
    let wide = |line: &str| format!("{line:<120}|\n");
    forms.push((
        "from a grid".to_owned(),
        format!(
            "{}{}+\n{}",
            wide("QUERY PLAN"),
            "-".repeat(120),
            each(PLAIN, &wide)
        ),
    ));
    let cells = |line: &str| format!("\"{}\"\n", line.replace('"', "\"\""));
    forms.push((
        "from pgAdmin".to_owned(),
        format!("\"QUERY PLAN\"\n{}", each(PLAIN, &cells)),
    ));
    for (name, text) in &forms {
        assert_eq!(words(&read(text)), words(&plain), "{name}");
    }
}

#[test]
fn json_is_found_among_other_lines() {
    let node = r#"{"Node Type": "Seq Scan", "Relation Name": "t", "Plan Rows": 5, "Total Cost": 3.5}"#;
    let plan = format!("[{{\"Plan\": {node}}}]");
    let alone = words(&read(&plan));
    for text in [
        node.to_owned(),
        format!("{{\"QUERY PLAN\": {plan}}}"),
        format!("[[{plan}]]"),
        format!("Timing is on.\nSET\n                 QUERY PLAN\n-----\n {plan}\n(1 row)\n\nTime: 0.4 ms\n"),
        format!("+-----+\n| QUERY PLAN |\n+-----+\n| {plan} |\n+-----+\n"),
        format!(
            "-[ RECORD 1 ]----\nQUERY PLAN | {}\n",
            plan.replace("{\"Node", "+\n           | {\"Node")
        ),
        format!("QUERY PLAN\n\"{}\"\n", plan.replace('"', "\"\"")),
        format!("```json\n{plan}\n```"),
    ] {
        assert_eq!(words(&read(&text)), alone, "{text}");
    }
    let (found, _) = read_plans(&format!("{plan}\n\n{plan}\n")).unwrap();
    assert_eq!(found.len(), 2);
}

#[test]
fn other_forms_are_named() {
    for (text, form) in [
        (
            "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n    <Plan>\n",
            "XML",
        ),
        ("- Plan:\n    Node Type: \"Result\"\n    Plan Rows: 1\n", "YAML"),
        (
            "<table border=\"1\">\n<tr><td align=\"left\">Result (cost=0.00..0.01 rows=1 width=4)</td></tr>\n</table>\n",
            "HTML",
        ),
    ] {
        let error = read_plans(text).unwrap_err().to_string();
        assert!(error.contains(form), "{error}");
    }
}
