//! Pretends indexes: which the server accepts, and which any plan would use.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use howdah_core::Result;

use super::access;
use super::candidates::{self, Candidate, Usage};
use super::catalog::{Catalog, Server};
use super::definition::{Definition, Key, Method};
use super::leading;
use super::planner::{Answer, Manner, Planner, Question};
use super::reading::{Examined, Planned};
use super::selection::{Choice, Variant};
use super::size;
use super::unseen;
use super::wide;

/// Every index that could serve a statement and that the server accepts; and what is to be said of others.
pub(crate) async fn choices(
    planner: &mut Planner<'_>,
    examined: &mut Examined,
    statements: &[Planned],
    variants: &[Variant],
    catalog: &Catalog,
    server: &Server,
) -> Result<(Vec<Choice>, BTreeSet<String>)> {
    // What is to be said of what was wanted and cannot be built.
    let mut too_wide: BTreeSet<String> = BTreeSet::new();
    let mut usage = Usage::new();
    // The constants that each key of a template is compared with.
    let mut constants: BTreeMap<(&str, u32), BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for planned in statements {
        for access in &planned.accesses {
            let Some(relation) = catalog.relations.get(&access.relation) else {
                continue;
            };
            let of_template = constants
                .entry((planned.statement.template.as_str(), relation.oid))
                .or_default();
            for (key, value) in candidates::constants(access, relation) {
                of_template.entry(key).or_default().insert(value);
            }
            for key in candidates::equal_keys(access, relation) {
                *usage.entry((access.relation, key)).or_insert(0.0) += 1.0;
            }
        }
    }
    // Each with the statements that it comes from, and what of them is asked for by itself.
    let mut wanted: BTreeMap<Definition, BTreeMap<usize, Vec<String>>> = BTreeMap::new();
    let mut keys: BTreeMap<(usize, u32), BTreeSet<String>> = BTreeMap::new();
    let mut said: BTreeMap<(usize, u32), BTreeSet<&str>> = BTreeMap::new();
    for (at, planned) in statements.iter().enumerate() {
        for access in &planned.accesses {
            let Some(relation) = catalog.relations.get(&access.relation) else {
                continue;
            };
            said.entry((at, relation.oid)).or_default().extend(
                access
                    .conditions
                    .iter()
                    .map(|condition| condition.whole.sql.as_str()),
            );
            let of_template = constants.get(&(planned.statement.template.as_str(), relation.oid));
            let varying: BTreeSet<String> = of_template
                .into_iter()
                .flatten()
                .filter(|(_, values)| values.len() > 1)
                .map(|(key, _)| key.clone())
                .collect();
            if relation.is_one_page() {
                continue;
            }
            let found = candidates::candidates(access, relation, &usage, &varying, server);
            let is_alone = unseen::is_alone(&planned.statement.text, relation);
            for Candidate { definition, answers } in found {
                if planned.is_made_up(&definition) {
                    continue;
                }
                if !wide::fits(&definition, relation) {
                    too_wide.extend(wide::told(&definition, relation));
                    continue;
                }
                let known = keys.entry((at, relation.oid)).or_default();
                known.extend(definition.keys.first().map(|key| key.sql.clone()));
                let by_itself = match answers {
                    Some(condition) => vec![format!("SELECT FROM {} WHERE {condition}", relation.name)],
                    None if !is_alone && unseen::is_unseen(&definition) => {
                        unseen::by_itself(access, relation, catalog)
                    }
                    None => Vec::new(),
                };
                let of_statement = wanted.entry(definition).or_default().entry(at).or_default();
                if of_statement.is_empty() {
                    *of_statement = by_itself;
                }
            }
        }
    }
    let by_itself = wanted.values().flat_map(BTreeMap::values).flatten();
    let texts: Vec<&str> = by_itself.map(String::as_str).collect();
    examined.judge(planner.session(), &texts).await?;
    let definitions: Vec<&Definition> = wanted.keys().collect();
    let creations: Vec<Vec<String>> = definitions
        .iter()
        .map(|definition| creations(definition, catalog))
        .collect();
    let lists: Vec<&[String]> = creations.iter().map(Vec::as_slice).collect();
    let accepted = planner.accepts(&lists).await?;
    let mut found = Vec::new();
    let mut apart: Vec<Apart<'_>> = Vec::new();
    for ((definition, origins), (creations, accepted)) in wanted.iter().zip(creations.iter().zip(accepted)) {
        let Some(relation) = catalog.relations.get(&definition.relation) else {
            continue;
        };
        if accepted.is_err() {
            continue;
        }
        let first = definition
            .keys
            .first()
            .map(|key| key.sql.as_str())
            .unwrap_or_default();
        let serves = |variant: &Variant| {
            let of = (variant.statement, relation.oid);
            // What stands for a partial index holds other rows too: only who asks for its rows is asked about it.
            let implies = || {
                let said = said.get(&of);
                let mut predicate = definition.predicate.iter();
                predicate.all(|condition| said.is_some_and(|said| said.contains(condition.as_str())))
            };
            origins.contains_key(&variant.statement)
                || (definition.method.is_pretended()
                    && keys.get(&of).is_some_and(|keys| keys.contains(first))
                    && implies())
        };
        let is_pretended = definition.method.is_pretended();
        found.push(Choice {
            bytes: size::bytes(definition, relation),
            creations: if is_pretended {
                creations.clone()
            } else {
                Vec::new()
            },
            serves: (0..variants.len()).filter(|at| serves(&variants[*at])).collect(),
            scan_costs: BTreeMap::new(),
            definition: definition.clone(),
        });
        let may = |asked: &Vec<String>| asked.iter().all(|sql| examined.refuses(sql).is_none());
        let asked = origins
            .iter()
            .filter(|(_, asked)| !asked.is_empty() && may(asked));
        apart.extend(asked.map(|(statement, asked)| Apart {
            choice: found.len() - 1,
            statement: *statement,
            asked,
        }));
    }
    scans(planner, &mut found, &apart, variants, catalog, server).await?;
    unseen::keep_the_best(&mut found);
    Ok((found, too_wide))
}

