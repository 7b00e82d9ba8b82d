use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::StoreError;
use crate::samples::{Activity, Change, Collected, LEVELS, Level, Sampled, Samples};

/// The name, which nothing has, of the row that says that a kind was looked at: there may be none of it.
const LOOKED_BEFORE: &str = "";

impl Samples {
    /// Adds sessions that were seen at work.
    pub async fn record_activity(&self, activity: Vec<Activity>) -> Result<(), StoreError> {
        self.write(move |transaction| {
            for span in &activity {
                add_activity(transaction, span)?;
            }
            Ok(())
        })
        .await
    }

    /// Adds what a look at the counters brought.
    pub async fn record(&self, collected: Collected) -> Result<(), StoreError> {
        self.write(move |transaction| add(transaction, &collected)).await
    }

    /// Compares what there is of each kind with what there was, and records
    /// what differs; the first time there is nothing to compare it with.
    pub async fn compare(
        &self,
        at_s: i64,
        kind: &'static str,
        now: BTreeMap<String, String>,
    ) -> Result<Vec<Change>, StoreError> {
        self.write(move |transaction| {
            let mut before = known(transaction, kind)?;
            let changes = match before.remove(LOOKED_BEFORE) {
                None => Vec::new(),
                Some(_) => differences(at_s, kind, &before, &now),
            };
            let is_first = before.is_empty();
            for change in &changes {
                insert_change(transaction, change)?;
            }
            if is_first || before != now {
                transaction
                    .prepare_cached("DELETE FROM known WHERE kind = ?1")?
                    .execute([kind])?;
                let mut insert = transaction
                    .prepare_cached("INSERT INTO known (kind, name, value) VALUES (?1, ?2, ?3)")?;
                insert.execute(params![kind, LOOKED_BEFORE, ""])?;
                for (name, value) in &now {
                    insert.execute(params![kind, name, value])?;
                }
            }
            Ok(changes)
        })
        .await
    }
}

