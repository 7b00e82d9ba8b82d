use time::OffsetDateTime;
use time::macros::format_description;

use super::model::{SchemaModel, Table, grouped};

/// Seconds that must have been counted before a rate means anything.
const MIN_COUNTED_S: i64 = 3600;
/// Years beyond which a date is no news.
const FAR_YEARS: f64 = 100.0;

/// When so many further rows will have been inserted into a table, at the rate of its counters:
/// `at 1,200 rows a day on 2027-03-01`. `None` without a rate.
pub fn forecast(model: &SchemaModel, table: &Table, rows_left: f64) -> Option<String> {
    let counted = model.context.counted_for_s;
    if counted < MIN_COUNTED_S || table.activity.inserted == 0 {
        return None;
    }
    let per_day = table.activity.inserted as f64 / (counted as f64 / 86_400.0);
    let days = rows_left / per_day;
    let rate = format!(
        "at the {} rows a day of the last {:.1} days",
        grouped(per_day.round() as u64),
        model.counted_days()
    );
    if days > FAR_YEARS * 365.0 {
        return Some(format!("{rate} not within {FAR_YEARS:.0} years"));
    }
    let at = OffsetDateTime::from_unix_timestamp(model.context.now_s + (days * 86_400.0) as i64).ok()?;
    let date = at.format(format_description!("[year]-[month]-[day]")).ok()?;
    Some(format!("{rate} on {date}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::schema::{Activity, Context, TableKind};
    use howdah_sql::RelationName;

    fn table(inserted: u64) -> Table {
        Table {
            oid: 1,
            name: RelationName::in_schema("public", "t"),
            kind: TableKind::Ordinary,
            is_partition: false,
            parents: Vec::new(),
            rows: None,
            heap_bytes: 0,
            is_unlogged: false,
            has_row_security: false,
            policies: 0,
            owner: String::new(),
            has_comment: false,
            is_readable: true,
            public_privileges: None,
            activity: Activity {
                inserted,
                ..Activity::default()
            },
            analyzed_age_s: None,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            disabled_triggers: Vec::new(),
        }
    }

    #[test]
    fn the_date_follows_from_the_rate() {
        let mut model = SchemaModel {
            context: Context {
                now_s: 1_767_225_600, // 2026-01-01
                counted_for_s: 10 * 86_400,
                ..Context::default()
            },
            ..SchemaModel::default()
        };
        let text = forecast(&model, &table(10_000), 31_000.0).unwrap();
        assert_eq!(
            text,
            "at the 1,000 rows a day of the last 10.0 days on 2026-02-01"
        );
        assert!(
            forecast(&model, &table(10), 1e12)
                .unwrap()
                .ends_with("not within 100 years")
        );
        assert!(forecast(&model, &table(0), 10.0).is_none());
        model.context.counted_for_s = 60;
        assert!(forecast(&model, &table(10), 10.0).is_none());
    }
}
