//! Values that a script writes and rows that it takes away, held against what tables demand and
//! what statistics know of rows that are not here.

use howdah_sql::RelationName;

use super::changed::Changed;
use super::run::Run;
use crate::trace::Oid;
use crate::{Failure, LockMode, RehearseError};

/// A table of which nearly every row is referred to: the share that tells it.
const NEARLY_ALL: f64 = 0.9;

impl Run {
    /// Why a statement fails on the target's rows, if it does for the constants in it.
    pub(super) async fn find_refused_values(&mut self, number: usize) -> Result<(), RehearseError> {
        if self.outcomes[number].effects.failure.is_some() {
            return Ok(());
        }
        let found = match (&self.subjects[number].inserted, &self.subjects[number].changed) {
            (Some(_), _) => self.refers_to_nothing(number).await?,
            (_, Some(_)) => self.fails_on_rows(number).await?,
            _ if self.subjects[number].changes_type => self.fails_to_convert(number).await?,
            _ => None,
        };
        if let Some(failure) = found {
            self.outcomes[number].effects.failure = Some(failure);
        }
        Ok(())
    }

    /// A change of type that a value as the target has it does not survive.
    async fn fails_to_convert(&mut self, number: usize) -> Result<Option<Failure>, RehearseError> {
        let Some(name) = self.subjects[number].relations.first() else {
            return Ok(None);
        };
        let Some((table, relation)) = self.start.named(name) else {
            return Ok(None);
        };
        let name = relation.name.clone();
        let has_rows = self
            .options
            .statistics
            .rows_of(&name)
            .is_some_and(|rows| rows >= 1.0);
        if !has_rows || self.has_changed(number, &name) {
            return Ok(None);
        }
        let sql = self.subjects[number].text.clone();
        let Some(clients) = &mut self.clients else {
            return Ok(None);
        };
        clients.fails_on_a_row(table, &name, &sql).await
    }

    /// An INSERT of rows that refer to what is not there.
    async fn refers_to_nothing(&mut self, number: usize) -> Result<Option<Failure>, RehearseError> {
        let Some(inserted) = &self.subjects[number].inserted else {
            return Ok(None);
        };
        let Some((table, _)) = self.start.named(&inserted.relation) else {
            return Ok(None);
        };
        let named = inserted.names(self.start.columns.get(&table));
        let rows = inserted.rows.iter();
        let values = rows.flat_map(|row| named.iter().cloned().zip(row.iter().cloned()));
        let mut values: Vec<(String, String)> =
            values.filter_map(|(name, value)| Some((name, value?))).collect();
        values.sort();
        values.dedup();
        self.absent_reference(number, table, &values).await
    }

