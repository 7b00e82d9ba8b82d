//! What Performance Insights has seen of the writer of a cluster: sessions at work, as our own
//! samples have them.
//!
//! It looks once in a second too, so a load of a minute times 60 is how often a session was seen.
//! Its courses are told apart by one dimension each, waits or statements or users. Which statement
//! waited for what is known for a window as a whole, which is a minute where the watcher keeps up;
//! which user ran it is not, and is shared out so that the sum of each user is right.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_pi::Client;
use aws_sdk_pi::types::{DimensionGroup, MetricKeyDataPoints, MetricQuery, PeriodAlignment, ServiceType};
use aws_smithy_types::DateTime;
use howdah_core::{Error, Result};
use howdah_store::samples::{Activity, Seen, Window, id_of_text};

use super::call::Caller;
use super::cloudwatch;
use crate::ClusterName;
use crate::control_plane::SeenElsewhere;

const MINUTE: i64 = 60;
/// What is asked for at once: which statement waited for what is known for so long as a whole.
const AT_ONCE_S: i64 = 3_600;
/// What AWS tells apart, and gives in a page, at most.
const MOST: i32 = 25;
/// Pages of an answer, at most: three dimensions have three sums and 75 courses.
const MOST_PAGES: usize = 100;
const LOAD: &str = "db.load.avg";
const WAITS: &str = "db.wait_event";
const STATEMENTS: &str = "db.sql_tokenized";
const USERS: &str = "db.user";
/// Waits beyond those that AWS tells apart.
const OTHER: &str = "other";
const ALLOWED: &str = "pi:GetResourceMetrics and pi:DescribeDimensionKeys";

type Dimensions = HashMap<String, String>;

/// How often a session was seen in a minute, by what tells the sessions apart.
#[derive(Debug, Default)]
struct Minute {
    all: u32,
    waits: BTreeMap<String, u32>,
    statements: BTreeMap<i64, u32>,
    users: BTreeMap<String, u32>,
}

/// The load that each statement had of each wait, in a window.
type Waited = Vec<(i64, String, f64)>;

/// The sessions that were at work in the writer in a window.
pub(super) async fn seen(caller: Caller<'_>, name: &ClusterName, window: Window) -> Result<SeenElsewhere> {
    let (writer, id, is_on) = cloudwatch::writer(caller, name).await?;
    if !is_on {
        return Err(Error::refused(format!(
            "Performance Insights is off on {writer}, so what its sessions did is known only while they are watched."
        ))
        .hint(format!(
            "Turn it on: howdah cluster modify {name} --performance-insights true."
        )));
    }
    let asking = Asking {
        caller,
        what: format!("read the load of {writer} from Performance Insights"),
        id,
    };
    let mut seen = SeenElsewhere::default();
    let mut from_s = window.from_s;
    while from_s < window.to_s {
        let part = Window {
            from_s,
            to_s: window.to_s.min(from_s + AT_ONCE_S),
        };
        asking.add(part, &mut seen).await?;
        from_s = part.to_s;
    }
    seen.texts.sort();
    seen.texts.dedup();
    Ok(seen)
}

struct Asking<'a> {
    caller: Caller<'a>,
    what: String,
    id: String,
}

impl Asking<'_> {
    async fn add(&self, window: Window, seen: &mut SeenElsewhere) -> Result<()> {
        let minutes = self.minutes(window, &mut seen.texts).await?;
        let waited = match minutes.values().any(|minute| minute.all > 0) {
            true => self.waited(window).await?,
            false => Waited::new(),
        };
        for (at_s, minute) in minutes {
            seen.activity.push(Activity {
                at_s,
                ticks: MINUTE as u32,
                seen: minute.seen(&waited),
            });
        }
        Ok(())
    }

    /// What each minute has by each dimension; minutes that were not looked at are left out.
    async fn minutes(&self, window: Window, texts: &mut Vec<(i64, String)>) -> Result<BTreeMap<i64, Minute>> {
        let queries = [WAITS, STATEMENTS, USERS].map(query);
        let queries = queries.into_iter().collect::<Result<Vec<_>>>()?;
        let mut minutes: BTreeMap<i64, Minute> = BTreeMap::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .caller
                .repeat(&self.what, true, |config| {
                    Client::new(config)
                        .get_resource_metrics()
                        .service_type(ServiceType::Rds)
                        .identifier(&self.id)
                        .set_metric_queries(Some(queries.clone()))
                        .start_time(DateTime::from_secs(window.from_s))
                        .end_time(DateTime::from_secs(window.to_s))
                        .period_in_seconds(MINUTE as i32)
                        .period_alignment(PeriodAlignment::StartTime)
                        .max_results(MOST)
                        .set_next_token(token.clone())
                        .send()
                })
                .await
                .map_err(|failure| failure.allowing(ALLOWED))?;
            for course in page.metric_list() {
                add_course(course, window, &mut minutes, texts);
            }
            token = page
                .next_token()
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(minutes)
    }

    async fn waited(&self, window: Window) -> Result<Waited> {
        let mut waited = Waited::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let (statements, waits) = (group(STATEMENTS)?, group(WAITS)?);
            let page = self
                .caller
                .repeat(&self.what, true, |config| {
                    Client::new(config)
                        .describe_dimension_keys()
                        .service_type(ServiceType::Rds)
                        .identifier(&self.id)
                        .start_time(DateTime::from_secs(window.from_s))
                        .end_time(DateTime::from_secs(window.to_s))
                        .metric(LOAD)
                        .period_in_seconds(MINUTE as i32)
                        .group_by(statements.clone())
                        .partition_by(waits.clone())
                        .max_results(MOST)
                        .set_next_token(token.clone())
                        .send()
                })
                .await
                .map_err(|failure| failure.allowing(ALLOWED))?;
            let waits: Vec<String> = page
                .partition_keys()
                .iter()
                .map(|key| wait(Some(key.dimensions())).unwrap_or_default())
                .collect();
            for key in page.keys() {
                let Some((id, _)) = key.dimensions().and_then(statement) else {
                    continue;
                };
                let loads = waits
                    .iter()
                    .zip(key.partitions())
                    .filter(|(_, load)| **load > 0.0);
                waited.extend(loads.map(|(wait, load)| (id, wait.clone(), *load)));
            }
            token = page
                .next_token()
                .filter(|token| !token.is_empty())
                .map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        waited.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| (a.0, &a.1).cmp(&(b.0, &b.1))));
        Ok(waited)
    }
}