/// What a statement asks of a choice's relation, to be asked about by itself.
struct Apart<'a> {
    choice: usize,
    statement: usize,
    asked: &'a [String],
}

/// Questions whose answers are kept at once.
const QUESTIONS_AT_ONCE: usize = 600;

/// Learns what the scans of a relation cost that the planner does not see a choice in, or that cannot be pretended.
async fn scans(
    planner: &mut Planner<'_>,
    found: &mut [Choice],
    apart: &[Apart<'_>],
    variants: &[Variant],
    catalog: &Catalog,
    server: &Server,
) -> Result<()> {
    // What is pretended is asked about with each choice, the rest once for all of them.
    let mut places: BTreeMap<(Option<usize>, &str), usize> = BTreeMap::new();
    for one in apart {
        let is_pretended = found[one.choice].definition.method.is_pretended();
        let choice = is_pretended.then_some(one.choice);
        for sql in one.asked {
            let next = places.len();
            places.entry((choice, sql)).or_insert(next);
        }
    }
    let mut asked: Vec<(Option<usize>, &str)> = places.keys().copied().collect();
    asked.sort_by_key(|question| places[question]);
    let mut plans: Vec<Option<(f64, f64, bool)>> = Vec::with_capacity(asked.len());
    for some in asked.chunks(QUESTIONS_AT_ONCE) {
        let lists: Vec<Vec<(usize, &[String])>> = some
            .iter()
            .map(|(choice, _)| {
                choice
                    .iter()
                    .map(|one| (*one, found[*one].creations.as_slice()))
                    .collect()
            })
            .collect();
        let questions: Vec<Question<'_>> = some
            .iter()
            .zip(&lists)
            .map(|((_, sql), indexes)| Question { sql, indexes })
            .collect();
        plans.extend(
            planner
                .ask(Manner::Usual, &questions)
                .await?
                .into_iter()
                .map(read),
        );
    }
    for one in apart {
        let choice = &mut found[one.choice];
        let Some(relation) = catalog.relations.get(&choice.definition.relation) else {
            continue;
        };
        let is_pretended = choice.definition.method.is_pretended();
        let place = |sql: &String| places[&(is_pretended.then_some(one.choice), sql.as_str())];
        let Some(plans) = one
            .asked
            .iter()
            .map(|sql| plans[place(sql)])
            .collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        let of = (0..variants.len()).filter(|at| variants[*at].statement == one.statement);
        if is_pretended {
            let cost = unseen::of_all(plans.iter().map(|(cost, ..)| cost).sum(), plans.len(), relation);
            if plans.iter().any(|(.., used)| *used) {
                choice.scan_costs.extend(of.map(|at| (at, cost)));
            }
            continue;
        }
        let share = size::share(&choice.definition, relation);
        let rows: f64 = plans.iter().map(|(_, rows, _)| rows * share).sum();
        let scan = |at: usize| match variants[at].seeks_rare {
            true => size::inverted_scan(relation, rows.min(RARE_ROWS), server),
            false => size::inverted_scan(relation, rows, server),
        };
        choice.scan_costs.extend(of.map(|at| (at, scan(at))));
    }
    Ok(())
}

/// What a plan costs, the rows that it expects, and whether it uses what is pretended.
fn read(answer: Answer) -> Option<(f64, f64, bool)> {
    match answer {
        Answer::Plan(plan, used) => Some((
            access::number(&plan, "Total Cost"),
            access::number(&plan, "Plan Rows"),
            !used.is_empty(),
        )),
        Answer::Failed(_) => None,
    }
}

/// Rows that hold what hardly any row holds.
const RARE_ROWS: f64 = 20.0;

/// What pretends an index: on a partitioned table one for each partition. An inverted one cannot be pretended; what
/// stands here for it is accepted by the server where its keys and its predicate are.
pub(crate) fn creations(definition: &Definition, catalog: &Catalog) -> Vec<String> {
    let Some(relation) = catalog.relations.get(&definition.relation) else {
        return Vec::new();
    };
    let mut on: Vec<String> = Vec::new();
    if relation.is_partitioned {
        let leaf = |oid: &u32| catalog.leaf_names.get(oid).map(ToString::to_string);
        on.extend(relation.leaves.iter().filter_map(leaf).take(LEAVES_MAX));
    } else {
        on.push(relation.name.to_string());
    }
    let mut pretended = definition.clone();
    if !definition.method.is_pretended() {
        pretended.method = Method::Btree;
        for key in &mut pretended.keys {
            key.class = None;
            key.sql = format!("(({}) IS NULL)", key.sql);
        }
    }
    let mut forms = vec![pretended];
    forms.extend(unconditional(definition));
    on.iter()
        .flat_map(|name| {
            forms
                .iter()
                .map(move |form| format!("CREATE INDEX ON {}", form.on_text(name)))
        })
        .collect()
}

/// What stands for a partial B-tree where the extension fails to see that a query implies its predicate, as it does for
/// any relation but the first of a query (hypopg 1.3): the columns of the predicate lead its keys. Only who compares
/// these has a use for it. None where the predicate is not made of such comparisons.
pub(crate) fn unconditional(definition: &Definition) -> Option<Definition> {
    if definition.method != Method::Btree || definition.predicate.is_empty() {
        return None;
    }
    let column = |condition: &String| {
        let compared = |name: &&String| {
            let quoted = howdah_sql::quote_ident(name);
            *condition == quoted
                || *condition == format!("NOT {quoted}")
                || *condition == format!("{quoted} IS NULL")
                || condition.starts_with(&format!("{quoted} = '"))
        };
        definition.columns.iter().find(compared)
    };
    let leading: Vec<&String> = definition.predicate.iter().map(column).collect::<Option<_>>()?;
    let mut form = definition.clone();
    form.predicate.clear();
    let keys = leading.into_iter().map(|name| Key::column(name));
    form.keys = keys.chain(definition.keys.iter().cloned()).collect();
    let mut seen = BTreeSet::new();
    form.keys.retain(|key| seen.insert(key.sql.clone()));
    form.include
        .retain(|name| !seen.contains(&howdah_sql::quote_ident(name)));
    Some(form)
}

/// Partitions that an index is pretended on.
const LEAVES_MAX: usize = 200;

/// A form of index. Each is judged among its like: the fastest of all would hide what does nearly as well for
/// much less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Plain,
    Partial,
    Covering,
    CoveringPartial,
}

