//! A million rows into a CSV file, against COPY through the raw driver.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail};
use futures::StreamExt;
use tokio::io::AsyncWriteExt;

use crate::measure::{Line, median};

const SQL: &str = "SELECT g AS id, md5(g::text) AS digest, g * 1.5 AS price, now() AS at FROM generate_series(1, 1000000) AS g";

/// Seconds for the whole command, and for COPY into a file.
pub(crate) async fn measure(howdah: &Path, url: &str) -> Result<Vec<Line>> {
    let directory = tempfile::tempdir()?;
    let (mut ours, mut raws) = (vec![], vec![]);
    for run in 0..3 {
        let start = Instant::now();
        copy(url, &directory.path().join(format!("raw{run}.csv"))).await?;
        raws.push(start.elapsed().as_secs_f64());
        let file = directory.path().join(format!("ours{run}.csv"));
        let start = Instant::now();
        let status = tokio::process::Command::new(howdah)
            .args(["query", "--url", url, "--format", "csv", "--output"])
            .arg(&file)
            .arg(SQL)
            .stdout(std::process::Stdio::null())
            .status()
            .await?;
        ours.push(start.elapsed().as_secs_f64());
        if !status.success() {
            bail!("the export failed");
        }
        let lines = std::fs::read_to_string(&file)?.lines().count();
        if lines != 1_000_001 {
            bail!("the export holds {lines} lines instead of 1,000,001");
        }
    }
    Ok(vec![Line {
        program: "howdah".into(),
        what: "export of 1,000,000 rows, s",
        value: median(ours),
        raw: Some(median(raws)),
        budget: "≤ 1.5× COPY",
    }])
}

async fn copy(url: &str, to: &Path) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let stream = client
        .copy_out(&format!("COPY ({SQL}) TO STDOUT WITH (FORMAT csv, HEADER)"))
        .await?;
    let mut stream = std::pin::pin!(stream);
    let mut file = tokio::io::BufWriter::with_capacity(1 << 16, tokio::fs::File::create(to).await?);
    while let Some(chunk) = stream.next().await {
        file.write_all(&chunk?).await?;
    }
    Ok(file.flush().await?)
}
