//! What another service saw while nobody of ours looked: its figures over time, and sessions at
//! work. It comes late, and of any age, so that spans which are summed up already are mended.

use std::collections::{BTreeMap, BTreeSet};

use crate::StoreError;
use crate::samples::keep::LEVELS;
use crate::samples::record::add_activity;
use crate::samples::statement::{Bundle, Statement};
use crate::samples::{Activity, Level, Samples, Seen, Window};

/// A figure over time, as another service measured it.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Its name among the numbers of the server.
    pub name: String,
    /// Its values, by the beginning of their span in seconds since 1970.
    pub points: BTreeMap<i64, f64>,
}

/// A stretch of time, and the length of the spans that it is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// When.
    pub window: Window,
    /// Seconds of a span.
    pub span_s: i64,
}

/// What is kept as of `now_s`, the oldest first: figures are worth asking for in these spans.
pub fn stretches(now_s: i64) -> [Stretch; 3] {
    let [days, weeks, months] = LEVELS;
    // A span that is summed up anew needs all of what it is made of.
    let whole = |level: Level, above: i64| {
        let begins = now_s - level.kept_s + above;
        begins - begins.rem_euclid(above)
    };
    let begin_days = whole(days, weeks.span_s);
    let begin_weeks = whole(weeks, months.span_s);
    let begin_months = whole(months, months.span_s);
    let stretch = |from_s, to_s, level: Level| Stretch {
        window: Window { from_s, to_s },
        span_s: level.span_s,
    };
    [
        stretch(begin_months, begin_weeks, months),
        stretch(begin_weeks, begin_days, weeks),
        stretch(begin_days, now_s, days),
    ]
}

impl Samples {
    /// Writes figures whose names begin with `beginning`, in place of what is there of the same
    /// moments. Their spans are those of [`stretches`].
    pub async fn record_courses(
        &self,
        now_s: i64,
        beginning: &str,
        courses: &[Course],
    ) -> Result<(), StoreError> {
        let summed_up_to = self.summed_up_to().await?;
        let [_, weeks, days] = stretches(now_s);
        let level_of = |at_s: i64| match at_s {
            at if at >= days.window.from_s => 0,
            at if at >= weeks.window.from_s => 1,
            _ => 2,
        };
        let mut bundle = Bundle::default();
        // The first and the last moment of what is written at each level.
        let mut written: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for course in courses {
            bundle.name("gauge", &course.name);
            for (at_s, value) in &course.points {
                let wanted = level_of(*at_s);
                // What is not summed up so far will be, and would take the place of this.
                let is_summed_up = summed_up_to.get(&wanted).is_some_and(|until| at_s < until);
                let level = if wanted > 0 && !is_summed_up { 0 } else { wanted };
                let span_s = LEVELS[usize::try_from(level).unwrap_or(0)].span_s;
                let at = at_s - at_s.rem_euclid(span_s);
                let ends = written.entry(level).or_insert((at, at));
                *ends = (ends.0.min(at), ends.1.max(at));
                bundle.push(
                    Statement::new(
                        "INSERT INTO metric (target, level, at, name, value, most) VALUES (:target, :level, :at, \
                         (SELECT id FROM name WHERE target = :target AND kind = 'gauge' AND text = :name), :value, :value) \
                         ON CONFLICT (target, level, at, name) DO UPDATE SET value = excluded.value, most = excluded.most",
                    )
                    .together(include_str!("server/add_courses.sql"))
                    .with(":level", level)
                    .with(":at", at)
                    .with(":name", course.name.as_str())
                    .with(":value", *value),
                );
            }
        }
        for pair in LEVELS.windows(2) {
            let [below, level] = pair else { continue };
            let Some((first, last)) = written.get(&below.number).copied() else {
                continue;
            };
            let from = first - first.rem_euclid(level.span_s);
            let until = last - last.rem_euclid(level.span_s) + level.span_s;
            sum_up_anew(&mut bundle, beginning, *below, *level, from, until);
            let above = written.entry(level.number).or_insert((from, until - 1));
            *above = (above.0.min(from), above.1.max(until - 1));
        }
        self.write(bundle).await
    }