fn query(dimension: &str) -> Result<MetricQuery> {
    let query = MetricQuery::builder()
        .metric(LOAD)
        .group_by(group(dimension)?)
        .build();
    query.map_err(|error| {
        Error::internal(format!(
            "The question for the load could not be put together: {error}"
        ))
    })
}

fn group(dimension: &str) -> Result<DimensionGroup> {
    let group = DimensionGroup::builder().group(dimension).limit(MOST).build();
    group.map_err(|error| {
        Error::internal(format!(
            "The question for the load could not be put together: {error}"
        ))
    })
}

fn add_course(
    course: &MetricKeyDataPoints,
    window: Window,
    minutes: &mut BTreeMap<i64, Minute>,
    texts: &mut Vec<(i64, String)>,
) {
    let dimensions = course.key().and_then(|key| key.dimensions());
    let (waits, statement) = match dimensions {
        Some(dimensions) => (wait(Some(dimensions)), statement(dimensions)),
        None => (None, None),
    };
    if let Some((id, text)) = &statement
        && !text.is_empty()
    {
        texts.push((*id, howdah_sql::normalize(text)));
    }
    let user = dimensions.and_then(|dimensions| dimensions.get("db.user.name"));
    for point in course.data_points() {
        let at_s = point.timestamp().secs();
        let at_s = at_s - at_s.rem_euclid(MINUTE);
        if !(window.from_s..window.to_s).contains(&at_s) || !point.value().is_finite() {
            continue;
        }
        let times = (point.value() * MINUTE as f64).round().clamp(0.0, 1e9) as u32;
        let minute = minutes.entry(at_s).or_default();
        if let Some(wait) = &waits {
            *minute.waits.entry(wait.clone()).or_default() += times;
        } else if let Some((id, _)) = &statement {
            *minute.statements.entry(*id).or_default() += times;
        } else if let Some(user) = user {
            *minute.users.entry(user.clone()).or_default() += times;
        } else {
            // The sum, once with each dimension.
            minute.all = minute.all.max(times);
        }
    }
}

/// What is waited for, as our own samples name it.
fn wait(dimensions: Option<&Dimensions>) -> Option<String> {
    let dimensions = dimensions?;
    let name = dimensions.get("db.wait_event.name")?;
    let kind = dimensions.get("db.wait_event.type").map_or("", String::as_str);
    Some(match name.as_str() {
        "CPU" => name.clone(),
        name if kind.is_empty() || kind == name || name.contains(':') => name.to_owned(),
        name => format!("{kind}:{name}"),
    })
}

/// The id of a statement, which is the server's own where AWS tells it, and its text.
fn statement(dimensions: &Dimensions) -> Option<(i64, String)> {
    let own = dimensions.get("db.sql_tokenized.db_id");
    let id = own.and_then(|id| id.parse().ok()).filter(|id| *id != 0);
    let id = id.or_else(|| dimensions.get("db.sql_tokenized.id").map(|id| id_of_text(id)))?;
    let text = dimensions.get("db.sql_tokenized.statement");
    Some((id, text.cloned().unwrap_or_default()))
}

