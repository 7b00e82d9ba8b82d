use std::collections::BTreeMap;

use rusqlite::{Connection, Row, named_params};
use serde::Serialize;

use crate::StoreError;
use crate::samples::keep::{LEVELS, summed_up_to};
use crate::samples::{Change, RelationState, RelationUse, Sampled, Samples, StatementUse};

/// A stretch of time, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its first second.
    pub from_s: i64,
    /// The first one behind it.
    pub to_s: i64,
}

/// What sessions at work are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// What they wait for.
    Wait,
    /// The statement: its id, or nothing where it is not known.
    Statement,
    /// The role.
    Role,
}

/// Sessions at work in a step of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoadPoint {
    /// When the step began, in seconds since 1970.
    pub at_s: i64,
    /// How often was looked.
    pub ticks: i64,
    /// How many were seen, over all looks.
    pub seen: BTreeMap<String, i64>,
}

/// What a statement did in a window.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StatementTotal {
    /// The id; 0 is all the others together.
    pub query_id: i64,
    /// The text, without constants.
    pub text: String,
    /// When it was first seen, in seconds since 1970.
    pub first_at_s: i64,
    /// What it did.
    pub used: StatementUse,
}

/// What a statement did in a step of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StatementPoint {
    /// When the step began, in seconds since 1970.
    pub at_s: i64,
    /// What it did.
    pub used: StatementUse,
}

/// How a relation was used in a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RelationTotal {
    /// Which one; none is all the others together.
    pub relation: Option<Sampled>,
    /// How it was used.
    pub used: RelationUse,
}

/// How a relation was used in a step of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RelationPoint {
    /// When the step began, in seconds since 1970.
    pub at_s: i64,
    /// How it was used.
    pub used: RelationUse,
}

/// How large a relation was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SizePoint {
    /// When, in seconds since 1970.
    pub at_s: i64,
    /// How large.
    pub state: RelationState,
}

/// A number of the server in a span.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MetricPoint {
    /// When the span began, in seconds since 1970.
    pub at_s: i64,
    /// How much a counter grew, or the mean of a gauge.
    pub value: f64,
    /// The largest sample.
    pub most: f64,
}

/// A part of a window that is read from one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    level: i64,
    from_s: i64,
    to_s: i64,
}

impl Window {
    /// How long it is, in seconds.
    pub fn length_s(&self) -> i64 {
        (self.to_s - self.from_s).max(0)
    }

    /// Which level each part is read from: the shortest spans that are still kept and not too many;
    /// what has not been summed up so far, from the level below.
    fn slices(self, connection: &Connection) -> Result<Vec<Slice>, StoreError> {
        let newest = newest(connection)?.max(self.to_s);
        let fits = |level: &crate::samples::Level| {
            self.from_s >= newest - level.kept_s && self.length_s() / level.span_s <= MOST_SPANS
        };
        let chosen = LEVELS
            .iter()
            .find(|level| fits(level))
            .unwrap_or(&LEVELS[LEVELS.len() - 1]);
        let mut slices = Vec::new();
        let mut from_s = self.from_s;
        for level in (1..=chosen.number).rev() {
            let until = summed_up_to(connection, level)?.min(self.to_s);
            if until > from_s {
                slices.push(Slice {
                    level,
                    from_s,
                    to_s: until,
                });
                from_s = until;
            }
        }
        if from_s < self.to_s {
            slices.push(Slice {
                level: 0,
                from_s,
                to_s: self.to_s,
            });
        }
        Ok(slices)
    }
}

/// Spans that are read at most before longer ones are taken: a day of minutes.
const MOST_SPANS: i64 = 1_500;

fn newest(connection: &Connection) -> Result<i64, StoreError> {
    let at: Option<i64> = connection
        .prepare_cached("SELECT max(at) FROM tick WHERE level = 0")?
        .query_row([], |row| row.get(0))?;
    Ok(at.unwrap_or(0))
}

/// Runs a statement over every slice of the window; `:step` is the length of its steps.
fn over<T>(
    connection: &Connection,
    window: Window,
    step_s: i64,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut all = Vec::new();
    for slice in window.slices(connection)? {
        let mut statement = connection.prepare_cached(sql)?;
        for (name, value) in [
            (":level", slice.level),
            (":from", slice.from_s),
            (":to", slice.to_s),
            (":step", step_s.max(1)),
        ] {
            if let Some(index) = statement.parameter_index(name)? {
                statement.raw_bind_parameter(index, value)?;
            }
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            all.push(take(row)?);
        }
    }
    Ok(all)
}

