use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use howdah_testkit::Server;
use tokio::task::JoinHandle;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Watches who waits for a lock of ours: what a busy machine does to clients is not our doing.
pub(crate) struct Waits {
    stop: Arc<AtomicBool>,
    watcher: JoinHandle<Result<f64>>,
}

impl Waits {
    pub(crate) async fn watch(server: &Server, database: &str) -> Self {
        // Two steps: the second, which the lock manager feels, only where somebody waits.
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
        let ours = "SELECT l.pid \
                    FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                    WHERE NOT l.granted AND a.application_name NOT LIKE 'howdah%' AND a.backend_type = 'client backend' \
                      AND EXISTS (SELECT FROM unnest(pg_blocking_pids(l.pid)) AS b JOIN pg_stat_activity h ON h.pid = b \
                                  WHERE h.application_name LIKE 'howdah%')";
        let client = server.probe(database).await;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watcher = tokio::spawn(async move {
            let mut longest: f64 = 0.0;
            let mut since: HashMap<i32, std::time::Instant> = HashMap::new();
            while !stopped.load(Ordering::Relaxed) {
                // The server is killed on purpose in some runs.
                let Ok(row) = client.query_one(waiting, &[]).await else {
                    break;
                };
                let mut now = HashMap::new();
                if row.get(0) {
                    let Ok(rows) = client.query(ours, &[]).await else {
                        break;
                    };
                    for row in rows {
                        let pid: i32 = row.get(0);
                        let begun = since.get(&pid).copied().unwrap_or_else(std::time::Instant::now);
                        longest = longest
                            .max(begun.elapsed().as_secs_f64() * 1e3)
                            .max(LOOK.as_secs_f64() * 1e3);
                        now.insert(pid, begun);
                    }
                }
                since = now;
                tokio::time::sleep(LOOK).await;
            }
            Ok(longest)
        });
        Self { stop, watcher }
    }

    /// The longest wait of a client for a lock that howdah held or asked for, in milliseconds.
    pub(crate) async fn longest_ms(self) -> Result<f64> {
        self.stop.store(true, Ordering::Relaxed);
        self.watcher.await?
    }
}
