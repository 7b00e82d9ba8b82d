use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use howdah_core::{Error, Result};
use howdah_pg::catalog::{Query, Reading};
use howdah_pg::guard::{self, Verdict};
use howdah_pg::{Session, Step};
use schemars::JsonSchema;
use serde::Serialize;

use super::access::{self, Access};
use super::candidates::{self, Candidate, Usage};
use super::catalog::{self, Catalog, Relation, Server};
use super::constants;
use super::definition::{Definition, Method};
use super::planner::{Answer, Manner, Planner, Question};
use super::selection::{Bounds, Choice, Selection, Variant};
use super::size;
use super::workload::{Statement, Unread, Workload, one_line};
use super::writes::{self, Write};

/// How indexes are chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct AdviseOptions {
    /// Bytes that the new indexes may take together.
    pub budget_bytes: u64,
    /// What the workload's writes may cost with them, as a multiple of what they cost without.
    pub write_factor: f64,
    /// How long to look for a better answer.
    pub time: Duration,
}

impl Default for AdviseOptions {
    fn default() -> Self {
        Self {
            budget_bytes: 500 * 1024 * 1024,
            write_factor: 2.5,
            time: Duration::from_millis(3_500),
        }
    }
}

/// Indexes for a workload, and what they are reckoned to bring.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Advice {
    /// The database.
    pub database: String,
    /// The one that gains most first.
    pub indexes: Vec<AdvisedIndex>,
    /// The work of the workload's statements that is left with them, in per cent of what it is now, in the planner's unit.
    pub left_percent: f64,
    /// What they take together, as reckoned.
    pub bytes: u64,
    /// What the workload's writes cost with them, as a multiple of what they cost now, as reckoned.
    pub write_factor: f64,
    /// Statements that were planned.
    pub statements: usize,
    /// Statements that no index could be advised for, with the reason.
    pub not_planned: Vec<Unread>,
    /// What would have helped and is not to be had, and what else should be known.
    pub notes: Vec<String>,
    /// From the call to the answer.
    pub duration_ms: u64,
    /// Plans that the server made for it.
    pub plans: usize,
}

/// An index that is advised.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AdvisedIndex {
    /// The relation, quoted as needed.
    pub relation: String,
    /// The access method.
    pub method: Method,
    /// What builds it while the relation is written to; of a partitioned table, what builds it at once.
    pub ddl: String,
    /// The same for a script or a transaction, where it blocks writes while it is built.
    pub create: String,
    /// Bytes that it is reckoned to take.
    pub bytes: u64,
    /// What the workload's writes would cost without it, as a multiple of what they cost now.
    pub write_factor_without: f64,
    /// The statements that it helps, the one that gains most first.
    pub helps: Vec<Helped>,
    /// Whether the planner was asked about it; where not, its cost is by a rule.
    pub is_planned: bool,
    /// An index of the relation that it makes superfluous, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// A statement that an index helps.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Helped {
    /// Its text, cut to one line.
    pub statement: String,
    /// The line in the file that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Its cost with all other advised indexes, in the planner's unit, over several sets of constants.
    pub cost_without: f64,
    /// Its cost with this one too.
    pub cost_with: f64,
}

/// Samples of a template that are planned.
const SAMPLES_MAX: usize = 3;
/// Templates up to which each is planned with several sets of constants.
const SEVERAL_CONSTANTS_MAX: usize = 400;
/// Templates that indexes are looked for; those beyond matter least and only count.
const TEMPLATES_MAX: usize = 1_200;