impl Samples {
    /// When the first and the last sample that is kept was taken, in seconds since 1970.
    pub async fn reach(&self) -> Result<Option<Window>, StoreError> {
        self.read(|connection| {
            let (from, to): (Option<i64>, Option<i64>) = connection
                .prepare_cached(
                    "SELECT min(at), max(at) FROM (SELECT at FROM tick UNION ALL SELECT at FROM metric)",
                )?
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(from.zip(to).map(|(from_s, to_s)| Window { from_s, to_s }))
        })
        .await
    }

    /// Sessions at work, in steps of `step_s` seconds.
    pub async fn load(&self, window: Window, step_s: i64, by: By) -> Result<Vec<LoadPoint>, StoreError> {
        self.read(move |connection| {
            let ticks = over(
                connection,
                window,
                step_s,
                "SELECT at - at % :step, sum(ticks) FROM tick \
                 WHERE level = :level AND at >= :from AND at < :to GROUP BY 1",
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )?;
            let sql = match by {
                By::Wait => {
                    "SELECT a.at - a.at % :step, n.text, sum(a.seen) FROM activity a JOIN name n ON n.id = a.wait \
                     WHERE a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2"
                }
                By::Role => {
                    "SELECT a.at - a.at % :step, n.text, sum(a.seen) FROM activity a JOIN name n ON n.id = a.role \
                     WHERE a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2"
                }
                By::Statement => {
                    "SELECT a.at - a.at % :step, coalesce(s.query_id, ''), sum(a.seen) \
                     FROM activity a LEFT JOIN statement s ON s.id = a.statement \
                     WHERE a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2"
                }
            };
            let seen = over(connection, window, step_s, sql, |row| {
                let key = match row.get_ref(1)? {
                    rusqlite::types::ValueRef::Integer(id) => id.to_string(),
                    other => other.as_str()?.to_owned(),
                };
                Ok((row.get::<_, i64>(0)?, key, row.get::<_, i64>(2)?))
            })?;
            let mut points: BTreeMap<i64, LoadPoint> = BTreeMap::new();
            let empty = |at_s| LoadPoint {
                at_s,
                ticks: 0,
                seen: BTreeMap::new(),
            };
            for (at, ticks) in ticks {
                points.entry(at).or_insert_with(|| empty(at)).ticks += ticks;
            }
            for (at, key, count) in seen {
                let point = points.entry(at).or_insert_with(|| empty(at));
                *point.seen.entry(key).or_default() += count;
            }
            Ok(points.into_values().collect())
        })
        .await
    }

