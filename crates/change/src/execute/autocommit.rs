use std::time::Duration;

use super::attend::{Attended, Gives, Heeds};
use super::worker::Worker;
use crate::journal::Wanted;
use crate::{ChangeError, Cleanup};

/// How often a statement that met a deadlock or a lock timeout is begun anew.
const TRIES: u32 = 5;
/// How long what a stopped statement left may be waited for: whoever resumes removes it otherwise.
const CLEAN_BRIEFLY: &str = "SET lock_timeout = '2s'";
const CLEAN_PATIENTLY: &str = "SET lock_timeout = 0";

impl Worker {
    /// One [N] or [L] step. Whether it is done is for the catalog to say, before as well as after. `Some`
    /// where a person wanted it to stop.
    pub(super) async fn autocommit(
        &mut self,
        sql: &str,
        cleanup: &[Cleanup],
        proof: Option<&str>,
        heeds: Heeds,
    ) -> Result<Option<Wanted>, ChangeError> {
        let mut tries = 0;
        loop {
            if let Some(proof) = proof
                && self.holds(proof).await?
            {
                return Ok(None);
            }
            self.clean(cleanup).await?;
            tries += 1;
            match self.attended(sql, Gives::Nothing, heeds).await {
                Ok(Attended::Done(_)) => break,
                // Taking the change back removes what there is.
                Ok(Attended::Wanted(wanted)) => return Ok(Some(wanted)),
                Err(ChangeError::Stopped) => {
                    self.clean_briefly(cleanup).await?;
                    return Err(ChangeError::Stopped);
                }
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
            _ => Ok(None),
        }
    }

    /// Removes what a stopped statement left, where nobody is in the way of that.
    async fn clean_briefly(&mut self, cleanup: &[Cleanup]) -> Result<(), ChangeError> {
        if cleanup.is_empty() {
            return Ok(());
        }
        self.connection().await?.batch(CLEAN_BRIEFLY).await?;
        let cleaned = self.clean(cleanup).await;
        if let Err(error) = cleaned {
            self.observer.says(&format!(
                "What the stopped statement left is still there ({error}); resuming or rolling back removes it."
            ));
        }
        Ok(self.connection().await?.batch(CLEAN_PATIENTLY).await?)
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
