//! Reads the statements of a workload: values for their parameters, whether they may be planned, and the plan that
//! shows what each asks of its relations.

use std::collections::{BTreeMap, BTreeSet};

use howdah_core::{Error, Result};
use howdah_pg::Session;
use howdah_pg::guard::{self, Verdict};

use super::access::{self, Access};
use super::catalog::{self, Catalog};
use super::constants;
use super::definition::Definition;
use super::inference::{parameter_types, parameters};
use super::planner::{Answer, Manner, Planner, Question};
use super::selection::Variant;
use super::workload::{Statement, Unread};

/// Samples of a template that are planned.
pub(crate) const SAMPLES_MAX: usize = 3;

/// A statement with what its plan told.
pub(crate) struct Planned {
    pub(crate) statement: Statement,
    /// With values in place of its parameters.
    filled: String,
    slots: Vec<constants::Slot>,
    pub(crate) plan: serde_json::Value,
    pub(crate) accesses: Vec<Access>,
}

/// Of a statement whose plan scans nothing.
const READS_NOTHING: &str = "It reads no table by itself. What a function runs inside is not seen: give those statements, or let \
     pg_stat_statements.track = all count them.";

/// Of a statement whose plan scans what is not the application's.
const READS_OTHERS: &str =
    "It reads nothing that an index may be built on: catalogs of the server, temporary or foreign tables.";

/// The line of statements that stand for what the server does by itself.
pub(crate) const CHECK_LINE: usize = usize::MAX;

impl Planned {
    pub(crate) fn new(statement: Statement, (filled, slots): (String, Vec<constants::Slot>)) -> Self {
        Self {
            statement,
            filled,
            slots,
            plan: serde_json::Value::Null,
            accesses: Vec::new(),
        }
    }
}

impl Planned {
    /// Whether an index rests on what was made up for a parameter: on the path of `data ->> $1`, or on a state that the
    /// program is given.
    pub(crate) fn is_made_up(&self, definition: &Definition) -> bool {
        let expressions = definition
            .keys
            .iter()
            .map(|key| &key.sql)
            .chain(&definition.predicate);
        let has_truth = || constants::has_made_up_truth(&self.slots);
        let is_truth = |condition: &String| {
            let column = condition.strip_prefix("NOT ").unwrap_or(condition);
            definition
                .columns
                .iter()
                .any(|name| howdah_sql::quote_ident(name) == column)
        };
        expressions
            .into_iter()
            .any(|sql| constants::is_made_up(sql, &self.slots))
            || (definition.predicate.iter().any(is_truth) && has_truth())
    }

    /// Whether it looks into values by a parameter.
    pub(crate) fn looks_by_parameter(&self) -> bool {
        let conditions = self.accesses.iter().flat_map(|access| &access.conditions);
        conditions.into_iter().any(|condition| {
            let key = &condition.key;
            key.column().is_none() && key.alias().is_some() && constants::is_made_up(&key.sql, &self.slots)
        })
    }
}

/// The statements that can be planned, and the relations that they scan.
pub(crate) struct Reader {
    pub(crate) statements: Vec<Planned>,
    pub(crate) names: BTreeSet<(String, String)>,
}

impl Reader {
    /// Plans the statements from `from` on, and drops those that cannot be.
    pub(crate) async fn plan(
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
                    let mut names = BTreeSet::new();
                    access::scanned(&plan, &mut names);
                    if names.is_empty() && !planned.statement.writes {
                        let Statement { text, line, .. } = &planned.statement;
                        not_planned.push(Unread::new(text, *line, READS_NOTHING));
                        continue;
                    }
                    self.names.extend(names);
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
    pub(crate) async fn add_checks(
        &mut self,
        planner: &mut Planner<'_>,
        examined: &mut Examined,
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
                values: Vec::new(),
                ms: None,
                text,
            };
            let filled = complete(planner.session(), examined, std::slice::from_ref(&statement))
                .await?
                .remove(0);
            examined.judge(planner.session(), &[&filled.0]).await?;
            if examined.refuses(&filled.0).is_some() {
                continue;
            }
            self.statements.push(Planned::new(statement, filled));
        }
        let added = self.statements.len() > from;
        self.plan(planner, from, not_planned).await?;
        Ok(added)
    }

    /// The statements with what each asks of its relations, without those that read nothing that may have an index.
    pub(crate) fn finish(mut self, catalog: &Catalog, not_planned: &mut Vec<Unread>) -> Vec<Planned> {
        self.statements.retain(|planned| {
            let mut names = BTreeSet::new();
            access::scanned(&planned.plan, &mut names);
            let Statement {
                text, line, writes, ..
            } = &planned.statement;
            let is_of_use = *writes
                || names
                    .iter()
                    .any(|(schema, name)| catalog.of_name(schema, name).is_some());
            if !is_of_use {
                not_planned.push(Unread::new(text, *line, READS_OTHERS));
            }
            is_of_use
        });
        for planned in &mut self.statements {
            planned.accesses = access::accesses(&planned.plan, catalog);
        }
        self.statements
    }
}

