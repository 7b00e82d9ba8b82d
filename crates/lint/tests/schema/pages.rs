//! Every example on the pages of the rules: each in a schema of its own, all reviewed at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use howdah_core::Applicability;
use howdah_lint::schema::{ReviewOptions, SchemaFinding, schema_rules};
use howdah_lint::{Profile, rules};
use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{majors, server};

use super::{lines, reviewed};

struct Example {
    code: &'static str,
    /// Its schema.
    schema: String,
    profile: Profile,
    is_found: bool,
    sql: String,
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for &(code, page) in rules::pages()
        .iter()
        .filter(|(code, _)| code.starts_with("schema/"))
    {
        for block in page.split("\n```sql ").skip(1) {
            let (info, rest) = block.split_once('\n').unwrap();
            let words: Vec<&str> = info.split_whitespace().collect();
            examples.push(Example {
                code,
                schema: format!("ex_{}", examples.len() + 1),
                profile: match words.get(1) {
                    Some(&"guide") => Profile::Guide,
                    None => Profile::Modern,
                    Some(other) => panic!("{code}: {other:?}"),
                },
                is_found: match words[0] {
                    "found" => true,
                    "fine" => false,
                    other => panic!("{code}: {other:?}"),
                },
                sql: rest.split("\n```").next().unwrap().to_owned(),
            });
        }
    }
    examples
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let rules: BTreeSet<&str> = schema_rules().iter().map(|rule| rule.code).collect();
    let pages: BTreeSet<&str> = rules::pages()
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| code.starts_with("schema/"))
        .collect();
    assert_eq!(rules, pages, "the code of a rule is the name of its file");
    for rule in &rules {
        let of_rule = |found: bool| examples().iter().any(|e| e.code == *rule && e.is_found == found);
        assert!(of_rule(true) && of_rule(false), "{rule} lacks an example");
    }
}

fn is_in(found: &SchemaFinding, schema: &str) -> bool {
    let object = found.relation.as_ref().or(found.finding.object.as_ref()).unwrap();
    object
        .strip_prefix(schema)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns once the counters of the session that read `counted.last` have arrived: a backend reports
/// all of them when it ends, and as long as it is idle only now and then.
async fn counted(probe: &Client) {
    let end = Instant::now() + Duration::from_secs(120);
    let scans = "SELECT pg_stat_get_numscans('counted.last'::regclass), pg_stat_clear_snapshot()";
    while probe.query_one(scans, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(Instant::now() < end, "the counters did not arrive");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn every_example_is_judged_as_its_page_says_and_every_fix_mends_it() {
    let examples = examples();
    let all: Vec<String> = schema_rules().iter().map(|rule| rule.code.to_owned()).collect();
    let options = |profile| ReviewOptions {
        profile,
        only: all.clone(),
        sample_budget_ms: 120_000,
        never_read_days: 0,
        ..ReviewOptions::default()
    };
    for major in majors() {
        let database = server(major).await.database("pages").await;
        let probe = database.probe().await;
        for example in &examples {
            let schema = &example.schema;
            probe
                .batch_execute(&format!("CREATE SCHEMA {schema}; SET search_path = {schema}"))
                .await
                .unwrap();
            probe
                .batch_execute(&example.sql)
                .await
                .unwrap_or_else(|error| panic!("{}: {}: {error:?}", example.code, example.sql));
        }
        probe
            .batch_execute(
                "CREATE SCHEMA counted; CREATE TABLE counted.last (id int);
                 ANALYZE; SELECT count(*) FROM counted.last",
            )
            .await
            .unwrap();
        drop(probe);
        let probe = database.probe().await;
        counted(&probe).await;
        let mut wrong = Vec::new();
        let mut fixed = Vec::new();
        for profile in [Profile::Modern, Profile::Guide] {
            let reviewed = reviewed(&database.url(), &options(profile)).await;
            for example in examples.iter().filter(|example| example.profile == profile) {
                let found: Vec<&SchemaFinding> = reviewed
                    .findings
                    .iter()
                    .filter(|found| found.finding.code == example.code && is_in(found, &example.schema))
                    .collect();
                if found.is_empty() == example.is_found {
                    wrong.push(format!(
                        "{major}: {} found {} instead of {} in\n{}\n{:#?}",
                        example.code,
                        found.len(),
                        example.is_found,
                        example.sql,
                        lines(&reviewed)
                            .iter()
                            .filter(|line| line.contains(&format!("{}.", example.schema)))
                            .collect::<Vec<_>>()
                    ));
                }
                for found in found {
                    let fix = found.finding.fix.clone();
                    if let Some(fix) = fix.filter(|fix| fix.applicability != Applicability::Display) {
                        fixed.push((profile, found.clone(), fix.sql));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        probe.batch_execute("SET search_path = pg_catalog").await.unwrap();
        for (_, found, sql) in &fixed {
            for piece in howdah_sql::split(sql).unwrap() {
                let statement = piece.text;
                if let Err(error) = probe.batch_execute(statement).await {
                    wrong.push(format!("{major}: {}: {statement}: {error:?}", found.finding.code));
                    probe.batch_execute("ROLLBACK").await.unwrap();
                }
            }
        }
        probe.batch_execute("ANALYZE").await.unwrap();
        for profile in [Profile::Modern, Profile::Guide] {
            let again = reviewed(&database.url(), &options(profile)).await;
            for (_, found, sql) in fixed.iter().filter(|(of, ..)| *of == profile) {
                let same = |other: &&SchemaFinding| {
                    other.finding.code == found.finding.code && other.finding.object == found.finding.object
                };
                if let Some(still) = again.findings.iter().find(same) {
                    wrong.push(format!("{major}: still there after\n{sql}\n{:?}", still.finding));
                }
            }
        }
        assert!(fixed.len() > 30, "{}", fixed.len());
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}
