//! The rows of TPC-H, made by tpchgen-cli in a Python environment of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio_postgres::Client;

/// What is loaded, in this order.
const TABLES: [&str; 8] = [
    "region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem",
];

/// Makes the rows at a fifth of scale factor 1 times `percent` and copies them; the server runs on this machine.
pub(crate) async fn fill(client: &Client, percent: u32) -> Result<()> {
    let directory = tempfile::tempdir()?;
    // The server reads the files by its own account.
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
    let environment = directory.path().join("python");
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment)).await?;
    run(Command::new(environment.join("bin/pip")).args(["install", "--quiet", "tpchgen-cli"])).await?;
    let scale = format!("{}", 0.2 * f64::from(percent) / 100.0);
    let rows = directory.path().join("rows");
    let mut generator = Command::new(environment.join("bin/tpchgen-cli"));
    run(generator
        .args(["csv", "-s", &scale])
        .arg(format!("--output-dir={}", rows.display())))
    .await?;
    for table in TABLES {
        copy(client, table, &rows.join(format!("{table}.csv"))).await?;
    }
    Ok(())
}

async fn copy(client: &Client, table: &str, file: &Path) -> Result<()> {
    let name = howdah_sql::quote_literal(&file.display().to_string());
    client
        .batch_execute(&format!("COPY {table} FROM {name} WITH (FORMAT csv, HEADER)"))
        .await
        .with_context(|| format!("loading {table}"))
}

async fn run(command: &mut Command) -> Result<()> {
    let output = command.output().await.context("python3 is needed")?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