    /// A value of a column that refers to another table, and is not there.
    async fn absent_reference(
        &mut self,
        number: usize,
        table: Oid,
        values: &[(String, String)],
    ) -> Result<Option<Failure>, RehearseError> {
        let Some(clients) = &mut self.clients else {
            return Ok(None);
        };
        let keys = clients.lasting_foreign_keys().await?;
        for key in keys.iter().filter(|key| key.table == table) {
            let Some(referenced) = self.start.relations.get(&key.referenced) else {
                continue;
            };
            if self.has_changed(number, &referenced.name) {
                continue;
            }
            let column = self
                .start
                .columns
                .get(&table)
                .and_then(|columns| columns.get(&key.column));
            for (_, value) in values
                .iter()
                .filter(|(name, _)| column.is_some_and(|column| column.name == *name))
            {
                let Some(clients) = &mut self.clients else {
                    return Ok(None);
                };
                if clients
                    .is_absent(&self.start, key.referenced, key.key, value)
                    .await?
                {
                    let message = format!(
                        "foreign key constraint \"{}\" is violated: statistics of {} know no row with the key {value}",
                        key.name, referenced.name
                    );
                    return Ok(Some(Failure {
                        sqlstate: "23503".to_owned(),
                        message,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// An UPDATE or DELETE that the rows it is about do not let through.
    async fn fails_on_rows(&mut self, number: usize) -> Result<Option<Failure>, RehearseError> {
        let Some(changed) = self.subjects[number].changed.take() else {
            return Ok(None);
        };
        let found = self.fails_on(number, &changed).await;
        self.subjects[number].changed = Some(changed);
        found
    }

    async fn fails_on(&mut self, number: usize, changed: &Changed) -> Result<Option<Failure>, RehearseError> {
        let Some((table, relation)) = self.start.named(&changed.relation) else {
            return Ok(None);
        };
        let name = relation.name.clone();
        // Without rows nothing fails; and what the script has written itself nobody knows.
        let has_rows = self
            .options
            .statistics
            .rows_of(&name)
            .is_some_and(|rows| rows >= 1.0);
        if !has_rows || self.has_changed(number, &name) || self.finds_nothing(table, changed).await? {
            return Ok(None);
        }
        if !changed.deletes {
            let mut known = Vec::new();
            for (column, value) in &changed.values {
                let Some(place) = self.column(table, column) else {
                    continue;
                };
                let Some(clients) = &mut self.clients else {
                    return Ok(None);
                };
                if let Some(failure) = clients
                    .refusal(&self.start, table, place, value.as_deref())
                    .await?
                {
                    return Ok(Some(failure));
                }
                known.extend(value.clone().map(|value| (column.clone(), value)));
            }
            if let Some(failure) = self.absent_reference(number, table, &known).await? {
                return Ok(Some(failure));
            }
            if let Some(failure) = self.repeats_key(table, &name, changed) {
                return Ok(Some(failure));
            }
        }
        self.is_referred_to(number, table, &name, changed).await
    }

    fn column(&self, table: Oid, name: &str) -> Option<i32> {
        let columns = self.start.columns.get(&table)?;
        let found = columns.iter().find(|(_, column)| column.name == name);
        found.map(|(number, _)| *number)
    }

    /// Whether statistics know that no row is as the statement wants it.
    async fn finds_nothing(&mut self, table: Oid, changed: &Changed) -> Result<bool, RehearseError> {
        for (column, values) in &changed.rows.having {
            let Some(place) = self.column(table, column) else {
                continue;
            };
            let mut absent = true;
            for value in values {
                let Some(clients) = &mut self.clients else {
                    return Ok(false);
                };
                absent = absent && clients.is_absent(&self.start, table, place, value).await?;
            }
            if absent {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a key is given to every row, or one that another row has.
    fn repeats_key(&self, table: Oid, name: &RelationName, changed: &Changed) -> Option<Failure> {
        let clients = self.clients.as_ref()?;
        let statistics = &self.options.statistics;
        let many = changed.rows.is_all
            && changed.rows.having.is_empty()
            && !changed.rows.by_others
            && statistics.rows_of(name).is_some_and(|rows| rows >= 2.0);
        let repeated = changed.values.iter().find(|(column, value)| {
            let (Some(place), Some(value)) = (self.column(table, column), value) else {
                return false;
            };
            let same = changed.rows.having.iter();
            let is_same = same
                .clone()
                .any(|(other, values)| other == column && values.contains(value));
            clients.is_key(table, place)
                && (many || (!is_same && clients.is_taken(&self.start, statistics, table, column, value)))
        });
        let (column, _) = repeated?;
        Some(Failure {
            sqlstate: "23505".to_owned(),
            message: format!(
                "duplicate key value: statistics of {name} know more rows than may have this {column}"
            ),
        })
    }

    /// Whether other rows refer to those that go, or whose key changes.
    async fn is_referred_to(
        &mut self,
        number: usize,
        table: Oid,
        name: &RelationName,
        changed: &Changed,
    ) -> Result<Option<Failure>, RehearseError> {
        if changed.rows.by_others {
            return Ok(None);
        }
        let Some(clients) = &mut self.clients else {
            return Ok(None);
        };
        let keys = clients.lasting_foreign_keys().await?;
        for key in keys.iter().filter(|key| key.referenced == table) {
            let (Some(referring), Some(key_column)) = (
                self.start.relations.get(&key.table),
                self.start
                    .columns
                    .get(&table)
                    .and_then(|columns| columns.get(&key.key)),
            ) else {
                continue;
            };
            let concerned = match changed.deletes {
                true => key.keeps_rows,
                false => {
                    key.keeps_keys
                        && changed
                            .values
                            .iter()
                            .any(|(column, _)| *column == key_column.name)
                }
            };
            let column = self
                .start
                .columns
                .get(&key.table)
                .and_then(|columns| columns.get(&key.column));
            let statistics = &self.options.statistics;
            let known = column.and_then(|column| statistics.of(&referring.name, &column.name));
            let Some(known) = known.filter(|known| concerned && known.null_fraction < 1.0) else {
                continue;
            };
            if known.rows().is_none() || self.has_changed(number, &referring.name) {
                continue;
            }
            let nearly_all = statistics
                .rows_of(name)
                .is_some_and(|rows| known.share_of(rows) >= NEARLY_ALL);
            let by_key = changed
                .rows
                .having
                .iter()
                .find(|(column, _)| *column == key_column.name);
            let refers = match by_key {
                Some((_, values)) if values.iter().any(|value| known.values.contains(value)) => true,
                Some((_, values)) if nearly_all => {
                    let mut refers = false;
                    for value in values {
                        let Some(clients) = &mut self.clients else {
                            return Ok(None);
                        };
                        refers |= !clients
                            .is_absent(&self.start, key.table, key.column, value)
                            .await?;
                    }
                    refers
                }
                Some(_) => false,
                None => nearly_all || (changed.rows.is_all && changed.rows.having.is_empty()),
            };
            if refers {
                let message = format!(
                    "update or delete on table \"{}\" violates foreign key constraint \"{}\": statistics of {} know rows that refer to it",
                    name.name, key.name, referring.name
                );
                return Ok(Some(Failure {
                    sqlstate: "23503".to_owned(),
                    message,
                }));
            }
        }
        Ok(None)
    }

    /// Whether the script has written rows of a table before this statement, or emptied it.
    fn has_changed(&self, number: usize, table: &RelationName) -> bool {
        self.outcomes[..number].iter().any(|outcome| {
            let mut locks = outcome.effects.locks.iter();
            let is_written = |mode| matches!(mode, LockMode::RowExclusive | LockMode::AccessExclusive);
            let has_work = !outcome.effects.losses.is_empty();
            locks.any(|lock| {
                lock.relation == *table
                    && is_written(lock.mode)
                    && (lock.mode == LockMode::RowExclusive || has_work)
            })
        })
    }
}
