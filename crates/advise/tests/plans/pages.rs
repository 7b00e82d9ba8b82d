//! Every example on the pages of the findings: its last statement is explained, and exactly that is found.

use std::collections::BTreeSet;

use howdah_advise::plan::{Plan, read_json, read_plans, read_text};
use howdah_advise::plans::{pages, plan_rules};
use howdah_testkit::tokio_postgres::{Client, SimpleQueryMessage};
use howdah_testkit::{majors, server};

use super::{codes, findings};

/// What a slow moment of the machine may bring about.
const TIMED: &[&str] = &[
    "slow-node",
    "planning-time",
    "io-heavy",
    "cache-misses",
    "trigger-time",
];

struct Example {
    code: &'static str,
    text: &'static str,
    is_sql: bool,
    found: BTreeSet<String>,
    is_run: bool,
    since: u16,
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for (code, page) in pages() {
        for block in page.split("\n```").skip(1).step_by(2) {
            let (info, text) = block.split_once('\n').unwrap();
            let mut words = info.split_whitespace();
            let mut example = Example {
                code,
                text,
                is_sql: match words.next() {
                    Some("sql") => true,
                    Some("plan") => false,
                    other => panic!("{code}: {other:?}"),
                },
                found: BTreeSet::new(),
                is_run: true,
                since: 0,
            };
            match words.next() {
                Some("found") => drop(example.found.insert((*code).to_owned())),
                Some("fine") => {}
                other => panic!("{code}: {other:?}"),
            }
            for word in words {
                match word.split_once('=') {
                    Some(("also", others)) => example.found.extend(others.split(',').map(str::to_owned)),
                    Some(("since", major)) => example.since = major.parse().unwrap(),
                    None if word == "estimated" => example.is_run = false,
                    _ => panic!("{code}: {word:?}"),
                }
            }
            examples.push(example);
        }
    }
    examples
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let codes: BTreeSet<&str> = plan_rules().iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), plan_rules().len(), "codes are unique");
    assert_eq!(codes, pages().iter().map(|(code, _)| *code).collect());
    let examples = examples();
    for rule in plan_rules() {
        let of_rule = || examples.iter().filter(|example| example.code == rule.code);
        let is_found = |example: &Example| example.found.contains(rule.code);
        assert!(of_rule().any(is_found), "{} lacks an example", rule.code);
        assert!(
            of_rule().any(|e| !is_found(e)),
            "{} lacks a counterexample",
            rule.code
        );
        assert!(!rule.title.is_empty() && !rule.guide.is_empty());
    }
    assert!(examples.len() >= 60, "{}", examples.len());
}

pub(super) async fn explained(client: &Client, options: &str, sql: &str) -> String {
    // Writes are taken back.
    let text = format!("BEGIN; EXPLAIN ({options}) {sql}; ROLLBACK");
    let messages = client
        .simple_query(&text)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let lines: Vec<String> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect();
    lines.join("\n")
}

