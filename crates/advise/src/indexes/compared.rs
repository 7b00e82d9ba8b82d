//! How many rows compare two of their columns as a statement asks (`paid < due`). The planner takes a third of them,
//! whatever they hold, so that an index of these rows may get twice as large as it reckons: a sample tells.

use std::collections::BTreeSet;

use howdah_core::Result;
use howdah_pg::Session;
use howdah_pg::guard::{self, Verdict};

use super::catalog::Catalog;
use super::reading::Planned;
use super::sampled;

/// Pages of a table that are looked at, how long, and for how many conditions.
const PAGES: f64 = 300.0;
const LOOK_MS: u64 = 200;
const CONDITIONS_MAX: usize = 40;

/// Measures the share of rows that such conditions hold for, of what the guard lets a query compute. What cannot be
/// seen, and what is partitioned, keeps the planner's share.
pub(crate) async fn measure(
    session: &mut Session,
    statements: &[Planned],
    catalog: &mut Catalog,
) -> Result<()> {
    let mut wanted: BTreeSet<(u32, String)> = BTreeSet::new();
    for access in statements.iter().flat_map(|planned| &planned.accesses) {
        let known = access.conditions.iter().filter(|one| {
            let compares = one.value.as_ref().is_some_and(|value| value.constant().is_none());
            let of: BTreeSet<&String> = one.whole.columns.iter().map(|(alias, _)| alias).collect();
            compares && one.shape.is_comparison() && of.len() == 1 && !one.whole.at_run_time
        });
        wanted.extend(known.map(|one| (access.relation, one.whole.sql.clone())));
    }
    let mut looks: Vec<(u32, String, String)> = Vec::new();
    for (oid, condition) in wanted {
        let relation = catalog.relations.get(&oid);
        let Some(relation) = relation.filter(|relation| !relation.is_partitioned && !relation.is_one_page())
        else {
            continue;
        };
        let look = format!(
            "SELECT pg_catalog.count(*) FILTER (WHERE {condition}), pg_catalog.count(*) FROM ONLY {}{}",
            relation.name,
            sampled::of(relation, PAGES)
        );
        looks.push((oid, condition, look));
    }
    looks.truncate(CONDITIONS_MAX);
    let texts: Vec<&str> = looks.iter().map(|(.., look)| look.as_str()).collect();
    // These are run, where the statements are planned only: the guard judges each as the query that it is.
    let verdicts = guard::examine_all(session, &texts).await?;
    for ((oid, condition, look), verdict) in looks.into_iter().zip(verdicts) {
        if !matches!(verdict, Ok(Verdict::Harmless(_))) {
            continue;
        }
        let found = sampled::look(session, &look, LOOK_MS).await?;
        if let ([hold, all], Some(relation)) = (found.as_slice(), catalog.relations.get_mut(&oid))
            && *all > 0.0
        {
            relation.compared.insert(condition, (hold / all).max(0.001));
        }
    }
    Ok(())
}
