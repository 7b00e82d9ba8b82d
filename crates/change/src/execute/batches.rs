//! A mass UPDATE or DELETE by ranges of a key: every range once, the position committed with it.

use std::time::Instant;

use howdah_pg::Step as Query;
use howdah_sql::quote_ident;
use serde::{Deserialize, Serialize};

use super::pace::Pace;
use super::worker::Worker;
use crate::journal::Wanted;
use crate::{Batches, ChangeError, Plan};

/// Where it stands: keys as the server prints them.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Position {
    /// The last key that is done; none at the start.
    last: Option<Vec<String>>,
    /// The highest key that there was at the start.
    upper: Vec<String>,
}

impl Worker {
    /// One step, from where it stopped. `Some` where a person wants it to stop.
    pub(super) async fn batches(
        &mut self,
        plan: &Plan,
        step: usize,
        batches: &Batches,
    ) -> Result<Option<Wanted>, ChangeError> {
        let begun = Instant::now();
        let Some(mut position) = self.key_position(plan, step, batches).await? else {
            return Ok(None);
        };
        let mut pace = Pace::new(batches.table.clone());
        let mut rows = 0;
        let key = list(batches, None);
        let order = key.clone();
        // Not one row outside of the hours that the caller wants.
        if let Some(wanted) = pace.rest(self, &plan.id).await? {
            return Ok(Some(wanted));
        }
        while position.last.as_ref() != Some(&position.upper) {
            let next = self
                .next_key(batches, &position, pace.rows(), &key, &order)
                .await?;
            let range = range(batches, &position.last, &next);
            let sql = batches.sql.replace("{range}", &range);
            let after = Position {
                last: Some(next),
                ..position
            };
            let text = serde_json::to_string(&after)?;
            let note = "UPDATE howdah.positions SET position = $1 WHERE change = $2 AND ordinal = $3::int";
            let ordinal = step.to_string();
            let noted = [
                Some(text.as_str()),
                Some(plan.id.as_str()),
                Some(ordinal.as_str()),
            ];
            let steps = [Query::silent(&sql), Query::silent(note).params(&noted)];
            let mut tries = 0;
            let end = loop {
                match pace.batch(self.connection().await?, steps).await {
                    Ok(done) => break done.rows,
                    Err(error) if matches!(error.sqlstate(), Some("40P01" | "40001")) && tries < 20 => {
                        tries += 1;
                        self.pause(std::time::Duration::from_millis(100)).await?;
                    }
                    Err(error) => return Err(error.into()),
                }
            };
            rows += end;
            position = after;
            self.fraction(rows as f64 / batches.rows.max(1) as f64);
            if let Some(wanted) = pace.rest(self, &plan.id).await? {
                return Ok(Some(wanted));
            }
        }
        self.observer
            .executed(&plan.steps[step].action_sql(), Some(rows), begun.elapsed(), None);
        Ok(None)
    }

    /// The noted position, or that of the start; `None` where the table is empty.
    async fn key_position(
        &mut self,
        plan: &Plan,
        step: usize,
        batches: &Batches,
    ) -> Result<Option<Position>, ChangeError> {
        if let Some(noted) = self.entry(&plan.id).await?.positions.get(&step) {
            return Ok(Some(serde_json::from_str(&noted.position)?));
        }
        let key = list(batches, None);
        let down: Vec<String> = batches
            .key
            .iter()
            .map(|column| format!("{} DESC", quote_ident(column)))
            .collect();
        let sql = format!(
            "SELECT {key} FROM {} ORDER BY {} LIMIT 1",
            batches.table,
            down.join(", ")
        );
        let rows = self.connection().await?.query(&sql, &[]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let upper = (0..batches.key.len())
            .map(|at| row.get(at).unwrap_or_default().to_owned())
            .collect();
        let position = Position { last: None, upper };
        let (ordinal, text) = (step.to_string(), serde_json::to_string(&position)?);
        self.connection()
            .await?
            .query(
                "INSERT INTO howdah.positions (change, ordinal, position) VALUES ($1, $2::int, $3)",
                &[Some(&plan.id), Some(&ordinal), Some(&text)],
            )
            .await?;
        Ok(Some(position))
    }

    /// The key so many rows on, at most the upper one.
    async fn next_key(
        &mut self,
        batches: &Batches,
        position: &Position,
        rows: usize,
        key: &str,
        order: &str,
    ) -> Result<Vec<String>, ChangeError> {
        let mut conditions = vec![format!("({key}) <= ({})", literals(&position.upper))];
        if let Some(last) = &position.last {
            conditions.push(format!("({key}) > ({})", literals(last)));
        }
        let sql = format!(
            "SELECT {key} FROM {} WHERE {} ORDER BY {order} OFFSET {} LIMIT 1",
            batches.table,
            conditions.join(" AND "),
            rows.saturating_sub(1)
        );
        let found = self.connection().await?.query(&sql, &[]).await?;
        Ok(match found.first() {
            Some(row) => (0..batches.key.len())
                .map(|at| row.get(at).unwrap_or_default().to_owned())
                .collect(),
            None => position.upper.clone(),
        })
    }
}

fn list(batches: &Batches, alias: Option<&str>) -> String {
    let columns: Vec<String> = batches
        .key
        .iter()
        .map(|column| match alias {
            Some(alias) => format!("{}.{}", quote_ident(alias), quote_ident(column)),
            None => quote_ident(column),
        })
        .collect();
    columns.join(", ")
}

fn literals(values: &[String]) -> String {
    values
        .iter()
        .map(|value| howdah_sql::quote_literal(value))
        .collect::<Vec<_>>()
        .join(", ")
}

fn range(batches: &Batches, last: &Option<Vec<String>>, next: &[String]) -> String {
    let key = list(batches, Some(&batches.alias));
    let upper = format!("({key}) <= ({})", literals(next));
    match last {
        Some(last) => format!("({key}) > ({}) AND {upper}", literals(last)),
        None => upper,
    }
}
