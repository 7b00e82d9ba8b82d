//! What a database has that nobody uses.

use howdah_advise::problems::{self, UnusedTable};
use howdah_aurora::cost::Decimal;
use howdah_core::{Context, Result, human_bytes};

use crate::target_session;

/// Tables that are named; the rest is counted.
const NAMED: usize = 10;

/// GiB of the indexes that nobody reads and of the tables that nobody reads or writes, and what that rests on. Nothing
/// where the counters have not counted for long enough to say so, or only a part of the reads.
pub(super) async fn of_target(cx: &Context, target: Option<&str>) -> Result<(Option<Decimal>, Vec<String>)> {
    let mut session = target_session::open(cx, target, None).await?;
    let found = problems::find(&mut session, &[]).await?;
    if !found.statistics.tell() {
        let mut notes = found.notes;
        notes.push("The same goes for tables: none is taken for unused.".to_owned());
        return Ok((None, notes));
    }
    let tables = problems::unused_tables(&mut session).await?;
    // An index goes with its table, and is in the table's size already.
    let gone: Vec<String> =
        tables.iter().flat_map(|table| table.stored.iter().chain([&table.name])).map(ToString::to_string).collect();
    let indexes: Vec<u64> = found
        .problems
        .iter()
        .filter(|one| one.finding.code == "index/unused" && !gone.contains(&one.table))
        .map(|one| one.bytes)
        .collect();
    let of_indexes: u64 = indexes.iter().sum();
    let of_tables: u64 = tables.iter().map(|table| table.bytes).sum();
    let (database, days) = (&found.database, found.statistics.counted_days);
    let (gib_of_indexes, gib_of_tables) = (gib(of_indexes), gib(of_tables));
    let together = &gib_of_indexes + &gib_of_tables;
    let notes = vec![
        format!(
            "Unused: {} of {database}, {}, not read in the {days} days that have been counted.",
            howdah_core::counted(indexes.len(), "index"),
            human_bytes(of_indexes)
        ),
        format!(
            "Unused: {} of {database}, {} with TOAST and indexes, neither read nor written in the {days} days that have been counted{}.",
            howdah_core::counted(tables.len(), "table"),
            human_bytes(of_tables),
            named(&tables)
        ),
        format!("{together} GiB = {gib_of_indexes} GiB of indexes + {gib_of_tables} GiB of tables."),
        match found.statistics.replicas {
            0 => "What replicas and readers of Aurora read is not counted here: look there before anything is dropped.".to_owned(),
            replicas => format!(
                "What replicas and readers of Aurora read is not counted here, and {replicas} replicate this server now: look there before anything is dropped."
            ),
        },
    ];
    Ok((Some(together), notes))
}

fn gib(bytes: u64) -> Decimal {
    Decimal::measured(bytes as f64 / f64::from(1 << 30))
}

/// The largest with their sizes; nothing where there are none.
fn named(tables: &[UnusedTable]) -> String {
    let mut said: Vec<String> = tables.iter().take(NAMED).map(in_words).collect();
    if let Some(more @ 1..) = tables.len().checked_sub(NAMED) {
        said.push(format!("{more} more"));
    }
    match said.is_empty() {
        true => String::new(),
        false => format!(": {}", said.join(", ")),
    }
}

fn in_words(table: &UnusedTable) -> String {
    let size = human_bytes(table.bytes);
    match table.stored.as_slice() {
        [one] if *one == table.name => format!("{} ({size})", table.name),
        partitions => format!("{} ({size} in {} partitions)", table.name, partitions.len()),
    }
}
