use howdah_core::counted;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "queries-indexed",
    title: "Indexes support the queries",
    section: Section::Indexes,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

fn judge(gathered: &Gathered) -> Answer {
    let (missing, statements) = match &gathered.missing {
        Ok((_, 0)) => return Answer::skipped("pg_stat_statements has counted no statement that could use an index: run the application's tests, then ask again."),
        Ok(known) => known,
        Err(why) => return Answer::skipped(why),
    };
    if missing.is_empty() {
        return Answer::pass(format!(
            "The planner would use no other index for the {} that were counted.",
            counted(*statements, "statement")
        ));
    }
    Answer::warn(format!("{} would make the statements that were counted cheaper.", counted(missing.len(), "index")))
        .evidence(format!("{} were planned with indexes that are not there", counted(*statements, "statement")))
        .evidence("`howdah index advise` says what each brings and costs")
        .fix(missing.join("\n"))
}
