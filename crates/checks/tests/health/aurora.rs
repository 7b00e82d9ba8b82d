//! Functions of Aurora as its documentation gives them, in the catalog of a server of ours: they are
//! looked up before they are called.

use howdah_checks::{Settings, Status, check_named};
use howdah_testkit::{ServerOptions, majors, private};

use super::{found, pass};

const FUNCTIONS: &str = "
    CREATE FUNCTION pg_catalog.aurora_version() RETURNS text LANGUAGE sql AS $$ SELECT '16.4.1' $$;
    CREATE FUNCTION pg_catalog.aurora_replica_status(OUT server_id text, OUT session_id text, OUT durable_lsn bigint,
        OUT replica_lag_in_msec real, OUT last_update_timestamp timestamptz) RETURNS SETOF record LANGUAGE sql AS $$
        VALUES ('shop-writer', 'MASTER_SESSION_ID', 1::bigint, NULL::real, now()),
               ('shop-reader', '3f', 1::bigint, 25000::real, now()) $$;
    CREATE FUNCTION pg_catalog.aurora_global_db_status(OUT aws_region text, OUT durability_lag_in_msec bigint,
        OUT rpo_lag_in_msec bigint) RETURNS SETOF record LANGUAGE sql AS $$
        VALUES ('eu-west-1', -1::bigint, -1::bigint), ('us-east-1', 8000::bigint, 7000::bigint) $$;";

#[tokio::test]
async fn what_aurora_tells_is_read() {
    for major in majors() {
        let server = private(ServerOptions {
            major,
            ..ServerOptions::default()
        })
        .await;
        let database = server.database("aurora").await;
        let probe = database.probe().await;
        probe.batch_execute(FUNCTIONS).await.unwrap();
        drop(probe);
        let url = database.url();
        let lag = found(&url, "aurora-replica-lag", &[], "shop-reader is 25000 ms behind").await;
        assert_eq!(
            (lag.status, lag.problems.len()),
            (Status::Critical, 1),
            "{lag:#?}"
        );
        found(&url, "aurora-global-lag", &[], "us-east-1 is 8000 ms behind").await;
        let skipped = ["checkpoints-requested", "replication-lag"].map(|code| check_named(code).unwrap());
        let pass = pass(&url, &skipped, &Settings::default()).await;
        assert!(
            pass.results.iter().all(|result| result.status == Status::Skipped),
            "{pass:#?}"
        );
    }
}
