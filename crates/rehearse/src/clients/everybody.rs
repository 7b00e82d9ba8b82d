//! Those who have what everybody has: where PUBLIC loses something, whoever can log in may have
//! been granted it by name.

use super::{Attempt, Clients, try_all};
use crate::{Failure, RehearseError};

/// At most so many roles are tried.
const ROLES_MAX: usize = 50;

impl Clients {
    /// Who of the target's roles could do by PUBLIC's privileges what they cannot do any more; PUBLIC itself
    /// where the target's roles are not known.
    pub(super) async fn without(
        &mut self,
        attempt: usize,
        failure: &Failure,
    ) -> Result<Option<String>, RehearseError> {
        let doing = || RehearseError::scratch("trying clients");
        let attempt = &self.attempts[attempt];
        if attempt.role != super::PUBLIC || failure.sqlstate != "42501" || self.roles.is_empty() {
            return Ok(Some(attempt.role.clone()));
        }
        let own = |role: &String| Attempt {
            oid: attempt.oid,
            role: role.clone(),
            sql: attempt.sql.clone(),
            told: attempt.told.clone(),
            first: attempt.first.clone(),
            prepared: false,
        };
        let attempts: Vec<Attempt> = self.roles.iter().take(ROLES_MAX).map(own).collect();
        let all: Vec<usize> = (0..attempts.len()).collect();
        let close = std::collections::BTreeSet::from([attempt.oid]);
        let now = try_all(&mut self.now, &attempts, &all, &close)
            .await
            .map_err(doing())?;
        let before = try_all(&mut self.before, &attempts, &all, &close)
            .await
            .map_err(doing())?;
        let is_refused = |failure: &Option<Failure>| {
            failure
                .as_ref()
                .is_some_and(|failure| failure.sqlstate == "42501")
        };
        let lost = now
            .iter()
            .zip(&before)
            .position(|(now, before)| is_refused(&now.failure) && !is_refused(&before.failure));
        Ok(lost.map(|at| attempts[at].role.clone()))
    }
}
