use std::fmt::Write;
use std::time::{Duration, Instant};

use howdah_rehearse::Schema;
use howdah_testkit::majors;

use crate::world::{autocommit, connect, run_on};

/// Far above the budget of 5 s, which is for a release build on a quiet machine:
/// what grows faster than the schema is caught all the same.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn fifty_statements_on_three_hundred_tables() {
    let major = *majors().last().unwrap();
    let mut setup = String::new();
    for n in 0..300 {
        write!(
            setup,
            "CREATE TABLE t{n} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b text NOT NULL DEFAULT '', \
             at timestamptz, parent bigint REFERENCES t{}); CREATE INDEX ON t{n} (a); CREATE INDEX ON t{n} (at, b);",
            n / 2
        )
        .unwrap();
    }
    let script: String = (0..50)
        .map(|n| format!("ALTER TABLE t{n} ADD COLUMN c int;"))
        .collect();
    let server = howdah_testkit::server(major).await;
    let database = server.database("large").await;
    database.execute(&setup).await;
    let start = Instant::now();
    let schema = Schema::capture(&mut connect(&database.url()).await)
        .await
        .unwrap();
    let captured = start.elapsed();
    let rehearsal = run_on(major, &schema, &autocommit(&script), true).await;
    let took = start.elapsed();
    assert!(
        rehearsal
            .statements
            .iter()
            .all(|statement| statement.effects.failure.is_none())
    );
    assert!(took < LIMIT, "captured after {captured:?}, rehearsed after {took:?}");
}
