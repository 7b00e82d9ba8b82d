//! Rows that are not here: what the target's statistics know of them, held against what the
//! script demands.

use howdah_sql::RelationName;

use super::changed::Changed;
use super::inserted::Inserted;
use super::run::Run;
use super::statement::Sentence;
use crate::clients::{Contradiction, Rule};
use crate::{Break, Debris, Failure, LockMode, RehearseError};

impl Run {
    /// Finds the rules that the script made and that the target's rows do not fit: it fails there,
    /// or, where rows are not looked at, their writers do.
    pub(super) async fn hold_against_statistics(&mut self) -> Result<(), RehearseError> {
        let Some(clients) = &mut self.clients else {
            return Ok(());
        };
        let found = clients
            .contradictions(&self.start, &self.options.statistics)
            .await?;
        for contradiction in found {
            self.charge(contradiction);
        }
        for number in 0..self.outcomes.len() {
            self.find_taken_key(number);
            self.find_refused_values(number).await?;
        }
        Ok(())
    }

    /// An INSERT of a key that is there fails, unless the script took the row away before.
    fn find_taken_key(&mut self, number: usize) {
        let (Some(clients), Some(inserted)) = (&self.clients, &self.subjects[number].inserted) else {
            return;
        };
        let Some((table, relation)) = self.start.named(&inserted.relation) else {
            return;
        };
        if self.has_written(number, &relation.name) {
            return;
        }
        let all = inserted.names(self.start.columns.get(&table));
        let taken = inserted
            .rows
            .iter()
            .flat_map(|row| all.iter().zip(row))
            .find(|(column, value)| {
                value.as_deref().is_some_and(|value| {
                    clients.is_taken(&self.start, &self.options.statistics, table, column, value)
                })
            });
        if let Some((column, Some(value))) = taken {
            let message = format!(
                "duplicate key value: statistics of {} know a row whose {column} is {value}",
                relation.name
            );
            self.outcomes[number].effects.failure.get_or_insert(Failure {
                sqlstate: "23505".to_owned(),
                message,
            });
        }
    }

    /// Whether the script has written rows of a table before this statement.
    fn has_written(&self, number: usize, table: &RelationName) -> bool {
        self.outcomes[..number].iter().any(|outcome| {
            let mut locks = outcome.effects.locks.iter();
            locks.any(|lock| lock.mode == LockMode::RowExclusive && lock.relation == *table)
        })
    }

    fn charge(&mut self, contradiction: Contradiction) {
        let Some(table) = self.start.relations.get(&contradiction.table) else {
            return;
        };
        let table = table.name.clone();
        let name = &contradiction.name;
        let concerned = (0..self.outcomes.len())
            .rev()
            .filter(|number| self.subjects[*number].noticed && self.concerns(*number, &table));
        let concerned: Vec<usize> = concerned.collect();
        let makes = |number: &&usize| self.subjects[**number].text.contains(name.as_str());
        let Some(number) = concerned.iter().find(makes).or(concerned.first()).copied() else {
            return;
        };
        // Statistics know rows as they were before the script.
        let changed = self.has_written(number, &table);
        let effects = &mut self.outcomes[number].effects;
        match &contradiction.rule {
            Rule::Check {
                column,
                value,
                validated,
            } => {
                // The value is of somebody's row: it goes into no finding.
                let is = match value {
                    None => "is NULL",
                    Some(_) => "has a value that it refuses",
                };
                let message = format!(
                    "check constraint \"{name}\" of {table} is violated: statistics know rows whose {column} {is}"
                );
                let failure = Failure {
                    sqlstate: "23514".to_owned(),
                    message,
                };
                if *validated && !changed {
                    effects.failure.get_or_insert(failure);
                    return;
                }
                effects.breaks.push(Break {
                    statement: format!("INSERT or UPDATE of {table} with such a value"),
                    role: "any client".to_owned(),
                    failure,
                    prepared_only: false,
                });
            }
            Rule::Unique if changed => {}
            Rule::Unique => {
                effects.failure.get_or_insert(Failure {
                    sqlstate: "23505".to_owned(),
                    message: format!(
                        "could not create unique index \"{name}\": statistics of {table} know values that are there more than once"
                    ),
                });
                if self.subjects[number].is_concurrent {
                    effects.debris.push(Debris::InvalidIndex(name.clone()));
                }
            }
        }
    }
}

/// What a statement is about.
pub(super) struct Subject {
    /// The relations that it names.
    pub(super) relations: Vec<RelationName>,
    /// Whether clients may notice it.
    pub(super) noticed: bool,
    /// Whether it may change what happens on tables that it does not name.
    pub(super) reaches_far: bool,
    is_concurrent: bool,
    pub(super) inserted: Option<Inserted>,
    pub(super) changed: Option<Changed>,
    pub(super) changes_type: bool,
    /// Its text, as far as names of what it makes are looked for in it.
    pub(super) text: String,
}

impl Subject {
    pub(super) fn of(sentence: &Sentence<'_>) -> Self {
        let noticed = sentence.is_noticed_by_clients();
        Self {
            relations: sentence.relations(),
            noticed,
            reaches_far: sentence.reaches_far(),
            is_concurrent: sentence.is_concurrent(),
            inserted: sentence.node().and_then(Inserted::of),
            changed: sentence.node().and_then(Changed::of),
            changes_type: sentence.changes_type(),
            text: if noticed {
                sentence.sql.to_owned()
            } else {
                String::new()
            },
        }
    }
}