/// The statements with values for their parameters, whose types the server infers. It is asked about what may be planned
/// only: types that somebody added are code that reads their constants.
pub(crate) async fn complete(
    session: &mut Session,
    examined: &mut Examined,
    samples: &[Statement],
) -> Result<Vec<(String, Vec<constants::Slot>)>> {
    let texts = samples.iter().map(|sample| sample.text.as_str());
    let open: Vec<&str> = texts.filter(|text| !parameters(text).is_empty()).collect();
    examined.judge(session, &open).await?;
    let mut completed = Vec::with_capacity(samples.len());
    for sample in samples {
        let is_asked = !parameters(&sample.text).is_empty() && examined.refuses(&sample.text).is_none();
        let types = match is_asked {
            true => parameter_types(session, &sample.text).await?,
            false => Vec::new(),
        };
        let slots = constants::slots(&sample.text, &types, &sample.values);
        completed.push((constants::filled(&sample.text, &slots), slots));
    }
    Ok(completed)
}

/// Which texts may be planned: planning runs functions that are declared immutable.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// Why not, by what the guard's judgement depends on.
    verdicts: BTreeMap<String, Option<String>>,
}

impl Examined {
    /// Judges texts that were not yet, all together.
    pub(crate) async fn judge(&mut self, session: &mut Session, texts: &[&str]) -> Result<()> {
        let mut open: BTreeMap<String, String> = BTreeMap::new();
        for text in texts {
            let key = constants::without_values(text);
            if !self.verdicts.contains_key(&key) {
                open.entry(key).or_insert_with(|| format!("EXPLAIN {text}"));
            }
        }
        let asked: Vec<&str> = open.values().map(String::as_str).collect();
        let found = guard::examine_all(session, &asked).await.map_err(Error::from)?;
        for (key, verdict) in open.into_keys().zip(found) {
            let reason = match verdict {
                Ok(Verdict::Harmless(_)) => None,
                Ok(Verdict::Refused(refusal)) => Some(refusal.to_string()),
                Err(error) => Some(Error::from(error).message),
            };
            self.verdicts.insert(key, reason);
        }
        Ok(())
    }

    /// Why a text may not be planned, if so. Which function is called depends on the types of its constants: samples of
    /// one template may differ in it.
    pub(crate) fn refuses(&self, text: &str) -> Option<String> {
        match self.verdicts.get(&constants::without_values(text)) {
            Some(verdict) => verdict.clone(),
            None => Some("It was not judged.".to_owned()),
        }
    }

    /// Keeps of the variants those that may be planned: other constants may mean other functions.
    pub(crate) async fn harmless(
        &mut self,
        session: &mut Session,
        statements: &[Planned],
        variants: &mut [Variant],
    ) -> Result<()> {
        let texts: Vec<&str> = variants.iter().map(|variant| variant.sql.as_str()).collect();
        self.judge(session, &texts).await?;
        for variant in variants {
            if self.refuses(&variant.sql).is_some() {
                variant.sql.clone_from(&statements[variant.statement].filled);
            }
        }
        Ok(())
    }
}

/// Each statement with its sets of constants.
pub(crate) fn variants(statements: &[Planned], catalog: &Catalog, several: bool) -> Vec<Variant> {
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
        for one in constants::variants(&statement.text, slots, accesses, catalog, several) {
            let constants::Filled {
                sql,
                share,
                seeks_rare,
            } = one;
            found.push(Variant {
                sql,
                statement: at,
                share,
                seeks_rare,
                leading: Vec::new(),
            });
        }
    }
    found
}
