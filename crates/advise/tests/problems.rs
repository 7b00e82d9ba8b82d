//! What is wrong with the indexes that are there, and what is looked at while somebody locks a table wholly.
#![allow(clippy::unwrap_used)]

use howdah_advise::problems;
use howdah_core::Config;
use howdah_pg::Targets;
use howdah_testkit::{majors, server};

#[tokio::test]
async fn problems_are_found_and_nothing_that_is_needed_is_dropped() {
    for major in majors() {
        let database = server(major).await.database("problems").await;
        let client = database.probe().await;
        client
            .batch_execute(
                "CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE);
                 CREATE TABLE \"Odd \"\"one\" (id int, parent_id int REFERENCES parent, b text, c text);
                 INSERT INTO parent SELECT i, i::text FROM generate_series(1, 100) i;
                 INSERT INTO \"Odd \"\"one\" SELECT i, 1 + i % 100, i::text, i::text FROM generate_series(1, 5000) i;
                 CREATE INDEX same_1 ON \"Odd \"\"one\" (b);
                 CREATE INDEX same_2 ON \"Odd \"\"one\" (b);
                 CREATE INDEX begins ON \"Odd \"\"one\" (c);
                 CREATE INDEX longer ON \"Odd \"\"one\" (c, id);
                 CREATE INDEX other_class ON \"Odd \"\"one\" (c text_pattern_ops);
                 CREATE INDEX backwards ON \"Odd \"\"one\" (c DESC NULLS LAST, id);
                 CREATE INDEX partial ON \"Odd \"\"one\" (b) WHERE id > 5;
                 CREATE INDEX on_key ON parent (code);
                 CREATE UNIQUE INDEX unready ON \"Odd \"\"one\" (id);
                 UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'unready'::regclass;
                 ANALYZE parent, \"Odd \"\"one\";",
            )
            .await
            .unwrap();
        let targets = Targets::load(&Config::default(), Some(&database.url()), None).unwrap();
        let mut session = targets.get(None).unwrap().session().await.unwrap();
        let found = problems::find(&mut session, &[]).await.unwrap();
        let codes: Vec<(&str, &str)> = found
            .problems
            .iter()
            .map(|one| {
                (
                    one.finding.code.as_str(),
                    one.finding.object.as_deref().unwrap_or_default(),
                )
            })
            .collect();
        let mut expected = vec![
            ("index/invalid", "public.unready"),
            ("index/duplicate", "public.same_2"),
            ("index/redundant", "public.begins"),
            ("index/duplicate", "public.on_key"),
            ("index/foreign-key", "public.\"Odd \"\"one\""),
        ];
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        expected.sort_unstable();
        assert_eq!(sorted, expected, "{major}");
        // Every fix and its way back run as they are given.
        for problem in &found.problems {
            let fix = problem.finding.fix.as_ref().unwrap();
            client
                .batch_execute(&fix.sql)
                .await
                .unwrap_or_else(|error| panic!("{major}: {}: {error}", fix.sql));
            if let Some(undo) = &problem.undo {
                client
                    .batch_execute(undo)
                    .await
                    .unwrap_or_else(|error| panic!("{major}: {undo}: {error}"));
            }
        }
    }
}

