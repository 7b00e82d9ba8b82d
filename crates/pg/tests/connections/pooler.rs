use std::time::Duration;

use howdah_pg::{Limits, Step};
use howdah_testkit::{PgBouncer, majors, server};

use crate::pool::target;
use crate::{Seen, value};

#[tokio::test]
async fn behind_pgbouncer_settings_go_with_each_transaction() {
    for major in majors() {
        let server = server(major).await;
        let Some(bouncer) = PgBouncer::start(server).await else {
            eprintln!("pgbouncer is not installed: not tested");
            return;
        };
        let database = server.database("bounced").await;
        database
            .execute(&format!(
                "ALTER DATABASE \"{}\" SET standard_conforming_strings = off",
                database.name
            ))
            .await;
        let target = target(&bouncer.url_as("postgres", &database.name), Limits::default());
        for _ in 0..5 {
            let mut session = target.session().await.unwrap();
            assert!(session.is_shared());
            assert!(session.settings_in_pipeline());
            let names: Vec<&str> = session.pinned_settings().iter().map(|s| s.name).collect();
            assert!(names.contains(&"standard_conforming_strings"));
            assert_eq!(names.contains(&"client_connection_check_interval"), major >= 14);
            let local: Vec<String> = session
                .pinned_settings()
                .iter()
                .map(|setting| format!("SET LOCAL {} = '{}'", setting.name, setting.value))
                .collect();
            let mut steps = vec![Step::silent("BEGIN READ ONLY")];
            steps.extend(local.iter().map(|sql| Step::silent(sql)));
            steps.push(Step::new("SHOW standard_conforming_strings"));
            steps.push(Step::new("SHOW statement_timeout"));
            steps.push(Step::silent("ROLLBACK"));
            let mut seen = Seen::default();
            session.run(&steps, &mut seen).await.unwrap();
            assert_eq!(seen.rows[0].1[0].as_deref(), Some("on"));
            assert_eq!(seen.rows[1].1[0].as_deref(), Some("30s"));
        }

        // Cancelling reaches the backend through the pooler.
        let mut session = target.session().await.unwrap();
        let canceller = session.canceller();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            canceller.cancel().await.unwrap();
        });
        let error = session.query("SELECT pg_sleep(60)", &[]).await.unwrap_err();
        assert_eq!(error.sqlstate(), Some("57014"));
        assert_eq!(value(&mut session, "SELECT 1").await, "1");
        drop(session);

        // The server restarts behind the pooler's back: the pooler's own connections die.
        let mut session = target.session().await.unwrap();
        let task = tokio::spawn(async move {
            let _ = session.query("SELECT pg_sleep(60)", &[]).await;
        });
        let probe = database.probe().await;
        let began = std::time::Instant::now();
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()";
        while probe.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        task.abort();
        let began = std::time::Instant::now();
        while probe.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(2)));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
