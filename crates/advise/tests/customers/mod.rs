//! Customers and their invoices, and advice for what is asked of them.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::time::Duration;

use howdah_advise::indexes::{Advice, AdviseOptions, Workload, advise};
use howdah_core::Config;
use howdah_pg::{Session, Targets};
use howdah_testkit::{Database, Server};

pub const TABLES: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, tenant_id int NOT NULL, email text NOT NULL, name text NOT NULL, tags text[] NOT NULL,
        attrs jsonb NOT NULL, created_at timestamp NOT NULL, deleted_at timestamp, state text NOT NULL);
    INSERT INTO customers SELECT i, CASE WHEN i % 3 = 0 THEN 1 ELSE i % 500 END, 'User' || i || '@example.com', md5(i::text),
        ARRAY['t' || i % 700], jsonb_build_object('k', i % 5000), timestamp '2024-01-01' + i * interval '1 minute',
        CASE WHEN i % 10 = 0 THEN timestamp '2024-06-01' END, CASE WHEN i % 200 = 0 THEN 'waiting' ELSE 'done' END
    FROM generate_series(1, 40000) i;
    CREATE TABLE invoices (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total int NOT NULL, paid_at timestamp);
    INSERT INTO invoices SELECT i, 1 + i % 40000, i % 1000, NULL FROM generate_series(1, 60000) i;
    CREATE VIEW waiting AS SELECT id, tenant_id, name, created_at FROM customers WHERE state = 'waiting';";

pub async fn session(url: &str) -> Session {
    let targets = Targets::load(&Config::default(), Some(url), None).unwrap();
    targets.get(None).unwrap().session().await.unwrap()
}

/// A database with the tables; false where the server has no hypopg, as those that come without contributed packages.
pub async fn prepared(server: &'static Server) -> (Database<'static>, bool) {
    let database = server.database("advise").await;
    let client = database.probe().await;
    // Every row is looked at, so that what is estimated does not depend on a sample. Nor may it on when the
    // commit is written down: VACUUM takes no page for visible to all before that.
    client
        .batch_execute("SET default_statistics_target = 1000; SET synchronous_commit = on")
        .await
        .unwrap();
    client.batch_execute(TABLES).await.unwrap();
    client
        .batch_execute("VACUUM ANALYZE customers, invoices")
        .await
        .unwrap();
    let has_hypopg = client.batch_execute("CREATE EXTENSION hypopg").await.is_ok();
    (database, has_hypopg)
}

/// Long enough for a slow machine, so that the answer does not depend on it.
pub fn patient() -> AdviseOptions {
    AdviseOptions {
        time: Duration::from_secs(300),
        ..AdviseOptions::default()
    }
}

pub async fn asked(database: &Database<'_>, text: &str) -> Advice {
    let mut session = session(&database.url()).await;
    advise(&mut session, &Workload::read(text), &patient(), &|_| {})
        .await
        .unwrap()
}

pub fn creates(advice: &Advice) -> String {
    advice
        .indexes
        .iter()
        .map(|index| format!("{}\n", index.create))
        .collect()
}
