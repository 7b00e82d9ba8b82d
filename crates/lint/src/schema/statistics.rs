/// What ANALYZE found in a column.
#[derive(Debug, Clone, Default)]
pub struct ColumnStatistics {
    /// The share of NULLs.
    pub null_fraction: f64,
    /// As `pg_stats.n_distinct`: a number of values, or below zero a share of the rows.
    pub n_distinct: f64,
    /// Bytes of a value.
    pub average_width: u32,
    /// The most common values of a string column, up to thirty, the most common first.
    pub common: Vec<String>,
    /// How many most common values there are in all.
    pub common_count: u32,
    /// The share of rows that have one of the most common values.
    pub common_fraction: f64,
    /// Further values of a string column, evenly spread.
    pub spread: Vec<String>,
    /// The largest value seen of an integer column.
    pub high: Option<i64>,
    /// The smallest value seen of an integer column.
    pub low: Option<i64>,
}

impl ColumnStatistics {
    /// The number of different values among so many rows.
    pub fn distinct(&self, rows: u64) -> f64 {
        if self.n_distinct < 0.0 {
            -self.n_distinct * rows as f64
        } else {
            self.n_distinct
        }
    }

    /// The few values that all rows have, where ANALYZE saw them all.
    pub fn whole_set(&self) -> Option<&[String]> {
        let complete = self.n_distinct > 0.0
            && self.n_distinct == f64::from(self.common_count)
            && self.common.len() == self.common_count as usize
            && self.common_fraction + self.null_fraction > 0.999;
        complete.then_some(&self.common)
    }

    /// Values of a string column, most common and others.
    pub fn samples(&self) -> impl Iterator<Item = &str> {
        self.common.iter().chain(&self.spread).map(String::as_str)
    }
}
