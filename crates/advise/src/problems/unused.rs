//! Indexes that were not read while the counters counted.

use howdah_core::{Applicability, Severity, counted, human_bytes};

use super::model::Model;
use super::{IndexProblem, dropping, of_index};

/// Days after which "never read" means something: a week has every kind of working day in it.
pub(super) const LEAST_DAYS: f64 = 7.0;
/// An index up to this size costs next to nothing, and nothing is to be gained.
pub(super) const LEAST_BYTES: u64 = 64 * 1024;

pub(super) fn find(model: &Model, notes: &mut Vec<String>) -> Vec<IndexProblem> {
    let statistics = &model.statistics;
    if statistics.is_replica {
        notes.push(
            "This server is a replica: whether an index is used is to be asked of the primary too."
                .to_owned(),
        );
        return Vec::new();
    }
    let days = statistics.counted_days;
    if days < LEAST_DAYS {
        notes.push(format!(
            "The counters of use count since {}: which indexes nobody reads is told after {LEAST_DAYS:.0}.",
            counted(days, "day")
        ));
        return Vec::new();
    }
    let unread = model.indexes.iter().filter(|index| {
        index.scans == 0
            && index.is_valid
            && !index.is_needed()
            && !index.is_clustered
            // Of a partitioned table the whole is told, whose counters are those of its parts together.
            && !index.is_partition
            && index.bytes >= LEAST_BYTES
    });
    unread
        .map(|index| {
            let mut evidence = vec![
                format!(
                    "{}, read 0 times in {}",
                    human_bytes(index.bytes),
                    counted(days, "day")
                ),
                index.definition.clone(),
            ];
            if statistics.replicas > 0 {
                evidence.push(format!(
                    "{} servers replicate this one: look there too, what they read is not counted here",
                    statistics.replicas
                ));
            }
            let message = format!(
                "Nobody reads the index {}, and every write to {} keeps it up.",
                index.name, index.table
            );
            of_index(
                index,
                "unused",
                Severity::Note,
                message,
                evidence,
                dropping(index, Applicability::Unsafe),
            )
        })
        .collect()
}
