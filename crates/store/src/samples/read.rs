use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::StoreError;
use crate::samples::keep::LEVELS;
use crate::samples::statement::{Found, Statement};
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
    /// Whether it is a counter, so that spans add up.
    pub counts: bool,
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
    fn slices(self, newest: i64, summed_up_to: &BTreeMap<i64, i64>) -> Vec<Slice> {
        let newest = newest.max(self.to_s);
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
            let until = summed_up_to.get(&level).copied().unwrap_or(0).min(self.to_s);
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
        slices
    }
}

/// Spans that are read at most before longer ones are taken: a day of minutes.
const MOST_SPANS: i64 = 1_500;

impl Samples {
    /// The rows of a statement over every slice of the window; `:step` is the length of its steps.
    async fn over<T: Send + 'static>(
        &self,
        window: Window,
        step_s: i64,
        sql: impl Into<Cow<'static, str>>,
        take: impl Fn(&Found<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Vec<T>, StoreError> {
        let newest = Statement::new("SELECT max(at) FROM tick WHERE target = :target AND level = 0");
        let newest = self.ask_one(newest, |row| row.integer(0)).await?;
        let newest = newest.first().copied().unwrap_or(0);
        let slices = window.slices(newest, &self.summed_up_to().await?);
        let sql = sql.into();
        let asked = slices.into_iter().map(|slice| {
            Statement::new(sql.clone())
                .with(":level", slice.level)
                .with(":from", slice.from_s)
                .with(":to", slice.to_s)
                .with(":step", step_s.max(1))
        });
        let answers = self.ask(asked.collect(), take).await?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// When the first and the last sample that is kept was taken, in seconds since 1970.
    pub async fn reach(&self) -> Result<Option<Window>, StoreError> {
        let asked = Statement::new(
            "SELECT min(at), max(at) FROM (SELECT at FROM tick WHERE target = :target \
             UNION ALL SELECT at FROM metric WHERE target = :target) AS samples",
        );
        let ends = self.ask_one(asked, |row| Ok((row.maybe_integer(0)?, row.maybe_integer(1)?)));
        let (from, to) = ends.await?.first().copied().unwrap_or_default();
        Ok(from.zip(to).map(|(from_s, to_s)| Window { from_s, to_s }))
    }

    /// Sessions at work, in steps of `step_s` seconds.
    pub async fn load(&self, window: Window, step_s: i64, by: By) -> Result<Vec<LoadPoint>, StoreError> {
        let ticks = self.over(
            window,
            step_s,
            "SELECT at - at % :step, sum(ticks) FROM tick \
             WHERE target = :target AND level = :level AND at >= :from AND at < :to GROUP BY 1",
            |row| Ok((row.integer(0)?, row.integer(1)?)),
        );
        let sql = match by {
            By::Wait => {
                "SELECT a.at - a.at % :step, n.text, sum(a.seen) FROM activity a JOIN name n ON n.id = a.wait \
                 WHERE a.target = :target AND a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2"
            }
            By::Role => {
                "SELECT a.at - a.at % :step, n.text, sum(a.seen) FROM activity a JOIN name n ON n.id = a.role \
                 WHERE a.target = :target AND a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2"
            }
            By::Statement => {
                "SELECT a.at - a.at % :step, CAST(s.query_id AS text), sum(a.seen) \
                 FROM activity a LEFT JOIN statement s ON s.id = a.statement \
                 WHERE a.target = :target AND a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2"
            }
        };
        let seen = self.over(window, step_s, sql, |row| {
            Ok((row.integer(0)?, row.text(1)?, row.integer(2)?))
        });
        let mut points: BTreeMap<i64, LoadPoint> = BTreeMap::new();
        let empty = |at_s| LoadPoint {
            at_s,
            ticks: 0,
            seen: BTreeMap::new(),
        };
        for (at, ticks) in ticks.await? {
            points.entry(at).or_insert_with(|| empty(at)).ticks += ticks;
        }
        for (at, key, count) in seen.await? {
            let point = points.entry(at).or_insert_with(|| empty(at));
            *point.seen.entry(key).or_default() += count;
        }
        Ok(points.into_values().collect())
    }

    /// What each statement waited for: how often each was seen so in the window, by the id.
    pub async fn waits_of_statements(
        &self,
        window: Window,
    ) -> Result<BTreeMap<i64, BTreeMap<String, i64>>, StoreError> {
        let rows = self.over(
            window,
            1,
            "SELECT s.query_id, n.text, sum(a.seen) FROM activity a \
             JOIN statement s ON s.id = a.statement JOIN name n ON n.id = a.wait \
             WHERE a.target = :target AND a.level = :level AND a.at >= :from AND a.at < :to GROUP BY 1, 2",
            |row| Ok((row.integer(0)?, row.text(1)?, row.integer(2)?)),
        );
        let mut waits: BTreeMap<i64, BTreeMap<String, i64>> = BTreeMap::new();
        for (id, wait, count) in rows.await? {
            *waits.entry(id).or_default().entry(wait).or_default() += count;
        }
        Ok(waits)
    }

    /// What every statement did, what took longest first.
    pub async fn statements(&self, window: Window) -> Result<Vec<StatementTotal>, StoreError> {
        let rows = self.over(
            window,
            1,
            "SELECT coalesce(s.query_id, 0), coalesce(s.text, ''), coalesce(s.first_at, 0), \
                    u.calls, u.time_us, u.plan_us, u.rows, u.hit, u.read, u.temp, u.wal_bytes \
             FROM (SELECT statement, sum(calls) AS calls, sum(time_us) AS time_us, sum(plan_us) AS plan_us, \
                          sum(rows) AS rows, sum(hit) AS hit, sum(read) AS read, sum(temp) AS temp, \
                          sum(wal_bytes) AS wal_bytes \
                   FROM statement_use WHERE target = :target AND level = :level AND at >= :from AND at < :to \
                   GROUP BY 1) u \
             LEFT JOIN statement s ON s.id = u.statement",
            |row| {
                Ok(StatementTotal {
                    query_id: row.integer(0)?,
                    text: row.text(1)?,
                    first_at_s: row.integer(2)?,
                    used: statement_use(row, 3)?,
                })
            },
        );
        let mut totals: BTreeMap<i64, StatementTotal> = BTreeMap::new();
        for row in rows.await? {
            let used = row.used;
            totals
                .entry(row.query_id)
                .and_modify(|total| total.used.add(&used))
                .or_insert(row);
        }
        let mut totals: Vec<StatementTotal> = totals.into_values().collect();
        totals.sort_by_key(|total| (std::cmp::Reverse(total.used.time_us), total.query_id));
        Ok(totals)
    }

    /// What every statement did in steps of `step_s` seconds, by the id.
    pub async fn statement_series(
        &self,
        window: Window,
        step_s: i64,
        only: Option<i64>,
    ) -> Result<BTreeMap<i64, Vec<StatementPoint>>, StoreError> {
        let only = only.map_or(String::new(), |id| format!("AND s.query_id = {id} "));
        let sql = format!(
            "SELECT s.query_id, u.at - u.at % :step, sum(u.calls), sum(u.time_us), sum(u.plan_us), sum(u.rows), \
                    sum(u.hit), sum(u.read), sum(u.temp), sum(u.wal_bytes) \
             FROM statement_use u JOIN statement s ON s.id = u.statement \
             WHERE u.target = :target AND u.level = :level AND u.at >= :from AND u.at < :to {only}GROUP BY 1, 2"
        );
        let rows = self.over(window, step_s, sql, |row| {
            Ok((row.integer(0)?, row.integer(1)?, statement_use(row, 2)?))
        });
        let mut series: BTreeMap<i64, BTreeMap<i64, StatementUse>> = BTreeMap::new();
        for (id, at, used) in rows.await? {
            series.entry(id).or_default().entry(at).or_default().add(&used);
        }
        let points = |points: BTreeMap<i64, StatementUse>| {
            let points = points.into_iter();
            points.map(|(at_s, used)| StatementPoint { at_s, used }).collect()
        };
        Ok(series.into_iter().map(|(id, at)| (id, points(at))).collect())
    }

    /// How every relation was used, what touched most blocks first.
    pub async fn relations(&self, window: Window) -> Result<Vec<RelationTotal>, StoreError> {
        let rows = self.over(
            window,
            1,
            "SELECT n.kind, n.text, u.* \
             FROM (SELECT relation, sum(scans), sum(tuples_read), sum(index_scans), sum(tuples_found), \
                          sum(inserted), sum(updated), sum(hot_updated), sum(deleted), sum(hit), sum(read) \
                   FROM relation_use WHERE target = :target AND level = :level AND at >= :from AND at < :to \
                   GROUP BY 1) u \
             LEFT JOIN name n ON n.id = u.relation",
            |row| Ok((sampled(row)?, relation_use(row, 3)?)),
        );
        let mut totals: BTreeMap<Option<Sampled>, RelationUse> = BTreeMap::new();
        for (relation, used) in rows.await? {
            totals.entry(relation).or_default().add(&used);
        }
        let mut totals: Vec<RelationTotal> = totals
            .into_iter()
            .map(|(relation, used)| RelationTotal { relation, used })
            .collect();
        totals.sort_by_key(|total| std::cmp::Reverse(total.used.hit + total.used.read));
        Ok(totals)
    }

    /// How large each relation was, in time's order.
    pub async fn sizes(&self, window: Window) -> Result<BTreeMap<Sampled, Vec<SizePoint>>, StoreError> {
        let rows = self.over(
            window,
            1,
            "SELECT n.kind, n.text, r.at, r.bytes, r.live, r.dead FROM relation_state r \
             JOIN name n ON n.id = r.relation \
             WHERE r.target = :target AND r.level = :level AND r.at >= :from AND r.at < :to ORDER BY r.at",
            |row| {
                let state = RelationState {
                    bytes: row.integer(3)?,
                    live: row.integer(4)?,
                    dead: row.integer(5)?,
                };
                let at_s = row.integer(2)?;
                Ok((sampled(row)?, SizePoint { at_s, state }))
            },
        );
        let mut sizes: BTreeMap<Sampled, Vec<SizePoint>> = BTreeMap::new();
        for (relation, point) in rows.await? {
            if let Some(relation) = relation {
                sizes.entry(relation).or_default().push(point);
            }
        }
        Ok(sizes)
    }

    /// Every number of the server whose name begins so, in time's order.
    pub async fn metrics(
        &self,
        window: Window,
        beginning: &str,
    ) -> Result<BTreeMap<String, Vec<MetricPoint>>, StoreError> {
        let rows = self.over(
            window,
            1,
            "SELECT n.text, m.at, m.value, m.most, n.kind FROM metric m JOIN name n ON n.id = m.name \
             WHERE m.target = :target AND m.level = :level AND m.at >= :from AND m.at < :to ORDER BY m.at",
            |row| {
                let point = MetricPoint {
                    at_s: row.integer(1)?,
                    value: row.real(2)?,
                    most: row.real(3)?,
                    counts: row.text(4)? == "counter",
                };
                Ok((row.text(0)?, point))
            },
        );
        let mut metrics: BTreeMap<String, Vec<MetricPoint>> = BTreeMap::new();
        for (name, point) in rows.await? {
            if name.starts_with(beginning) {
                metrics.entry(name).or_default().push(point);
            }
        }
        Ok(metrics)
    }

    /// What became different, the latest first, at most `limit`.
    pub async fn changes(&self, window: Window, limit: usize) -> Result<Vec<Change>, StoreError> {
        let asked = Statement::new(
            "SELECT at, kind, name, before, after FROM change \
             WHERE target = :target AND at >= :from AND at < :to ORDER BY at DESC, number DESC LIMIT :limit",
        )
        .with(":from", window.from_s)
        .with(":to", window.to_s)
        .with(":limit", i64::try_from(limit).unwrap_or(i64::MAX));
        let change = |row: &Found<'_>| {
            Ok(Change {
                at_s: row.integer(0)?,
                kind: row.text(1)?,
                name: row.text(2)?,
                before: row.maybe_text(3)?,
                after: row.maybe_text(4)?,
            })
        };
        self.ask_one(asked, change).await
    }

    /// The texts of all statements, by their ids.
    pub async fn texts(&self) -> Result<BTreeMap<i64, String>, StoreError> {
        let asked = Statement::new("SELECT query_id, text FROM statement WHERE target = :target");
        let rows = self.ask_one(asked, |row| Ok((row.integer(0)?, row.text(1)?)));
        Ok(rows.await?.into_iter().collect())
    }

    /// The ids of statements whose text is known.
    pub async fn known_texts(&self) -> Result<Vec<i64>, StoreError> {
        let asked = Statement::new("SELECT query_id FROM statement WHERE target = :target AND text <> ''");
        self.ask_one(asked, |row| row.integer(0)).await
    }
}

fn sampled(row: &Found<'_>) -> Result<Option<Sampled>, StoreError> {
    let (kind, name) = (row.maybe_text(0)?, row.maybe_text(1)?);
    Ok(kind.zip(name).map(|(kind, name)| Sampled {
        is_index: kind == "index",
        name,
    }))
}

fn statement_use(row: &Found<'_>, first: usize) -> Result<StatementUse, StoreError> {
    Ok(StatementUse {
        calls: row.integer(first)?,
        time_us: row.integer(first + 1)?,
        plan_us: row.integer(first + 2)?,
        rows: row.integer(first + 3)?,
        hit: row.integer(first + 4)?,
        read: row.integer(first + 5)?,
        temp: row.integer(first + 6)?,
        wal_bytes: row.integer(first + 7)?,
    })
}

fn relation_use(row: &Found<'_>, first: usize) -> Result<RelationUse, StoreError> {
    Ok(RelationUse {
        scans: row.integer(first)?,
        tuples_read: row.integer(first + 1)?,
        index_scans: row.integer(first + 2)?,
        tuples_found: row.integer(first + 3)?,
        inserted: row.integer(first + 4)?,
        updated: row.integer(first + 5)?,
        hot_updated: row.integer(first + 6)?,
        deleted: row.integer(first + 7)?,
        hit: row.integer(first + 8)?,
        read: row.integer(first + 9)?,
    })
}
