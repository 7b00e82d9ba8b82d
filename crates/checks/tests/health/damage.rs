//! A page that comes back from the disk other than it was written.

use howdah_checks::Status;
use howdah_localpg::Account;
use howdah_testkit::{ServerOptions, installation, majors, private};

use super::{fine, found};

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_is_found() {
    for major in majors() {
        let server = private(ServerOptions {
            major,
            ..ServerOptions::default()
        })
        .await;
        let database = server.database("damage").await;
        server.stop().await;
        // From 18 on clusters are made with checksums; the program says so with an error, where there is one.
        if let Some(program) = installation(major).program("pg_checksums") {
            let mut command = Account::of_servers().unwrap().command(&program);
            let done = command
                .arg("--enable")
                .arg("-D")
                .arg(server.data_dir())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(
                done.status.success() || said.contains("already enabled"),
                "{said}"
            );
        }
        server.start().await;
        let url = database.url();
        fine(&url, "checksum-failures", &[]).await;
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
        let checksums = probe_setting(&database).await;
        assert!(read.is_err(), "{major}: data_checksums is {checksums}");
        let damaged = found(&url, "checksum-failures", &[], "had a wrong checksum").await;
        assert_eq!(damaged.status, Status::Critical);
    }
}

async fn probe_setting(database: &howdah_testkit::Database<'_>) -> String {
    let probe = database.probe().await;
    probe.query_one("SHOW data_checksums", &[]).await.unwrap().get(0)
}
