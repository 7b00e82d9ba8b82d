//! Writes: what a preview tells, that it leaves nothing behind, and the doing.

use howdah_pg::guard::write::{WritePreview, execute_write, plan_write};
use howdah_pg::guard::{Caps, GuardError, Guarded};
use howdah_testkit::{majors, server};

use super::arena::{Arena, Rows};

const CAPS: Caps = Caps {
    rows: Some(3),
    bytes: 1024 * 1024,
    cell_bytes: 64 * 1024,
};

async fn plan(arena: &Arena<'_>, sql: &str) -> Result<WritePreview, GuardError> {
    let mut session = arena.target("postgres").session().await.unwrap();
    plan_write(&mut session, sql, &[]).await
}

async fn execute(arena: &Arena<'_>, sql: &str) -> Result<(Guarded, Rows), GuardError> {
    let mut session = arena.target("postgres").session().await.unwrap();
    let mut rows = Rows::default();
    let done = execute_write(&mut session, sql, &[], CAPS, None, &mut rows).await?;
    Ok((done, rows))
}

async fn count(arena: &Arena<'_>, sql: &str) -> i64 {
    arena.probe.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_measures_and_changes_nothing() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        arena
            .setup(
                "CREATE TABLE child (id int, t int REFERENCES t ON DELETE CASCADE); INSERT INTO child SELECT g, g FROM generate_series(1, 10) g;
                 CREATE TABLE numbered (id serial, x int);
                 CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.x := NEW.x + 1; RETURN NEW; END $$;
                 CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM strike(); RETURN NEW; END $$;
                 CREATE TABLE touched (x int); INSERT INTO touched VALUES (1), (2);
                 CREATE TRIGGER t BEFORE UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION touch();
                 CREATE TABLE logged (x int); INSERT INTO logged VALUES (1), (2);
                 CREATE TRIGGER t BEFORE UPDATE ON logged FOR EACH ROW EXECUTE FUNCTION log_it()",
            )
            .await;
        let preview = plan(
            &arena,
            "UPDATE t SET n = n + 1 WHERE id <= 7 AND name <> 'secret'",
        )
        .await
        .unwrap();
        assert_eq!(preview.statement, "UPDATE");
        assert_eq!(preview.changes, ["t"]);
        assert!(
            preview.in_transaction && !preview.masked.contains("secret"),
            "{preview:?}"
        );
        let measured = preview.measured.unwrap();
        assert_eq!(measured.rows, Some(7));
        assert!(
            measured
                .locks
                .iter()
                .any(|lock| lock.relation == "t" && lock.mode == "RowExclusiveLock")
        );

        for (sql, rows) in [
            ("DELETE FROM t WHERE id <= 5", Some(5)),
            (
                "INSERT INTO t (id) SELECT g FROM generate_series(1001, 1010) g",
                Some(10),
            ),
            ("UPDATE touched SET x = 5", Some(2)),
            ("ALTER TABLE touched ADD COLUMN y int", None),
            ("DROP TABLE numbered", None),
        ] {
            let preview = plan(&arena, sql).await.unwrap();
            assert_eq!(
                preview.measured.as_ref().map(|m| m.rows),
                Some(rows),
                "{major}: {sql}: {preview:?}"
            );
        }
        // What a rollback would not take back is not tried.
        for sql in [
            "INSERT INTO numbered (x) VALUES (1)",
            "UPDATE logged SET x = 5",
            "UPDATE t SET n = evil(1)",
            "DELETE FROM t WHERE pg_advisory_lock(5) IS NULL",
            "VACUUM t",
            "CALL nothing()",
            "DO 'BEGIN PERFORM strike(); END'",
            "SELECT strike()",
            "CREATE INDEX ON t (evil(id))",
        ] {
            let preview = plan(&arena, sql).await.unwrap();
            assert!(
                preview.measured.is_none() && preview.not_measured.is_some(),
                "{major}: {sql}: {preview:?}"
            );
        }
        assert!(!arena.evil_ran().await);
        assert_eq!(count(&arena, "SELECT count(*) FROM t").await, 100);
        assert_eq!(count(&arena, "SELECT count(*) FROM child").await, 10);
        assert_eq!(count(&arena, "SELECT sum(x) FROM touched").await, 3);
        assert_eq!(
            count(
                &arena,
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            )
            .await,
            0
        );
        assert_eq!(
            count(
                &arena,
                "SELECT last_value FROM numbered_id_seq WHERE NOT is_called"
            )
            .await,
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_follows_target_statement_parameters_and_effect() {
    let arena = Arena::new(server(*majors().last().unwrap()).await).await;
    let sql = "DELETE FROM t WHERE id <= 5";
    let first = plan(&arena, sql).await.unwrap().binding;
    assert_eq!(first.len(), 64);
    assert_eq!(plan(&arena, sql).await.unwrap().binding, first);
    assert_ne!(
        plan(&arena, "DELETE FROM t WHERE id <= 6").await.unwrap().binding,
        first
    );
    assert_ne!(
        plan(&arena, "DELETE FROM t WHERE id <=  5")
            .await
            .unwrap()
            .binding,
        first
    );
    arena.setup("DELETE FROM t WHERE id = 1").await;
    assert_ne!(plan(&arena, sql).await.unwrap().binding, first);
    let other = Arena::new(arena.server).await;
    assert_ne!(plan(&other, sql).await.unwrap().binding, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_are_complete_and_one_at_a_time() {
    for major in majors() {
        let arena = Arena::new(server(major).await).await;
        let (done, rows) = execute(&arena, "UPDATE t SET n = 0 RETURNING id").await.unwrap();
        assert_eq!((done.rows, done.truncated, rows.0.len()), (3, true, 3));
        assert_eq!(done.command_tag, "UPDATE 100");
        assert_eq!(count(&arena, "SELECT count(*) FROM t WHERE n = 0").await, 100);

        let failed = execute(&arena, "INSERT INTO t (id) VALUES (2000), (1)").await;
        assert!(matches!(failed, Err(GuardError::Pg(_))), "{failed:?}");
        assert_eq!(count(&arena, "SELECT count(*) FROM t").await, 100);

        for sql in [
            "VACUUM t",
            "CREATE INDEX CONCURRENTLY t_n ON t (n)",
            "CREATE TABLE t3 AS SELECT * FROM t",
            "DO $$ BEGIN INSERT INTO t (id) VALUES (3000); END $$",
            "TRUNCATE t3",
        ] {
            execute(&arena, sql)
                .await
                .unwrap_or_else(|error| panic!("{major}: {sql}: {error:?}"));
        }
        assert_eq!(
            count(&arena, "SELECT count(*) FROM pg_indexes WHERE indexname = 't_n'").await,
            1
        );

        for sql in [
            "INSERT INTO t (id) VALUES (4000); INSERT INTO t (id) VALUES (4001)",
            "BEGIN",
            "COMMIT",
            "SET work_mem = '1MB'",
            "PREPARE p AS SELECT 1",
            "LISTEN x",
            "COPY t FROM STDIN",
        ] {
            let refused = execute(&arena, sql).await;
            assert!(
                matches!(refused, Err(GuardError::Refused(_))),
                "{major}: {sql}: {refused:?}"
            );
        }
        assert_eq!(count(&arena, "SELECT count(*) FROM t").await, 101);
    }
}
