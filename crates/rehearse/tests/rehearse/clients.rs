use howdah_testkit::majors;

use crate::world::{autocommit, in_transaction, lines, run_on, schema_of};

const SHOP: &str = "
    DO $$ BEGIN CREATE ROLE app; EXCEPTION WHEN OTHERS THEN NULL; END $$;
    CREATE TABLE t (id int PRIMARY KEY, a int, b text, c int NOT NULL DEFAULT 1, v varchar(50));
    CREATE TABLE log (what text);
    CREATE TABLE child (id int PRIMARY KEY, t int NOT NULL REFERENCES t ON DELETE CASCADE, code text UNIQUE, kind text);
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';
    CREATE FUNCTION g(numeric, numeric) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE parts (k int, v int) PARTITION BY RANGE (k);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
    CREATE VIEW w AS SELECT id, a FROM t;
    CREATE FUNCTION f(bigint) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log(what) VALUES (NEW.b); RETURN NEW; END';
    CREATE TRIGGER note AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
    GRANT SELECT, INSERT, UPDATE, DELETE ON t, log, parts, child TO app;
    GRANT SELECT ON w TO app;
";

/// Scripts in one transaction, and what they break: role and SQLSTATE.
async fn check(cases: &[(&str, &[&str])]) {
    for major in majors() {
        let mut wrong = Vec::new();
        let schema = schema_of(major, SHOP).await;
        for (script, expected) in cases {
            let rehearsal = run_on(major, &schema, &in_transaction(script), true).await;
            let all = lines(&rehearsal).join(", ");
            let mut found: Vec<&str> = all
                .split(", ")
                .filter_map(|word| word.strip_prefix("broke "))
                .collect();
            found.sort_unstable();
            if found != *expected {
                wrong.push(format!(
                    "{major}: {script}\n  expected {expected:?}\n  found    {found:?}\n  {rehearsal:?}"
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn what_clients_cannot_do_any_more() {
    check(&[
        ("ALTER TABLE t RENAME TO s", &["app: 42P01", "postgres: 42P01"]),
        (
            "ALTER TABLE t RENAME b TO bb",
            &["app: 42703", "postgres: 42703", "prepared PUBLIC: 0A000"],
        ),
        (
            "ALTER TABLE t DROP COLUMN v",
            &["app: 42703", "postgres: 42703", "prepared PUBLIC: 0A000"],
        ),
        ("REVOKE INSERT ON t FROM app", &["app: 42501"]),
        (
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            &["app: 00000", "app: 42501"],
        ),
        (
            "ALTER TABLE t ADD COLUMN n serial",
            &["app: 42501", "prepared PUBLIC: 0A000"],
        ),
        (
            "ALTER TABLE t ALTER c DROP DEFAULT",
            &["app: 23502", "postgres: 23502"],
        ),
        (
            "DROP VIEW w; CREATE VIEW w AS SELECT id, a FROM t",
            &["app: 42501"],
        ),
        (
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            &["PUBLIC: 42725", "postgres: 42725"],
        ),
        (
            "ALTER TABLE log RENAME what TO which",
            &["app: 42703", "postgres: 42703", "prepared PUBLIC: 0A000"],
        ),
        ("ALTER TABLE parts DETACH PARTITION parts_1", &["PUBLIC: 00000"]),
        (
            "CREATE RULE nothing AS ON INSERT TO log DO INSTEAD NOTHING",
            &["app: 00000", "postgres: 00000"],
        ),
        (
            "ALTER TABLE t ALTER v TYPE varchar(100)",
            &["prepared PUBLIC: 0A000"],
        ),
        (
            "ALTER TABLE t ALTER c TYPE text",
            &["postgres: 42883", "prepared PUBLIC: 0A000"],
        ),
        ("ALTER TABLE child DROP CONSTRAINT child_pkey", &["postgres: 42P10"]),
        ("ALTER TABLE child DROP CONSTRAINT child_code_key; CREATE UNIQUE INDEX ON child (code) WHERE kind = 'x'", &["postgres: 42P10"]),
        (
            "CREATE FUNCTION g(a numeric, b numeric, c bool DEFAULT true) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            &["PUBLIC: 42725", "postgres: 42725"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn triggers_are_fired_by_a_row() {
    check(&[
        // The table refers to another, whose rows are missing here.
        (
            "CREATE TRIGGER touch BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION touch()",
            &["app: 42703", "postgres: 42703"],
        ),
        (
            "CREATE TABLE history (id int); CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN INSERT INTO history VALUES (NEW.id); RETURN NEW; END'",
            &["app: 42501"],
        ),
        (
            "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN INSERT INTO absent VALUES (NEW.id); RETURN NEW; END'",
            &["app: 42P01", "postgres: 42P01"],
        ),
        (
            "CREATE TABLE gone (id int); CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN INSERT INTO gone VALUES (OLD.id); RETURN OLD; END'; \
             CREATE TRIGGER keep AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION keep()",
            &["app: 42501"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn policies_hide_a_row_that_was_seen() {
    check(&[
        (
            "ALTER TABLE child ENABLE ROW LEVEL SECURITY; \
             CREATE POLICY p ON child USING (id = current_setting('app.tenant', true)::int) WITH CHECK (true)",
            &["app: 00000"],
        ),
        (
            "ALTER TABLE child ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON child FOR SELECT USING (true)",
            &["app: 00000", "app: 42501"],
        ),
        ("ALTER TABLE child ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON child USING (true)", &[]),
        ("ALTER TABLE child ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON child TO app USING (true)", &[]),
    ])
    .await;
}

#[tokio::test]
async fn what_clients_do_not_notice() {
    check(&[
        ("ALTER TABLE t RENAME TO s; CREATE VIEW t AS SELECT * FROM s; GRANT SELECT, INSERT, UPDATE, DELETE ON t TO app", &[]),
        ("ALTER TABLE t ADD CONSTRAINT x CHECK (b IS NOT NULL) NOT VALID; ALTER TABLE t ALTER b SET NOT NULL", &[]),
        ("ALTER TABLE log ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY", &["prepared PUBLIC: 0A000"]),
        ("CREATE INDEX i ON t (a); UPDATE t SET a = 1", &[]),
        ("CREATE TABLE x (id int); ALTER TABLE x RENAME TO y; DROP TABLE y", &[]),
        ("CREATE OR REPLACE FUNCTION f(bigint) RETURNS int LANGUAGE sql AS 'SELECT 2'", &[]),
    ])
    .await;
}

#[tokio::test]
async fn a_break_belongs_to_the_statement_that_caused_it() {
    let major = majors()[0];
    let schema = schema_of(major, SHOP).await;
    let script = autocommit("CREATE TABLE x (id int); ALTER TABLE t RENAME TO s; CREATE INDEX i ON s (a)");
    let rehearsal = run_on(major, &schema, &script, true).await;
    let broken: Vec<bool> = rehearsal
        .statements
        .iter()
        .map(|s| !s.effects.breaks.is_empty())
        .collect();
    assert_eq!(broken, [false, true, false]);
}
