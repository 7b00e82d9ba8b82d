//! What blue's schema was when green was made of it. Logical replication carries rows only: a schema that was changed
//! since is not green's.

use std::collections::BTreeMap;

use howdah_core::{Error, Result};
use howdah_localpg::{Instance, write_private};
use serde::{Deserialize, Serialize};

use super::super::layout::{ClusterDirectory, file};
use super::super::server::connect;
use super::link::Database;

/// The objects of one database, or of the cluster, each with a digest of its definition.
type Objects = BTreeMap<String, String>;

/// Blue's schema, and which server has been made of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Schema {
    /// Green's system identifier.
    pub(super) system: String,
    /// By database; that of all together is called `""`.
    objects: BTreeMap<String, Objects>,
}

impl Schema {
    /// As it is on blue now.
    pub(super) async fn of(blue: &Instance, databases: &[Database], system: &str) -> Result<Self> {
        let mut objects = BTreeMap::new();
        let cluster = include_str!("../queries/blue_green/schema_of_cluster.sql");
        objects.insert(String::new(), look(blue, "postgres", cluster).await?);
        for database in databases {
            let sql = include_str!("../queries/blue_green/schema.sql");
            objects.insert(database.name.clone(), look(blue, &database.name, sql).await?);
        }
        Ok(Self {
            system: system.to_owned(),
            objects,
        })
    }

    /// As it was; none where green is not made yet.
    pub(super) fn kept(green: &ClusterDirectory) -> Result<Option<Self>> {
        let path = green.schema_file();
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file("read", &path, error)),
        }
    }

    /// Keeps it with green.
    pub(super) fn keep(&self, green: &ClusterDirectory) -> Result<()> {
        Ok(write_private(
            &green.schema_file(),
            &serde_json::to_string(self)?,
        )?)
    }

    /// Fails where `now` is another, with what was changed.
    pub(super) fn check_unchanged(&self, now: &Self, cluster: &str) -> Result<()> {
        let mut changed = Vec::new();
        for (database, objects) in &now.objects {
            let before = self.objects.get(database);
            let place = match database.as_str() {
                "" => String::new(),
                name => format!(" in {name}"),
            };
            for (object, digest) in objects {
                match before.and_then(|before| before.get(object)) {
                    None => changed.push(format!("{object}{place} is new")),
                    Some(known) if known != digest => changed.push(format!("{object}{place} was changed")),
                    Some(_) => {}
                }
            }
            for object in before.into_iter().flat_map(BTreeMap::keys) {
                if !objects.contains_key(object) {
                    changed.push(format!("{object}{place} is gone"));
                }
            }
        }
        if changed.is_empty() {
            return Ok(());
        }
        let more = match changed.len().saturating_sub(10) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        changed.truncate(10);
        Err(Error::refused(format!(
            "The schema of {cluster} was changed since its green environment was made, which does not know of it: {}{more}.",
            changed.join(", ")
        ))
        .hint(format!(
            "Make it anew: howdah cluster blue-green delete {cluster} --yes --wait, then howdah cluster blue-green create {cluster} --wait."
        )))
    }
}

async fn look(blue: &Instance, database: &str, sql: &str) -> Result<Objects> {
    let rows = connect(blue, database).await?.query(sql, &[]).await?;
    let pair =
        |row: howdah_pg::Row<'_>| Some((row.get(0)?.to_owned(), row.get(1).unwrap_or_default().to_owned()));
    Ok(rows.iter().filter_map(pair).collect())
}

impl ClusterDirectory {
    fn schema_file(&self) -> std::path::PathBuf {
        self.path().join("schema.json")
    }
}
