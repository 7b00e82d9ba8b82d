use std::sync::Arc;

use howdah_pg::Connection;
use howdah_sql::{quote_ident, quote_literal};
use tokio::sync::OwnedMutexGuard;

use super::{Server, append_page, grow};
use crate::schema::{BUILDER, Built};
use crate::statistics::ColumnStatistics;
use crate::{Knowledge, RehearseError, Schema, Statistics};

/// A database on a scratch server, for one rehearsal. It is removed when the
/// next one is asked for, or with the server.
pub struct ScratchDatabase {
    pub(crate) server: Arc<Server>,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) superuser: bool,
    /// Roles that the target's clients may be, but for the one that the script runs as.
    pub(crate) clients: Vec<String>,
    pub(crate) password: String,
    /// Whether the schema of a target is in it: roles that are missing in a
    /// script are then missing there, too.
    pub(crate) has_target: bool,
    pub(crate) notes: Vec<String>,
    /// That another major version had to do.
    pub(crate) note: Option<String>,
    _turn: OwnedMutexGuard<()>,
}

/// The copy from before the script.
pub(crate) const BEFORE: &str = "howdah before";

/// Columns whose counts go into one message.
const COLUMNS_AT_ONCE: usize = 500;

impl ScratchDatabase {
    pub(super) async fn create(
        server: Arc<Server>,
        turn: OwnedMutexGuard<()>,
        name: &str,
        note: Option<String>,
    ) -> Result<Self, RehearseError> {
        let doing = || RehearseError::scratch("creating a database");
        let mut connection = server.connect("template1").await?;
        let leftovers = connection
            .query(include_str!("../../queries/build/leftovers.sql"), &[])
            .await
            .map_err(doing())?;
        for row in leftovers.iter() {
            connection
                .batch(row.get(0).unwrap_or_default())
                .await
                .map_err(doing())?;
        }
        connection
            .batch(&format!(
                "CREATE DATABASE {} TEMPLATE template0",
                quote_ident(name)
            ))
            .await
            .map_err(doing())?;
        Ok(Self {
            server,
            name: name.to_owned(),
            role: String::new(),
            superuser: false,
            clients: Vec::new(),
            password: String::new(),
            has_target: false,
            notes: Vec::new(),
            note,
            _turn: turn,
        })
    }

    /// Builds a target's schema in it; [`Schema::default`] for migrations that
    /// start from nothing. The database must have the name of the schema's.
    pub async fn build(&mut self, schema: &Schema) -> Result<(), RehearseError> {
        let Built { password, notes } = schema.build(&self.server).await?;
        self.password = password;
        self.role.clone_from(&schema.role);
        self.superuser = schema.superuser;
        self.clients = schema.clients.clone();
        self.clients.retain(|role| *role != schema.role);
        self.has_target = schema.server_version_num > 0;
        self.notes.extend(schema.notes.iter().cloned());
        self.notes.extend(notes);
        Ok(())
    }

    /// What is missing in it or different from the target, for people to read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Where the scratch server's superuser connects: for looking at it from outside.
    pub fn superuser_url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Connects as the scratch server's superuser.
    pub(crate) async fn connect_superuser(&self) -> Result<Connection, RehearseError> {
        self.server.connect(&self.name).await
    }

    /// Connects as the role that the script runs as.
    pub(crate) async fn connect_runner(&self) -> Result<Connection, RehearseError> {
        self.server
            .connect_as(&self.role, Some(&self.password), &self.name)
            .await
    }

    /// Connects as the role that clients are tried as.
    pub(crate) async fn connect_builder(&self, database: &str) -> Result<Connection, RehearseError> {
        self.server
            .connect_as(BUILDER, Some(&self.password), database)
            .await
    }

    /// Makes the role that has what everybody has.
    pub(crate) async fn make_public_role(&self) -> Result<(), RehearseError> {
        let mut connection = self.connect_superuser().await?;
        connection
            .batch(&crate::clients::public_role())
            .await
            .map_err(RehearseError::scratch("making roles"))
    }

    /// Makes the planner believe that every table holds rows, as in
    /// production, however few it really has, with as many different values as the target's
    /// statistics count.
    pub(crate) async fn pretend_rows(&self, statistics: &Statistics) -> Result<(), RehearseError> {
        let doing = || RehearseError::scratch("setting statistics");
        let mut connection = self.connect_superuser().await?;
        let empty = connection
            .query(include_str!("../../queries/build/empty.sql"), &[])
            .await
            .map_err(doing())?;
        let data = self.server.data_dir();
        for row in empty.iter() {
            let path = data.join(row.get(0).unwrap_or_default());
            if let Err(error) = append_page(&path) {
                tracing::warn!(path = %path.display(), %error, "a table looks empty to the planner");
            }
        }
        connection
            .batch(include_str!("../../queries/build/pretence.sql"))
            .await
            .map_err(doing())?;
        for columns in statistics.columns().chunks(COLUMNS_AT_ONCE) {
            connection.batch(&counts(columns)).await.map_err(doing())?;
        }
        Ok(())
    }

    /// Makes its planner know what that of a target knows. The schema of the target has to be in it; rows are not.
    pub async fn impart(&mut self, knowledge: &Knowledge) -> Result<(), RehearseError> {
        let mut connection = self.connect_superuser().await?;
        let files = knowledge.impart(&mut connection, &self.name).await?;
        let data = self.server.data_dir();
        let grown = tokio::task::spawn_blocking(move || {
            for (path, pages) in files {
                if let Err(error) = grow(&data.join(&path), pages) {
                    tracing::warn!(path, %error, "a relation looks smaller to the planner than it is");
                }
            }
        });
        Ok(grown.await?)
    }

    /// Makes an ordinary role that a script takes for granted.
    pub(crate) async fn create_role(&self, name: &str) -> Result<(), RehearseError> {
        let mut connection = self.connect_superuser().await?;
        let (name, runner) = (quote_ident(name), quote_ident(&self.role));
        let sql = format!(
            "CREATE ROLE {name}; GRANT {name} TO {runner} WITH ADMIN OPTION; GRANT {name} TO {}",
            quote_ident(BUILDER)
        );
        connection
            .batch(&sql)
            .await
            .map_err(RehearseError::scratch("creating a role"))
    }

    /// Copies it to [`BEFORE`], in place of an earlier copy. Nobody may be connected to it.
    pub(crate) async fn copy(&self) -> Result<(), RehearseError> {
        let doing = || RehearseError::scratch("copying the database");
        let mut connection = self.server.connect("template1").await?;
        let strategy = match connection.version_num() >= 150_000 {
            true => " STRATEGY file_copy",
            false => "",
        };
        let name = quote_ident(&self.name);
        let earlier = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_ident(BEFORE));
        connection.batch(&earlier).await.map_err(doing())?;
        // A session that was just closed may still be about to leave.
        let copy = format!(
            "CREATE DATABASE {} TEMPLATE {name}{strategy}",
            quote_ident(BEFORE)
        );
        connection.batch(&copy).await.map_err(doing())
    }
}

/// Puts down how many values of columns are missing and how many are different.
fn counts(columns: &[ColumnStatistics]) -> String {
    let rows: Vec<String> = columns
        .iter()
        .map(|column| {
            format!(
                "({}, {}, {}, {}, {})",
                quote_literal(column.relation.schema.as_deref().unwrap_or_default()),
                quote_literal(&column.relation.name),
                quote_literal(&column.column),
                column.null_fraction,
                column.distinct,
            )
        })
        .collect();
    include_str!("../../queries/build/counts.sql").replace("/* columns */", &rows.join(", "))
}
