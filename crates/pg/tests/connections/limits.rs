use std::time::{Duration, Instant};

use howdah_pg::Step;
use howdah_testkit::server;

use crate::{Count, Seen, alone, connect, memory_kib};

#[tokio::test]
async fn huge_cells_and_long_results_need_no_memory() {
    if !alone("limits::huge_cells_and_long_results_need_no_memory").await {
        return;
    }
    let server = server(15).await;
    let mut connection = connect(&server.url("postgres")).await;
    let (before, _) = memory_kib();

    // A cell of 50 MB, and a row of several.
    let mut seen = Seen {
        cell_cap: Some(64 * 1024),
        ..Seen::default()
    };
    let sql = "SELECT repeat('x', 50000000), 'between', repeat('y', 50000000)";
    connection.run(&[Step::new(sql)], &mut seen).await.unwrap();
    assert_eq!(seen.lengths, [50_000_000, 7, 50_000_000]);
    assert_eq!(seen.rows[0].1[0].as_ref().unwrap().len(), 64 * 1024);
    assert_eq!(seen.rows[0].1[1].as_deref(), Some("between"));

    // 10 million rows.
    let mut count = Count::default();
    let began = Instant::now();
    let sql = "SELECT g, 'row number ' || g FROM (SELECT generate_series(1, 10000000) g) s";
    let end = connection.run(&[Step::new(sql)], &mut count).await.unwrap();
    assert_eq!(count.rows, 10_000_000);
    assert_eq!(end.steps[0].rows, 10_000_000);
    assert!(!end.steps[0].suspended);
    let spent = began.elapsed();

    // The same, capped by the server.
    let mut capped = Count::default();
    let began = Instant::now();
    let end = connection
        .run(
            &[
                Step::silent("BEGIN"),
                Step::new(sql).max_rows(1000),
                Step::silent("ROLLBACK"),
            ],
            &mut capped,
        )
        .await
        .unwrap();
    assert_eq!((capped.rows, end.steps[1].suspended), (1000, true));
    assert!(began.elapsed() < howdah_testkit::allowed(Duration::from_secs(1)));

    let (_, most) = memory_kib();
    let grown = most.saturating_sub(before);
    println!("10 million rows in {spent:?}; {grown} KiB more memory at most");
    assert!(grown < 8 * 1024, "{grown} KiB");
}