impl Form {
    /// In the order in which they are asked about; the plainest come twice, as they serve most.
    const ALL: [Self; 5] = [
        Self::Plain,
        Self::Partial,
        Self::Covering,
        Self::CoveringPartial,
        Self::Plain,
    ];

    pub(crate) fn of(definition: &Definition) -> Self {
        match (definition.include.is_empty(), definition.predicate.is_empty()) {
            (false, true) => Self::Covering,
            (false, false) => Self::CoveringPartial,
            (true, false) => Self::Partial,
            (true, true) => Self::Plain,
        }
    }
}

/// Keeps what any plan uses when it may use all of one form, and gives what was used together. No further form is asked
/// about after so many plans, or when it is late.
pub(crate) async fn prune(
    planner: &mut Planner<'_>,
    choices: &mut Vec<Choice>,
    variants: &[Variant],
    plans: usize,
    until: Instant,
) -> Result<BTreeSet<BTreeSet<usize>>> {
    let mut made = 0;
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut bundles: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    for form in Form::ALL {
        // However late it is, there have to be some to choose from.
        if (made >= plans || Instant::now() > until) && !used.is_empty() {
            break;
        }
        let mut open: Vec<Vec<usize>> = vec![Vec::new(); variants.len()];
        for (at, choice) in choices.iter().enumerate() {
            if !choice.creations.is_empty() && Form::of(&choice.definition) == form && !used.contains(&at) {
                choice.serves.iter().for_each(|variant| open[*variant].push(at));
            }
        }
        let asked: Vec<(Vec<usize>, usize)> = open
            .into_iter()
            .enumerate()
            .filter(|(_, of_variant)| !of_variant.is_empty())
            .map(|(variant, of_variant)| (of_variant, variant))
            .collect();
        let before = planner.plans;
        let answers = leading::ask(planner, choices, variants, &asked).await?;
        made += planner.plans - before;
        let mut found_now: BTreeSet<usize> = BTreeSet::new();
        for answer in answers {
            if let Answer::Plan(_, found) = answer
                && !found.is_empty()
            {
                found_now.extend(&found);
                bundles.insert(found);
            }
        }
        used.extend(found_now);
    }
    // The plainer form of each is kept too: it serves more for less.
    let plainer: BTreeSet<usize> = (0..choices.len())
        .filter(|at| {
            let definition = &choices[*at].definition;
            used.iter().any(|other| {
                let other = &choices[*other].definition;
                definition.relation == other.relation
                    && definition.method == other.method
                    && definition.include.is_empty()
                    && ((definition.keys == other.keys)
                        || (definition.predicate == other.predicate
                            && other.keys.starts_with(&definition.keys)))
            })
        })
        .collect();
    let kept: Vec<usize> = (0..choices.len())
        .filter(|at| {
            // What is not the fastest may still be the best for its room and its writes.
            let is_small = choices[*at].definition.method == Method::Brin;
            used.contains(at) || plainer.contains(at) || is_small || !choices[*at].scan_costs.is_empty()
        })
        .collect();
    let places: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let mut at = 0;
    choices.retain(|_| {
        at += 1;
        places.contains_key(&(at - 1))
    });
    let renumbered = bundles
        .into_iter()
        .map(|bundle| bundle.iter().filter_map(|one| places.get(one).copied()).collect());
    Ok(renumbered.collect())
}
