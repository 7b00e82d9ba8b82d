//! A page that comes back from the disk other than it was written.

use howdah_checks::Status;
use howdah_testkit::{ServerOptions, majors, private};

use super::{fine, found};

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_is_found() {
    let mut provoked = Vec::new();
    for major in majors() {
        let server = private(ServerOptions {
            major,
            ..ServerOptions::default()
        })
        .await;
        let database = server.database("damage").await;
        let url = database.url();
        fine(&url, "checksum-failures", &[]).await;
        // Clusters are made with checksums from 18 on; without, damage is not noticed.
        if !has_checksums(&database).await {
            continue;
        }
        provoked.push(major);
        let probe = database.probe().await;
        probe
            .batch_execute("CREATE TABLE orders AS SELECT i FROM generate_series(1, 5000) i")
            .await
            .unwrap();
        let file: String = probe
            .query_one("SELECT pg_relation_filepath('orders')", &[])
            .await
            .unwrap()
            .get(0);
        drop(probe);
        server.stop().await;
        let path = server.data_dir().join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8192 + 4000] ^= 0xff;
        std::fs::write(&path, bytes).unwrap();
        server.start().await;
        let read = database
            .probe()
            .await
            .batch_execute("SELECT sum(i) FROM orders")
            .await;
        assert!(read.is_err(), "{major}: {read:?}");
        let damaged = found(&url, "checksum-failures", &[], "had a wrong checksum").await;
        assert_eq!(damaged.status, Status::Critical);
    }
    assert_eq!(provoked.contains(&18), majors().contains(&18));
}

async fn has_checksums(database: &howdah_testkit::Database<'_>) -> bool {
    let probe = database.probe().await;
    let shown: String = probe.query_one("SHOW data_checksums", &[]).await.unwrap().get(0);
    shown == "on"
}
