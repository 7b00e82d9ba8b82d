use crate::verdict::Verdict;
use crate::words::tenth;
use crate::{Check, Seen, Threshold};

inventory::submit! {
    Check {
        code: "checkpoints-requested",
        title: "Checkpoints that WAL forced",
        guide: "Monitoring",
        sql: include_str!("checkpoints_requested.sql"),
        thresholds: &[
            Threshold::new("warn_percent", 50.0),
            Threshold::new("min_checkpoints", 20.0),
        ],
        counts: true,
        judge,
        ..Check::NEW
    }
}

fn judge(seen: &Seen<'_>, verdict: &mut Verdict) {
    let Some(line) = seen.first() else { return };
    if seen.place.is_aurora() {
        verdict.skip("Aurora makes no checkpoints.", "nobody: there is nothing to look at");
        return;
    }
    let (timed, requested, percent) = (line.number("timed"), line.number("requested"), line.number("percent"));
    verdict
        .figure("timed", timed)
        .figure("requested", requested)
        .figure("counted_s", line.integer("counted_s"))
        .figure("max_wal_size", line.text("max_wal_size"))
        .figure("checkpoint_timeout", line.text("checkpoint_timeout"));
    let message = format!("{requested:.0} of {:.0} checkpoints were requested before their time.", timed + requested);
    let is_enough = timed + requested >= seen.limit("min_checkpoints");
    if !is_enough || percent < seen.limit("warn_percent") {
        verdict.say(message);
        return;
    }
    verdict
        .warn(message)
        .figure("requested_percent", tenth(percent))
        .setting(seen.place, "max_wal_size", "4GB")
        .next(format!(
            "max_wal_size is {}: raise it until most checkpoints come in time.",
            line.text("max_wal_size")
        ));
}
