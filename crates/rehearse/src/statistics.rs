use howdah_pg::Connection;
use howdah_pg::catalog::{Query, Reading};
use howdah_sql::RelationName;

use crate::RehearseError;

/// What the planner's statistics of a target know of the values in its tables. They are in its
/// catalogs: no row of a table is read for them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    columns: Vec<ColumnStatistics>,
    /// Partitions that hold no row, and that no client has to do with by name.
    empty_partitions: Vec<RelationName>,
}

/// What is known of one column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnStatistics {
    pub(crate) relation: RelationName,
    pub(crate) column: String,
    /// The share of rows without a value.
    pub(crate) null_fraction: f64,
    /// As in `pg_stats`: a number, or, negative, a share of the rows.
    pub(crate) distinct: f64,
    /// The share of rows with the most common value; 0 where no value is there more than once.
    most_common: f64,
    /// Rows of the table.
    rows: Option<f64>,
    /// Values that were there, common ones first.
    pub(crate) values: Vec<String>,
    /// Whether some of them stand for many rows.
    no_common: bool,
}

impl Statistics {
    /// Reads those of the tables with these names, whatever schema they are in; and of tables
    /// with triggers, for scripts that make functions.
    pub async fn capture(
        connection: &mut Connection,
        tables: &[String],
        triggered: bool,
    ) -> Result<Self, RehearseError> {
        if tables.is_empty() && !triggered {
            return Ok(Self::default());
        }
        let names = array(tables);
        let params = [Some(names.as_str()), Some(if triggered { "t" } else { "f" })];
        let rows = Reading::of(connection)
            .one(&Query::new(include_str!("../queries/statistics.sql"), &params))
            .await
            .map_err(RehearseError::Target)?;
        let columns = rows.iter().filter_map(|row| {
            Some(ColumnStatistics {
                relation: RelationName::in_schema(row.get(0)?, row.get(1)?),
                column: row.get(2)?.to_owned(),
                null_fraction: row.parse(3)?,
                distinct: row.parse(4)?,
                most_common: row.parse(5)?,
                rows: row.parse(6),
                values: row
                    .get(7)
                    .and_then(|values| serde_json::from_str(values).ok())
                    .unwrap_or_default(),
                no_common: row.is_true(8),
            })
        });
        let columns = columns.collect();
        let rows = Reading::of(connection)
            .one(&Query::new(
                include_str!("../queries/empty_partitions.sql"),
                &params[..1],
            ))
            .await
            .map_err(RehearseError::Target)?;
        let partitions = rows
            .iter()
            .filter_map(|row| Some(RelationName::in_schema(row.get(0)?, row.get(1)?)));
        Ok(Self {
            columns,
            empty_partitions: partitions.collect(),
        })
    }

    /// Whether it is a partition without rows, which clients know through its parent only.
    pub(crate) fn is_empty_partition(&self, relation: &RelationName) -> bool {
        self.empty_partitions.contains(relation)
    }

    /// Columns of the table that hold the same values as this one, as far as their statistics
    /// tell, and are called alike: `id` and `id_old` once a change of type by a shadow column is done.
    pub(crate) fn twins(&self, relation: &RelationName, column: &str) -> Vec<&str> {
        let Some(known) = self.of(relation, column) else {
            return Vec::new();
        };
        let twins = self.columns.iter().filter(|other| other.is_twin(known));
        twins.map(|other| other.column.as_str()).collect()
    }

    /// Of a column of a table.
    pub(crate) fn of(&self, relation: &RelationName, column: &str) -> Option<&ColumnStatistics> {
        self.columns
            .iter()
            .find(|known| known.column == column && known.relation == *relation)
    }

    /// How many rows a table has, as far as that is known.
    pub(crate) fn rows_of(&self, relation: &RelationName) -> Option<f64> {
        let mut known = self.columns.iter().filter(|known| known.relation == *relation);
        known.find_map(ColumnStatistics::rows)
    }

    pub(crate) fn columns(&self) -> &[ColumnStatistics] {
        &self.columns
    }
}

/// With fewer values two columns may have the same ones by chance.
const TWINS_SHARE: usize = 20;

impl ColumnStatistics {
    fn is_twin(&self, other: &Self) -> bool {
        let (long, short) = match self.column.len() > other.column.len() {
            true => (&self.column, &other.column),
            false => (&other.column, &self.column),
        };
        let rest = long
            .strip_prefix(short.as_str())
            .or(long.strip_suffix(short.as_str()));
        let called_alike = rest.is_some_and(|rest| rest.starts_with('_') || rest.ends_with('_'));
        called_alike
            && self.relation == other.relation
            && self.values.len() >= TWINS_SHARE
            && self.values == other.values
            && self.null_fraction == other.null_fraction
    }

