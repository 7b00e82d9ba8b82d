//! The statements of ordinary roles, run before a script and after it.

use anyhow::{Context, Result};
use tokio_postgres::{Client, SimpleQueryMessage, Statement};

use super::case::directory;
use super::world::World;

struct Ordinary {
    role: String,
    sql: String,
}

/// Sessions that have prepared and run everything that works before the script.
pub(crate) struct Sessions {
    worked: Vec<Worked>,
    /// By role; they stay open while the script runs.
    open: Vec<(String, Client)>,
}

struct Worked {
    role: String,
    sql: String,
    rows: u64,
    prepared: Statement,
}

/// What ordinary roles meet after the script.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Statements that fail now, with their errors.
    pub(crate) failures: Vec<String>,
    /// Statements that found or wrote a row before and find none now, though it
    /// is there: the superuser still finds it.
    pub(crate) hidden: Vec<String>,
    /// The same, where the superuser finds none either.
    pub(crate) vanished: Vec<String>,
    /// Statements of which only the prepared form fails.
    pub(crate) prepared_only: Vec<String>,
}

impl Sessions {
    /// Opens them and tries everything.
    pub(crate) async fn open(world: &World, database: &str) -> Result<Self> {
        let mut sessions = Self {
            worked: Vec::new(),
            open: Vec::new(),
        };
        for Ordinary { role, sql } in statements()? {
            if !sessions.open.iter().any(|(known, _)| *known == role) {
                let client = world.server.probe_as(&role, database).await;
                sessions.open.push((role.clone(), client));
            }
            let client = sessions.session(&role)?;
            let Ok(rows) = plain(client, &sql).await? else {
                continue;
            };
            let prepared = client.prepare(&sql).await.with_context(|| sql.clone())?;
            if let Err(error) = again(client, &prepared).await? {
                anyhow::bail!("{sql}: {error}");
            }
            sessions.worked.push(Worked {
                role,
                sql,
                rows,
                prepared,
            });
        }
        Ok(sessions)
    }

    fn session(&self, role: &str) -> Result<&Client> {
        let found = self.open.iter().find(|(known, _)| known == role);
        Ok(&found.context("a session of the role")?.1)
    }

    /// Statements that did not work before, or found nothing: the truth set's own mistakes.
    pub(crate) fn useless(&self) -> Result<Vec<String>> {
        let useful: Vec<&str> = self
            .worked
            .iter()
            .filter(|worked| worked.rows > 0)
            .map(|worked| worked.sql.as_str())
            .collect();
        Ok(statements()?
            .into_iter()
            .map(|statement| statement.sql)
            .filter(|sql| !useful.contains(&sql.as_str()))
            .collect())
    }

    /// Tries everything again: prepared in the old sessions, plain in new ones.
    pub(crate) async fn aftermath(&self, world: &World, database: &str) -> Result<Aftermath> {
        let mut aftermath = Aftermath::default();
        let admin = world.server.probe(database).await;
        let mut fresh: Vec<(String, Client)> = Vec::new();
        for worked in &self.worked {
            if !fresh.iter().any(|(role, _)| *role == worked.role) {
                let client = world.server.probe_as(&worked.role, database).await;
                fresh.push((worked.role.clone(), client));
            }
            let client = &fresh
                .iter()
                .find(|(role, _)| *role == worked.role)
                .context("a session")?
                .1;
            match plain(client, &worked.sql).await? {
                Err(error) => {
                    aftermath
                        .failures
                        .push(format!("{}: {} → {error}", worked.role, worked.sql));
                    continue;
                }
                Ok(0) if worked.rows > 0 => {
                    let list = match plain(&admin, &worked.sql).await? {
                        Ok(rows) if rows > 0 => &mut aftermath.hidden,
                        _ => &mut aftermath.vanished,
                    };
                    list.push(format!("{}: {} → no row", worked.role, worked.sql));
                }
                Ok(_) => {}
            }
            if let Err(error) = again(self.session(&worked.role)?, &worked.prepared).await? {
                aftermath.prepared_only.push(format!("{} → {error}", worked.sql));
            }
        }
        Ok(aftermath)
    }
}

fn statements() -> Result<Vec<Ordinary>> {
    let text = std::fs::read_to_string(directory().join("clients.sql"))?;
    let mut statements = Vec::new();
    for (role, part) in text
        .split("-- role: ")
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
    {
        for piece in howdah_sql::split(part)? {
            statements.push(Ordinary {
                role: role.trim().to_owned(),
                sql: piece.text.to_owned(),
            });
        }
    }
    Ok(statements)
}

/// Rows found or written by the simple protocol, or the error.
async fn plain(client: &Client, sql: &str) -> Result<std::result::Result<u64, String>> {
    client.batch_execute("BEGIN").await?;
    let outcome = match client.simple_query(sql).await {
        Ok(messages) => Ok(messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
                _ => None,
            })
            .sum()),
        Err(error) => Err(message(&error)),
    };
    client.batch_execute("ROLLBACK").await?;
    Ok(outcome)
}

async fn again(client: &Client, prepared: &Statement) -> Result<std::result::Result<u64, String>> {
    client.batch_execute("BEGIN").await?;
    let outcome = client
        .execute(prepared, &[])
        .await
        .map_err(|error| message(&error));
    client.batch_execute("ROLLBACK").await?;
    Ok(outcome)
}

/// The server's words, without the driver's.
pub(crate) fn message(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |server| server.message().to_owned())
}
