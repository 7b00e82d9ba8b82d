use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Session, Transaction};
use howdah_sql::quote_ident;

use super::Server;
use crate::StoreError;

/// The formats of the tables on a server, in order; a released one is never edited.
const FORMATS: &[&str] = &[include_str!("1.sql")];

impl Server {
    /// The row of the database, where there is one.
    pub(super) async fn id(&self) -> Result<Option<i64>, StoreError> {
        if let Some(id) = self.lock().id {
            return Ok(Some(id));
        }
        if self.format().await?.is_none() {
            return Ok(None);
        }
        let sql = format!(
            "SELECT id FROM {}.target WHERE name = $1",
            quote_ident(&self.schema)
        );
        let mut session = self.session().await?;
        let params = [Some(self.database.as_str())];
        let rows = Reading::of(&mut session).one(&Query::new(&sql, &params)).await;
        let rows = rows.map_err(|error| self.failed(error))?;
        let id = rows.first().and_then(|row| row.parse(0));
        self.lock().id = id;
        Ok(id)
    }

    /// The format of the tables; none where there are none. An error where it is not known here.
    async fn format(&self) -> Result<Option<usize>, StoreError> {
        let sql = format!("SELECT max(version) FROM {}.format", quote_ident(&self.schema));
        let mut session = self.session().await?;
        let rows = match Reading::of(&mut session).one(&Query::new(&sql, &[])).await {
            Ok(rows) => rows,
            Err(error) if matches!(error.sqlstate(), Some("42P01" | "3F000")) => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        self.known(rows.first().and_then(|row| row.parse(0)))
    }

    fn known(&self, found: Option<usize>) -> Result<Option<usize>, StoreError> {
        match found {
            Some(found) if found > FORMATS.len() => Err(StoreError::HistoryTooNew {
                place: self.place(),
                found,
                known: FORMATS.len(),
            }),
            found => Ok(found),
        }
    }

    /// Sees to it that schema and tables are there, in the newest format.
    pub(super) async fn create(&self) -> Result<(), StoreError> {
        if self.format().await? == Some(FORMATS.len()) {
            return Ok(());
        }
        let mut session = self.session().await?;
        let created = self.create_on(&mut session).await;
        if session.transaction() != Transaction::Idle {
            session
                .batch("ROLLBACK")
                .await
                .map_err(|error| self.failed(error))?;
        }
        created
    }

    async fn create_on(&self, session: &mut Session) -> Result<(), StoreError> {
        let failed = |error| self.failed(error);
        let schema = quote_ident(&self.schema);
        // Of several watchers that begin together one creates the tables.
        let begin = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('howdah history'))";
        session.batch(begin).await.map_err(failed)?;
        let sql = "SELECT to_regnamespace($1) IS NOT NULL, to_regclass($1 || '.format') IS NOT NULL";
        let there = session
            .query(sql, &[Some(schema.as_str())])
            .await
            .map_err(failed)?;
        let is_there = |column| there.first().is_some_and(|row| row.is_true(column));
        // Only who may create schemas is asked to.
        if !is_there(0) {
            session
                .batch(&format!("CREATE SCHEMA {schema}"))
                .await
                .map_err(failed)?;
        }
        let mut found = 0;
        if is_there(1) {
            let sql = format!("SELECT max(version) FROM {schema}.format");
            let rows = session.query(&sql, &[]).await.map_err(failed)?;
            found = self
                .known(rows.first().and_then(|row| row.parse(0)))?
                .unwrap_or(0);
        }
        let mut script = format!("SET LOCAL search_path = {schema};\n");
        for format in FORMATS.iter().skip(found) {
            script.push_str(format);
        }
        script.push_str(&format!(
            "DELETE FROM format; INSERT INTO format (version) VALUES ({}); COMMIT;",
            FORMATS.len()
        ));
        session.batch(&script).await.map_err(failed)
    }
}
