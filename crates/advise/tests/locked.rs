//! What is looked at while somebody locks a table wholly.
#![allow(clippy::unwrap_used)]

use howdah_advise::problems;
use howdah_core::Config;
use howdah_pg::Targets;
use howdah_testkit::{majors, server};

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
