//! How a relation reads: laid out as `\d+` of psql, with what that leaves out.

use howdah_core::{Report, human_bytes};
use howdah_pg::catalog::{Constraint, Index, Policy, Relation, RelationColumn, RelationKind, RowEstimate};

/// The whole relation.
pub(super) fn of(relation: &Relation) -> Report {
    let mut report = Report::new().heading(format!("{} {}", capital(relation.kind), shown_name(relation)));
    if let Some(comment) = &relation.comment {
        report = report.text(one_line(comment));
    }
    report = report.facts(facts(relation));
    report = report.table(
        &["Column", "Type", "Nullable", "Default", "Notes"],
        columns(relation),
    );
    report = listed(report, "Indexes", relation.indexes.iter().map(index).collect());
    let constraints = [&relation.unique, &relation.checks, &relation.other_constraints]
        .into_iter()
        .flatten();
    report = listed(report, "Constraints", constraints.map(constraint).collect());
    report = listed(
        report,
        "Foreign keys",
        relation.foreign_keys.iter().map(constraint).collect(),
    );
    let references = relation.referenced_by.iter().map(|reference| {
        let not_valid = if reference.not_valid {
            " (not validated)"
        } else {
            ""
        };
        format!("{}: {}{not_valid}", reference.table, reference.definition)
    });
    let title = match relation.referenced_by_total {
        Some(total) => format!(
            "Referenced by (the first {} of {total})",
            relation.referenced_by.len()
        ),
        None => "Referenced by".to_owned(),
    };
    report = listed(report, &title, references.collect());
    report = children(report, relation);
    report = listed(report, "Policies", policies(relation));
    report = listed(report, "Triggers", triggers(relation));
    let statistics = relation
        .statistics
        .iter()
        .map(|statistics| statistics.definition.clone());
    report = listed(report, "Extended statistics", statistics.collect());
    report = listed(report, "Read by views", relation.views.clone());
    if let Some(definition) = &relation.definition {
        report = report.heading("Definition").code(definition.trim());
    }
    relation
        .unseen
        .iter()
        .fold(report, |report, sentence| report.text(sentence))
}

fn listed(report: Report, title: &str, lines: Vec<String>) -> Report {
    if lines.is_empty() {
        return report;
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("  {}", one_line(line))).collect();
    report.text(format!("{title}:\n{}", lines.join("\n")))
}

fn capital(kind: RelationKind) -> String {
    let name = kind.to_string();
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

pub(super) fn shown_name(relation: &Relation) -> String {
    one_line(&relation.full_name().to_string())
}

fn facts(relation: &Relation) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            facts.push((name.to_owned(), one_line(&value)));
        }
    };
    fact("Rows", relation.rows.as_ref().map(rows_sentence));
    fact(
        "Size",
        relation.size.map(|size| {
            let parts = [
                ("table", size.heap_bytes),
                ("indexes", size.index_bytes),
                ("TOAST", size.toast_bytes),
            ];
            let parts: Vec<String> = parts
                .iter()
                .filter(|(_, bytes)| *bytes > 0)
                .map(|(part, bytes)| format!("{part} {}", human_bytes(*bytes)))
                .collect();
            match parts.len() {
                0 | 1 => human_bytes(size.total_bytes),
                _ => format!("{} ({})", human_bytes(size.total_bytes), parts.join(", ")),
            }
        }),
    );
    fact(
        "Primary key",
        (!relation.primary_key.is_empty()).then(|| relation.primary_key.join(", ")),
    );
    fact("Partitioned by", relation.partition_key.clone());
    fact("Bound", relation.partition_bound.clone());
    let of = if relation.partition_bound.is_some() {
        "Partition of"
    } else {
        "Inherits"
    };
    fact(
        of,
        (!relation.parents.is_empty()).then(|| relation.parents.join(", ")),
    );
    fact("Index of", relation.index_of.clone());
    fact("TOAST of", relation.toast_of.clone());
    fact("Typed table of", relation.of_type.clone());
    if let Some(sequence) = &relation.sequence {
        fact("Last value", sequence.last_value.map(|value| value.to_string()));
        let cycle = if sequence.cycle { ", cycles" } else { "" };
        fact(
            "Values",
            Some(format!(
                "{}, from {} by {}, {} to {}, cache {}{cycle}",
                sequence.type_name,
                sequence.start,
                sequence.increment,
                sequence.min,
                sequence.max,
                sequence.cache
            )),
        );
        fact("Owned by", sequence.owned_by.clone());
    }
    fact("Server", relation.server.clone());
    fact("Server options", joined(&relation.server_options));
    fact("Persistence", relation.persistence.clone());
    fact(
        "Populated",
        relation
            .not_populated
            .then(|| "no, it needs a REFRESH".to_owned()),
    );
    fact(
        "Row security",
        relation.row_security.as_ref().map(|state| {
            if relation.policies.is_empty() {
                format!("{state}, without a policy: nobody but the owner sees a row")
            } else {
                state.clone()
            }
        }),
    );
    fact("Replica identity", relation.replica_identity.clone());
    fact("Publications", joined(&relation.publications));
    fact("Access method", relation.access_method.clone());
    fact("Tablespace", relation.tablespace.clone());
    fact("Options", joined(&relation.options));
    fact("Owner", Some(relation.owner.clone()));
    let grants: Vec<String> = relation
        .privileges
        .iter()
        .map(|(role, can)| format!("{role}: {can}"))
        .collect();
    fact("Privileges", (!grants.is_empty()).then(|| grants.join("; ")));
    facts
}

