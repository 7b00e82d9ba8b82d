//! The server of a version with the populated databases that cases start from.

use anyhow::{Context, Result, bail};
use howdah_sql::quote_ident;
use howdah_testkit::{Server, ServerOptions};
use tokio_postgres::Client;

use super::case::directory;

/// How large the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// The larger tables have 5,000 rows.
    Small,
    /// They have 200,000.
    Large,
}

impl Size {
    pub(crate) const BOTH: [Self; 2] = [Self::Small, Self::Large];

    fn rows(self) -> u32 {
        match self {
            Self::Small => 5_000,
            Self::Large => 200_000,
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Small => "truth_small",
            Self::Large => "truth_large",
        }
    }
}

/// The role that owns everything and runs the scripts.
pub(crate) const OWNER: &str = "deploy";

/// A running server with both templates.
pub(crate) struct World {
    pub(crate) server: Server,
    admin: Client,
}

impl World {
    /// Starts a server of this version and fills the databases of these sizes.
    pub(crate) async fn start(version: u16, sizes: &[Size]) -> Result<Self> {
        let settings = [
            ("shared_buffers", "256MB"),
            ("max_connections", "200"),
            ("max_wal_size", "8GB"),
            ("checkpoint_timeout", "1h"),
            ("autovacuum", "off"),
            // The work of a script is told by the CPU time of its own backend.
            ("max_parallel_workers", "0"),
            ("max_parallel_maintenance_workers", "0"),
            ("jit", "off"),
            ("timezone", "UTC"),
            ("log_min_messages", "fatal"),
        ];
        let server = howdah_testkit::private(ServerOptions {
            major: version,
            settings: settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            hba: None,
        })
        .await;
        let admin = server.probe("postgres").await;
        admin.batch_execute(include_str!("roles.sql")).await?;
        let world = Self { server, admin };
        for size in sizes {
            world.fill(*size).await?;
        }
        Ok(world)
    }

    async fn fill(&self, size: Size) -> Result<()> {
        let base = std::fs::read_to_string(directory().join("base.sql"))?;
        self.admin
            .batch_execute(&format!("CREATE DATABASE {} TEMPLATE template0", size.template()))
            .await?;
        let client = self.server.probe(size.template()).await;
        client.batch_execute(include_str!("owner.sql")).await?;
        drop(client);
        let client = self.server.probe_as(OWNER, size.template()).await;
        client
            .batch_execute(&format!("SET truth.rows = {}", size.rows()))
            .await?;
        client.batch_execute(&base).await.context("base.sql")?;
        drop(client);
        let client = self.server.probe(size.template()).await;
        client.batch_execute("VACUUM (FREEZE, ANALYZE)").await?;
        Ok(())
    }

    /// A copy of the database, with the setup of a case in it.
    pub(crate) async fn copy(&self, size: Size, name: &str, setup: &[(String, bool)]) -> Result<()> {
        self.remove(name).await?;
        // The last client of the template may still be on its way out.
        let sql = format!(
            "CREATE DATABASE {} TEMPLATE {} OWNER {OWNER} STRATEGY {}",
            quote_ident(name),
            size.template(),
            // A few pages through the log, or many files and two checkpoints.
            if size == Size::Small {
                "wal_log"
            } else {
                "file_copy"
            }
        );
        let mut tries = 0;
        while let Err(error) = self.admin.batch_execute(&sql).await {
            tries += 1;
            if tries > 20 {
                return Err(error).context("copying the database");
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        if !setup.is_empty() {
            let client = self.server.probe_as(OWNER, name).await;
            client
                .batch_execute(&format!("SET truth.rows = {}", size.rows()))
                .await?;
            for (sql, fails) in setup {
                match (client.batch_execute(sql).await, fails) {
                    (Err(error), false) => return Err(error).context(sql.clone()),
                    (Ok(()), true) => bail!("it does not fail: {sql}"),
                    _ => {}
                }
            }
            client.batch_execute("ANALYZE").await?;
        }
        Ok(())
    }

    /// Removes a copy, with whoever is still connected to it.
    pub(crate) async fn remove(&self, name: &str) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_ident(name));
        self.admin
            .batch_execute(&sql)
            .await
            .context("removing the database")
    }
}
