use std::str::FromStr;

use howdah_pg::Row;

/// A row of an answer, read by the names of its columns.
#[derive(Clone, Copy)]
pub struct Line<'a>(Row<'a>);

impl<'a> Line<'a> {
    pub(crate) fn new(row: Row<'a>) -> Self {
        Self(row)
    }

    /// The text; empty for NULL.
    pub fn text(&self, column: &str) -> &'a str {
        self.0.named(column).unwrap_or_default()
    }

    /// The value, if it is not NULL.
    pub fn maybe<T: FromStr>(&self, column: &str) -> Option<T> {
        self.0.named(column)?.parse().ok()
    }

    /// The number; 0 for NULL.
    pub fn number(&self, column: &str) -> f64 {
        self.maybe(column).unwrap_or(0.0)
    }

    /// The integer; 0 for NULL.
    pub fn integer(&self, column: &str) -> i64 {
        self.maybe(column).unwrap_or(0)
    }

    /// A size or count that is not negative; 0 for NULL.
    pub fn bytes(&self, column: &str) -> u64 {
        u64::try_from(self.integer(column)).unwrap_or(0)
    }

    /// Whether it is the boolean `t`.
    pub fn is_true(&self, column: &str) -> bool {
        self.0.named(column) == Some("t")
    }
}
