use howdah_core::Severity;

use crate::schema::{Found, Review, Sequence, forecast};

crate::schema_rule!("schema/sequence-running-out", "Pre-Production Checklist: Schema");

/// Per cent used.
const WARNING: f64 = 75.0;
const DANGER: f64 = 90.0;

fn check(review: &Review<'_>, found: &mut Found) {
    for sequence in review.model.sequences.iter().filter(|sequence| !sequence.cycles) {
        let Some(last) = sequence.last_value else { continue };
        let (used, left) = used_and_left(sequence, last);
        if used < WARNING {
            continue;
        }
        let owner = sequence.owned_by.and_then(|(table, column)| {
            let table = review.model.table(table)?;
            Some((table, table.column(column)?))
        });
        // Where the column ends with the sequence, the column is what has to change.
        if owner.is_some_and(|(_, column)| column.integer_max().is_some_and(|max| max <= sequence.max)) {
            continue;
        }
        let severity = if used >= DANGER {
            Severity::Danger
        } else {
            Severity::Warning
        };
        let draft = found.add(
            severity,
            format!(
                "The sequence {} has used {used:.1} % of its values, and does not begin again.",
                sequence.name
            ),
        );
        if let Some((table, _)) = owner {
            draft.table(table);
        }
        draft.object(sequence.name.to_string()).evidence(format!(
            "last value {last}, from {} to {}",
            sequence.min, sequence.max
        ));
        if let Some(forecast) = owner.and_then(|(table, _)| forecast(review.model, table, left)) {
            draft.evidence(forecast);
        }
        let wider = if sequence.type_name == "bigint" {
            ""
        } else {
            " AS bigint"
        };
        let bound = if sequence.increment > 0 {
            " NO MAXVALUE"
        } else {
            " NO MINVALUE"
        };
        draft.unsafe_fix(format!("ALTER SEQUENCE {}{wider}{bound};", sequence.name));
    }
}

/// Per cent of the values that are used, and how many are left.
fn used_and_left(sequence: &Sequence, last: i64) -> (f64, f64) {
    let (min, max, last) = (sequence.min as f64, sequence.max as f64, last as f64);
    let step = (sequence.increment as f64).abs().max(1.0);
    let (done, left) = if sequence.increment > 0 {
        (last - min, max - last)
    } else {
        (max - last, last - min)
    };
    (100.0 * done / (max - min).max(1.0), left / step)
}
