use crate::output::Output;
use crate::stop::Signals;
use howdah_core::{Context, Outcome};
use std::process::ExitCode;
pub(crate) async fn follow(
    _cx: &Context,
    outcome: &Outcome,
    output: &Output,
    _signals: &mut Signals,
) -> ExitCode {
    output.outcome(outcome)
}