    /// When each number of the server whose name begins so was measured last, in seconds since 1970.
    pub async fn last_of_metrics(&self, beginning: &str) -> Result<BTreeMap<String, i64>, StoreError> {
        let asked = Statement::new(
            "SELECT n.text, max(m.at) FROM metric m JOIN name n ON n.id = m.name \
             WHERE m.target = :target AND substr(n.text, 1, length(CAST(:beginning AS text))) = CAST(:beginning AS text) \
             GROUP BY n.text",
        )
        .with(":beginning", beginning);
        let rows = self.ask_one(asked, |row| Ok((row.text(0)?, row.integer(1)?)));
        Ok(rows.await?.into_iter().collect())
    }

    /// Adds sessions that another service saw at work, in stretches that are [unwatched](Self::unwatched),
    /// and the texts of their statements.
    pub async fn record_elsewhere(
        &self,
        now_s: i64,
        activity: &[Activity],
        texts: &[(i64, String)],
    ) -> Result<(), StoreError> {
        let summed_up_to = self.summed_up_to().await?;
        let up_to = |level: Level| summed_up_to.get(&level.number).copied().unwrap_or(0);
        let [_, weeks, days] = stretches(now_s);
        let mut bundle = Bundle::default();
        for span in activity {
            let is_old = [
                false,
                span.at_s < days.window.from_s,
                span.at_s < weeks.window.from_s,
            ];
            for (at, level) in LEVELS.into_iter().enumerate() {
                let is_summed_up = level.number == 0 || span.at_s < up_to(level);
                // Summed up into the next level before it is forgotten here.
                let is_in_time = match LEVELS.get(at + 1) {
                    Some(above) => !is_old[at + 1] || span.at_s >= up_to(*above),
                    None => true,
                };
                if !(is_summed_up && is_in_time) {
                    continue;
                }
                match level.number {
                    0 => parts(span).for_each(|part| add_activity(&mut bundle, &part, level)),
                    _ => add_activity(&mut bundle, span, level),
                }
            }
        }
        for (query_id, text) in texts {
            let at_s = activity.last().map_or(now_s, |span| span.at_s);
            bundle.statement(*query_id, at_s);
            // The text that we took ourselves is whole.
            bundle.push(
                Statement::new(
                    "UPDATE statement SET text = :text \
                     WHERE target = :target AND query_id = :query_id AND text = ''",
                )
                .with(":query_id", *query_id)
                .with(":text", text.as_str()),
            );
        }
        self.write(bundle).await
    }

    /// The stretches of the window in which nobody looked at the sessions: minutes where samples
    /// are kept in minutes as of `now_s`, spans of ten minutes before that.
    pub async fn unwatched(&self, window: Window, now_s: i64) -> Result<Vec<Window>, StoreError> {
        let [_, weeks, days] = stretches(now_s);
        let mut gaps: Vec<Window> = Vec::new();
        for (stretch, level) in [(weeks, 1_i64), (days, 0)] {
            let from_s = window.from_s.max(stretch.window.from_s);
            let to_s = window.to_s.min(stretch.window.to_s);
            let asked = Statement::new(
                "SELECT at - at % :step FROM tick WHERE target = :target AND level = :level \
                 AND at >= :from AND at < :to GROUP BY 1",
            )
            .with(":step", stretch.span_s)
            .with(":level", level)
            .with(":from", from_s - from_s.rem_euclid(stretch.span_s))
            .with(":to", to_s);
            let watched = self.ask_one(asked, |row| row.integer(0)).await?;
            let watched: BTreeSet<i64> = watched.into_iter().collect();
            let mut at_s = from_s + (-from_s).rem_euclid(stretch.span_s);
            while at_s + stretch.span_s <= to_s {
                if !watched.contains(&at_s) {
                    match gaps.last_mut().filter(|gap| gap.to_s == at_s) {
                        Some(gap) => gap.to_s += stretch.span_s,
                        None => gaps.push(Window {
                            from_s: at_s,
                            to_s: at_s + stretch.span_s,
                        }),
                    }
                }
                at_s += stretch.span_s;
            }
        }
        Ok(gaps)
    }
}

