//! Asks the planner whether an index mends what was found.

use std::collections::BTreeSet;
use std::time::Duration;

use howdah_core::{Applicability, Fix, Result};
use howdah_pg::Session;

use super::Plan;
use crate::indexes::{Advice, AdviseOptions, AdvisedIndex, Workload, advise};
use crate::plans::{PlanFinding, Proof};

/// How long an index is looked for.
const TIME: Duration = Duration::from_millis(1_500);

/// Looks for the indexes that a statement wants and adds them to the findings that they mend, with what the planner
/// says of each. Gives what should be known beside: why there is none, or that one is by a rule.
///
/// # Errors
/// As the connection fails. That hypopg is not to be had, or that the statement cannot be planned with it, is a note.
pub async fn prove(
    session: &mut Session,
    sql: &str,
    plan: &Plan,
    findings: &mut [PlanFinding],
    create_for_the_moment: bool,
) -> Result<Vec<String>> {
    if !findings.iter().any(|finding| finding.wants_index) {
        return Ok(Vec::new());
    }
    let mut workload = Workload::default();
    workload.add(sql, 1.0, 0);
    let options = AdviseOptions {
        time: TIME,
        create_for_the_moment,
        ..AdviseOptions::default()
    };
    let advice = match advise(session, &workload, &options, &|_| {}).await {
        Ok(advice) => advice,
        Err(error) if session.is_closed() => return Err(error),
        Err(error) => {
            let hint = error.hint.map_or(String::new(), |hint| format!(" {hint}"));
            return Ok(vec![format!(
                "Indexes were not tried out: {}{hint}",
                error.message
            )]);
        }
    };
    let mut notes: Vec<String> = advice
        .not_planned
        .iter()
        .map(|unread| format!("Indexes were not tried out: {}", unread.reason))
        .collect();
    for finding in findings.iter_mut().filter(|finding| finding.wants_index) {
        match mends(plan, finding, &advice) {
            Some(index) => {
                finding.fix = Some(Fix {
                    sql: index.ddl.clone(),
                    applicability: Applicability::Unsafe,
                });
                finding.proof = index
                    .helps
                    .first()
                    .filter(|_| index.is_planned)
                    .map(|helped| Proof {
                        cost_before: helped.cost_without,
                        cost_after: helped.cost_with,
                        bytes: index.bytes,
                    });
            }
            None if notes.is_empty() => {
                notes.push("The planner would use no index in place of what some findings name: none was better by its reckoning.".to_owned());
            }
            None => {}
        }
    }
    Ok(notes)
}

/// The index that a finding is about: on its relation, or on one that is read below its node.
fn mends<'a>(plan: &Plan, finding: &PlanFinding, advice: &'a Advice) -> Option<&'a AdvisedIndex> {
    let at = finding.node?.checked_sub(1)?;
    let node = plan.nodes.get(at)?;
    let below = plan.nodes[at + 1..]
        .iter()
        .take_while(|below| below.depth > node.depth);
    let relations: BTreeSet<String> = match node.relation_in_sql() {
        Some(relation) => std::iter::once(relation).collect(),
        None => below.filter_map(super::Node::relation_in_sql).collect(),
    };
    let found = advice
        .indexes
        .iter()
        .find(|index| relations.contains(&index.relation));
    // Of a partition the index is that of its table.
    found.or_else(|| match advice.indexes.as_slice() {
        [only]
            if plan
                .nodes
                .iter()
                .all(|node| node.relation_in_sql().as_ref() != Some(&only.relation)) =>
        {
            Some(only)
        }
        _ => None,
    })
}