    /// Whether the values that are known are all that there are: of a table that ANALYZE reads as a
    /// whole, with no more different values than it keeps.
    pub(crate) fn is_complete(&self) -> bool {
        const SAMPLED_ROWS: f64 = 30_000.0;
        let Some(rows) = self.rows.filter(|rows| *rows <= SAMPLED_ROWS) else {
            return false;
        };
        self.values.len() as f64 >= self.distinct_count(rows)
    }

    fn distinct_count(&self, rows: f64) -> f64 {
        match self.distinct < 0.0 {
            true => -self.distinct * rows,
            false => self.distinct,
        }
    }

    /// How many of the rows of a table are referred to by this column, as a share.
    pub(crate) fn share_of(&self, referenced_rows: f64) -> f64 {
        self.rows
            .map_or(0.0, |rows| self.distinct_count(rows) / referenced_rows.max(1.0))
    }

    /// Whether a number is of those that rows may have got since statistics were taken, which count upwards.
    pub(crate) fn may_be_newer(&self, value: &str) -> bool {
        let number = |text: &str| text.parse::<f64>().ok();
        let greatest = self
            .values
            .iter()
            .filter_map(|known| number(known))
            .fold(f64::MIN, f64::max);
        number(value).is_some_and(|value| value > greatest && value < 2.0 * greatest + 1000.0)
    }

    /// Rows of the table, as far as they are known.
    pub(crate) fn rows(&self) -> Option<f64> {
        self.rows
    }

    /// A value as many rows have it, or else one from their middle.
    pub(crate) fn typical(&self) -> Option<&str> {
        let at = match self.no_common {
            true => self.values.len() / 2,
            false => 0,
        };
        self.values.get(at).map(String::as_str)
    }

    /// Whether some value is there more than once.
    pub(crate) fn repeats(&self) -> bool {
        self.rows.is_some_and(|rows| self.most_common * rows >= 2.0)
    }
}

/// Whether some values of several columns must be there together more than once, as there are
/// twice as many rows as combinations of values. The planner's count of distinct values is
/// often too low by half.
pub(crate) fn repeat_together(columns: &[&ColumnStatistics]) -> bool {
    let Some(rows) = columns.first().and_then(|column| column.rows) else {
        return false;
    };
    let distinct = |column: &&ColumnStatistics| column.distinct_count(rows);
    let combinations: f64 = columns.iter().map(distinct).product();
    let filled: f64 = columns.iter().map(|column| 1.0 - column.null_fraction).product();
    combinations >= 1.0 && rows * filled > 2.0 * combinations
}

/// An array of texts as the server reads it.
fn array(items: &[String]) -> String {
    let quoted = items
        .iter()
        .map(|item| format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")));
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(distinct: f64, most_common: f64, rows: f64) -> ColumnStatistics {
        ColumnStatistics {
            relation: RelationName::in_schema("public", "t"),
            column: "c".to_owned(),
            null_fraction: 0.0,
            distinct,
            most_common,
            rows: Some(rows),
            values: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            no_common: most_common == 0.0,
        }
    }

    #[test]
    fn values_repeat_where_one_is_common_or_there_are_too_few() {
        assert!(column(3.0, 0.4, 1000.0).repeats());
        assert!(!column(-1.0, 0.0, 1000.0).repeats());
        let (few, many) = (column(3.0, 0.4, 1000.0), column(-1.0, 0.0, 1000.0));
        assert!(repeat_together(&[&few, &few]));
        assert!(!repeat_together(&[&few, &many]));
    }

    #[test]
    fn twins_share_their_values_and_most_of_their_names() {
        let values: Vec<String> = (0..100).map(|value| value.to_string()).collect();
        let named = |name: &str, values: &[String]| ColumnStatistics {
            column: name.to_owned(),
            values: values.to_vec(),
            ..column(-1.0, 0.0, 1000.0)
        };
        let statistics = Statistics {
            columns: vec![
                named("id", &values),
                named("id_old", &values),
                named("idea", &values),
                named("id_other", &values[1..]),
            ],
            ..Statistics::default()
        };
        let table = RelationName::in_schema("public", "t");
        assert_eq!(statistics.twins(&table, "id_old"), ["id"]);
        assert!(statistics.twins(&table, "id_other").is_empty());
        assert!(statistics.twins(&table, "idea").is_empty());
    }

    #[test]
    fn a_typical_value_is_a_common_one() {
        assert_eq!(column(3.0, 0.4, 1000.0).typical(), Some("a"));
        assert_eq!(column(-1.0, 0.0, 1000.0).typical(), Some("b"));
    }

    #[test]
    fn names_are_quoted_in_arrays() {
        assert_eq!(array(&["a\"b\\".to_owned(), "c".to_owned()]), r#"{"a\"b\\","c"}"#);
    }
}
