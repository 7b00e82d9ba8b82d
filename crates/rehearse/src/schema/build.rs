use std::collections::BTreeSet;

use howdah_pg::{Connection, PgError};
use howdah_sql::{quote_ident, quote_literal};

use super::{Piece, Schema};
use crate::RehearseError;
use crate::scratch::Server;

/// The role that objects are created as and clients are tried as: a member of
/// every other, and no superuser, since what it runs was written by others.
pub(crate) const BUILDER: &str = "howdah builder";

/// How many pieces go into one message; a piece that fails costs a message for
/// each of its neighbours.
const MESSAGE_PIECES: usize = 100;

/// Notes about single objects that are worth reading; the rest is counted.
const NOTES_MAX: usize = 20;

/// A schema that has been built.
pub(crate) struct Built {
    /// For the roles that may log in.
    pub(crate) password: String,
    /// What is missing or different.
    pub(crate) notes: Vec<String>,
}

impl Schema {
    /// Builds it in an empty database of that name. Whatever cannot be made is
    /// noted and left out.
    pub(crate) async fn build(&self, server: &Server) -> Result<Built, RehearseError> {
        let mut superuser = server.connect(&self.database).await?;
        let mut notes = Notes::default();
        let password = Server::password()?;
        let builder = quote_ident(BUILDER);
        superuser
            .batch(&format!(
                "CREATE ROLE {builder} LOGIN PASSWORD {} CREATEDB BYPASSRLS; ALTER SCHEMA public OWNER TO {builder}; \
                 GRANT CREATE ON DATABASE {} TO {builder}",
                quote_literal(&password),
                quote_ident(&self.database),
            ))
            .await
            .map_err(RehearseError::scratch("making roles"))?;
        run(&mut superuser, &self.before, &mut notes).await?;
        self.make_extensions(&mut superuser, &mut notes).await?;
        superuser
            .batch(include_str!("../../queries/build/before.sql"))
            .await
            .map_err(RehearseError::scratch("handing the schemas over"))?;
        let mut connection = server
            .connect_as(BUILDER, Some(&password), &self.database)
            .await?;
        connection
            .batch("SET check_function_bodies = off; SET search_path = pg_catalog, pg_temp; SET client_min_messages = error")
            .await
            .map_err(RehearseError::scratch("building the schema"))?;
        run(&mut connection, &self.objects, &mut notes).await?;
        drop(connection);
        superuser
            .batch("SET search_path = pg_catalog, pg_temp")
            .await
            .map_err(RehearseError::scratch("building the schema"))?;
        run(&mut superuser, &self.after, &mut notes).await?;
        self.let_the_runner_in(&mut superuser, &password).await?;
        Ok(Built {
            password,
            notes: notes.finish(),
        })
    }

    async fn let_the_runner_in(
        &self,
        connection: &mut Connection,
        password: &str,
    ) -> Result<(), RehearseError> {
        let role = quote_ident(&self.role);
        let mut sql = format!(
            "ALTER ROLE {role} LOGIN PASSWORD {}; ALTER ROLE {role} SET auto_explain.log_min_duration = 0;",
            quote_literal(password),
        );
        if self.superuser {
            sql.push_str(&format!("SET howdah.runner = {};", quote_literal(&self.role)));
            sql.push_str(include_str!("../../queries/build/runner.sql"));
        }
        connection
            .batch(&sql)
            .await
            .map_err(RehearseError::scratch("granting roles"))
    }

    async fn make_extensions(
        &self,
        connection: &mut Connection,
        notes: &mut Notes,
    ) -> Result<(), RehearseError> {
        let mut missing = BTreeSet::new();
        for extension in &self.extensions {
            match connection.batch(&extension.sql).await {
                Ok(()) => continue,
                Err(error) if error.is_fatal() => {
                    return Err(RehearseError::scratch("creating extensions")(error));
                }
                Err(_) => missing.insert(extension.name.as_str()),
            };
            for name in &extension.types {
                let stand_in = Piece {
                    what: format!("type {name}"),
                    sql: format!("CREATE DOMAIN {name} AS text"),
                };
                run(connection, &[stand_in], notes).await?;
            }
        }
        if !missing.is_empty() {
            let names: Vec<&str> = missing.into_iter().collect();
            notes.important.push(format!(
                "Extensions that are not installed here were left out, text stands in for their types: {}.",
                names.join(", ")
            ));
        }
        Ok(())
    }
}

/// Runs pieces, each of which succeeds as a whole or is noted.
async fn run(connection: &mut Connection, pieces: &[Piece], notes: &mut Notes) -> Result<(), RehearseError> {
    for group in pieces.chunks(MESSAGE_PIECES) {
        let whole: Vec<&str> = group.iter().map(|piece| piece.sql.as_str()).collect();
        match connection.batch(&whole.join(";\n")).await {
            Ok(()) => continue,
            Err(error) if error.is_fatal() => {
                return Err(RehearseError::scratch("building the schema")(error));
            }
            Err(_) => {}
        }
        for piece in group {
            match connection.batch(&piece.sql).await {
                Ok(()) => {}
                Err(error) if error.is_fatal() => {
                    return Err(RehearseError::scratch("building the schema")(error));
                }
                Err(error) => notes.add(&piece.what, &error),
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Notes {
    important: Vec<String>,
    objects: Vec<String>,
    more: usize,
}

impl Notes {
    fn add(&mut self, what: &str, error: &PgError) {
        tracing::debug!(what, %error, "left out of a scratch database");
        match self.objects.len() < NOTES_MAX {
            true => self.objects.push(format!("Not rebuilt: {what} ({error}).")),
            false => self.more += 1,
        }
    }

    fn finish(self) -> Vec<String> {
        let mut notes = self.important;
        notes.extend(self.objects);
        if self.more > 0 {
            notes.push(format!("Not rebuilt: {} further objects.", self.more));
        }
        notes
    }
}
