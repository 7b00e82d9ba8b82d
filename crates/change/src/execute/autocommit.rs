use std::time::Duration;

use super::worker::Worker;
use crate::{ChangeError, Cleanup};

/// How often a statement that met a deadlock or a lock timeout is begun anew.
const TRIES: u32 = 5;

impl Worker {
    /// One [N] or [L] step. Whether it is done is for the catalog to say, before as well as after.
    pub(super) async fn autocommit(
        &mut self,
        sql: &str,
        cleanup: &[Cleanup],
        proof: Option<&str>,
    ) -> Result<(), ChangeError> {
        let mut tries = 0;
        loop {
            if let Some(proof) = proof
                && self.holds(proof).await?
            {
                return Ok(());
            }
            self.clean(cleanup).await?;
            tries += 1;
            match self.execute(sql).await {
                Ok(()) => break,
                Err(ChangeError::Pg(error))
                    if tries < TRIES && matches!(error.sqlstate(), Some("40P01" | "55P03" | "40001")) =>
                {
                    self.pause(Duration::from_millis(500 * u64::from(tries))).await?;
                }
                Err(error) => {
                    // What a failed attempt leaves would cost every writer.
                    if !self.is_lost(&error) {
                        self.clean(cleanup).await?;
                    }
                    return Err(error);
                }
            }
        }
        match proof {
            Some(proof) if !self.holds(proof).await? => Err(ChangeError::Mismatch {
                message: format!(
                    "The server carried out \"{sql}\", and what it should have made is not there"
                ),
            }),
            _ => Ok(()),
        }
    }

    async fn clean(&mut self, cleanup: &[Cleanup]) -> Result<(), ChangeError> {
        for cleanup in cleanup {
            if self.holds(&cleanup.when).await? {
                self.execute(&cleanup.sql).await?;
            }
        }
        Ok(())
    }
}
