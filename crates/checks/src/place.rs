use std::collections::{BTreeMap, BTreeSet};

use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Connection, PgError};
use serde::de::DeserializeOwned;

use crate::line::Line;

const SQL: &str = include_str!("place.sql");

/// What is known of a server, a database and a role before anything is judged.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Such as 150014.
    pub version_num: u32,
    /// The database.
    pub database: String,
    /// The role, unquoted.
    pub role: String,
    /// Whether it is a superuser.
    pub is_superuser: bool,
    /// Whether it sees what the sessions of other roles do.
    pub sees_all_sessions: bool,
    /// Whether it sees every setting.
    pub sees_all_settings: bool,
    /// Whether it may run functions that scan tables of others, such as those of pgstattuple.
    pub scans_tables: bool,
    /// Whether the server is in recovery.
    pub is_standby: bool,
    /// Whether the server is run by RDS: Aurora or RDS for PostgreSQL.
    pub is_rds: bool,
    /// Seconds since the server was started.
    pub running_s: i64,
    /// Seconds that the counters of this database have been counting, at least.
    pub counted_s: i64,
    /// Bytes of the database as the last VACUUM or ANALYZE saw them.
    pub database_bytes: u64,
    aurora_functions: BTreeSet<String>,
    extensions: BTreeMap<String, String>,
}

impl Place {
    /// Asks the server, in one round trip.
    pub(crate) async fn of(connection: &mut Connection) -> Result<Self, PgError> {
        let rows = Reading::of(connection).one(&Query::new(SQL, &[])).await?;
        let Some(line) = rows.first().map(Line::new) else {
            return Ok(Self::default());
        };
        Ok(Self {
            version_num: line.maybe("version_num").unwrap_or_default(),
            database: line.text("database").to_owned(),
            role: line.text("role").to_owned(),
            is_superuser: line.is_true("is_superuser"),
            sees_all_sessions: line.is_true("sees_all_sessions"),
            sees_all_settings: line.is_true("sees_all_settings"),
            scans_tables: line.is_true("scans_tables"),
            is_standby: line.is_true("is_standby"),
            is_rds: line.is_true("is_rds"),
            running_s: line.integer("running_s"),
            counted_s: line.integer("counted_s"),
            database_bytes: line.bytes("database_bytes"),
            aurora_functions: json(line.text("aurora_functions")),
            extensions: json(line.text("extensions")),
        })
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.version_num / 10_000
    }

    /// Whether the server is Aurora.
    pub fn is_aurora(&self) -> bool {
        self.has_aurora_function("aurora_version")
    }

    /// Whether pg_catalog has a function of that name.
    pub fn has_aurora_function(&self, name: &str) -> bool {
        self.aurora_functions.contains(name)
    }

    /// The schema of an extension, quoted where it must be.
    pub fn extension_schema(&self, name: &str) -> Option<&str> {
        self.extensions.get(name).map(String::as_str)
    }

    /// Who runs what only a superuser may, and the statement.
    pub fn superuser_runs(&self, sql: &str) -> String {
        if self.is_rds {
            format!("a member of rds_superuser: {sql}")
        } else {
            format!("a superuser: {sql}")
        }
    }

    /// How a setting of the server is changed there: as SQL, or in words where SQL cannot.
    pub fn set(&self, name: &str, value: &str) -> Change {
        if self.is_rds {
            let group = if self.is_aurora() {
                "the cluster's parameter group"
            } else {
                "the parameter group"
            };
            return Change::Words(format!("Set {name} to {value} in {group}."));
        }
        const AT_START: [&str; 10] = [
            "shared_buffers",
            "max_connections",
            "shared_preload_libraries",
            "pg_stat_statements.max",
            "archive_mode",
            "max_prepared_transactions",
            "autovacuum_max_workers",
            "wal_level",
            "max_worker_processes",
            "huge_pages",
        ];
        let sql = format!("ALTER SYSTEM SET {name} = '{}';", value.replace('\'', "''"));
        if AT_START.contains(&name) {
            Change::Sql(format!("{sql}\n-- in force after a restart"))
        } else {
            Change::Sql(format!("{sql}\nSELECT pg_reload_conf();"))
        }
    }
}

/// How something of the server is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Statements.
    Sql(String),
    /// What a person does where no SQL reaches it.
    Words(String),
}

fn json<T: DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}
