//! Every example on the pages of the migration rules, judged by its text.
//!
//! ```` ```sql bad ```` : the page's rule finds a danger; ```` ```sql good ```` : nothing is dangerous.
//! `pg=17` names a version, `in_transaction` puts one transaction around it.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use howdah_core::Severity;
use howdah_lint::migration::{Script, migration_rules};
use howdah_lint::runner::{Plan, Run};
use howdah_lint::{ByText, Options, rules};

struct Example<'a> {
    words: Vec<&'a str>,
    sql: &'a str,
}

fn examples(page: &str) -> Vec<Example<'_>> {
    let mut examples = Vec::new();
    for block in page.split("\n```sql ").skip(1) {
        let (info, rest) = block.split_once('\n').unwrap();
        examples.push(Example {
            words: info.split_whitespace().collect(),
            sql: rest.split("\n```").next().unwrap(),
        });
    }
    examples
}

/// The codes of the dangers in an example.
fn dangers(example: &Example<'_>) -> Vec<String> {
    let major = example.words.iter().find_map(|word| word.strip_prefix("pg="));
    let run = match example.words.contains(&"in_transaction") {
        true => Run::Transaction,
        false => Run::Alone,
    };
    let options = Options {
        major: major.map_or(Options::default().major, |major| major.parse().unwrap()),
        ..Options::default()
    };
    let script = Script::planned(example.sql, &Plan::plain(example.sql, run));
    let findings = ByText::new(None, &options).review(&script).findings;
    let dangers = findings.into_iter().filter(|finding| finding.severity == Severity::Danger);
    dangers.map(|finding| finding.code).collect()
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let rules: BTreeSet<&str> = migration_rules().iter().map(|rule| rule.code).collect();
    let pages = rules::pages().iter().map(|(code, _)| *code);
    let pages: BTreeSet<&str> = pages.filter(|code| code.starts_with("migration/")).collect();
    assert_eq!(rules, pages);
    assert!(rules.contains("migration/set-not-null"), "the rules are not linked in");
}

#[test]
fn every_example_is_judged_as_its_page_says() {
    let mut wrong = Vec::new();
    for (code, page) in rules::pages().iter().filter(|(code, _)| code.starts_with("migration/")) {
        let examples = examples(page);
        for kind in ["bad", "good"] {
            let has = examples.iter().any(|example| example.words[0] == kind);
            assert!(has, "{code} has no {kind} example");
        }
        for example in &examples {
            let found = dangers(example);
            let is_right = match example.words[0] {
                "bad" => found.iter().any(|found| found == code),
                "good" => found.is_empty(),
                other => panic!("{code}: {other}"),
            };
            if !is_right {
                wrong.push(format!("{code}: {:?}: found {found:?} in\n{}", example.words, example.sql));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
