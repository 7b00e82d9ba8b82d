//! The alarms of a cluster in CloudWatch: one for each limit of each instance, which tell nobody by
//! themselves, and two that go by them: what is urgent, and what is slow while nothing urgent is.
//! So one cause is told once.

mod limits;

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, CompositeAlarm, Dimension, MetricAlarm, StateValue, Statistic, Tag,
};
use aws_sdk_rds::types::DbCluster;
use howdah_core::{Error, Result};
use howdah_jobs::JobCx;

use super::call::{Caller, Failure};
use super::look::JOB;
use super::{describe, parameters};
use crate::{Alarm, AlarmState, ClusterName, Compute, OperationState};
use limits::{Limit, Room};

const NAMESPACE: &str = "AWS/RDS";
/// Seconds of one period.
const PERIOD: i32 = 300;
/// For how long what is slow is not told before and after something urgent, in seconds.
const SUPPRESSED: i32 = 120;
/// As many alarms as one call takes or gives.
const CHUNK: usize = 100;
/// Pages that are looked through: two thousand alarms of an account.
const MOST_PAGES: usize = 20;
/// As many topics as an alarm tells.
const MOST_TOPICS: usize = 5;
/// As long as the rule of an alarm may be that goes by others.
const LONGEST_RULE: usize = 10_240;

/// An alarm as it is to be.
struct Planned {
    name: String,
    instance: String,
    limit: Limit,
}

/// The names of all of a cluster's alarms begin so; a slash is in no cluster's name.
fn prefix(cluster: &ClusterName) -> String {
    format!("howdah/{cluster}/")
}

/// What goes by the others: `howdah/shop/urgent`.
fn summary(cluster: &ClusterName, urgent: bool) -> String {
    format!(
        "{}{}",
        prefix(cluster),
        match urgent {
            true => "urgent",
            false => "slow",
        }
    )
}

/// What the alarms of the cluster are to be.
async fn plan(caller: Caller<'_>, cluster: &ClusterName, found: &DbCluster) -> Result<Vec<Planned>> {
    let members = describe::members(caller, found).await?;
    let set = parameters::number(caller, found, "max_connections").await?;
    let range = describe::range(found);
    let mut planned = Vec::new();
    for member in &members {
        let compute = match (member.class.as_str(), &range) {
            ("db.serverless", Some(range)) => range.clone(),
            (class, _) => Compute::Provisioned {
                class: class.to_owned(),
            },
        };
        let room = Room::of(&compute, set).ok_or_else(|| {
            Error::refused(format!(
                "The instance {} has the class {}, whose memory howdah does not know.",
                member.name, member.class
            ))
            .hint("Make its alarms in the AWS console: their limits go by its memory.")
        })?;
        for limit in limits::of(room, members.len() > 1) {
            planned.push(Planned {
                name: format!("{}{}/{}", prefix(cluster), member.name, limit.code),
                instance: member.name.clone(),
                limit,
            });
        }
    }
    if planned.is_empty() {
        return Err(Error::refused(format!(
            "The cluster {cluster} has no instance that could be watched."
        ))
        .hint(format!(
            "Add one first: `howdah cluster add-reader {cluster} --wait`."
        )));
    }
    Ok(planned)
}

/// Goes off with any of those.
fn rule(planned: &[Planned], urgent: bool) -> String {
    let names = planned.iter().filter(|one| one.limit.urgent == urgent);
    names
        .map(|one| format!("ALARM(\"{}\")", one.name))
        .collect::<Vec<_>>()
        .join(" OR ")
}

