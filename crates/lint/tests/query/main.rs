//! The query family: every example on the pages of its rules, and what a target adds.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use howdah_core::{Applicability, Config, Finding};
use howdah_lint::query::{QueryOptions, ScriptStatement, check_script, query_rules};
use howdah_lint::rules;
use howdah_lint::schema::{ReviewOptions, SchemaModel, review};
use howdah_pg::Targets;
use howdah_sql::{Limits, parse};
use howdah_testkit::{majors, server};

struct Example {
    code: &'static str,
    given: Option<&'static str>,
    is_found: bool,
    sql: &'static str,
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for &(code, page) in rules::pages()
        .iter()
        .filter(|(code, _)| code.starts_with("query/"))
    {
        let mut given = None;
        for block in page.split("\n```sql ").skip(1) {
            let (info, rest) = block.split_once('\n').unwrap();
            let sql = rest.split("\n```").next().unwrap();
            let is_found = match info {
                "given" => {
                    given = Some(sql);
                    continue;
                }
                "found" => true,
                "fine" => false,
                other => panic!("{code}: {other:?}"),
            };
            examples.push(Example {
                code,
                given,
                is_found,
                sql,
            });
        }
    }
    examples
}

fn found(sql: &str, options: &QueryOptions<'_>) -> Vec<Finding> {
    let script = parse(sql, &Limits::default()).unwrap_or_else(|error| panic!("{sql}: {error}"));
    check_script(&ScriptStatement::all(&script.statements), options)
}

fn codes(sql: &str, options: &QueryOptions<'_>) -> Vec<String> {
    found(sql, options)
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let rules: BTreeSet<&str> = query_rules().iter().map(|rule| rule.code).collect();
    let pages: BTreeSet<&str> = rules::pages()
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| code.starts_with("query/"))
        .collect();
    assert_eq!(rules, pages, "the code of a rule is the name of its file");
    for rule in &rules {
        let of_rule = |found: bool| examples().iter().any(|e| e.code == *rule && e.is_found == found);
        assert!(of_rule(true) && of_rule(false), "{rule} lacks an example");
    }
}

