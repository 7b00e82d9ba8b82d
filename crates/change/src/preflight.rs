use howdah_core::human_bytes;
use howdah_pg::Connection;

use crate::disk::Room;
use crate::{ChangeError, Plan, Undo};

const PREFLIGHT: &str = include_str!("preflight.sql");
/// What a change takes of the disk is not worth a word below this.
const LITTLE_BYTES: u64 = 64 << 20;
/// A change leaves this share of what it needs free: estimates are estimates.
const SPARE: f64 = 1.2;

/// What is to be known before a change begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preflight {
    /// What is better settled first, in sentences: old transactions, replicas that are behind, slots
    /// that nobody reads, steps without a way back. None of it makes a change wrong.
    pub warnings: Vec<String>,
    /// Why it must not begin: it would fill the server's disk.
    pub stops: Vec<String>,
}

/// Looks at the server with a plan in mind.
pub async fn preflight(connection: &mut Connection, plan: &Plan) -> Result<Preflight, ChangeError> {
    let rows = connection.query(PREFLIGHT, &[]).await?;
    let mut found = Preflight {
        warnings: rows
            .iter()
            .filter_map(|row| row.get(0).map(str::to_owned))
            .collect(),
        stops: Vec::new(),
    };
    found.look_at_disk(needed_bytes(plan), Room::of(connection, plan).await?);
    found.warnings.extend(no_way_back(plan));
    Ok(found)
}

/// Files of the change and its log, which stays until a checkpoint.
fn needed_bytes(plan: &Plan) -> u64 {
    let estimate = plan.estimate();
    estimate
        .disk_bytes
        .saturating_add(estimate.wal_bytes.min(1 << 30))
}

impl Preflight {
    fn look_at_disk(&mut self, needed: u64, room: Room) {
        if needed < LITTLE_BYTES {
            return;
        }
        let about = human_bytes(needed);
        match room {
            Room::Grows => {}
            Room::Free(free) if free < needed => self.stops.push(format!(
                "The change needs about {about} of disk, and {} are free on the server: make room first",
                human_bytes(free)
            )),
            Room::Free(free) if (free as f64) < needed as f64 * SPARE => self.warnings.push(format!(
                "The change needs about {about} of disk, and no more than {} are free on the server.",
                human_bytes(free)
            )),
            Room::Free(_) => {}
            Room::Unknown => self.warnings.push(format!(
                "The change needs about {about} of disk; how much is free on the server cannot be known from here."
            )),
        }
    }
}

fn no_way_back(plan: &Plan) -> Option<String> {
    let mut steps = plan.steps.iter().filter_map(|step| match &step.undo {
        Undo::Impossible { reason } => Some((step, reason)),
        _ => None,
    });
    let (step, reason) = steps.next()?;
    let others = match steps.count() {
        0 => String::new(),
        1 => ", nor one step more".to_owned(),
        more => format!(", nor {more} steps more"),
    };
    Some(format!(
        "\"{}\" cannot be taken back{others} ({}). A snapshot of the server beforehand is the way back.",
        step.title,
        reason.trim_end_matches('.')
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(needed: u64, room: Room) -> (usize, usize) {
        let mut found = Preflight::default();
        found.look_at_disk(needed, room);
        (found.warnings.len(), found.stops.len())
    }

    #[test]
    fn a_change_that_fills_the_disk_does_not_begin() {
        const GIB: u64 = 1 << 30;
        assert_eq!(told(GIB, Room::Free(GIB - 1)), (0, 1));
        assert_eq!(told(GIB, Room::Free(GIB + 1)), (1, 0));
        assert_eq!(told(GIB, Room::Free(2 * GIB)), (0, 0));
        assert_eq!(told(GIB, Room::Unknown), (1, 0));
        assert_eq!(told(GIB, Room::Grows), (0, 0));
        assert_eq!(told(1, Room::Free(0)), (0, 0));
    }
}