/// Chooses indexes for a workload on the session's database. Nothing there is changed: statements are planned and
/// not run, and the indexes are pretended.
///
/// # Errors
/// Where the server has no hypopg, or fails. What cannot be planned is no error but told in the advice.
pub async fn advise(
    session: &mut Session,
    workload: &Workload,
    options: &AdviseOptions,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Advice> {
    let started = Instant::now();
    let server = catalog::read_server(session).await?;
    if server.hypopg.is_none() {
        return Err(without_hypopg(&server));
    }
    progress("reading the statements");
    let mut not_planned = workload.unread.clone();
    let mut samples = workload.samples(SAMPLES_MAX);
    samples.truncate(TEMPLATES_MAX * SAMPLES_MAX);
    let several = samples.len() <= SEVERAL_CONSTANTS_MAX;
    let mut texts = complete(session, &samples).await?;
    let refused = examine(session, &samples, &texts).await?;
    let mut planner = Planner::new(session, server.hypopg.clone());
    progress("planning them as they are");
    let mut read = Reader {
        statements: Vec::new(),
        names: BTreeSet::new(),
    };
    for (at, sample) in samples.into_iter().enumerate() {
        match &refused[at] {
            Some(reason) => not_planned.push(Unread::new(&sample.text, sample.line, reason)),
            None => read
                .statements
                .push(Planned::new(sample, std::mem::take(&mut texts[at]))),
        }
    }
    read.plan(&mut planner, 0, &mut not_planned).await?;
    let names: Vec<_> = read.names.iter().cloned().collect();
    let mut catalog = catalog::read_catalog(planner.session(), &names).await?;
    if read.add_checks(&mut planner, &catalog, &mut not_planned).await? {
        let names: Vec<_> = read.names.iter().cloned().collect();
        catalog = catalog::read_catalog(planner.session(), &names).await?;
    }
    let statements = read.finish(&catalog);
    let variants = variants(&statements, &catalog, several);
    progress("pretending indexes");
    let mut notes = notes(&server, &catalog, &statements);
    let mut choices = choices(&mut planner, &statements, &variants, &catalog, &server).await?;
    let bundles = prune(
        &mut planner,
        &mut choices,
        &variants,
        started + options.time.mul_f64(0.4),
    )
    .await?;
    progress("choosing");
    let weights: Vec<f64> = statements
        .iter()
        .map(|planned| planned.statement.weight)
        .collect();
    let writes: Vec<Write> = statements
        .iter()
        .filter_map(|planned| {
            let Statement { text, weight, .. } = &planned.statement;
            writes::write(text, &planned.plan, *weight, &catalog)
        })
        .collect();
    let bounds = Bounds {
        bytes: options.budget_bytes as f64 * 0.97,
        write_factor: options.write_factor * 0.97,
        until: started + options.time,
    };
    let mut selection = Selection::new(&choices, &variants, &weights, &writes, &catalog, bounds);
    let chosen = selection.run(&mut planner, &bundles).await?;
    let left_percent = left(&selection, &chosen, &weights);
    let indexes = described(&selection, &chosen, &statements, &catalog);
    if statements.iter().all(|planned| !planned.statement.writes) && !statements.is_empty() {
        notes.push(
            "The workload holds no statement that writes, so that nothing is known of what indexes cost it."
                .to_owned(),
        );
    }
    Ok(Advice {
        database: server.database,
        left_percent,
        bytes: indexes.iter().map(|index| index.bytes).sum(),
        write_factor: selection.write_factor(&chosen),
        indexes,
        statements: statements
            .iter()
            .filter(|planned| planned.statement.line != CHECK_LINE)
            .count(),
        not_planned,
        notes,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        plans: planner.plans,
    })
}

fn without_hypopg(server: &Server) -> Error {
    let hint = match (server.hypopg_available, server.is_rds) {
        (true, _) => format!(
            "Its files are there: run CREATE EXTENSION hypopg in {}, as a role that may create extensions.",
            server.database
        ),
        (false, true) => "On Aurora and RDS it comes with the engine from PostgreSQL 14 on; a member of rds_superuser runs \
                          CREATE EXTENSION hypopg after an upgrade to a minor version that has it."
            .to_owned(),
        (false, false) => "Install the package postgresql-NN-hypopg (or hypopg_NN) on the server, then run CREATE EXTENSION hypopg; \
                           it needs no restart."
            .to_owned(),
    };
    Error::refused("The extension hypopg, which lets the planner pretend indexes, is not in this database.")
        .hint(hint)
}

/// A statement with what its plan told.
struct Planned {
    statement: Statement,
    /// With values in place of its parameters.
    filled: String,
    slots: Vec<constants::Slot>,
    plan: serde_json::Value,
    accesses: Vec<Access>,
}

/// The line of statements that stand for what the server does by itself.
const CHECK_LINE: usize = usize::MAX;

impl Planned {
    fn new(statement: Statement, (filled, slots): (String, Vec<constants::Slot>)) -> Self {
        Self {
            statement,
            filled,
            slots,
            plan: serde_json::Value::Null,
            accesses: Vec::new(),
        }
    }
}

struct Reader {
    statements: Vec<Planned>,
    names: BTreeSet<(String, String)>,
}

impl Reader {
    /// Plans the statements from `from` on, and drops those that cannot be.
    async fn plan(
        &mut self,
        planner: &mut Planner<'_>,
        from: usize,
        not_planned: &mut Vec<Unread>,
    ) -> Result<()> {
        let questions: Vec<Question<'_>> = self.statements[from..]
            .iter()
            .map(|planned| Question {
                sql: &planned.filled,
                indexes: &[],
            })
            .collect();
        let answers = planner.ask(Manner::Scanning, &questions).await?;
        let new = self.statements.split_off(from);
        for (mut planned, answer) in new.into_iter().zip(answers) {
            match answer {
                Answer::Plan(plan, _) => {
                    access::scanned(&plan, &mut self.names);
                    planned.plan = plan;
                    self.statements.push(planned);
                }
                Answer::Failed(reason) => {
                    let line = planned.statement.line;
                    not_planned.push(Unread::new(
                        &planned.statement.text,
                        line,
                        format!("The server said: {reason}."),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Adds the looks at referencing tables that deleting rows costs, which no plan shows.
    async fn add_checks(
        &mut self,
        planner: &mut Planner<'_>,
        catalog: &Catalog,
        not_planned: &mut Vec<Unread>,
    ) -> Result<bool> {
        let mut deleted: BTreeMap<u32, f64> = BTreeMap::new();
        for planned in &self.statements {
            let plan = &planned.plan;
            let is_delete = access::text(plan, "Operation") == Some("Delete");
            let names = access::text(plan, "Schema").zip(access::text(plan, "Relation Name"));
            if let (true, Some((schema, name))) = (is_delete, names)
                && let Some(relation) = catalog.of_name(schema, name)
            {
                let rows = access::children(plan)
                    .first()
                    .map_or(1.0, |below| access::number(below, "Plan Rows"));
                *deleted.entry(relation.oid).or_insert(0.0) +=
                    planned.statement.weight * rows.clamp(1.0, 1000.0);
            }
        }
        if deleted.is_empty() {
            return Ok(false);
        }
        let oids: Vec<u32> = deleted.keys().copied().collect();
        let keys = catalog::read_referencing(planner.session(), &oids).await?;
        let from = self.statements.len();
        for key in keys {
            let conditions: Vec<String> = key
                .columns
                .iter()
                .enumerate()
                .map(|(at, column)| format!("{} = ${}", howdah_sql::quote_ident(column), at + 1))
                .collect();
            let text = format!("SELECT 1 FROM {} WHERE {}", key.from, conditions.join(" AND "));
            let statement = Statement {
                template: format!("check of {}", key.name),
                weight: deleted.get(&key.referenced).copied().unwrap_or(1.0),
                line: CHECK_LINE,
                writes: false,
                text,
            };
            let filled = complete(planner.session(), std::slice::from_ref(&statement))
                .await?
                .remove(0);
            self.statements.push(Planned::new(statement, filled));
        }
        let added = self.statements.len() > from;
        self.plan(planner, from, not_planned).await?;
        Ok(added)
    }

    fn finish(mut self, catalog: &Catalog) -> Vec<Planned> {
        for planned in &mut self.statements {
            planned.accesses = access::accesses(&planned.plan, catalog);
        }
        self.statements
    }
}

/// The statements with values for their parameters, whose types the server infers.
async fn complete(
    session: &mut Session,
    samples: &[Statement],
) -> Result<Vec<(String, Vec<constants::Slot>)>> {
    let mut completed = Vec::with_capacity(samples.len());
    for sample in samples {
        let mut types = Vec::new();
        let has_parameters = constants::slots(&sample.text, &[])
            .iter()
            .any(constants::Slot::is_parameter);
        if has_parameters {
            let steps = [
                Step::silent("BEGIN READ ONLY"),
                Step::new(&sample.text).parse_only(),
                Step::silent("ROLLBACK"),
            ];
            let outcome = session.run(&steps, &mut Nothing).await;
            if session.transaction() != howdah_pg::Transaction::Idle && !session.is_closed() {
                session.batch("ROLLBACK").await?;
            }
            if let Ok(end) = outcome {
                let oids = end
                    .steps
                    .get(1)
                    .map(|step| step.parameter_types.clone())
                    .unwrap_or_default();
                types = type_names(session, &oids).await?;
            }
        }
        let slots = constants::slots(&sample.text, &types);
        completed.push((constants::filled(&sample.text, &slots), slots));
    }
    Ok(completed)
}

async fn type_names(session: &mut Session, oids: &[u32]) -> Result<Vec<String>> {
    let list: Vec<String> = oids.iter().map(u32::to_string).collect();
    let list = crate::array(list.iter().map(String::as_str));
    let params = [Some(list.as_str())];
    let query = Query::new(include_str!("../../queries/types.sql"), &params);
    let rows = Reading::of(session).one(&query).await?;
    Ok(rows
        .iter()
        .map(|row| row.get(0).unwrap_or("text").to_owned())
        .collect())
}

/// Takes nothing.
struct Nothing;

impl howdah_pg::Sink for Nothing {
    fn columns(&mut self, _: usize, _: Vec<howdah_pg::Column>) {}

    fn row(&mut self, _: usize, _: &howdah_pg::RowView<'_>) -> howdah_pg::Flow {
        howdah_pg::Flow::Continue
    }
}

/// Why a statement may not even be planned: planning runs functions that are declared immutable.
async fn examine(
    session: &mut Session,
    samples: &[Statement],
    texts: &[(String, Vec<constants::Slot>)],
) -> Result<Vec<Option<String>>> {
    let mut by_template: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for (sample, (filled, _)) in samples.iter().zip(texts) {
        if by_template.contains_key(sample.template.as_str()) {
            continue;
        }
        let verdict = match guard::examine(session, &format!("EXPLAIN {filled}")).await {
            Ok(Verdict::Harmless(_)) => None,
            Ok(Verdict::Refused(refusal)) => Some(refusal.to_string()),
            Err(guard::GuardError::Pg(error)) if error.server().is_none() || error.is_fatal() => {
                return Err(error.into());
            }
            Err(error) => Some(Error::from(error).message),
        };
        by_template.insert(&sample.template, verdict);
    }
    Ok(samples
        .iter()
        .map(|sample| by_template.get(sample.template.as_str()).cloned().flatten())
        .collect())
}

fn variants(statements: &[Planned], catalog: &Catalog, several: bool) -> Vec<Variant> {
    let mut samples: BTreeMap<&str, usize> = BTreeMap::new();
    for planned in statements {
        *samples.entry(&planned.statement.template).or_insert(0) += 1;
    }
    let mut found = Vec::new();
    for (at, planned) in statements.iter().enumerate() {
        let Planned {
            statement,
            slots,
            accesses,
            ..
        } = planned;
        // Several samples are several sets of constants already.
        let several = several
            && samples
                .get(statement.template.as_str())
                .is_none_or(|count| *count < SAMPLES_MAX);
        for (sql, share) in constants::variants(&statement.text, slots, accesses, catalog, several) {
            found.push(Variant {
                sql,
                statement: at,
                share,
            });
        }
    }
    found
}

/// Every index that could serve a statement and that the server accepts.
async fn choices(
    planner: &mut Planner<'_>,
    statements: &[Planned],
    variants: &[Variant],
    catalog: &Catalog,
    server: &Server,
) -> Result<Vec<Choice>> {
    let mut usage = Usage::new();
    for planned in statements {
        for access in &planned.accesses {
            let Some(relation) = catalog.relations.get(&access.relation) else {
                continue;
            };
            for key in candidates::equal_keys(access, relation) {
                *usage.entry((access.relation, key)).or_insert(0.0) += 1.0;
            }
        }
    }
    // Each with the statements that it comes from, and the condition that an inverted one answers.
    let mut wanted: BTreeMap<Definition, BTreeMap<usize, Option<String>>> = BTreeMap::new();
    let mut keys: BTreeMap<(usize, u32), BTreeSet<String>> = BTreeMap::new();
    for (at, planned) in statements.iter().enumerate() {
        for access in &planned.accesses {
            let Some(relation) = catalog.relations.get(&access.relation) else {
                continue;
            };
            for Candidate { definition, answers } in candidates::candidates(access, relation, &usage, server)
            {
                let known = keys.entry((at, relation.oid)).or_default();
                known.extend(definition.keys.first().map(|key| key.sql.clone()));
                wanted.entry(definition).or_default().insert(at, answers);
            }
        }
    }
    let definitions: Vec<&Definition> = wanted.keys().collect();
    let creations: Vec<Vec<String>> = definitions
        .iter()
        .map(|definition| creations(definition, catalog))
        .collect();
    let lists: Vec<&[String]> = creations.iter().map(Vec::as_slice).collect();
    let accepted = planner.accepts(&lists).await?;
    let mut found = Vec::new();
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
            origins.contains_key(&variant.statement)
                || (definition.method != Method::Gin
                    && keys
                        .get(&(variant.statement, relation.oid))
                        .is_some_and(|keys| keys.contains(first)))
        };
        let is_pretended = definition.method != Method::Gin;
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
        if is_pretended {
            continue;
        }
        for (statement, condition) in origins {
            let Some(condition) = condition else { continue };
            let sql = format!("SELECT FROM {} WHERE {condition}", relation.name);
            let answer = planner
                .ask(
                    Manner::Usual,
                    &[Question {
                        sql: &sql,
                        indexes: &[],
                    }],
                )
                .await?;
            let Some(Answer::Plan(plan, _)) = answer.into_iter().next() else {
                continue;
            };
            let share = size::share(definition, relation);
            let rows = access::number(&plan, "Plan Rows") * share;
            let scan = size::inverted_scan(relation, rows, server);
            if let Some(choice) = found.last_mut() {
                let of = (0..variants.len()).filter(|at| variants[*at].statement == *statement);
                choice.scan_costs.extend(of.map(|at| (at, scan)));
            }
        }
    }
    Ok(found)
}

/// What pretends an index: on a partitioned table one for each partition. An inverted one cannot be pretended; what
/// stands here for it is accepted by the server where its keys and its predicate are.
fn creations(definition: &Definition, catalog: &Catalog) -> Vec<String> {
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
    if definition.method == Method::Gin {
        pretended.method = Method::Btree;
        for key in &mut pretended.keys {
            key.class = None;
            key.sql = format!("(({}) IS NULL)", key.sql);
        }
    }
    on.iter()
        .map(|name| format!("CREATE INDEX ON {}", pretended.on_text(name)))
        .collect()
}

/// Partitions that an index is pretended on.
const LEAVES_MAX: usize = 200;

/// Keeps what any plan uses when it may use all, or all but what it used first: gives what was used together.
async fn prune(
    planner: &mut Planner<'_>,
    choices: &mut Vec<Choice>,
    variants: &[Variant],
    until: Instant,
) -> Result<BTreeSet<BTreeSet<usize>>> {
    let mut open: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); variants.len()];
    for (at, choice) in choices
        .iter()
        .enumerate()
        .filter(|(_, choice)| !choice.creations.is_empty())
    {
        for variant in &choice.serves {
            open[*variant].insert(at);
        }
    }
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut bundles: BTreeSet<BTreeSet<usize>> = BTreeSet::new();
    for _ in 0..3 {
        let asked: Vec<usize> = (0..variants.len()).filter(|at| !open[*at].is_empty()).collect();
        if asked.is_empty() || Instant::now() > until {
            break;
        }
        let lists: Vec<Vec<(usize, &[String])>> = asked
            .iter()
            .map(|at| {
                open[*at]
                    .iter()
                    .map(|one| (*one, choices[*one].creations.as_slice()))
                    .collect()
            })
            .collect();
        let questions: Vec<Question<'_>> = asked
            .iter()
            .zip(&lists)
            .map(|(at, list)| Question {
                sql: &variants[*at].sql,
                indexes: list,
            })
            .collect();
        let answers = planner.ask(Manner::Usual, &questions).await?;
        for (at, answer) in asked.iter().zip(answers) {
            match answer {
                Answer::Plan(_, found) if !found.is_empty() => {
                    open[*at].retain(|one| !found.contains(one));
                    used.extend(&found);
                    bundles.insert(found);
                }
                _ => open[*at].clear(),
            }
        }
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
        .filter(|at| used.contains(at) || plainer.contains(at) || !choices[*at].scan_costs.is_empty())
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

fn left(selection: &Selection<'_>, chosen: &BTreeSet<usize>, weights: &[f64]) -> f64 {
    let sum = |costs: Vec<f64>| {
        costs
            .iter()
            .zip(weights)
            .map(|(cost, weight)| cost * weight)
            .sum::<f64>()
    };
    let before = sum(selection.costs(&BTreeSet::new()));
    if before <= 0.0 {
        100.0
    } else {
        100.0 * sum(selection.costs(chosen)) / before
    }
}

fn described(
    selection: &Selection<'_>,
    chosen: &BTreeSet<usize>,
    statements: &[Planned],
    catalog: &Catalog,
) -> Vec<AdvisedIndex> {
    let with = selection.costs(chosen);
    let mut found: Vec<(f64, AdvisedIndex)> = Vec::new();
    for one in chosen {
        let choice = &selection.choices[*one];
        let Some(relation) = catalog.relations.get(&choice.definition.relation) else {
            continue;
        };
        let others: BTreeSet<usize> = chosen.iter().copied().filter(|other| other != one).collect();
        let without = selection.costs(&others);
        let mut helps: Vec<(f64, Helped)> = Vec::new();
        for (at, planned) in statements.iter().enumerate() {
            if without[at] > with[at] * 1.01 {
                let Statement {
                    text, line, weight, ..
                } = &planned.statement;
                let is_check = *line == CHECK_LINE;
                let name = if is_check {
                    format!("the look behind a DELETE: {text}")
                } else {
                    one_line(text)
                };
                let helped = Helped {
                    statement: name,
                    line: (*line > 0 && !is_check).then_some(*line),
                    cost_without: rounded(without[at]),
                    cost_with: rounded(with[at]),
                };
                helps.push((weight * (without[at] - with[at]), helped));
            }
        }
        helps.sort_by(|a, b| b.0.total_cmp(&a.0));
        let gain: f64 = helps.iter().map(|(gain, _)| gain).sum();
        let on = choice.definition.on(&relation.name);
        let create = format!("CREATE INDEX ON {on};");
        let ddl = match relation.is_partitioned {
            true => create.clone(),
            false => format!("CREATE INDEX CONCURRENTLY ON {on};"),
        };
        found.push((
            gain,
            AdvisedIndex {
                relation: relation.name.to_string(),
                method: choice.definition.method,
                ddl,
                create,
                bytes: choice.bytes as u64,
                write_factor_without: rounded(selection.write_factor(&others)),
                helps: helps.into_iter().map(|(_, helped)| helped).collect(),
                is_planned: !choice.creations.is_empty(),
                replaces: replaced(&choice.definition, relation),
            },
        ));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.create.cmp(&b.1.create)));
    found.into_iter().map(|(_, index)| index).collect()
}

fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

/// An index that is there and begins the advised one.
fn replaced(definition: &Definition, relation: &Relation) -> Option<String> {
    let begins = |index: &&super::catalog::Existing| {
        !index.is_unique
            && index.method == definition.method.name()
            && index.predicate.is_none()
            && definition.predicate.is_empty()
            && index.key_count == index.parts.len()
            && index.parts.len() <= definition.keys.len()
            && index
                .parts
                .iter()
                .zip(&definition.keys)
                .all(|(part, key)| *part == key.sql && key.class.is_none())
    };
    relation
        .existing
        .iter()
        .find(begins)
        .map(|index| index.name.clone())
}

/// What would help and is not to be had.
fn notes(server: &Server, catalog: &Catalog, statements: &[Planned]) -> Vec<String> {
    use super::deparsed::Shape;
    let mut notes = Vec::new();
    let wants_trigrams = statements.iter().flat_map(|planned| &planned.accesses).flat_map(|access| &access.conditions).any(
        |condition| {
            matches!(&condition.shape, Shape::Like { ignores_case, pattern }
                if (*ignores_case || super::pattern::prefix_length(pattern) == 0) && super::pattern::has_trigram(pattern))
        },
    );
    if wants_trigrams && server.trigrams.is_none() {
        let how = match (server.trigrams_available, server.may_create) {
            (true, true) => "run CREATE EXTENSION pg_trgm and ask again",
            (true, false) => "an owner of the database runs CREATE EXTENSION pg_trgm; then ask again",
            (false, _) => {
                "its files have to be installed on the server first (the package postgresql-contrib)"
            }
        };
        notes.push(format!(
            "Statements search within texts (LIKE '%…%', ILIKE): an index needs the extension pg_trgm: {how}."
        ));
    }
    for relation in catalog.relations.values() {
        let known = relation.columns.iter().any(|column| column.has_statistics);
        if !known && relation.rows > 0.0 {
            notes.push(format!(
                "Nothing is known of the values in {}: run ANALYZE, or ask as a role that may read it ({} may not, or it was never analysed).",
                relation.name, server.role
            ));
        }
        if relation.rows <= 0.0 && relation.pages > 1.0 {
            notes.push(format!(
                "{} was never analysed: run ANALYZE and ask again.",
                relation.name
            ));
        }
    }
    notes
}