fn joined(items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| items.join(", "))
}

pub(super) fn rows_sentence(rows: &RowEstimate) -> String {
    let mut sentence = match (rows.estimate, rows.source.as_str()) {
        (Some(count), "activity counters") => format!("about {} by the activity counters", grouped(count)),
        (Some(count), _) => format!("about {}", grouped(count)),
        (None, _) => "unknown".to_owned(),
    };
    let mut remarks = Vec::new();
    match (rows.statistics_age_s, rows.never_analyzed) {
        (Some(age), false) => remarks.push(format!("statistics {} old", human_age(age))),
        (_, true) => remarks.push("never analysed".to_owned()),
        (None, false) => {}
    }
    if let Some(changed) = rows.changed_since_analyze.filter(|changed| *changed > 0) {
        remarks.push(format!("{} changed since", grouped(changed)));
    }
    if let Some(dead) = rows.dead.filter(|dead| *dead > 0) {
        remarks.push(format!("{} dead", grouped(dead)));
    }
    if !remarks.is_empty() {
        sentence.push_str(&format!(" ({})", remarks.join(", ")));
    }
    sentence
}

fn columns(relation: &Relation) -> Vec<Vec<String>> {
    let row = |column: &RelationColumn| {
        let default = match (&column.default, &column.generated, &column.identity) {
            (_, Some(expression), _) => {
                format!(
                    "generated{}: {expression}",
                    if column.is_virtual { " on read" } else { "" }
                )
            }
            (_, _, Some(identity)) => format!("identity, {identity}"),
            (Some(default), _, _) => default.clone(),
            _ => String::new(),
        };
        let nullable = if column.not_null { "no" } else { "yes" };
        [
            column.name.as_str(),
            &column.type_name,
            nullable,
            &default,
            &notes(column),
        ]
        .map(one_line)
        .to_vec()
    };
    relation.columns.iter().map(row).collect()
}

fn notes(column: &RelationColumn) -> String {
    let mut notes = Vec::new();
    notes.extend(column.comment.clone());
    if !column.enum_labels.is_empty() {
        notes.push(format!("one of {}", column.enum_labels.join(", ")));
    }
    notes.extend(column.domain.as_ref().map(|domain| format!("domain: {domain}")));
    notes.extend(
        column
            .collation
            .as_ref()
            .map(|collation| format!("collation {collation}")),
    );
    notes.extend(
        column
            .storage
            .as_ref()
            .map(|storage| format!("storage {storage}")),
    );
    notes.extend(column.compression.clone());
    notes.extend(
        column
            .statistics
            .map(|target| format!("statistics target {target}")),
    );
    notes.extend(joined(&column.options));
    notes.extend(joined(&column.server_options));
    notes.extend(column.inherited.then(|| "inherited".to_owned()));
    let grants: Vec<String> = column
        .privileges
        .iter()
        .map(|(role, can)| format!("{role} may {can}"))
        .collect();
    notes.extend(joined(&grants));
    notes.join("; ")
}