/// Whether they can be made, and how many there will be of metrics.
pub(super) async fn check(caller: Caller<'_>, cluster: &ClusterName, topics: &[String]) -> Result<usize> {
    let is_topic = |arn: &String| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        matches!(parts.as_slice(), ["arn", _, "sns", _, _, name] if !name.is_empty()) && arn.len() <= 1024
    };
    if let Some(odd) = topics.iter().find(|arn| !is_topic(arn)) {
        return Err(Error::invalid(format!("{odd:?} is no topic of SNS.")).hint(
            "Give its ARN: arn:aws:sns:eu-central-1:123456789012:on-call; `aws sns list-topics` lists them.",
        ));
    }
    if topics.len() > MOST_TOPICS {
        return Err(
            Error::invalid(format!("An alarm tells {MOST_TOPICS} topics at most."))
                .hint("Let one topic have all who are to be told."),
        );
    }
    let found = caller.require_cluster(cluster).await?;
    let planned = plan(caller, cluster, &found).await?;
    if rule(&planned, false).len() > LONGEST_RULE {
        return Err(Error::refused(format!(
            "The cluster {cluster} has more instances, with longer names, than an alarm can go by."
        ))
        .hint("Make its alarms in the AWS console."));
    }
    Ok(planned.len())
}

/// Makes them, or brings them up to date; those of instances that are gone go.
pub(super) async fn create(
    caller: Caller<'_>,
    cx: &JobCx,
    cluster: &ClusterName,
    topics: &[String],
    state: &mut OperationState,
) -> Result<()> {
    let found = caller.require_cluster(cluster).await?;
    let planned = plan(caller, cluster, &found).await?;
    let there = of_howdah(caller, cluster).await?;
    let wanted: BTreeSet<String> = planned
        .iter()
        .map(|one| one.name.clone())
        .chain([summary(cluster, true), summary(cluster, false)])
        .collect();
    if state.alarms.is_empty() {
        state.alarms = wanted
            .iter()
            .filter(|name| !there.contains(*name))
            .cloned()
            .collect();
        cx.checkpoint(state).await?;
    }
    for (number, one) in planned.iter().enumerate() {
        cx.progress(
            format!("Making the alarm {}", one.name),
            Some(number as f64 / planned.len() as f64),
        );
        put(caller, cx.id(), cluster, one).await?;
    }
    for urgent in [true, false] {
        put_summary(caller, cx.id(), cluster, &planned, urgent, topics).await?;
    }
    let gone: Vec<String> = there.into_iter().filter(|name| !wanted.contains(name)).collect();
    delete(caller, cluster, gone).await
}

async fn put(caller: Caller<'_>, job: &str, cluster: &ClusterName, one: &Planned) -> Result<()> {
    let limit = &one.limit;
    caller
        .repeat(&format!("make the alarm {}", one.name), true, |config| {
            Client::new(config)
                .put_metric_alarm()
                .alarm_name(&one.name)
                .alarm_description(format!(
                    "{}. Instance {} of cluster {cluster}.",
                    limit.means, one.instance
                ))
                .namespace(NAMESPACE)
                .metric_name(limit.metric)
                .dimensions(
                    Dimension::builder()
                        .name("DBInstanceIdentifier")
                        .value(&one.instance)
                        .build(),
                )
                .statistic(Statistic::from(limit.statistic))
                .period(PERIOD)
                .evaluation_periods(limit.periods)
                .threshold(limit.value)
                .comparison_operator(match limit.is_least {
                    true => ComparisonOperator::LessThanThreshold,
                    false => ComparisonOperator::GreaterThanThreshold,
                })
                // One that is paused or stopped measures nothing, and is well.
                .treat_missing_data("notBreaching")
                .tags(Tag::builder().key(JOB).value(job).build())
                .send()
        })
        .await?;
    Ok(())
}

async fn put_summary(
    caller: Caller<'_>,
    job: &str,
    cluster: &ClusterName,
    planned: &[Planned],
    urgent: bool,
    topics: &[String],
) -> Result<()> {
    let name = summary(cluster, urgent);
    let told = (!topics.is_empty()).then(|| topics.to_vec());
    caller
        .repeat(&format!("make the alarm {name}"), true, |config| {
            let call = Client::new(config)
                .put_composite_alarm()
                .alarm_name(&name)
                .alarm_description(match urgent {
                    true => format!("Cluster {cluster}: an outage is near."),
                    false => format!("Cluster {cluster} is slow, or will be."),
                })
                .alarm_rule(rule(planned, urgent))
                .set_alarm_actions(told.clone())
                .set_ok_actions(told.clone())
                .tags(Tag::builder().key(JOB).value(job).build());
            match urgent {
                true => call,
                // While something urgent is told, what comes of it is not.
                false => call
                    .actions_suppressor(summary(cluster, true))
                    .actions_suppressor_wait_period(SUPPRESSED)
                    .actions_suppressor_extension_period(SUPPRESSED),
            }
            .send()
        })
        .await?;
    Ok(())
}