#[tokio::test]
async fn a_table_that_is_locked_is_named_and_the_others_are_looked_at() {
    for major in majors() {
        let database = server(major).await.database("locked").await;
        database
            .execute(
                "CREATE TABLE busy (id int PRIMARY KEY, other int REFERENCES busy, a text, b text);
                 CREATE INDEX busy_a ON busy (a) WHERE other IS NOT NULL; CREATE INDEX busy_a2 ON busy (a) WHERE other IS NOT NULL;
                 CREATE TABLE calm (id int PRIMARY KEY, a text); CREATE INDEX calm_a ON calm (a); CREATE INDEX calm_a2 ON calm (a)",
            )
            .await;
        let holder = database.probe().await;
        holder
            .batch_execute("BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
            .await
            .unwrap();
        let targets = Targets::load(&Config::default(), Some(&database.url()), None).unwrap();
        let mut session = targets.get(None).unwrap().session().await.unwrap();
        let found = problems::find(&mut session, &[]).await.unwrap();
        let about = |table: &str| found.problems.iter().any(|one| one.table == table);
        assert!(about("public.calm") && !about("public.busy"), "{found:#?}");
        assert!(
            found.notes.iter().any(|note| note.contains("public.busy")),
            "{:?}",
            found.notes
        );
        holder.batch_execute("ROLLBACK").await.unwrap();
        let found = problems::find(&mut session, &[]).await.unwrap();
        assert!(
            found.problems.iter().any(|one| one.table == "public.busy"),
            "{found:#?}"
        );
        assert!(
            found.notes.iter().all(|note| !note.contains("public.busy")),
            "{:?}",
            found.notes
        );
    }
}

/// Tables of which each has its own pair of indexes, so that none is compared with another's.
const PAIRS: &str = "
    CREATE TABLE t (id int, a int, b int, c int, x text);
    CREATE TABLE carries (LIKE t); CREATE INDEX carries_none ON carries (a); CREATE INDEX carries_b ON carries (a) INCLUDE (b);
    CREATE TABLE more (LIKE t); CREATE INDEX more_b ON more (a) INCLUDE (b); CREATE INDEX more_bc ON more (a) INCLUDE (b, c);
    CREATE TABLE turned (LIKE t); CREATE INDEX turned_bc ON turned (a) INCLUDE (b, c); CREATE INDEX turned_cb ON turned (a) INCLUDE (c, b);
    CREATE TABLE other (LIKE t); CREATE INDEX other_b ON other (a) INCLUDE (b); CREATE INDEX other_c ON other (a) INCLUDE (c);
    CREATE TABLE behind (LIKE t); CREATE INDEX behind_x ON behind (a) INCLUDE (x); CREATE INDEX behind_ab ON behind (a, b);
    CREATE TABLE fuller (LIKE t); CREATE INDEX fuller_1 ON fuller (a); CREATE INDEX fuller_2 ON fuller (a) WITH (fillfactor = 70);
    CREATE TABLE grouped (LIKE t); CREATE INDEX grouped_a ON grouped (a); CREATE INDEX grouped_ab ON grouped (a, b);
    ALTER TABLE grouped CLUSTER ON grouped_a;
    CREATE TABLE single (LIKE t); CREATE UNIQUE INDEX single_a ON single (a); CREATE INDEX single_ab ON single (a, b);
    CREATE TABLE whole (id int, a int) PARTITION BY RANGE (id); CREATE TABLE whole_1 PARTITION OF whole FOR VALUES FROM (0) TO (9);
    CREATE INDEX whole_a ON whole (a); CREATE INDEX whole_1_own ON whole_1 (a);
    CREATE TABLE halves (id int, a int) PARTITION BY RANGE (id); CREATE TABLE halves_1 PARTITION OF halves FOR VALUES FROM (0) TO (9);
    CREATE INDEX halves_a ON ONLY halves (a);";

const KEYS: &str = "
    CREATE TABLE above (id int PRIMARY KEY, k int, UNIQUE (id, k)); INSERT INTO above SELECT i, i FROM generate_series(1, 2000) i;
    CREATE TABLE carried (a int, b int, FOREIGN KEY (a, b) REFERENCES above (id, k)); CREATE INDEX ON carried (a) INCLUDE (b);
    CREATE TABLE hashed (a int REFERENCES above); CREATE INDEX ON hashed USING hash (a);
    CREATE TABLE fresh (a int REFERENCES above);
    CREATE TABLE apart (id int, a int REFERENCES above) PARTITION BY RANGE (id);
    CREATE TABLE apart_1 PARTITION OF apart FOR VALUES FROM (0) TO (1500); CREATE TABLE apart_2 PARTITION OF apart DEFAULT;
    CREATE TABLE each (id int, a int REFERENCES above) PARTITION BY RANGE (id);
    CREATE TABLE each_1 PARTITION OF each FOR VALUES FROM (0) TO (1500); CREATE TABLE each_2 PARTITION OF each DEFAULT;
    CREATE INDEX ON each_1 (a); CREATE INDEX ON each_2 (a);
    INSERT INTO carried SELECT i, i FROM generate_series(1, 2000) i; INSERT INTO hashed SELECT i FROM generate_series(1, 2000) i;
    INSERT INTO apart SELECT i, i FROM generate_series(1, 2000) i; INSERT INTO each SELECT i, i FROM generate_series(1, 2000) i;
    ANALYZE; ALTER TABLE fresh SET (autovacuum_enabled = off);
    INSERT INTO fresh SELECT 1 + i % 2000 FROM generate_series(1, 3000) i;";

#[tokio::test]
async fn what_an_index_carries_and_what_it_is_for_decide_whether_it_goes() {
    for major in majors() {
        let database = server(major).await.database("pairs").await;
        database.execute(PAIRS).await;
        let client = database.probe().await;
        for statement in KEYS.split(';') {
            client.batch_execute(statement).await.unwrap();
        }
        // What was counted is told a moment later.
        client.batch_execute("SELECT pg_sleep(1.2)").await.unwrap();
        let targets = Targets::load(&Config::default(), Some(&database.url()), None).unwrap();
        let mut session = targets.get(None).unwrap().session().await.unwrap();
        let found = problems::find(&mut session, &[]).await.unwrap();
        let mut codes: Vec<String> = found
            .problems
            .iter()
            .map(|one| {
                let object = one.finding.object.as_deref().unwrap_or_default();
                format!("{} {object}", one.finding.code.replace("index/", ""))
            })
            .collect();
        codes.sort_unstable();
        assert_eq!(
            codes,
            [
                "duplicate public.fuller_2",
                "duplicate public.turned_cb",
                "duplicate public.whole_1_own",
                "foreign-key public.apart",
                "foreign-key public.carried",
                "foreign-key public.fresh",
                "invalid public.halves_a",
                "redundant public.carries_none",
                "redundant public.more_b",
            ],
            "{major}"
        );
    }
}

const DROPPED: &str = "
    CREATE TABLE t (id int, a int, b int, x text);
    CREATE INDEX kept ON t ((a + b), x); CREATE INDEX \"The \"\"one\"\"\" ON t ((a + b)) WITH (fillfactor = 70);
    COMMENT ON INDEX \"The \"\"one\"\"\" IS 'it''s for reports'; ALTER INDEX \"The \"\"one\"\"\" ALTER COLUMN 1 SET STATISTICS 777;
    CREATE TABLE p (id int, a int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
    CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (9) TO (20) PARTITION BY RANGE (id);
    CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (9) TO (12); CREATE TABLE p2b PARTITION OF p2 DEFAULT;
    CREATE INDEX x ON p (a) WHERE id > 3; CREATE INDEX y ON p (a) WHERE id > 3;
    ALTER INDEX p1_a_idx1 RENAME TO \"Own name\"; COMMENT ON INDEX \"Own name\" IS 'of a part';";

const INDEXES: &str = "
    SELECT string_agg(concat_ws(' ', i.relname, pg_get_indexdef(i.oid), obj_description(i.oid, 'pg_class'), x.indisvalid,
        (SELECT string_agg(a.attnum || '=' || a.attstattarget, ',') FROM pg_attribute a WHERE a.attrelid = i.oid AND a.attstattarget >= 0),
        (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = i.oid)), E'\n' ORDER BY i.relname)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE i.relnamespace = 'public'::regnamespace";

#[tokio::test]
async fn what_was_dropped_comes_back_as_it_was() {
    for major in majors() {
        let database = server(major).await.database("restored").await;
        database.execute(DROPPED).await;
        let client = database.probe().await;
        let targets = Targets::load(&Config::default(), Some(&database.url()), None).unwrap();
        let mut session = targets.get(None).unwrap().session().await.unwrap();
        let found = problems::find(&mut session, &[]).await.unwrap();
        assert_eq!(found.problems.len(), 2, "{major}: {found:#?}");
        let before: String = client.query_one(INDEXES, &[]).await.unwrap().get(0);
        for problem in &found.problems {
            let fix = problem.finding.fix.as_ref().unwrap();
            client.batch_execute(&fix.sql).await.unwrap();
            let without: String = client.query_one(INDEXES, &[]).await.unwrap().get(0);
            assert_ne!(without, before, "{major}: {}", fix.sql);
            for line in problem.undo.as_ref().unwrap().lines() {
                client
                    .batch_execute(line)
                    .await
                    .unwrap_or_else(|error| panic!("{major}: {line}: {error:?}"));
            }
            let after: String = client.query_one(INDEXES, &[]).await.unwrap().get(0);
            assert_eq!(after, before, "{major}: {}", fix.sql);
        }
    }
}
