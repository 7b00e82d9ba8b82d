//! Whoever may but read may have a plan made: nothing that the script says is run for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use howdah_testkit::{majors, server};

/// What takes a number from the sequence is seen, whatever was rolled back.
const SETUP: &str = "
    CREATE SEQUENCE taken;
    CREATE TABLE t (id int PRIMARY KEY, a int);
    INSERT INTO t VALUES (1, 1);
    CREATE TABLE p (id int NOT NULL, a int) PARTITION BY RANGE (id, a);
    CREATE DOMAIN known AS int CHECK (VALUE IS NULL AND nextval('taken') > 0);";

const SCRIPTS: [&str; 7] = [
    "DO $$ BEGIN IF nextval('taken') > 0 THEN ALTER TABLE t ADD COLUMN b int; END IF; END $$",
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'u' AND nextval('taken') > 0) OR nextval('taken') > 0 \
     THEN ALTER TABLE t ADD COLUMN b int; END IF; END $$",
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_terminate_backend(pid)) \
     THEN ALTER TABLE t ADD COLUMN b int; END IF; END $$",
    "ALTER TABLE t ALTER COLUMN a TYPE known",
    "ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (nextval('taken'), 0) TO (MAXVALUE, MAXVALUE)",
    "CREATE DOMAIN d AS int CHECK (VALUE IS NULL AND nextval('taken') > 0); ALTER TABLE t ALTER COLUMN a TYPE d",
    "CREATE DOMAIN d AS int CHECK (nextval('taken') > 0); ALTER TABLE t ADD COLUMN b d DEFAULT NULL",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_script_is_run() {
    for major in majors() {
        let database = server(major).await.database("planning").await;
        database.execute(SETUP).await;
        let other = database.probe().await;
        for script in SCRIPTS {
            let mut session = support::target(&database.url()).session().await.unwrap();
            // Whether there is a way is another question.
            let plan = howdah_change::plan(&mut session, script).await;
            drop(session);
            let taken: bool = other
                .query_one("SELECT is_called FROM taken", &[])
                .await
                .unwrap_or_else(|error| panic!("{major}: {script}: {error}: {plan:?}"))
                .get(0);
            assert!(!taken, "{major}: {script}: {plan:?}");
            if script.starts_with("DO") {
                let plan = plan.unwrap();
                assert!(!plan.refusals.is_empty(), "{major}: {script}: {plan:?}");
            }
        }
        // What asks the catalog alone is answered.
        let mut session = support::target(&database.url()).session().await.unwrap();
        let asks = "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'b') \
                    AND to_regclass('public.u') IS NULL THEN ALTER TABLE t ADD COLUMN b int; END IF; END $$";
        let plan = howdah_change::plan(&mut session, asks).await.unwrap();
        assert!(
            plan.refusals.is_empty() && !plan.steps.is_empty(),
            "{major}: {plan:?}"
        );
    }
}
