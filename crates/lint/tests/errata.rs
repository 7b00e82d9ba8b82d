//! The page of the guide's mistakes: every rule that it names exists, and every example on it is
//! found by the rules that it says.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use howdah_lint::migration::Script;
use howdah_lint::query::{self, QueryOptions};
use howdah_lint::{ByText, Options, rules};

const PAGE: &str = include_str!("../../../docs/guide/errata.md");

fn found(sql: &str) -> BTreeSet<String> {
    let script = Script::read(sql, |_| None);
    let verdict = ByText::new(None, &Options::default()).review(&script).findings;
    // As a migration, and as a query of an application.
    let queries = [true, false].into_iter().flat_map(|is_migration| {
        let options = QueryOptions {
            is_migration,
            ..QueryOptions::default()
        };
        query::of_script(&script, &options)
    });
    let all = verdict.into_iter().chain(queries);
    all.map(|finding| finding.code).collect()
}

#[test]
fn every_example_is_found_by_the_rules_that_the_page_names() {
    let mut tried = 0;
    for block in PAGE.split("\n```sql finds ").skip(1) {
        let (codes, rest) = block.split_once('\n').unwrap();
        let sql = rest.split("\n```").next().unwrap();
        let found = found(sql);
        for code in codes.split(',').map(str::trim) {
            assert!(found.contains(code), "{code} is not among {found:?} in\n{sql}");
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
}

#[test]
fn every_rule_in_the_table_exists_and_has_an_example() {
    // The verdict itself, which has no page of its own.
    let verdict = ["migration/fails"];
    let pages: BTreeSet<&str> = rules::pages()
        .iter()
        .map(|(code, _)| *code)
        .chain(verdict)
        .collect();
    let (table, examples) = PAGE.split_once("## Shown").unwrap();
    let mut named = 0;
    for code in table
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split('`'))
    {
        let is_code = ["query/", "schema/", "migration/"]
            .iter()
            .any(|family| code.starts_with(family));
        if !is_code {
            continue;
        }
        named += 1;
        assert!(pages.contains(code), "{code} is no rule");
        // Those of schemas have their examples on their own pages.
        assert!(
            code.starts_with("schema/") || examples.contains(code),
            "{code} has no example"
        );
    }
    assert!(named >= 20, "{named}");
}
