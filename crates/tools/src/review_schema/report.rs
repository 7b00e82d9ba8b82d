use howdah_core::{Applicability, Report, Severity};
use howdah_lint::schema::SchemaFinding;

use super::SchemaReview;

/// Notes of a table that are shown with all they rest on; what is only worth knowing should not
/// hide what is wrong.
const NOTES_IN_FULL: usize = 3;

/// The review as a person reads it: by table, the table with the worst finding first.
pub(super) fn of(review: &SchemaReview) -> Report {
    let mut report = Report::new();
    for (relation, findings) in by_table(&review.findings) {
        report = report.heading(relation.unwrap_or("The database"));
        let mut notes = 0;
        let mut more: Vec<&str> = Vec::new();
        for found in findings {
            let is_note = found.finding.severity == Severity::Note;
            notes += usize::from(is_note);
            if is_note && notes > NOTES_IN_FULL {
                more.push(&found.finding.code);
                continue;
            }
            report = report.text(text(found));
        }
        if !more.is_empty() {
            more.dedup();
            report = report.text(format!(
                "and further notes (--json shows them): {}",
                more.join(", ")
            ));
        }
    }
    for skipped in &review.skipped {
        report = report.text(format!("Not looked at: {}. {}", skipped.what, skipped.reason));
    }
    report.text(counted(review))
}

/// How many findings there are, and what they rest on, in a sentence or two.
pub(super) fn counted(review: &SchemaReview) -> String {
    let counts = review.counts;
    let count =
        |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let mut text = format!(
        "{} in {} of {}: {}, {}, {}.",
        count(
            counts.danger + counts.warning + counts.note,
            "finding",
            "findings"
        ),
        count(review.tables, "table", "tables"),
        review.database,
        count(counts.danger, "danger", "dangers"),
        count(counts.warning, "warning", "warnings"),
        count(counts.note, "note", "notes")
    );
    if review.left_out > 0 {
        text.push_str(&format!(" {} of them are left out here.", review.left_out));
    }
    let Some(statistics) = &review.statistics else {
        return text;
    };
    text.push_str(&format!(
        " Counters of use count since {} ago",
        howdah_core::counted(statistics.counted_days, "day")
    ));
    match statistics.oldest_days {
        Some(days) => text.push_str(&format!(
            "; the oldest statistics are from {} ago",
            howdah_core::counted(days, "day")
        )),
        None => text.push_str("; there are no statistics"),
    }
    if statistics.never_analyzed > 0 {
        text.push_str(&format!(
            "; {} never analysed",
            count(statistics.never_analyzed, "table was", "tables were")
        ));
    }
    text.push('.');
    text
}

fn text(found: &SchemaFinding) -> String {
    let finding = &found.finding;
    let severity = match finding.severity {
        Severity::Danger => "DANGER",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut text = format!("{severity}  {}\n  {}", finding.code, finding.message);
    for fact in &finding.evidence {
        text.push_str(&format!("\n  · {fact}"));
    }
    if let Some(fix) = &finding.fix {
        let how = match fix.applicability {
            Applicability::Safe => "fix",
            Applicability::Unsafe => "fix, if you agree",
            Applicability::Display => "for example",
        };
        text.push_str(&format!("\n  {how}:"));
        for line in fix.sql.lines() {
            text.push_str(&format!("\n      {line}"));
        }
    }
    text
}

/// The findings of each table together, in the order of its first, which is its worst.
fn by_table(findings: &[SchemaFinding]) -> Vec<(Option<&str>, Vec<&SchemaFinding>)> {
    let mut places = std::collections::HashMap::new();
    let mut groups: Vec<(Option<&str>, Vec<&SchemaFinding>)> = Vec::new();
    for found in findings {
        let relation = found.relation.as_deref();
        let place = *places.entry(relation).or_insert_with(|| {
            groups.push((relation, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(found);
    }
    groups
}