/// What both forms print of each node.
fn shape(plan: &Plan) -> Vec<String> {
    plan.nodes
        .iter()
        .map(|node| {
            let mut details = node.details.clone();
            // Only one of the two forms has these, or prints them in another way.
            details.retain(|name, value| {
                let is_count = name.starts_with("Rows Removed") || name.starts_with("Heap Fetches");
                let is_condition = ["Cond", "Filter", "Key"].iter().any(|end| name.ends_with(end));
                (is_condition && !is_count)
                    || (is_count && value != "0")
                    || name.starts_with("Workers")
                    || name == "Hash Batches"
            });
            format!(
                "{:?} {} {} {:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {details:?}",
                node.parent,
                node.kind,
                node.label,
                node.role,
                node.subplan,
                node.schema
                    .as_deref()
                    .or(Some("public"))
                    .filter(|_| node.relation.is_some()),
                node.relation,
                node.alias,
                node.index,
                node.plan_rows,
                node.actual.map(|actual| (actual.rows, actual.loops)),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_example_is_judged_as_its_page_says() {
    let only = std::env::var("HOWDAH_PLANS_ONLY").unwrap_or_default();
    for major in majors() {
        let server = server(major).await;
        let mut wrong = Vec::new();
        let mut plans = 0;
        for example in examples() {
            let code = example.code;
            let is_wanted = only.is_empty() || only.split(',').any(|only| only == code);
            if !is_wanted || !example.is_sql || major < example.since {
                continue;
            }
            let database = server.database("plan").await;
            let client = database.probe().await;
            // VACUUM takes rows as seen by all once their commit is on the disk.
            client
                .batch_execute("SET jit = off; SET synchronous_commit = on")
                .await
                .unwrap();
            let (pieces, errors) = howdah_sql::split_lossy(example.text);
            assert!(errors.is_empty(), "{code}: {errors:?}");
            let (last, before) = pieces.split_last().unwrap();
            for piece in before {
                let done = client.batch_execute(piece.text).await;
                assert!(done.is_ok(), "{major}: {code}: {}: {done:?}", piece.text);
            }
            let mut mends = Vec::new();
            let options = if example.is_run {
                "ANALYZE, VERBOSE, BUFFERS, SETTINGS"
            } else {
                "VERBOSE, SETTINGS"
            };
            let plain = if example.is_run { "ANALYZE" } else { "COSTS" };
            let mut judge = |plan: &Plan, how: &str, expected: &BTreeSet<String>| {
                plans += 1;
                let mut seen = codes(plan);
                seen.retain(|one| expected.contains(one) || !TIMED.contains(&one.as_str()));
                // Without BUFFERS nothing is known of blocks.
                let known = |one: &&String| {
                    how != "plain text" || !["cache-misses", "temp-blocks"].contains(&one.as_str())
                };
                let expected: BTreeSet<String> = expected.iter().filter(known).cloned().collect();
                seen.retain(|one| known(&one));
                if seen != expected {
                    wrong.push(format!(
                        "{major}: {code}: {how}: {seen:?} in place of {expected:?}\n{}\n{plan:#?}",
                        example.text
                    ));
                }
            };
            let json = explained(&client, &format!("{options}, FORMAT JSON"), last.text).await;
            let read = read_json(&json).unwrap();
            judge(&read[0], "JSON", &example.found);
            mends.extend(
                findings(&read[0])
                    .into_iter()
                    .filter(|one| one.code == code)
                    .filter_map(|one| one.fix),
            );
            let text = explained(&client, options, last.text).await;
            judge(&read_text(&text).unwrap()[0], "text", &example.found);
            let text = explained(&client, plain, last.text).await;
            judge(&read_text(&text).unwrap()[0], "plain text", &example.found);
            // The same plan in both forms, but for what no two runs have in common.
            let same = if example.is_run {
                "ANALYZE, TIMING OFF, VERBOSE"
            } else {
                "VERBOSE"
            };
            let (one, other) = (
                explained(&client, &format!("{same}, FORMAT JSON"), last.text).await,
                explained(&client, same, last.text).await,
            );
            let (one, other) = (
                read_json(&one).unwrap().remove(0),
                read_text(&other).unwrap().remove(0),
            );
            let is_shared_out = one.nodes.iter().any(|node| node.kind.starts_with("Gather"));
            if !is_shared_out {
                assert_eq!(shape(&one), shape(&other), "{major}: {code}");
            }
            // What is said to mend it does.
            for fix in mends {
                for piece in howdah_sql::split(&fix.sql).unwrap() {
                    let done = client.batch_execute(piece.text).await;
                    assert!(done.is_ok(), "{major}: {code}: {}: {done:?}", fix.sql);
                }
                let after = explained(&client, &format!("{options}, FORMAT JSON"), last.text).await;
                let after = codes(&read_json(&after).unwrap()[0]);
                assert!(
                    !after.contains(code),
                    "{major}: {code}: still there after {}\n{}",
                    fix.sql,
                    explained(&client, options, last.text).await
                );
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        assert!(plans >= 150 || !only.is_empty(), "{plans}");
    }
}

#[test]
fn plans_on_the_pages_are_judged_as_they_say() {
    for example in examples().iter().filter(|example| !example.is_sql) {
        let (plans, unread) = read_plans(example.text).unwrap();
        assert!(unread.is_empty() && plans.len() == 1);
        let mut seen = codes(&plans[0].plan);
        seen.retain(|one| example.found.contains(one) || !TIMED.contains(&one.as_str()));
        assert_eq!(seen, example.found, "{}\n{}", example.code, example.text);
    }
}