impl Minute {
    /// The sums by wait are kept to; those by statement and user as far as they fit.
    fn seen(mut self, waited: &Waited) -> Vec<Seen> {
        let told: u32 = self.waits.values().sum();
        if self.all > told {
            *self.waits.entry(OTHER.to_owned()).or_default() += self.all - told;
        }
        let mut loads: HashMap<i64, f64> = HashMap::new();
        for (id, _, load) in waited {
            *loads.entry(*id).or_default() += load;
        }
        let wanted = self.statements.clone();
        let mut cells: BTreeMap<(String, Option<i64>), u32> = BTreeMap::new();
        // First by each statement's shares of the waits; then what rounding left, wherever it waited.
        for is_shared in [true, false] {
            for (id, wait, load) in waited {
                let (Some(left), Some(room)) = (self.statements.get_mut(id), self.waits.get_mut(wait)) else {
                    continue;
                };
                let share = match is_shared {
                    true => {
                        let all = loads.get(id).copied().unwrap_or(*load);
                        (f64::from(wanted[id]) * load / all).round() as u32
                    }
                    false => u32::MAX,
                };
                let count = share.min(*left).min(*room);
                if count > 0 {
                    *left -= count;
                    *room -= count;
                    *cells.entry((wait.clone(), Some(*id))).or_default() += count;
                }
            }
        }
        for (wait, count) in self.waits {
            if count > 0 {
                *cells.entry((wait, None)).or_default() += count;
            }
        }
        let mut users: Vec<(String, u32)> = self.users.into_iter().collect();
        users.sort_by_key(|(user, count)| (*count, user.clone()));
        let mut seen = Vec::new();
        for ((wait, query_id), mut count) in cells {
            while count > 0 {
                let (role, some) = match users.last_mut() {
                    Some((user, left)) => {
                        let some = count.min(*left);
                        *left -= some;
                        (user.clone(), some)
                    }
                    None => (String::new(), count),
                };
                users.retain(|(_, left)| *left > 0);
                count -= some;
                if some > 0 {
                    seen.push(Seen {
                        wait: wait.clone(),
                        query_id,
                        role,
                        count: some,
                    });
                }
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums<K: Ord>(seen: &[Seen], of: impl Fn(&Seen) -> K) -> BTreeMap<K, u32> {
        let mut sums = BTreeMap::new();
        for one in seen {
            *sums.entry(of(one)).or_default() += one.count;
        }
        sums
    }

    #[test]
    fn the_sums_of_each_dimension_are_kept() {
        let minute = Minute {
            all: 100,
            waits: BTreeMap::from([("CPU".to_owned(), 55), ("IO:DataFileRead".to_owned(), 35)]),
            statements: BTreeMap::from([(7, 50), (-8, 40)]),
            users: BTreeMap::from([("app".to_owned(), 80), ("admin".to_owned(), 20)]),
        };
        let waited = vec![
            (7, "CPU".to_owned(), 0.7),
            (-8, "IO:DataFileRead".to_owned(), 0.5),
            (-8, "CPU".to_owned(), 0.2),
            (7, "IO:DataFileRead".to_owned(), 0.1),
        ];
        let seen = minute.seen(&waited);
        assert_eq!(
            sums(&seen, |one| one.wait.clone()),
            BTreeMap::from([
                ("CPU".to_owned(), 55),
                ("IO:DataFileRead".to_owned(), 35),
                (OTHER.to_owned(), 10)
            ])
        );
        assert_eq!(
            sums(&seen, |one| one.query_id),
            BTreeMap::from([(None, 10), (Some(7), 50), (Some(-8), 40)])
        );
        assert_eq!(
            sums(&seen, |one| one.role.clone()),
            BTreeMap::from([("app".to_owned(), 80), ("admin".to_owned(), 20)])
        );
        let joint = sums(&seen, |one| (one.query_id, one.wait.clone()));
        assert_eq!(joint[&(Some(7), "CPU".to_owned())], 44);
        assert_eq!(joint[&(Some(7), "IO:DataFileRead".to_owned())], 6);
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        let minute = Minute {
            all: 3,
            waits: BTreeMap::from([("CPU".to_owned(), 3)]),
            statements: BTreeMap::from([(7, 3)]),
            users: BTreeMap::new(),
        };
        let seen = minute.seen(&Waited::new());
        assert_eq!(seen.len(), 1);
        assert_eq!(
            (seen[0].query_id, seen[0].role.as_str(), seen[0].count),
            (None, "", 3)
        );
        assert_eq!(Minute::default().seen(&Waited::new()), []);
    }

    #[test]
    fn waits_are_named_as_we_name_them() {
        let named = |kind: &str, name: &str| {
            wait(Some(&HashMap::from([
                ("db.wait_event.type".to_owned(), kind.to_owned()),
                ("db.wait_event.name".to_owned(), name.to_owned()),
            ])))
        };
        assert_eq!(named("CPU", "CPU").as_deref(), Some("CPU"));
        assert_eq!(named("IO", "XactSync").as_deref(), Some("IO:XactSync"));
        assert_eq!(named("IO", "IO:XactSync").as_deref(), Some("IO:XactSync"));
    }
}
