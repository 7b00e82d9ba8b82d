use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use howdah_testkit::Server;

use super::scenario::Scenario;

/// The longest that howdah may work before it, or the server, is killed.
const LONGEST_MS: u64 = 2_500;
/// How long howdah waits for a server that was killed before it is killed itself.
const ALONE: Duration = Duration::from_millis(800);
/// A change that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(900);

/// Random moments, the same for the same seed.
pub(crate) struct Kills {
    seed: u64,
    /// How many are left.
    pub(crate) left: u32,
    /// Whether the server's turn is next.
    server_next: bool,
}

impl Kills {
    pub(crate) fn new(seed: u64, count: u32) -> Self {
        Self {
            seed: seed ^ 0x9e37_79b9_7f4a_7c15,
            left: count,
            server_next: false,
        }
    }

    fn moment(&mut self) -> Duration {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(50 + (self.seed >> 33) % LONGEST_MS)
    }

    /// Kills howdah and the server in turn, and gives the same command again each time until
    /// it says that it is done.
    pub(crate) async fn until_done(
        &mut self,
        server: &Server,
        howdah: &Path,
        url: &str,
        scenario: &Scenario,
    ) -> Result<()> {
        loop {
            let mut child = super::change(howdah, url, scenario.script).spawn()?;
            let after = if self.left > 0 { self.moment() } else { PATIENCE };
            tokio::select! {
                status = child.wait() => {
                    if status?.success() {
                        return Ok(());
                    }
                    let output = child.wait_with_output().await?;
                    bail!(
                        "howdah, with {} kills to come: {}{}",
                        self.left,
                        String::from_utf8_lossy(&output.stdout),
                        String::from_utf8_lossy(&output.stderr)
                    );
                }
                () = tokio::time::sleep(after) => {
                    if self.left == 0 {
                        bail!("howdah did not come to an end within {} s", PATIENCE.as_secs());
                    }
                    self.left -= 1;
                    if self.server_next {
                        server.crash().await;
                        server.start().await;
                        let _ = tokio::time::timeout(ALONE, child.wait()).await;
                    }
                    self.server_next = !self.server_next;
                    child.kill().await.ok();
                }
            }
        }
    }
}