/// Takes those back that a job has made.
pub(super) async fn unmake(caller: Caller<'_>, cluster: &ClusterName, made: &[String]) -> Result<()> {
    let there = of_howdah(caller, cluster).await?;
    delete(
        caller,
        cluster,
        there.into_iter().filter(|name| made.contains(name)).collect(),
    )
    .await
}

/// Removes all that Howdah made for the cluster.
pub(super) async fn delete_all(caller: Caller<'_>, cluster: &ClusterName) -> Result<()> {
    let there = of_howdah(caller, cluster).await?;
    delete(caller, cluster, there).await
}

/// The same with a cluster that is deleted: who may not see alarms has made none.
pub(super) async fn delete_with_cluster(caller: Caller<'_>, cx: &JobCx, cluster: &ClusterName) -> Result<()> {
    match of_howdah(caller, cluster).await {
        Ok(there) => delete(caller, cluster, there).await,
        Err(failure) if failure.is("AccessDenied") || failure.is("AccessDeniedException") => {
            let prefix = prefix(cluster);
            cx.log(format!(
                "These credentials may not see alarms; if there are any by the name {prefix}…, they stay."
            ))
            .await;
            Ok(())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// What goes by others first, and one at a time.
async fn delete(caller: Caller<'_>, cluster: &ClusterName, mut names: Vec<String>) -> Result<()> {
    let mut calls = Vec::new();
    for urgent in [false, true] {
        let name = summary(cluster, urgent);
        if names.contains(&name) {
            names.retain(|other| *other != name);
            calls.push(vec![name]);
        }
    }
    calls.extend(names.chunks(CHUNK).map(<[String]>::to_vec));
    for some in calls {
        let deleted = caller
            .repeat(
                &format!("delete alarms of the cluster {cluster}"),
                true,
                |config| {
                    Client::new(config)
                        .delete_alarms()
                        .set_alarm_names(Some(some.clone()))
                        .send()
                },
            )
            .await;
        match deleted {
            // By an earlier call, whose reply was lost.
            Err(failure) if failure.is("ResourceNotFound") => {}
            other => drop(other?),
        }
    }
    Ok(())
}

/// The names of those that Howdah made for the cluster.
pub(super) async fn of_howdah(caller: Caller<'_>, cluster: &ClusterName) -> Result<Vec<String>, Failure> {
    let (metric, composite) = list(caller, cluster, Some(&prefix(cluster))).await?;
    let of_metric = metric
        .iter()
        .filter_map(|one| one.alarm_name().map(str::to_owned));
    let of_others = composite
        .iter()
        .filter_map(|one| one.alarm_name().map(str::to_owned));
    Ok(of_metric.chain(of_others).collect())
}

async fn list(
    caller: Caller<'_>,
    cluster: &ClusterName,
    prefix: Option<&str>,
) -> Result<(Vec<MetricAlarm>, Vec<CompositeAlarm>), Failure> {
    let (mut metric, mut composite) = (Vec::new(), Vec::new());
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let page = caller
            .repeat(
                &format!("list the alarms of the cluster {cluster}"),
                true,
                |config| {
                    Client::new(config)
                        .describe_alarms()
                        .set_alarm_name_prefix(prefix.map(str::to_owned))
                        .alarm_types(AlarmType::MetricAlarm)
                        .alarm_types(AlarmType::CompositeAlarm)
                        .max_records(100)
                        .set_next_token(token.clone())
                        .send()
                },
            )
            .await?;
        metric.extend_from_slice(page.metric_alarms());
        composite.extend_from_slice(page.composite_alarms());
        match page.next_token() {
            Some(next) if !next.is_empty() => token = Some(next.to_owned()),
            _ => break,
        }
    }
    Ok((metric, composite))
}

/// Every alarm about the cluster or one of its instances, whoever made it.
pub(super) async fn about(caller: Caller<'_>, cluster: &ClusterName) -> Result<Vec<Alarm>> {
    let found = caller.require_cluster(cluster).await?;
    let mut ours: Vec<&str> = found
        .db_cluster_members()
        .iter()
        .filter_map(|member| member.db_instance_identifier())
        .collect();
    ours.push(cluster.as_str());
    let prefix = prefix(cluster);
    let (metric, composite) = list(caller, cluster, None).await?;
    let mut all: Vec<Alarm> = metric
        .iter()
        .filter(|one| one.namespace() == Some(NAMESPACE))
        .filter_map(|one| {
            let about = one
                .dimensions()
                .iter()
                .filter(|dimension| {
                    matches!(
                        dimension.name(),
                        Some("DBInstanceIdentifier" | "DBClusterIdentifier")
                    )
                })
                .filter_map(|dimension| dimension.value())
                .find(|value| ours.contains(value))?;
            let name = one.alarm_name()?;
            Some(Alarm {
                name: name.to_owned(),
                about: about.to_owned(),
                metric: one.metric_name().map(str::to_owned),
                condition: condition(one),
                state: state(one.state_value()),
                tells: tells(one.actions_enabled(), one.alarm_actions()),
                by_howdah: name.starts_with(&prefix),
            })
        })
        .collect();
    let names: Vec<String> = all
        .iter()
        .map(|one| format!("\"{}\"", one.name))
        .chain(all.iter().map(|one| format!("({})", one.name)))
        .collect();
    let by_others: Vec<Alarm> = composite
        .iter()
        .filter_map(|one| {
            let (name, rule) = (one.alarm_name()?, one.alarm_rule().unwrap_or_default());
            names.iter().any(|other| rule.contains(other)).then(|| Alarm {
                name: name.to_owned(),
                about: cluster.to_string(),
                metric: None,
                condition: format!("any of {} alarms is in alarm", rule.matches("ALARM(").count()),
                state: state(one.state_value()),
                tells: tells(one.actions_enabled(), one.alarm_actions()),
                by_howdah: name.starts_with(&prefix),
            })
        })
        .collect();
    all.extend(by_others);
    all.sort_by(|a, b| (a.metric.is_some(), &a.name).cmp(&(b.metric.is_some(), &b.name)));
    Ok(all)
}

fn condition(one: &MetricAlarm) -> String {
    let sign = match one.comparison_operator() {
        Some(ComparisonOperator::LessThanThreshold) => "<",
        Some(ComparisonOperator::LessThanOrEqualToThreshold) => "≤",
        Some(ComparisonOperator::GreaterThanThreshold) => ">",
        Some(ComparisonOperator::GreaterThanOrEqualToThreshold) => "≥",
        _ => "beyond",
    };
    let metric = one.metric_name().unwrap_or("an expression");
    let minutes = one.period().unwrap_or(0) * one.evaluation_periods().unwrap_or(1) / 60;
    match one.threshold() {
        Some(value) => format!("{metric} {sign} {value} for {minutes} minutes"),
        None => format!("{metric} is unusual for {minutes} minutes"),
    }
}

fn state(value: Option<&StateValue>) -> AlarmState {
    match value {
        Some(StateValue::Alarm) => AlarmState::Alarm,
        Some(StateValue::Ok) => AlarmState::Ok,
        _ => AlarmState::NoData,
    }
}

fn tells(enabled: Option<bool>, actions: &[String]) -> Vec<String> {
    match enabled {
        Some(false) => Vec::new(),
        _ => actions.to_vec(),
    }
}