    /// What each statement waited for: how often each was seen so in the window, by the id.
    pub async fn waits_of_statements(
        &self,
        window: Window,
    ) -> Result<BTreeMap<i64, BTreeMap<String, i64>>, StoreError> {
        self.read(move |connection| {
            let rows = over(
                connection,
                window,
                1,
                "SELECT s.query_id, n.text, sum(a.seen) FROM activity a \
                 JOIN statement s ON s.id = a.statement JOIN name n ON n.id = a.wait \
                 WHERE a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2",
                |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, i64>(2)?,
                    ))
                },
            )?;
            let mut waits: BTreeMap<i64, BTreeMap<String, i64>> = BTreeMap::new();
            for (id, wait, count) in rows {
                *waits.entry(id).or_default().entry(wait).or_default() += count;
            }
            Ok(waits)
        })
        .await
    }

    /// What every statement did, what took longest first.
    pub async fn statements(&self, window: Window) -> Result<Vec<StatementTotal>, StoreError> {
        self.read(move |connection| {
            let rows = over(
                connection,
                window,
                1,
                "SELECT coalesce(s.query_id, 0), coalesce(s.text, ''), coalesce(s.first_at, 0), \
                        u.calls, u.time_us, u.plan_us, u.rows, u.hit, u.read, u.temp, u.wal_bytes \
                 FROM (SELECT statement, sum(calls) AS calls, sum(time_us) AS time_us, sum(plan_us) AS plan_us, \
                              sum(rows) AS rows, sum(hit) AS hit, sum(read) AS read, sum(temp) AS temp, \
                              sum(wal_bytes) AS wal_bytes \
                       FROM statement_use WHERE level = :level AND at >= :from AND at < :to GROUP BY 1) u \
                 LEFT JOIN statement s ON s.id = u.statement",
                |row| {
                    Ok(StatementTotal {
                        query_id: row.get(0)?,
                        text: row.get(1)?,
                        first_at_s: row.get(2)?,
                        used: statement_use(row, 3)?,
                    })
                },
            )?;
            let mut totals: BTreeMap<i64, StatementTotal> = BTreeMap::new();
            for row in rows {
                let used = row.used;
                totals
                    .entry(row.query_id)
                    .and_modify(|total| total.used.add(&used))
                    .or_insert(row);
            }
            let mut totals: Vec<StatementTotal> = totals.into_values().collect();
            totals.sort_by_key(|total| (std::cmp::Reverse(total.used.time_us), total.query_id));
            Ok(totals)
        })
        .await
    }

    /// What every statement did in steps of `step_s` seconds, by the id.
    pub async fn statement_series(
        &self,
        window: Window,
        step_s: i64,
        only: Option<i64>,
    ) -> Result<BTreeMap<i64, Vec<StatementPoint>>, StoreError> {
        self.read(move |connection| {
            let only = only.map_or(String::new(), |id| format!("AND s.query_id = {id} "));
            let sql = format!(
                "SELECT s.query_id, u.at - u.at % :step, sum(u.calls), sum(u.time_us), sum(u.plan_us), sum(u.rows), \
                        sum(u.hit), sum(u.read), sum(u.temp), sum(u.wal_bytes) \
                 FROM statement_use u JOIN statement s ON s.id = u.statement \
                 WHERE u.level = :level AND u.at >= :from AND u.at < :to {only}GROUP BY 1, 2"
            );
            let rows = over(connection, window, step_s, &sql, |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, statement_use(row, 2)?))
            })?;
            let mut series: BTreeMap<i64, BTreeMap<i64, StatementUse>> = BTreeMap::new();
            for (id, at, used) in rows {
                series.entry(id).or_default().entry(at).or_default().add(&used);
            }
            let points = |points: BTreeMap<i64, StatementUse>| {
                let points = points.into_iter();
                points.map(|(at_s, used)| StatementPoint { at_s, used }).collect()
            };
            Ok(series.into_iter().map(|(id, at)| (id, points(at))).collect())
        })
        .await
    }

    /// How every relation was used, what touched most blocks first.
    pub async fn relations(&self, window: Window) -> Result<Vec<RelationTotal>, StoreError> {
        self.read(move |connection| {
            let rows = over(
                connection,
                window,
                1,
                "SELECT n.kind, n.text, u.* \
                 FROM (SELECT relation, sum(scans), sum(tuples_read), sum(index_scans), sum(tuples_found), \
                              sum(inserted), sum(updated), sum(hot_updated), sum(deleted), sum(hit), sum(read) \
                       FROM relation_use WHERE level = :level AND at >= :from AND at < :to GROUP BY 1) u \
                 LEFT JOIN name n ON n.id = u.relation",
                |row| Ok((sampled(row)?, relation_use(row, 3)?)),
            )?;
            let mut totals: BTreeMap<Option<Sampled>, RelationUse> = BTreeMap::new();
            for (relation, used) in rows {
                totals.entry(relation).or_default().add(&used);
            }
            let mut totals: Vec<RelationTotal> = totals
                .into_iter()
                .map(|(relation, used)| RelationTotal { relation, used })
                .collect();
            totals.sort_by_key(|total| std::cmp::Reverse(total.used.hit + total.used.read));
            Ok(totals)
        })
        .await
    }

    /// How large each relation was, in time's order.
    pub async fn sizes(&self, window: Window) -> Result<BTreeMap<Sampled, Vec<SizePoint>>, StoreError> {
        self.read(move |connection| {
            let rows = over(
                connection,
                window,
                1,
                "SELECT n.kind, n.text, r.at, r.bytes, r.live, r.dead FROM relation_state r \
                 JOIN name n ON n.id = r.relation \
                 WHERE r.level = :level AND r.at >= :from AND r.at < :to ORDER BY r.at",
                |row| {
                    let state = RelationState {
                        bytes: row.get(3)?,
                        live: row.get(4)?,
                        dead: row.get(5)?,
                    };
                    let at_s = row.get(2)?;
                    Ok((sampled(row)?, SizePoint { at_s, state }))
                },
            )?;
            let mut sizes: BTreeMap<Sampled, Vec<SizePoint>> = BTreeMap::new();
            for (relation, point) in rows {
                if let Some(relation) = relation {
                    sizes.entry(relation).or_default().push(point);
                }
            }
            Ok(sizes)
        })
        .await
    }

    /// Every number of the server whose name begins so, in time's order.
    pub async fn metrics(
        &self,
        window: Window,
        beginning: &str,
    ) -> Result<BTreeMap<String, Vec<MetricPoint>>, StoreError> {
        let beginning = beginning.to_owned();
        self.read(move |connection| {
            let rows = over(
                connection,
                window,
                1,
                "SELECT n.text, m.at, m.value, m.most FROM metric m JOIN name n ON n.id = m.name \
                 WHERE m.level = :level AND m.at >= :from AND m.at < :to ORDER BY m.at",
                |row| {
                    let point = MetricPoint {
                        at_s: row.get(1)?,
                        value: row.get(2)?,
                        most: row.get(3)?,
                    };
                    Ok((row.get::<_, String>(0)?, point))
                },
            )?;
            let mut metrics: BTreeMap<String, Vec<MetricPoint>> = BTreeMap::new();
            for (name, point) in rows {
                if name.starts_with(&beginning) {
                    metrics.entry(name).or_default().push(point);
                }
            }
            Ok(metrics)
        })
        .await
    }

    /// What became different, the latest first, at most `limit`.
    pub async fn changes(&self, window: Window, limit: usize) -> Result<Vec<Change>, StoreError> {
        self.read(move |connection| {
            let change = |row: &Row<'_>| {
                Ok(Change {
                    at_s: row.get(0)?,
                    kind: row.get(1)?,
                    name: row.get(2)?,
                    before: row.get(3)?,
                    after: row.get(4)?,
                })
            };
            Ok(connection
                .prepare_cached(
                    "SELECT at, kind, name, before, after FROM change WHERE at >= :from AND at < :to \
                     ORDER BY at DESC, number DESC LIMIT :limit",
                )?
                .query_map(
                    named_params! {":from": window.from_s, ":to": window.to_s, ":limit": limit as i64},
                    change,
                )?
                .collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The texts of all statements, by their ids.
    pub async fn texts(&self) -> Result<BTreeMap<i64, String>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT query_id, text FROM statement")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The ids of statements whose text is known.
    pub async fn known_texts(&self) -> Result<Vec<i64>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT query_id FROM statement WHERE text <> ''")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn sampled(row: &Row<'_>) -> rusqlite::Result<Option<Sampled>> {
    let kind: Option<String> = row.get(0)?;
    let name: Option<String> = row.get(1)?;
    Ok(kind.zip(name).map(|(kind, name)| Sampled {
        is_index: kind == "index",
        name,
    }))
}

fn statement_use(row: &Row<'_>, first: usize) -> rusqlite::Result<StatementUse> {
    Ok(StatementUse {
        calls: row.get(first)?,
        time_us: row.get(first + 1)?,
        plan_us: row.get(first + 2)?,
        rows: row.get(first + 3)?,
        hit: row.get(first + 4)?,
        read: row.get(first + 5)?,
        temp: row.get(first + 6)?,
        wal_bytes: row.get(first + 7)?,
    })
}

fn relation_use(row: &Row<'_>, first: usize) -> rusqlite::Result<RelationUse> {
    Ok(RelationUse {
        scans: row.get(first)?,
        tuples_read: row.get(first + 1)?,
        index_scans: row.get(first + 2)?,
        tuples_found: row.get(first + 3)?,
        inserted: row.get(first + 4)?,
        updated: row.get(first + 5)?,
        hot_updated: row.get(first + 6)?,
        deleted: row.get(first + 7)?,
        hit: row.get(first + 8)?,
        read: row.get(first + 9)?,
    })
}
