use howdah_core::Severity;
use howdah_sql::pg_query::NodeEnum;

use crate::query::{Query, QueryFound, span_at};

crate::query_rule!("query/vacuum-for-statistics", "Statistics Maintenance");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    let NodeEnum::VacuumStmt(vacuum) = query.statement.node() else {
        return;
    };
    let has = |name: &str| {
        vacuum
            .options
            .iter()
            .any(|option| matches!(&option.node, Some(NodeEnum::DefElem(option)) if option.defname == name))
    };
    if !vacuum.is_vacuumcmd {
        return;
    }
    if has("full") {
        found
            .add(
                Severity::Warning,
                span_at(query.text, 0),
                "VACUUM FULL writes the table anew while nobody can read it: howdah change run does it beside clients, and plain VACUUM makes the room usable again.",
            )
            .shown_fix("howdah change run --sql 'VACUUM FULL …'".to_owned());
    } else if has("analyze") {
        let rest = query
            .text
            .find(|c: char| c.is_whitespace())
            .map_or("", |at| query.text[at..].trim_start());
        let draft = found.add(
            Severity::Note,
            span_at(query.text, 0),
            "For statistics ANALYZE is enough; VACUUM is for dead rows and the visibility map, and does not shrink files.",
        );
        if rest.to_ascii_lowercase().starts_with("analyze") {
            draft.unsafe_fix(rest.to_ascii_uppercase()[..7].to_owned() + &rest[7..]);
        }
    }
}
