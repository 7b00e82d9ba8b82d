//! Indexes that a backfill made grow are built anew beside the clients.
//!
//! A row's new version that finds no room on its page needs an entry in every index. A leaf page
//! has room for a tenth more; beyond that it splits, and no vacuum joins it again. Vacuuming in
//! between keeps the leaves from splitting and does harm elsewhere: the room that it makes known is
//! taken by rows of other pages, so that few updates stay on their page (measured: 6 % instead of 90 %).

use std::collections::BTreeMap;

use super::attend::{Attended, Gives, Heeds};
use super::backfill::Position;
use super::worker::Worker;
use crate::journal::Wanted;
use crate::{Backfill, ChangeError, Plan};

/// What an index may have grown by, of the bound of 1.3 for the whole change.
const GROWN: f64 = 1.15;
/// Below this an index is not worth it, whatever its growth: in bytes.
const LEAST_BYTES: u64 = 128 * 1024;

const SIZES: &str = include_str!("tighten.sizes.sql");
const LEFT: &str = include_str!("tighten.left.sql");

impl Worker {
    /// The indexes of a table that can be built anew, with their sizes in bytes.
    pub(super) async fn index_sizes(
        &mut self,
        backfill: &Backfill,
    ) -> Result<BTreeMap<String, u64>, ChangeError> {
        let table = backfill.table.to_string();
        let rows = self.connection().await?.query(SIZES, &[Some(&table)]).await?;
        Ok(rows
            .iter()
            .filter_map(|row| Some((row.get(0)?.to_owned(), row.parse(1)?)))
            .collect())
    }

    /// Builds anew, one after the other, what has grown since the backfill began.
    pub(super) async fn tighten(
        &mut self,
        plan: &Plan,
        step: usize,
        backfill: &Backfill,
        state: &mut Position,
    ) -> Result<Option<Wanted>, ChangeError> {
        self.drop_left(backfill, state).await?;
        for (index, bytes) in self.index_sizes(backfill).await? {
            let Some(before) = state.indexes.get(&index).copied() else {
                continue;
            };
            if bytes < before + LEAST_BYTES || (bytes as f64) < before as f64 * GROWN {
                continue;
            }
            // Noted first: what a killed try leaves is ours to remove.
            state.rebuilding = Some(index.clone());
            self.note_position(plan, step, state).await?;
            let sql = format!("REINDEX INDEX CONCURRENTLY {index}");
            match self.attended(&sql, Gives::Nothing, Heeds::Everybody).await {
                Ok(Attended::Done(_)) => {}
                Ok(Attended::Wanted(wanted)) => return Ok(Some(wanted)),
                Err(error) if self.is_lost(&error) || matches!(error, ChangeError::Stopped) => {
                    return Err(error);
                }
                // The index is as good as before, only larger.
                Err(error) => {
                    self.observer
                        .says(&format!("{index} has grown and could not be built anew: {error}"));
                    self.drop_left(backfill, state).await?;
                }
            }
            state.rebuilding = None;
            self.note_position(plan, step, state).await?;
        }
        Ok(None)
    }

    /// Removes what a killed rebuild of ours left: invalid, defined as that index, nobody at work on it.
    pub(super) async fn drop_left(
        &mut self,
        backfill: &Backfill,
        state: &Position,
    ) -> Result<(), ChangeError> {
        let Some(index) = &state.rebuilding else {
            return Ok(());
        };
        let table = backfill.table.to_string();
        let params = [Some(table.as_str()), Some(index.as_str())];
        let rows = self.connection().await?.query(LEFT, &params).await?;
        for left in rows.iter().filter_map(|row| row.get(0)) {
            self.execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {left}"))
                .await?;
        }
        Ok(())
    }
}
