//! The pages of the migration family are its tests: what stands under "found" must be found by
//! that rule, and is dangerous; what stands under "fine" is not.
#![allow(clippy::unwrap_used)]

use howdah_core::{Finding, Severity};
use howdah_lint::migration::{Script, migration_rules};
use howdah_lint::rules::pages;
use howdah_lint::{ByText, Options};

/// A fenced example of a page.
struct Example {
    words: Vec<String>,
    sql: String,
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Example {
                    words: info.split_whitespace().map(str::to_owned).collect(),
                    sql: String::new(),
                });
            }
            (Some(_), Some(_)) => examples.extend(open.take()),
            (Some(example), None) => {
                example.sql.push_str(line);
                example.sql.push('\n');
            }
            (None, None) => {}
        }
    }
    examples
}

impl Example {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|found| found == word)
    }

    fn findings(&self) -> Vec<Finding> {
        let major = self.words.iter().find_map(|word| word.strip_prefix("pg="));
        let options = Options {
            major: major.map_or(15, |major| major.parse().unwrap()),
            ..Options::default()
        };
        let in_transaction = self.is("in-transaction");
        let script = Script::read(&self.sql, |_| in_transaction.then_some(0));
        ByText::new(None, &options).review(&script).findings
    }
}

#[test]
fn pages_say_what_is_found() {
    let mut tried = 0;
    for rule in migration_rules() {
        let (_, page) = pages()
            .iter()
            .find(|(code, _)| *code == rule.code)
            .unwrap_or_else(|| panic!("{} has no page", rule.code));
        let examples = examples(page);
        assert!(
            examples.iter().any(|example| example.is("found")),
            "{}",
            rule.code
        );
        assert!(examples.iter().any(|example| example.is("fine")), "{}", rule.code);
        for example in examples {
            let findings = example.findings();
            let dangers: Vec<&Finding> = findings
                .iter()
                .filter(|finding| finding.severity == Severity::Danger)
                .collect();
            match example.is("found") {
                true => assert!(
                    dangers.iter().any(|finding| finding.code == rule.code),
                    "{} is not found in\n{}\n{findings:#?}",
                    rule.code,
                    example.sql
                ),
                false => assert!(
                    dangers.is_empty(),
                    "{}: found in\n{}\n{dangers:#?}",
                    rule.code,
                    example.sql
                ),
            }
            tried += 1;
        }
    }
    assert!(tried >= 40, "{tried}");
}

#[test]
fn the_rest_is_judged_behind_an_error() {
    let text = "SELEC 1;\nALTER TABLE orders ALTER COLUMN note SET NOT NULL;\n\\d orders\nTRUNCATE orders;\nSELECT 'open";
    let script = Script::read(text, |_| None);
    let findings = ByText::new(None, &Options::default()).review(&script).findings;
    let codes: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Danger)
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "migration/fails",
            "migration/set-not-null",
            "migration/truncate",
            "migration/fails"
        ],
        "{findings:#?}"
    );
    assert!(findings.iter().any(|finding| finding.code == "migration/not-sql"));
}

#[test]
fn a_lock_timeout_takes_the_hazard_away() {
    let hazard = |text: &str| {
        let script = Script::read(text, |_| None);
        let findings = ByText::new(None, &Options::default()).review(&script).findings;
        findings
            .iter()
            .filter(|finding| finding.code == "migration/lock-hazard")
            .count()
    };
    assert_eq!(hazard("ALTER TABLE orders ADD COLUMN a int;"), 1);
    assert_eq!(
        hazard("SET lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN a int;"),
        0
    );
    assert_eq!(
        hazard("BEGIN; SET LOCAL lock_timeout = '2s'; COMMIT;\nALTER TABLE orders ADD COLUMN a int;"),
        1
    );
    assert_eq!(
        hazard("SET lock_timeout = 0;\nALTER TABLE orders ADD COLUMN a int;"),
        1
    );
}

#[test]
fn what_the_text_shows_to_fail_or_to_be_harmless() {
    let letters = |text: &str| {
        let script = Script::read(text, |_| None);
        let findings = ByText::new(None, &Options::default()).review(&script).findings;
        let dangers = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Danger);
        dangers.count()
    };
    for dangerous in [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELEC 1';",
        "CREATE INDEX CONCURRENTLY i ON t ((now() - at));",
        "CREATE INDEX CONCURRENTLY i ON t (a) WHERE at > CURRENT_DATE;",
        "CREATE SEQUENCE s; ALTER TABLE t ALTER COLUMN n SET DEFAULT nextval('s');",
        "ALTER TABLE t ALTER COLUMN id DROP IDENTITY;",
    ] {
        assert_eq!(letters(dangerous), 1, "{dangerous}");
    }
    for harmless in [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE INDEX CONCURRENTLY i ON t (lower(a));",
        "CREATE INDEX CONCURRENTLY i ON t (to_timestamp(a));",
        "CREATE SEQUENCE s; GRANT USAGE ON SEQUENCE s TO app; ALTER TABLE t ALTER COLUMN n SET DEFAULT nextval('s'::regclass);",
        "ALTER TABLE t ALTER COLUMN id DROP IDENTITY IF EXISTS;",
        "ALTER TABLE t ALTER COLUMN id DROP IDENTITY; ALTER TABLE t ALTER COLUMN id SET DEFAULT gen_random_uuid();",
        "ALTER SEQUENCE s RENAME TO s2;",
    ] {
        assert_eq!(letters(harmless), 0, "{harmless}");
    }
}

#[test]
fn what_is_taken_back_is_no_danger_and_what_is_left_is_one() {
    let is_dangerous = |sql: &str| {
        let script = Script::read(sql, |_| None);
        let reviewed = ByText::new(None, &Options::default()).review(&script);
        reviewed
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Danger)
    };
    let fine = [
        "BEGIN; DROP TABLE orders; ROLLBACK",
        "BEGIN; SAVEPOINT s; DROP TABLE orders; ROLLBACK TO s; COMMIT",
        "BEGIN; COMMENT ON TABLE orders IS 'x'; PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'",
    ];
    for sql in fine {
        assert!(!is_dangerous(sql), "{sql}");
    }
    let dangerous = [
        "BEGIN; DROP TABLE orders; SAVEPOINT s; ROLLBACK TO s; COMMIT",
        "BEGIN; SAVEPOINT s; DROP TABLE orders; RELEASE s; COMMIT",
        "BEGIN; COMMENT ON TABLE orders IS 'x'; PREPARE TRANSACTION 'p'",
        "SET session_replication_role = replica",
        "ALTER TABLE orders DISABLE TRIGGER ALL",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER keep INSTEAD OF UPDATE ON sold FOR EACH ROW EXECUTE FUNCTION keep()",
        "REFRESH MATERIALIZED VIEW sold WITH NO DATA",
    ];
    for sql in dangerous {
        assert!(is_dangerous(sql), "{sql}");
    }
}
