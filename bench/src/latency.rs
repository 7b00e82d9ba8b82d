//! One small query after the other, and thirty-two at a time.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use futures::future::try_join_all;

use crate::measure::{Client, Line, Setting, median};

const SQL: &str = "SELECT 1";
const IN_FLIGHT: usize = 32;

async fn raw(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// p50 of `SELECT 1`. Rounds of both alternate, so that a noisy moment hits both.
pub(crate) async fn select1(setting: &Setting) -> Result<Vec<Line>> {
    let (rounds, calls) = if setting.name == "howdah" {
        (20, 200)
    } else {
        (4, 50)
    };
    let driver = raw(&setting.url).await?;
    let client = Client::start(setting).await?;
    let arguments = setting.query(SQL);
    for _ in 0..calls {
        client.call(setting.tool, &arguments).await?;
    }
    let (mut ours, mut raws) = (vec![], vec![]);
    for _ in 0..rounds {
        for _ in 0..calls {
            let start = Instant::now();
            driver.simple_query(SQL).await?;
            raws.push(start.elapsed().as_secs_f64() * 1e6);
        }
        for _ in 0..calls {
            let start = Instant::now();
            client.call(setting.tool, &arguments).await?;
            ours.push(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    Ok(vec![Line {
        program: setting.name.clone(),
        what: "SELECT 1, p50, µs",
        value: median(ours),
        raw: Some(median(raws)),
        budget: "≤ 3× raw",
    }])
}

/// Calls per second with thirty-two in flight.
pub(crate) async fn in_flight(setting: &Setting) -> Result<Vec<Line>> {
    let calls = if setting.name == "howdah" { 400 } else { 20 };
    let drivers = try_join_all((0..IN_FLIGHT).map(|_| raw(&setting.url))).await?;
    let client = Arc::new(Client::start(setting).await?);
    let arguments = setting.query(SQL);
    let run_raw = async |calls: usize| -> Result<f64> {
        let start = Instant::now();
        try_join_all(drivers.iter().map(async |driver| {
            for _ in 0..calls {
                driver.simple_query(SQL).await?;
            }
            anyhow::Ok(())
        }))
        .await?;
        Ok((IN_FLIGHT * calls) as f64 / start.elapsed().as_secs_f64())
    };
    let run_ours = async |calls: usize| -> Result<f64> {
        let start = Instant::now();
        try_join_all((0..IN_FLIGHT).map(async |_| {
            for _ in 0..calls {
                client.call(setting.tool, &arguments).await?;
            }
            anyhow::Ok(())
        }))
        .await?;
        Ok((IN_FLIGHT * calls) as f64 / start.elapsed().as_secs_f64())
    };
    run_raw(calls / 4).await?;
    run_ours(calls / 4).await?;
    let (mut ours, mut raws) = (vec![], vec![]);
    for _ in 0..5 {
        raws.push(run_raw(calls).await?);
        ours.push(run_ours(calls).await?);
    }
    Ok(vec![Line {
        program: setting.name.clone(),
        what: "32 in flight, calls/s",
        value: median(ours),
        raw: Some(median(raws)),
        budget: "≥ 0.5 of raw",
    }])
}
