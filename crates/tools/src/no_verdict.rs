//! What a tool that judges gives a person's script where it could not judge.

use howdah_core::{Caller, Context, Error, ErrorKind, Result};

/// To a script that runs a tool which judges, whatever kept it from judging is the same: no verdict,
/// and an exit code that is no verdict's. What was wrong with the request stays so; so does all to others.
pub(crate) fn no_verdict<T>(cx: &Context, judged: Result<T>) -> Result<T> {
    match judged {
        Err(error) if matches!(cx.caller, Caller::Person { .. }) && error.kind != ErrorKind::Cancelled => {
            let kind = match error.kind {
                ErrorKind::Invalid => ErrorKind::Invalid,
                _ => ErrorKind::Local,
            };
            Err(Error { kind, ..error })
        }
        judged => judged,
    }
}
