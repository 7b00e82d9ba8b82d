use howdah_core::human_bytes;
use howdah_rehearse::{ReadRate, WorkKind};

use super::Size;

/// Bytes per second, at least and at most.
type Range = (f64, f64);

/// Heaps that are read, from a slow disk to a fast one: ours, measured on a laptop's and a network disk.
const DISK: Range = (120e6, 3000e6);
/// What a processor looks at, of rows that are in memory: many columns and conditions, or few.
const LOOK: Range = (500e6, 3000e6);
/// Indexes that are built of what was read: sorted, and written. Ours, as those above.
const BUILD: Range = (24e6, 170e6);
/// Heaps that are written anew, with their indexes and their WAL. Ours, as those above.
const REWRITE: Range = (17e6, 130e6);

/// By how much a scan may be faster or slower than the server's reads were on average: what is in a
/// cache already, and what else is going on.
const SPREAD: f64 = 2.0;

/// How long work on a relation takes, as far as its size tells.
pub(super) struct Pace {
    read: Range,
    measured: Option<ReadRate>,
}

impl Pace {
    /// By the target's own reads, where it has measured them.
    pub(super) fn of(measured: Option<ReadRate>) -> Self {
        let around = |rate: ReadRate| (rate.bytes_per_second / SPREAD, rate.bytes_per_second * SPREAD);
        Self {
            read: measured.map_or(DISK, around),
            measured,
        }
    }

    /// The size of a relation, and the time that the work takes, at least and at most.
    pub(super) fn size_and_time(&self, size: Size, kind: WorkKind) -> String {
        let (bytes, then) = match kind {
            WorkKind::Scan => (size.heap_bytes, None),
            WorkKind::IndexBuild => (size.heap_bytes, Some(BUILD)),
            WorkKind::Rewrite | WorkKind::RowsWritten | WorkKind::RowsLocked => {
                (size.total_bytes, Some(REWRITE))
            }
        };
        let (slow, fast) = self.seconds_per_byte(then);
        let rows = size
            .rows
            .map_or_else(String::new, |rows| format!("about {rows:.0} rows, "));
        format!(
            "{rows}{}: {} to {}",
            human_bytes(bytes),
            duration(bytes as f64 * fast),
            duration(bytes as f64 * slow)
        )
    }

    /// Of reading, looking, and what comes then: at most, and at least.
    fn seconds_per_byte(&self, then: Option<Range>) -> (f64, f64) {
        let steps = [Some(self.read), Some(LOOK), then];
        steps
            .into_iter()
            .flatten()
            .fold((0.0, 0.0), |(most, least), (slow, fast)| {
                (most + 1.0 / slow, least + 1.0 / fast)
            })
    }

    /// What the times rest on.
    pub(super) fn basis(&self) -> String {
        match self.measured {
            Some(rate) => format!(
                "Times: from this server's own reads so far, {} at {} a second on average, and what sorting and writing usually take.",
                human_bytes(rate.bytes as u64),
                human_bytes(rate.bytes_per_second as u64)
            ),
            None => {
                "Times: from slow disks to fast ones; this server has not timed its reads (track_io_timing)."
                    .to_owned()
            }
        }
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.95 => format!("{:.0} ms", (s * 1000.0).max(1.0)),
        s if s < 119.5 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        rows: Some(1e7),
        heap_bytes: 10_000_000_000,
        total_bytes: 16_000_000_000,
    };

    #[test]
    fn without_a_measurement_the_range_is_wide() {
        let pace = Pace::of(None);
        assert_eq!(
            pace.size_and_time(SIZE, WorkKind::Scan),
            "about 10000000 rows, 9.3 GiB: 7 s to 103 s"
        );
        assert!(pace.basis().contains("track_io_timing"));
    }

    #[test]
    fn a_measurement_narrows_it() {
        let measured = ReadRate {
            bytes_per_second: 200e6,
            bytes: 1e11,
        };
        let pace = Pace::of(Some(measured));
        assert_eq!(
            pace.size_and_time(SIZE, WorkKind::Scan),
            "about 10000000 rows, 9.3 GiB: 28 s to 2 min"
        );
        assert!(pace.basis().contains("190.7 MiB a second"), "{}", pace.basis());
        let (slow, fast) = pace.seconds_per_byte(Some(REWRITE));
        let (_, fast_scan) = pace.seconds_per_byte(None);
        assert!(slow > fast && fast > fast_scan);
    }
}
