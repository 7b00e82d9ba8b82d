//! Recursion over trees that somebody else's text shapes, on a stack that
//! holds it.

use std::thread;

/// Runs `work` where it finds `bytes` of stack: here when that is no more than
/// any thread has to spare, else on a thread that is made for it.
pub(crate) fn with_stack<T: Send>(bytes: usize, work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    if bytes <= SPARE_BYTES {
        return Ok(work());
    }
    thread::scope(|scope| {
        let worker = thread::Builder::new()
            .name("sql-parser".into())
            .stack_size(bytes + SPARE_BYTES)
            .spawn_scoped(scope, work)?;
        worker.join().or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// What callers may be expected to have left: half of what Rust gives a thread is 1 MiB.
pub(crate) const SPARE_BYTES: usize = 512 * 1024;