#[tokio::test]
async fn every_example_is_judged_as_its_page_says() {
    let mut wrong = Vec::new();
    for example in examples() {
        let model = match example.given {
            Some(given) => Some(model(given).await),
            None => None,
        };
        let options = QueryOptions {
            model: model.as_ref(),
            ..QueryOptions::default()
        };
        let found = found(example.sql, &options);
        let of_rule: Vec<&Finding> = found
            .iter()
            .filter(|finding| finding.code == example.code)
            .collect();
        if of_rule.is_empty() == example.is_found {
            wrong.push(format!(
                "{}: {:?} in {}",
                example.code,
                found.iter().map(|f| &f.code).collect::<Vec<_>>(),
                example.sql
            ));
        }
        for finding in of_rule {
            let span = finding.span.unwrap();
            assert!(
                span.start < span.end && span.end <= example.sql.len(),
                "{finding:?}"
            );
            // A rewritten statement can be parsed, and the rule does not find it again.
            let fix = finding
                .fix
                .as_ref()
                .filter(|fix| fix.applicability == Applicability::Safe);
            if let Some(fix) = fix.filter(|fix| fix.sql.to_ascii_uppercase().starts_with("SELECT")) {
                assert!(!codes(&fix.sql, &options).contains(&finding.code), "{}", fix.sql);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn model(ddl: &str) -> SchemaModel {
    let database = server(*majors().last().unwrap()).await.database("query").await;
    database.execute(ddl).await;
    database.execute("ANALYZE").await;
    let targets = Targets::load(&Config::default(), Some(&database.url()), None).unwrap();
    let mut session = targets.get(None).unwrap().session().await.unwrap();
    review(&mut session, &[], &ReviewOptions::default(), true)
        .await
        .unwrap()
        .model
}

#[tokio::test]
async fn a_target_says_which_columns_are_indexed_null_or_moments() {
    let model = model(
        "CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, note text, code char(5));
         CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, placed timestamptz NOT NULL,
             referrer bigint, day date);
         CREATE INDEX ON customers (lower(email)); CREATE INDEX ON orders (placed); CREATE INDEX ON orders (customer_id);
         CREATE INDEX ON orders (day)",
    )
    .await;
    let options = QueryOptions {
        model: Some(&model),
        ..QueryOptions::default()
    };
    let has = |sql: &str, code: &str| codes(sql, &options).iter().any(|found| found == code);
    assert!(
        !has(
            "SELECT id FROM customers WHERE lower(email) = 'x'",
            "query/function-on-column"
        ),
        "an index holds it"
    );
    assert!(
        !has(
            "SELECT id FROM customers WHERE upper(note) = 'X'",
            "query/function-on-column"
        ),
        "no index is lost"
    );
    assert!(has(
        "SELECT id FROM orders WHERE placed::date = '2026-01-05'",
        "query/function-on-column"
    ));
    assert!(!has(
        "SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)",
        "query/not-in-subquery"
    ));
    assert!(has(
        "SELECT id FROM customers WHERE id NOT IN (SELECT referrer FROM orders)",
        "query/not-in-subquery"
    ));
    assert!(has(
        "SELECT id FROM customers WHERE code = 'x'::text",
        "query/implicit-cast"
    ));
    assert!(!has(
        "SELECT id FROM orders WHERE day BETWEEN '2026-01-01' AND '2026-01-31'",
        "query/between-on-timestamp"
    ));
    assert!(has(
        "SELECT id FROM orders WHERE placed BETWEEN '2026-01-01' AND '2026-01-31'",
        "query/between-on-timestamp"
    ));
    assert!(!has(
        "SELECT id FROM orders, customers WHERE customer_id = email::bigint",
        "query/cartesian-join"
    ));
    assert!(has(
        "SELECT orders.id FROM orders, customers WHERE placed > now()",
        "query/cartesian-join"
    ));
    let fix = |sql: &str, code: &str| {
        let finding = found(sql, &options)
            .into_iter()
            .find(|finding| finding.code == code)
            .unwrap();
        finding.fix.unwrap()
    };
    let star = fix("SELECT * FROM customers WHERE id = 1", "query/select-star");
    assert_eq!(
        (star.sql.as_str(), star.applicability),
        (
            "SELECT id, email, note, code FROM customers WHERE id = 1",
            Applicability::Safe
        )
    );
    let columns = fix(
        "INSERT INTO customers VALUES (1, 'a')",
        "query/insert-without-columns",
    );
    assert_eq!(columns.sql, "INSERT INTO customers (id, email) VALUES (1, 'a')");
    let range = fix(
        "SELECT id FROM orders WHERE placed::date = '2026-01-05'",
        "query/function-on-column",
    );
    assert_eq!(
        range.sql,
        "placed >= date '2026-01-05' AND placed < date '2026-01-05' + 1"
    );
    assert_eq!(range.applicability, Applicability::Safe);
}

#[test]
fn a_count_becomes_exists() {
    let sql = "SELECT id FROM c WHERE (SELECT count(*) FROM o WHERE o.c = c.id AND f(')')) >= 1 AND x";
    let finding = found(sql, &QueryOptions::default())
        .into_iter()
        .find(|f| f.code == "query/count-for-existence")
        .unwrap();
    let fix = finding.fix.unwrap();
    assert_eq!(
        fix.sql,
        "SELECT id FROM c WHERE EXISTS (SELECT FROM o WHERE o.c = c.id AND f(')')) AND x"
    );
    assert_eq!(fix.applicability, Applicability::Safe);
}

#[test]
fn good_queries_are_left_alone() {
    for sql in [
        "SELECT id, total FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 50",
        "INSERT INTO orders (customer_id, total) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET total = excluded.total RETURNING id",
        "UPDATE orders SET status = 'paid' WHERE id = $1 RETURNING id",
        "WITH recent AS (SELECT id, customer_id FROM orders WHERE placed_at > now() - interval '1 day') SELECT r.id, c.email FROM recent r JOIN customers c ON c.id = r.customer_id WHERE c.active",
        "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE done ORDER BY id LIMIT 100)",
        "SELECT c.id, o.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id) o ON true WHERE c.id = $1",
        "SELECT status, count(*) FROM orders GROUP BY status ORDER BY status",
        "SELECT 1",
        "MERGE INTO t USING s ON s.id = t.id WHEN MATCHED THEN UPDATE SET x = s.x WHEN NOT MATCHED THEN INSERT (id, x) VALUES (s.id, s.x)",
        "SELECT a.id FROM a JOIN b USING (id) JOIN c ON c.id = b.c_id WHERE a.x = 1",
        "UPDATE a SET x = b.x FROM b WHERE b.id = a.id",
        "SELECT id FROM a WHERE (x, y) > ($1, $2) ORDER BY x, y LIMIT 10",
    ] {
        assert_eq!(
            codes(sql, &QueryOptions::default()),
            Vec::<String>::new(),
            "{sql}"
        );
    }
}

#[test]
fn positions_are_those_of_the_script() {
    let script = "SELECT 1;\n-- größe\nSELECT * FROM orders WHERE id = 1;";
    let finding = found(script, &QueryOptions::default())
        .into_iter()
        .next()
        .unwrap();
    let span = finding.span.unwrap();
    assert_eq!(&script[span.start..span.end], "*");
}
