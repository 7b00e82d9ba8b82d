//! Scripts that run without being judged, and what only a target would have.

use howdah_pg::Transaction;

use super::run::Run;
use super::statement::Sentence;
use crate::{Failure, RehearseError, Unit};

impl Run {
    /// Runs a script that is not judged.
    pub(super) async fn prepare(&mut self, number: usize, units: &[Unit]) -> Result<(), RehearseError> {
        self.is_judged = false;
        for unit in units {
            self.enter(unit.transaction).await?;
            let sentence = Sentence::of(&unit.sql);
            if let Some(failure) = self.execute_leniently(&sentence).await? {
                let start: String = unit.sql.chars().take(60).collect();
                self.common_notes.push(format!(
                    "Earlier script {} failed here at \"{start}\": {}.",
                    number + 1,
                    failure.message
                ));
            }
        }
        self.leave_runner().await?;
        self.end_open().await?;
        self.connection.take_notices();
        Ok(())
    }

    /// Runs a statement of a script that is not judged. What is missing only
    /// because there is no target is made.
    async fn execute_leniently(&mut self, sentence: &Sentence<'_>) -> Result<Option<Failure>, RehearseError> {
        loop {
            let within =
                self.connection.transaction() == Transaction::Open && sentence.may_run_in_subtransaction();
            if within {
                self.batch("SAVEPOINT \"howdah before\"").await?;
            }
            let failure = self.run(sentence.sql).await?;
            let Some(failure) = failure else {
                if within {
                    self.batch("RELEASE SAVEPOINT \"howdah before\"").await?;
                }
                return Ok(None);
            };
            if within {
                self.batch("ROLLBACK TO SAVEPOINT \"howdah before\"; RELEASE SAVEPOINT \"howdah before\"")
                    .await?;
            } else {
                self.end_open().await?;
            }
            let Some(role) = self.role_to_make_up(&failure) else {
                return Ok(Some(failure));
            };
            self.make_up(&role).await?;
        }
    }

    /// The role that a statement lacked only because there is no target.
    pub(super) fn role_to_make_up(&self, failure: &Failure) -> Option<String> {
        let is_open = self.connection.transaction() != Transaction::Failed;
        missing_role(failure)
            .filter(|role| is_open && !self.database.has_target && !self.made_up.contains(role))
    }

    pub(super) async fn make_up(&mut self, role: &str) -> Result<(), RehearseError> {
        self.database.create_role(role).await?;
        self.made_up.insert(role.to_owned());
        self.common_notes
            .push(format!("The role {role} was made up, as no script creates it."));
        Ok(())
    }
}

fn missing_role(failure: &Failure) -> Option<String> {
    let name = failure
        .message
        .strip_prefix("role \"")?
        .strip_suffix("\" does not exist")?;
    (failure.sqlstate == "42704").then(|| name.to_owned())
}
