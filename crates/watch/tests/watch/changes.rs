use howdah_testkit::majors;

use super::{MINUTE, START, connect, counting, until, watched, window};

#[tokio::test]
async fn restarts_resets_and_changes_are_told_and_counters_stay_right() {
    for major in majors() {
        let server = counting(major).await;
        let database = server.database("changes").await;
        database
            .execute("CREATE EXTENSION pg_stat_statements; CREATE TABLE shop (id int PRIMARY KEY)")
            .await;
        let mut watched = watched(&database.url()).await;
        watched.watcher.count(START).await.unwrap();
        watched.watcher.measure(START).await.unwrap();
        run_often(&database, 40).await;
        watched.watcher.count(START + MINUTE).await.unwrap();

        // Counters are reset, and count less than before.
        database.execute("SELECT pg_stat_statements_reset()").await;
        run_often(&database, 7).await;
        watched.watcher.count(START + 2 * MINUTE).await.unwrap();

        database.execute("ALTER SYSTEM SET work_mem = '12MB'").await;
        database
            .execute("SELECT pg_reload_conf(); ALTER TABLE shop ADD COLUMN price numeric(10,2); CREATE INDEX by_price ON shop (price); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE ROLE reporting; ALTER ROLE reporting SET search_path = 'x'")
            .await;
        let probe = database.probe().await;
        until("the setting is in force", || async {
            let row = probe.query_one("SHOW work_mem", &[]).await.unwrap();
            row.get::<_, String>(0) == "12MB"
        })
        .await;
        drop(probe);
        watched.watcher.count(START + 3 * MINUTE).await.unwrap();
        watched.watcher.measure(START + 3 * MINUTE).await.unwrap();

        server.restart().await;
        let lost = watched.watcher.count(START + 4 * MINUTE).await.unwrap_err();
        assert!(lost.is_of_connection(), "{lost:?}");
        watched
            .watcher
            .go_on(connect(&database.url()).await)
            .await
            .unwrap();
        run_often(&database, 5).await;
        watched.watcher.count(START + 4 * MINUTE).await.unwrap();
        run_often(&database, 6).await;
        watched.watcher.count(START + 5 * MINUTE).await.unwrap();

        let totals = watched.samples.statements(window(0, 6 * MINUTE)).await.unwrap();
        let often = totals
            .iter()
            .find(|total| total.text.contains("AS often"))
            .unwrap_or_else(|| panic!("{totals:#?}"));
        assert_eq!(often.used.calls, 40 + 7 + 5 + 6, "{often:?}");
        assert!(
            !totals.iter().any(|total| total.text.contains("howdah")),
            "{totals:#?}"
        );

        let changes = watched
            .samples
            .changes(window(0, 10 * MINUTE), 1_000)
            .await
            .unwrap();
        let told = |kind: &str, name: &str, at: i64| {
            let found = changes
                .iter()
                .find(|change| change.kind == kind && change.name.contains(name));
            let found = found.unwrap_or_else(|| panic!("{kind} {name}: {changes:#?}"));
            assert_eq!(found.at_s, START + at * MINUTE, "{found:?}");
            found
        };
        told("reset", "counters of statements", 2);
        let work_mem = told("setting", "work_mem", 3);
        assert!(
            work_mem.after.as_deref().unwrap().starts_with("12288"),
            "{work_mem:?}"
        );
        let shop = told("table", "public.shop", 3);
        assert_eq!(shop.before.as_deref(), Some("id integer NOT NULL"));
        assert_eq!(
            shop.after.as_deref(),
            Some("id integer NOT NULL, price numeric(10,2)")
        );
        told("index", "public.by_price", 3);
        told("function", "public.f()", 3);
        told("setting", "role reporting: search_path", 3);
        told("restart", "server", 4);
        let settings = changes.iter().filter(|change| change.kind == "setting").count();
        assert_eq!(settings, 2, "nothing else changed: {changes:#?}");

        // After a pause nothing is made up.
        run_often(&database, 50).await;
        watched.watcher.count(START + 60 * MINUTE).await.unwrap();
        let paused = window(6 * MINUTE, 61 * MINUTE);
        assert!(watched.samples.statements(paused).await.unwrap().is_empty());
        let changes = watched.samples.changes(paused, 10).await.unwrap();
        assert!(changes.iter().any(|change| change.kind == "pause"), "{changes:?}");
    }
}

async fn run_often(database: &howdah_testkit::Database<'_>, times: usize) {
    let client = database.probe().await;
    for _ in 0..times {
        client.simple_query("SELECT 1 AS often").await.unwrap();
    }
}