fn index(index: &Index) -> String {
    let mut remarks = Vec::new();
    remarks.extend(index.bytes.map(human_bytes));
    remarks.extend(index.scans.map(|scans| format!("{} scans", grouped(scans))));
    for (applies, remark) in [
        (index.invalid, "INVALID: its build failed or is under way"),
        (index.not_ready, "not ready: writes do not maintain it"),
        (index.clustered, "clustered"),
        (index.replica_identity, "replica identity"),
    ] {
        if applies {
            remarks.push(remark.to_owned());
        }
    }
    remarks.extend(index.constraint.as_ref().map(|name| format!("constraint {name}")));
    remarks.extend(index.tablespace.as_ref().map(|name| format!("tablespace {name}")));
    remarks.extend(index.comment.clone());
    let sort = match (index.primary, index.unique) {
        (true, _) => "primary key, ",
        (_, true) => "unique, ",
        _ => "",
    };
    format!(
        "{}: {sort}{} ({})",
        howdah_sql::quote_ident(&index.name),
        index.definition,
        remarks.join(", ")
    )
}

fn constraint(constraint: &Constraint) -> String {
    let mut line = format!(
        "{}: {}",
        howdah_sql::quote_ident(&constraint.name),
        constraint.definition
    );
    // The server writes NOT VALID and NOT ENFORCED into the definition itself.
    if let Some(comment) = &constraint.comment {
        line.push_str(&format!(" ({comment})"));
    }
    line
}

fn children(report: Report, relation: &Relation) -> Report {
    let Some(total) = relation.children_total else {
        return report;
    };
    let lines = relation.children.iter().map(|child| {
        let mut line = child.name.clone();
        let key = child
            .partitioned_by
            .as_ref()
            .map(|key| format!("partitioned by {key}"));
        for part in [&child.bound, &key].into_iter().flatten() {
            line.push_str(&format!(" {part}"));
        }
        if let Some(rows) = child.rows {
            line.push_str(&format!(", about {} rows", grouped(rows)));
        }
        if child.detach_pending {
            line.push_str(", its DETACH is unfinished");
        }
        line
    });
    let what = if relation.partition_key.is_some() {
        "Partitions"
    } else {
        "Inherited by"
    };
    let title = match total as usize > relation.children.len() {
        true => format!("{what} (the first {} of {total})", relation.children.len()),
        false => format!("{what} ({total})"),
    };
    listed(report, &title, lines.collect())
}

fn policies(relation: &Relation) -> Vec<String> {
    let line = |policy: &Policy| {
        let mut line = format!("{} for {}", howdah_sql::quote_ident(&policy.name), policy.command);
        if policy.restrictive {
            line.push_str(", restrictive");
        }
        if !policy.roles.is_empty() {
            line.push_str(&format!(" to {}", policy.roles.join(", ")));
        }
        for (word, expression) in [("using", &policy.using), ("with check", &policy.with_check)] {
            if let Some(expression) = expression {
                line.push_str(&format!(" {word} {expression}"));
            }
        }
        line
    };
    relation.policies.iter().map(line).collect()
}

fn triggers(relation: &Relation) -> Vec<String> {
    let triggers = relation
        .triggers
        .iter()
        .map(|trigger| (&trigger.definition, &trigger.enabled));
    let rules = relation
        .rules
        .iter()
        .map(|rule| (&rule.definition, &rule.enabled));
    triggers
        .chain(rules)
        .map(|(definition, enabled)| match enabled {
            Some(enabled) => format!("{definition} ({enabled})"),
            None => definition.clone(),
        })
        .collect()
}

/// Text for one line of a report: names and comments may hold line ends and
/// other control characters, which are spelled out.
pub(crate) fn one_line(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let spell = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(spell).collect()
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn human_age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ages_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(human_age(59), "59 s");
        assert_eq!(human_age(86_400), "24 h");
        assert_eq!(human_age(200_000), "2 days");
    }

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(one_line("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
    }
}
