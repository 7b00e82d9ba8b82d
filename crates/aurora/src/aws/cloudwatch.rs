//! What CloudWatch has measured.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use aws_smithy_types::DateTime;
use howdah_core::{Error, Result};
use howdah_store::samples::Stretch;

use super::call::Caller;
use super::describe;
use crate::ClusterName;
use crate::figures::{FIGURES, Series};

/// Questions of one call: what AWS takes.
const AT_ONCE: usize = 500;
/// Pages of one call: more than two days of minutes of a cluster of 16 instances are.
const MOST_PAGES: usize = 1_000;

/// One figure over time: by seconds since 1970.
pub(super) type Values = BTreeMap<i64, f64>;

/// What is measured of a cluster and of each of its instances.
pub(super) async fn series(caller: Caller<'_>, name: &ClusterName) -> Result<Vec<Series>> {
    let found = caller.require_cluster(name).await?;
    let members = found.db_cluster_members().iter();
    let members: Vec<&str> = members.filter_map(|one| one.db_instance_identifier()).collect();
    let mut all = Vec::new();
    for figure in &FIGURES {
        let of = match figure.is_of_cluster {
            true => vec![name.as_str()],
            false => members.clone(),
        };
        all.extend(of.into_iter().map(|of| Series {
            of: of.to_owned(),
            figure,
        }));
    }
    Ok(all)
}

/// The values of each series in a stretch of time, one for each of its spans that was measured.
pub(super) async fn measured(
    caller: Caller<'_>,
    name: &ClusterName,
    asked: &[Series],
    stretch: Stretch,
) -> Result<Vec<Values>> {
    let period = i32::try_from(stretch.span_s).unwrap_or(i32::MAX);
    let questions = asked.iter().map(|one| {
        let kind = match one.figure.is_of_cluster {
            true => "DBClusterIdentifier",
            false => "DBInstanceIdentifier",
        };
        question(kind, &one.of, one.figure.name, period, one.figure.statistic)
    });
    let window = (stretch.window.from_s, stretch.window.to_s);
    let mut values = ask(caller, name, questions.collect(), window).await?;
    for (values, one) in values.iter_mut().zip(asked) {
        values.values_mut().for_each(|value| *value *= one.figure.factor);
    }
    Ok(values)
}

/// The writer of a cluster: its name, its id for Performance Insights, and whether that is on.
pub(super) async fn writer(caller: Caller<'_>, name: &ClusterName) -> Result<(String, String, bool)> {
    let found = caller.require_cluster(name).await?;
    let members = describe::members(caller, &found).await?;
    let none = || Error::not_found(format!("The cluster {name} has no writer now."));
    let writer = members
        .into_iter()
        .find(|member| member.writer)
        .ok_or_else(none)?;
    let instance = caller.instance(&writer.name).await?.ok_or_else(none)?;
    let id = instance.dbi_resource_id().unwrap_or_default().to_owned();
    let is_on = instance.performance_insights_enabled().unwrap_or_default();
    Ok((writer.name, id, is_on))
}

pub(super) fn question(kind: &str, of: &str, metric: &str, period: i32, statistic: &str) -> MetricStat {
    let metric = Metric::builder()
        .namespace("AWS/RDS")
        .metric_name(metric)
        .dimensions(Dimension::builder().name(kind).value(of).build())
        .build();
    MetricStat::builder()
        .metric(metric)
        .period(period)
        .stat(statistic)
        .build()
}

/// The answers, in the order of the questions, from the first moment up to the other.
pub(super) async fn ask(
    caller: Caller<'_>,
    name: &ClusterName,
    questions: Vec<MetricStat>,
    (from_s, to_s): (i64, i64),
) -> Result<Vec<Values>> {
    let mut all = Vec::with_capacity(questions.len());
    for some in questions.chunks(AT_ONCE) {
        let queries: Vec<MetricDataQuery> = some
            .iter()
            .enumerate()
            .map(|(number, question)| {
                MetricDataQuery::builder()
                    .id(format!("q{number}"))
                    .metric_stat(question.clone())
                    .build()
            })
            .collect();
        all.extend(pages(caller, name, &queries, (from_s, to_s)).await?);
    }
    Ok(all)
}

async fn pages(
    caller: Caller<'_>,
    name: &ClusterName,
    queries: &[MetricDataQuery],
    (from_s, to_s): (i64, i64),
) -> Result<Vec<Values>> {
    let mut values = vec![Values::new(); queries.len()];
    let mut token: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = caller
            .repeat(
                &format!("read the metrics of the cluster {name}"),
                true,
                |config| {
                    aws_sdk_cloudwatch::Client::new(config)
                        .get_metric_data()
                        .set_metric_data_queries(Some(queries.to_vec()))
                        .start_time(DateTime::from_secs(from_s))
                        .end_time(DateTime::from_secs(to_s))
                        .scan_by(ScanBy::TimestampAscending)
                        .set_next_token(token.clone())
                        .send()
                },
            )
            .await
            .map_err(|failure| failure.allowing("cloudwatch:GetMetricData"))?;
        for result in page.metric_data_results() {
            let number = result
                .id()
                .and_then(|id| id.strip_prefix('q')?.parse::<usize>().ok());
            if let Some(values) = number.and_then(|number| values.get_mut(number)) {
                let moments = result.timestamps().iter().map(DateTime::secs);
                values.extend(moments.zip(result.values().iter().copied()));
            }
        }
        token = page
            .next_token()
            .filter(|token| !token.is_empty())
            .map(str::to_owned);
        if token.is_none() {
            return Ok(values);
        }
    }
    Err(Error::internal(format!(
        "CloudWatch gave the metrics of the cluster {name} in more than {MOST_PAGES} pages."
    )))
}
