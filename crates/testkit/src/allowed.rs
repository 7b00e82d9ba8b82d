use std::time::Duration;

/// How long a test lets something take whose budget is `budget`: ten times as long, since a machine that runs
/// tests does other things too; the budget itself where `HOWDAH_EXACT_TIMES` is set, on a quiet machine.
///
/// What a budget guards against in a test (a wait for a timeout, a backend that goes on) lasts longer than that.
#[must_use]
pub fn allowed(budget: Duration) -> Duration {
    match std::env::var_os("HOWDAH_EXACT_TIMES") {
        Some(_) => budget,
        None => budget * 10,
    }
}
