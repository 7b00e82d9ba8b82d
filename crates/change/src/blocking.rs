//! How long clients would have to wait for what is not done here, in words.

use crate::Estimate;

/// While so many bytes are read.
pub(crate) fn scanned(bytes: u64) -> String {
    Estimate::scan(bytes).words()
}

/// While so many bytes are written anew with their indexes, or indexed: 20 to 100 MB/s
/// (162 MB took 4.9 to 5.9 s, measured by hand).
pub(crate) fn rewritten(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    Estimate {
        seconds_min: megabytes / 100.0,
        seconds_max: 0.5 + megabytes / 20.0,
        ..Estimate::default()
    }
    .words()
}