fn known(transaction: &Transaction<'_>, kind: &str) -> Result<BTreeMap<String, String>, StoreError> {
    Ok(transaction
        .prepare_cached("SELECT name, value FROM known WHERE kind = ?1")?
        .query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

fn differences(
    at_s: i64,
    kind: &str,
    before: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Vec<Change> {
    let change = |name: &str, before: Option<&String>, after: Option<&String>| Change {
        at_s,
        kind: kind.to_owned(),
        name: name.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    };
    let gone = before.iter().filter(|(name, _)| !now.contains_key(*name));
    let gone = gone.map(|(name, value)| change(name, Some(value), None));
    let other = now.iter().filter_map(|(name, value)| {
        let was = before.get(name);
        (was != Some(value)).then(|| change(name, was, Some(value)))
    });
    gone.chain(other).collect()
}

fn add_activity(transaction: &Transaction<'_>, span: &Activity) -> Result<(), StoreError> {
    let at = span.at_s - span.at_s.rem_euclid(Level::ACTIVITY_S);
    transaction
        .prepare_cached(
            "INSERT INTO tick (level, at, ticks) VALUES (0, ?1, ?2) \
             ON CONFLICT (level, at) DO UPDATE SET ticks = ticks + excluded.ticks",
        )?
        .execute(params![at, span.ticks])?;
    for seen in &span.seen {
        let statement = match seen.query_id {
            Some(query_id) => statement_id(transaction, query_id, span.at_s)?,
            None => 0,
        };
        transaction
            .prepare_cached(
                "INSERT INTO activity (level, at, wait, statement, role, seen) VALUES (0, ?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (level, at, wait, statement, role) DO UPDATE SET seen = seen + excluded.seen",
            )?
            .execute(params![
                at,
                name_id(transaction, "wait", &seen.wait)?,
                statement,
                name_id(transaction, "role", &seen.role)?,
                seen.count
            ])?;
    }
    Ok(())
}

fn add(transaction: &Transaction<'_>, collected: &Collected) -> Result<(), StoreError> {
    let at = collected.at_s - collected.at_s.rem_euclid(LEVELS[0].span_s);
    for (query_id, text) in &collected.texts {
        let id = statement_id(transaction, *query_id, collected.at_s)?;
        transaction
            .prepare_cached("UPDATE statement SET text = ?2 WHERE id = ?1")?
            .execute(params![id, text])?;
    }
    for (query_id, used) in &collected.statements {
        let statement = match query_id {
            0 => 0,
            id => statement_id(transaction, *id, collected.at_s)?,
        };
        transaction
            .prepare_cached(include_str!("add_statement.sql"))?
            .execute(params![
                at,
                statement,
                used.calls,
                used.time_us,
                used.plan_us,
                used.rows,
                used.hit,
                used.read,
                used.temp,
                used.wal_bytes
            ])?;
    }
    for (relation, used) in &collected.relations {
        let relation = match relation {
            Some(relation) => relation_id(transaction, relation)?,
            None => 0,
        };
        transaction
            .prepare_cached(include_str!("add_relation.sql"))?
            .execute(params![
                at,
                relation,
                used.scans,
                used.tuples_read,
                used.index_scans,
                used.tuples_found,
                used.inserted,
                used.updated,
                used.hot_updated,
                used.deleted,
                used.hit,
                used.read
            ])?;
    }
    for (relation, state) in &collected.sizes {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO relation_state (level, at, relation, bytes, live, dead) \
                 VALUES (0, ?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                at,
                relation_id(transaction, relation)?,
                state.bytes,
                state.live,
                state.dead
            ])?;
    }
    for metric in &collected.metrics {
        let kind = if metric.is_counter { "counter" } else { "gauge" };
        transaction
            .prepare_cached(
                "INSERT INTO metric (level, at, name, value, most) VALUES (0, ?1, ?2, ?3, ?3) \
                 ON CONFLICT (level, at, name) DO UPDATE SET \
                 value = CASE WHEN ?4 THEN value + excluded.value ELSE excluded.value END, \
                 most = max(most, excluded.most)",
            )?
            .execute(params![
                at,
                name_id(transaction, kind, &metric.name)?,
                metric.value,
                metric.is_counter
            ])?;
    }
    for change in &collected.changes {
        insert_change(transaction, change)?;
    }
    Ok(())
}

fn insert_change(transaction: &Transaction<'_>, change: &Change) -> Result<(), StoreError> {
    transaction
        .prepare_cached("INSERT INTO change (at, kind, name, before, after) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            change.at_s,
            change.kind,
            change.name,
            change.before,
            change.after
        ])?;
    Ok(())
}

fn relation_id(transaction: &Transaction<'_>, relation: &Sampled) -> Result<i64, StoreError> {
    let kind = if relation.is_index { "index" } else { "table" };
    name_id(transaction, kind, &relation.name)
}

fn name_id(transaction: &Transaction<'_>, kind: &str, text: &str) -> Result<i64, StoreError> {
    let found = transaction
        .prepare_cached("SELECT id FROM name WHERE kind = ?1 AND text = ?2")?
        .query_row(params![kind, text], |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    transaction
        .prepare_cached("INSERT INTO name (kind, text) VALUES (?1, ?2)")?
        .execute(params![kind, text])?;
    Ok(transaction.last_insert_rowid())
}

/// The number of a statement, which is seen now if it was not before.
fn statement_id(transaction: &Transaction<'_>, query_id: i64, at_s: i64) -> Result<i64, StoreError> {
    let found: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT id, last_at FROM statement WHERE query_id = ?1")?
        .query_row([query_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, last_at)) = found else {
        transaction
            .prepare_cached("INSERT INTO statement (query_id, first_at, last_at) VALUES (?1, ?2, ?2)")?
            .execute(params![query_id, at_s])?;
        return Ok(transaction.last_insert_rowid());
    };
    // Once in an hour is exact enough for what is forgotten after a year.
    if at_s - last_at >= 3_600 {
        transaction
            .prepare_cached("UPDATE statement SET last_at = ?2 WHERE id = ?1")?
            .execute(params![id, at_s])?;
    }
    Ok(id)
}