/// A span in the parts that sessions are kept in at first, so that a course over minutes has no gaps.
fn parts(span: &Activity) -> impl Iterator<Item = Activity> {
    let number = (i64::from(span.ticks) / Level::ACTIVITY_S).max(1);
    let share = move |count: u32, part: i64| {
        let up_to = |part: i64| i64::from(count) * part / number;
        u32::try_from(up_to(part + 1) - up_to(part)).unwrap_or(0)
    };
    (0..number).map(move |part| Activity {
        at_s: span.at_s + part * Level::ACTIVITY_S,
        ticks: share(span.ticks, part),
        seen: span
            .seen
            .iter()
            .map(|seen| Seen {
                count: share(seen.count, part),
                ..seen.clone()
            })
            .filter(|seen| seen.count > 0)
            .collect(),
    })
}

/// The spans of `level` from `from` up to `until`, as far as they were summed up before.
fn sum_up_anew(bundle: &mut Bundle, beginning: &str, below: Level, level: Level, from: i64, until: i64) {
    let names = "name IN (SELECT id FROM name WHERE target = :target AND kind = 'gauge' \
         AND substr(text, 1, length(CAST(:beginning AS text))) = CAST(:beginning AS text))";
    let summed_up = "at >= :from AND at < :until \
         AND at < (SELECT r.until FROM rolled r WHERE r.target = :target AND r.level = :level)";
    let forget =
        format!("DELETE FROM metric WHERE target = :target AND level = :level AND {summed_up} AND {names}");
    let again = format!(
        "INSERT INTO metric (target, level, at, name, value, most) \
         SELECT CAST(:target AS bigint), CAST(:level AS bigint), at - at % :span, name, avg(value), max(most) \
         FROM metric WHERE target = :target AND level = :below AND {summed_up} AND {names} GROUP BY 3, 4"
    );
    for sql in [forget, again] {
        bundle.push(
            Statement::new(sql)
                .with(":beginning", beginning)
                .with(":below", below.number)
                .with(":level", level.number)
                .with(":span", level.span_s)
                .with(":from", from)
                .with(":until", until),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        let span = Activity {
            at_s: 600,
            ticks: 60,
            seen: vec![Seen {
                wait: "CPU".to_owned(),
                query_id: None,
                role: String::new(),
                count: 8,
            }],
        };
        let parts: Vec<Activity> = parts(&span).collect();
        assert_eq!(parts.len(), 6);
        assert_eq!((parts[0].at_s, parts[5].at_s), (600, 650));
        assert_eq!(parts.iter().map(|part| part.ticks).sum::<u32>(), 60);
        let counts = parts.iter().flat_map(|part| &part.seen).map(|seen| seen.count);
        assert_eq!(counts.sum::<u32>(), 8);
    }

    #[test]
    fn stretches_follow_on_each_other_and_hold_whole_spans() {
        let now_s = 1_800_000_123;
        let [months, weeks, days] = stretches(now_s);
        assert_eq!(months.window.to_s, weeks.window.from_s);
        assert_eq!(weeks.window.to_s, days.window.from_s);
        assert_eq!(days.window.to_s, now_s);
        assert_eq!(weeks.window.from_s % months.span_s, 0);
        assert_eq!(days.window.from_s % weeks.span_s, 0);
        assert!(days.window.from_s >= now_s - LEVELS[0].kept_s);
        assert!(weeks.window.from_s >= now_s - LEVELS[1].kept_s);
    }
}
