//! A database with something that leaves a trace, and the judge who looks for it.

use std::sync::Arc;

use howdah_pg::guard::{self, Caps, GuardError, Guarded, Query};
use howdah_pg::{Cell, Column, ConnInfo, Flow, Origin, RowView, Sink, Target};
use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{Database, Server};

/// `evil` leaves a file in the server's data directory, which no ROLLBACK takes back. It
/// claims to be immutable and runs as superuser whoever calls it. `fine` is its harmless twin.
const SETUP: &str = r#"
CREATE FUNCTION strike() RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('COPY (SELECT 1) TO PROGRAM ''cat > evil_%s''', current_database()); END $$;
CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
BEGIN PERFORM public.strike(); RETURN 1; END $$;
CREATE FUNCTION evil(anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
BEGIN PERFORM public.strike(); RETURN $1; END $$;
CREATE FUNCTION evil_true(anyelement) RETURNS bool LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
BEGIN PERFORM public.strike(); RETURN true; END $$;
CREATE FUNCTION evil_true(anyelement, anyelement) RETURNS bool LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
BEGIN PERFORM public.strike(); RETURN true; END $$;
CREATE FUNCTION fine() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION fine(anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
CREATE FUNCTION fine_true(anyelement) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
CREATE FUNCTION fine_true(anyelement, anyelement) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
CREATE TABLE t (id int PRIMARY KEY, name text, n numeric, at timestamptz DEFAULT now());
INSERT INTO t (id, name, n) SELECT g, 'name ' || g, g * 1.5 FROM generate_series(1, 100) AS g;
"#;

pub(crate) struct Arena<'a> {
    pub(crate) server: &'a Server,
    pub(crate) database: Database<'a>,
    pub(crate) probe: Client,
}

impl<'a> Arena<'a> {
    pub(crate) async fn new(server: &'a Server) -> Arena<'a> {
        let database = server.database("guard").await;
        database.execute(SETUP).await;
        database
            .execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
            .await;
        let probe = database.probe().await;
        Arena {
            server,
            database,
            probe,
        }
    }

    pub(crate) fn target(&self, role: &str) -> Arc<Target> {
        target(&self.database.url_as(role))
    }

    /// Prepares what a case needs, as superuser, and lets everybody read it.
    pub(crate) async fn setup(&self, sql: &str) {
        let script = format!(
            "{sql}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC; \
             GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO PUBLIC"
        );
        self.probe
            .batch_execute(&script)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        self.forget().await;
    }

    /// Whether `evil` ran since it was last forgotten.
    pub(crate) async fn evil_ran(&self) -> bool {
        let sql = "SELECT size FROM pg_stat_file('evil_' || current_database(), true)";
        self.probe
            .query_one(sql, &[])
            .await
            .unwrap()
            .get::<_, Option<i64>>(0)
            .is_some()
    }

    pub(crate) async fn forget(&self) {
        let file = format!("evil_{}", self.database.name);
        let sql = format!("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f {file}'");
        self.probe.batch_execute(&sql).await.unwrap();
    }

    /// Runs the statement as each role and fails if it had an effect, or was not refused.
    pub(crate) async fn attack(&self, what: &str, sql: &str) {
        for role in ["postgres", "plain"] {
            let outcome = run(&self.target(role), sql).await;
            let major = self.server.major();
            assert!(
                !self.evil_ran().await,
                "{major}, {role}, {what}: evil ran by {sql}"
            );
            match outcome {
                Err(GuardError::Refused(_)) => {}
                other => panic!("{major}, {role}, {what}: not refused: {sql}: {other:?}"),
            }
        }
    }

    /// Runs the statement as each role and fails unless it works.
    pub(crate) async fn harmless(&self, what: &str, sql: &str) {
        for role in ["postgres", "plain"] {
            let outcome = run(&self.target(role), sql).await;
            let major = self.server.major();
            if let Err(error) = outcome {
                panic!("{major}, {role}, {what}: {sql}: {error:?}");
            }
            assert!(
                !self.evil_ran().await,
                "{major}, {role}, {what}: evil ran by {sql}"
            );
        }
    }
}

pub(crate) fn target(url: &str) -> Arc<Target> {
    Arc::new(Target::new(
        "test",
        ConnInfo::parse(url).unwrap(),
        Origin::CommandLine,
    ))
}

/// Runs a statement through the guard.
pub(crate) async fn run(target: &Arc<Target>, sql: &str) -> Result<(Guarded, Vec<Vec<String>>), GuardError> {
    let mut session = target.session().await?;
    let mut rows = Rows::default();
    let query = Query {
        sql,
        params: &[],
        caps: Caps {
            rows: Some(1_000),
            bytes: 1024 * 1024,
            cell_bytes: 64 * 1024,
        },
        timeout_ms: None,
    };
    let guarded = guard::query(&mut session, &query, &mut rows).await?;
    Ok((guarded, rows.0))
}

#[derive(Debug, Default)]
pub(crate) struct Rows(pub(crate) Vec<Vec<String>>);

impl Sink for Rows {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, row: &RowView<'_>) -> Flow {
        let text = |cell: Option<Cell<'_>>| cell.map_or("NULL".to_owned(), |cell| cell.text().into_owned());
        self.0.push(row.cells().map(text).collect());
        Flow::Continue
    }
}
