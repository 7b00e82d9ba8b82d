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
