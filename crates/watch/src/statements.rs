use std::collections::{BTreeMap, HashMap, HashSet};

use howdah_pg::{Connection, PgError, Row, Rows};
use howdah_store::samples::{StatementTotal, StatementUse};

use crate::ask::{Asking, Question, number, text};
use crate::sessions::array;

/// Statements of a minute that are recorded by themselves; the others are one row.
const APART: usize = 200;
/// Texts that are asked for at once.
const TEXTS: usize = 500;

/// What statements did between two looks at their counters.
#[derive(Default)]
pub(crate) struct Statements {
    before: Option<HashMap<i64, StatementUse>>,
    /// Ids whose texts are recorded.
    pub(crate) known: HashSet<i64>,
    /// Ids of our own statements.
    ours: HashSet<i64>,
}

/// What there is to record.
#[derive(Default)]
pub(crate) struct Used {
    pub(crate) statements: Vec<(i64, StatementUse)>,
    pub(crate) texts: Vec<(i64, String)>,
}

impl Statements {
    /// Forgets how the counters stood: what they say next is not compared with it.
    pub(crate) fn forget(&mut self) {
        self.before = None;
    }

    /// The counters were set to zero: all that they say next happened since.
    pub(crate) fn began_anew(&mut self) {
        if let Some(before) = &mut self.before {
            before.clear();
        }
    }

    /// What happened since the last look.
    pub(crate) async fn since(&mut self, asking: &mut Asking, rows: &Rows) -> Result<Used, PgError> {
        let now: HashMap<i64, StatementUse> = rows.iter().map(counted).collect();
        let Some(before) = self.before.replace(now) else {
            return Ok(Used::default());
        };
        let now = self.before.as_ref();
        let mut used: Vec<(i64, StatementUse)> = now
            .into_iter()
            .flatten()
            .filter(|(id, _)| !self.ours.contains(*id))
            .map(|(id, now)| (*id, difference(before.get(id), now)))
            .filter(|(_, used)| used.calls > 0)
            .collect();
        used.sort_by_key(|(id, used)| (std::cmp::Reverse(used.time_us), *id));
        let wanted: Vec<i64> = used
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| !self.known.contains(id))
            .take(TEXTS)
            .collect();
        let mut texts = Vec::new();
        if !wanted.is_empty() {
            for (id, sent) in self.texts(asking, &wanted).await? {
                if is_ours(&sent) {
                    self.ours.insert(id);
                } else {
                    texts.push((id, howdah_sql::normalize(&sent)));
                }
            }
        }
        used.retain(|(id, _)| !self.ours.contains(id));
        if used.len() > APART {
            let mut others = StatementUse::default();
            for (_, used) in used.drain(APART..) {
                others.add(&used);
            }
            used.push((0, others));
            let apart: HashSet<i64> = used.iter().map(|(id, _)| *id).collect();
            texts.retain(|(id, _)| apart.contains(id));
        }
        self.known.extend(texts.iter().map(|(id, _)| *id));
        Ok(Used {
            statements: used,
            texts,
        })
    }

    async fn texts(&self, asking: &mut Asking, ids: &[i64]) -> Result<BTreeMap<i64, String>, PgError> {
        let rows = texts(asking, ids).await?;
        Ok(rows
            .iter()
            .map(|row| (number(row, "queryid"), text(row, "text").to_owned()))
            .collect())
    }
}

/// What statements did since the server began to count, what took longest first, at most `limit`
/// of them; none where the server does not count them, or does not tell.
pub async fn since_the_counters_began(
    connection: Connection,
    limit: usize,
) -> Result<Option<Vec<StatementTotal>>, PgError> {
    let mut asking = Asking::on(connection).await?;
    if asking.place.statements.is_none() {
        return Ok(None);
    }
    let question = Question {
        name: "statements",
        sql: include_str!("questions/statements.sql"),
        params: vec![asking.place.database.clone()],
    };
    let Some(rows) = asking.one(question).await? else {
        return Ok(None);
    };
    let mut all: Vec<(i64, StatementUse)> = rows.iter().map(counted).collect();
    all.sort_by_key(|(id, used)| (std::cmp::Reverse(used.time_us), *id));
    // Some more, for our own among them.
    all.truncate(limit.saturating_add(30));
    let ids: Vec<i64> = all.iter().map(|(id, _)| *id).collect();
    let rows = texts(&mut asking, &ids).await?;
    let texts: HashMap<i64, &str> = rows
        .iter()
        .map(|row| (number(row, "queryid"), text(row, "text")))
        .collect();
    Ok(Some(
        all.into_iter()
            .map(|(id, used)| (id, used, texts.get(&id).copied().unwrap_or_default()))
            .filter(|(_, _, text)| !is_ours(text))
            .take(limit)
            .map(|(query_id, used, text)| StatementTotal {
                query_id,
                text: howdah_sql::normalize(text),
                first_at_s: 0,
                used,
            })
            .collect(),
    ))
}

async fn texts(asking: &mut Asking, ids: &[i64]) -> Result<Rows, PgError> {
    let question = Question {
        name: "statement texts",
        sql: include_str!("questions/statement_texts.sql"),
        params: vec![array(ids), asking.place.database.clone()],
    };
    Ok(asking.one(question).await?.unwrap_or_default())
}

fn counted(row: Row<'_>) -> (i64, StatementUse) {
    let used = StatementUse {
        calls: number(row, "calls"),
        time_us: number(row, "time_us"),
        plan_us: number(row, "plan_us"),
        rows: number(row, "rows"),
        hit: number(row, "hit"),
        read: number(row, "read"),
        temp: number(row, "temp"),
        wal_bytes: number(row, "wal_bytes"),
    };
    (number(row, "queryid"), used)
}

/// What was added to counters. Where one is smaller than before, they began anew in between:
/// the entry was evicted and came back, or somebody reset it.
fn difference(before: Option<&StatementUse>, now: &StatementUse) -> StatementUse {
    let Some(before) = before.filter(|before| before.calls <= now.calls && before.time_us <= now.time_us)
    else {
        return *now;
    };
    StatementUse {
        calls: now.calls - before.calls,
        time_us: now.time_us - before.time_us,
        plan_us: (now.plan_us - before.plan_us).max(0),
        rows: (now.rows - before.rows).max(0),
        hit: (now.hit - before.hit).max(0),
        read: (now.read - before.read).max(0),
        temp: (now.temp - before.temp).max(0),
        wal_bytes: (now.wal_bytes - before.wal_bytes).max(0),
    }
}

/// What the statements end with, with which Howdah looks.
pub(crate) const OURS: &str = "/* howdah */";

/// Whether a statement is one with which Howdah looks.
pub(crate) fn is_ours(text: &str) -> bool {
    text.contains(OURS) || text.contains("howdah watch:") || text.contains("howdah.schemas")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_began_anew_are_taken_as_they_are() {
        let before = StatementUse {
            calls: 100,
            time_us: 5_000,
            rows: 70,
            ..StatementUse::default()
        };
        let on = StatementUse {
            calls: 130,
            time_us: 9_000,
            rows: 90,
            ..StatementUse::default()
        };
        let gone_on = difference(Some(&before), &on);
        assert_eq!((gone_on.calls, gone_on.time_us, gone_on.rows), (30, 4_000, 20));
        let anew = StatementUse {
            calls: 3,
            time_us: 40,
            rows: 3,
            ..StatementUse::default()
        };
        assert_eq!(difference(Some(&before), &anew), anew);
        assert_eq!(difference(None, &anew), anew);
    }
}
