//! What the samples show.

mod growth;
mod load;
mod regressions;

pub use growth::{Growth, growth};
pub use load::{Load, LoadShare, LoadStep, load};
pub use regressions::{Cause, Kind, Regression, Sensitivity, regressions};

use howdah_store::samples::Window;

/// The length of the steps in which a window is looked at, in seconds: a minute up to a day,
/// then as many as the samples are kept in.
pub fn step_of(window: Window) -> i64 {
    match window.length_s() {
        length if length <= 86_400 => 60,
        length if length <= 10 * 86_400 => 600,
        _ => 6 * 3_600,
    }
}

/// The middle one of the values; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}
