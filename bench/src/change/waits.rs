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
    /// Shows on stderr what clients wait for that wait long, where `verbose`.
    pub(crate) async fn watch(server: &Server, database: &str, verbose: bool) -> Self {
        // Two steps: the second, which the lock manager feels, only where somebody waits.
        let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)";
        let ours = "SELECT l.pid \
                    FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                    WHERE NOT l.granted AND a.application_name NOT LIKE 'howdah%' AND a.backend_type = 'client backend' \
                      AND EXISTS (SELECT FROM unnest(pg_blocking_pids(l.pid)) AS b JOIN pg_stat_activity h ON h.pid = b \
                                  WHERE h.application_name LIKE 'howdah%')";
        let slow = "SELECT string_agg(format('%s %s %s %s ms', a.pid, a.backend_type, coalesce(a.wait_event, 'runs'), \
                                             (extract(epoch FROM clock_timestamp() - a.query_start) * 1000)::int), ', ') \
                    FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND a.query NOT LIKE '%pg_sleep%' \
                      AND (a.state = 'active' OR a.wait_event_type <> 'Activity') AND a.wait_event_type IS DISTINCT FROM 'Client' \
                    HAVING bool_or(a.backend_type = 'client backend' AND a.application_name NOT LIKE 'howdah%' \
                                   AND clock_timestamp() - a.query_start > interval '40 ms')";
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
                if verbose && let Ok(Some(row)) = client.query_opt(slow, &[]).await {
                    eprintln!("waits: {}", row.get::<_, &str>(0));
                }
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
