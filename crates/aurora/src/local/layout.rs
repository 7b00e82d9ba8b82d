//! Where everything is, and the records about it.
//!
//! ```text
//! <home>/clusters/<name>/cluster.json   the record: what it is, which job made it
//!                        password       of the role postgres; only its owner can read it
//!                        tls/           ca.crt, server.crt, server.key
//!                        writer/        an instance (see howdah_localpg::Instance)
//!                        reader-1/ …    further ones
//!                        proxy/         pgbouncer, see howdah_localpg::Pooler
//!                        base/ archive/ see log_archive.rs
//!                        schema.json    of a green environment, see blue_green/schema.rs
//! <home>/snapshots/<name>/snapshot.json the record
//!                         data/         the data directory
//!                         backup_label  for one that was taken of a running server
//! ```
//!
//! A directory appears under its name by a rename when it is whole, and is
//! renamed away before it is removed; in between it is called `.new-<job>` or
//! `.gone-<job>`, by which its job finds it again.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use howdah_core::{Error, Result};
use howdah_localpg::{Account, Instance, LocalError, Pooler, TlsFiles, write_private};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{AuroraError, ClusterName, Compute, Connection, Snapshot, SnapshotName};

/// The superuser of a cluster, and the role of its connections.
pub(super) const USER: &str = "postgres";

/// The name that is in the server's certificate.
pub(super) const HOST: &str = "localhost";

/// The directories of clusters and snapshots.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    home: PathBuf,
}

/// What is known of a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ClusterRecord {
    /// The job that makes or made it.
    pub(super) job: String,
    /// In UTC, RFC 3339.
    pub(super) created: String,
    pub(super) major: u16,
    pub(super) version: String,
    pub(super) database: String,
    pub(super) stage: Stage,
    /// Whether it was stopped on purpose.
    pub(super) stopped: bool,
    /// The last job that made a reader the writer and has exchanged their data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) turned_by: Option<String>,
    /// The range of ACU that caps its servers; they take what this machine has without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) compute: Option<Compute>,
    /// Its part in a blue/green deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) blue_green: Option<Part>,
}

/// What a cluster is in a blue/green deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    /// The job that began the deployment.
    pub(super) job: String,
    pub(super) side: Side,
    /// The cluster on the other side.
    pub(super) partner: ClusterName,
    /// How far it is: what the record of the green side says.
    pub(super) phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    Blue,
    Green,
}

/// How far a blue/green deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Provisioning,
    Following,
    Switching,
    Switched,
    Deleting,
}

/// Where a cluster is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Creating,
    Whole,
    Deleting,
}

/// What is known of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SnapshotRecord {
    pub(super) job: String,
    pub(super) cluster: ClusterName,
    pub(super) created: String,
    pub(super) major: u16,
    pub(super) version: String,
    pub(super) database: String,
    /// What capped the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) compute: Option<Compute>,
    pub(super) size_bytes: u64,
}

impl Layout {
    pub(super) fn new(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
        }
    }

    pub(super) fn cluster(&self, name: &ClusterName) -> ClusterDirectory {
        ClusterDirectory {
            path: self.clusters_dir().join(name.as_str()),
            name: name.clone(),
        }
    }

    pub(super) fn snapshot(&self, name: &SnapshotName) -> SnapshotDirectory {
        SnapshotDirectory {
            path: self.snapshots_dir().join(name.as_str()),
            name: name.clone(),
        }
    }

    pub(super) fn clusters_dir(&self) -> PathBuf {
        self.home.join("clusters")
    }

    pub(super) fn snapshots_dir(&self) -> PathBuf {
        self.home.join("snapshots")
    }

    /// The clusters that there are, in order of name.
    pub(super) fn clusters(&self) -> Result<Vec<ClusterName>> {
        names_in(&self.clusters_dir(), "cluster.json")
    }

    /// The snapshots that there are, in order of name.
    pub(super) fn snapshots(&self) -> Result<Vec<Snapshot>> {
        let names: Vec<SnapshotName> = names_in(&self.snapshots_dir(), "snapshot.json")?;
        let mut all = Vec::new();
        for name in names {
            if let Some(record) = self.snapshot(&name).existing()? {
                all.push(Snapshot {
                    name,
                    provider: super::LocalPlane::NAME.to_owned(),
                    cluster: record.cluster,
                    version: record.version,
                    created: record.created,
                    size_bytes: record.size_bytes,
                    database: record.database,
                    shared_with: Vec::new(),
                });
            }
        }
        Ok(all)
    }

    /// The ports of all instances and proxies but those of `except`, running or not: a
    /// stopped server should find its own free again.
    pub(super) fn ports(&self, except: &Path) -> BTreeSet<u16> {
        let instances = |cluster: PathBuf| std::fs::read_dir(cluster).into_iter().flatten();
        std::fs::read_dir(self.clusters_dir())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .flat_map(instances)
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path != except)
            .filter_map(|path| {
                let pooler = || Some(Pooler::open(&path).ok()??.port());
                Instance::open(&path)
                    .ok()
                    .map(|instance| instance.port())
                    .or_else(pooler)
            })
            .collect()
    }

    /// Makes the directories that all clusters share, and lets the account of
    /// the servers pass through them where it is another.
    pub(super) fn make_shared_directories(&self) -> Result<()> {
        let account = Account::of_servers()?;
        let mode = if account.differs() { 0o711 } else { 0o700 };
        for path in [self.home.clone(), self.clusters_dir(), self.snapshots_dir()] {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(&path)
                .map_err(|source| file("create", &path, source))?;
            let meta = std::fs::metadata(&path).map_err(|source| file("look at", &path, source))?;
            // Made by somebody else for themselves alone, or under a strict umask.
            if account.differs() && meta.mode() & 0o011 != 0o011 {
                let mode = std::fs::Permissions::from_mode(meta.mode() & 0o7777 | 0o011);
                std::fs::set_permissions(&path, mode).map_err(|source| file("open", &path, source))?;
            }
        }
        account.can_enter(&self.clusters_dir())?;
        Ok(())
    }
}

/// The directory of one cluster, there or not.
#[derive(Debug, Clone)]
pub(super) struct ClusterDirectory {
    path: PathBuf,
    pub(super) name: ClusterName,
}

impl ClusterDirectory {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a job keeps it until it is whole enough to be seen.
    pub(super) fn nascent(&self, job: &str) -> Self {
        Self {
            path: self.path.with_file_name(format!(".new-{job}")),
            name: self.name.clone(),
        }
    }

    /// Where a job keeps it until it is wholly removed.
    pub(super) fn condemned(&self, job: &str) -> Self {
        Self {
            path: self.path.with_file_name(format!(".gone-{job}")),
            name: self.name.clone(),
        }
    }

    pub(super) fn existing(&self) -> Result<Option<ClusterRecord>> {
        read_record(&self.path.join("cluster.json"))
    }

    pub(super) fn record(&self) -> Result<ClusterRecord> {
        self.existing()?.ok_or_else(|| {
            AuroraError::NoCluster {
                name: self.name.to_string(),
                known: Vec::new(),
            }
            .into()
        })
    }

    pub(super) fn write_record(&self, record: &ClusterRecord) -> Result<()> {
        write_private(
            &self.path.join("cluster.json"),
            &serde_json::to_string_pretty(record)?,
        )?;
        Ok(())
    }

    pub(super) fn password_file(&self) -> PathBuf {
        self.path.join("password")
    }

    pub(super) fn password(&self) -> Result<String> {
        let path = self.password_file();
        std::fs::read_to_string(&path).map_err(|source| file("read", &path, source))
    }

    pub(super) fn tls(&self) -> TlsFiles {
        TlsFiles::in_directory(&self.tls_dir())
    }

    pub(super) fn tls_dir(&self) -> PathBuf {
        self.path.join("tls")
    }

    pub(super) fn instance_dir(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn instance(&self, name: &str) -> Result<Instance> {
        Ok(Instance::open(&self.instance_dir(name))?)
    }

    pub(super) fn writer(&self) -> Result<Instance> {
        self.instance("writer")
    }

    /// Where the instances are, by what there is and not by what should be;
    /// readers first.
    pub(super) fn instance_dirs(&self) -> Vec<PathBuf> {
        let named = |path: &PathBuf, prefix: &str| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        };
        let mut found: Vec<PathBuf> = std::fs::read_dir(&self.path)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| named(path, "writer") || named(path, "reader-"))
            .collect();
        found.sort();
        found
    }

    /// The numbers of the readers that are there.
    pub(super) fn readers(&self) -> Vec<u8> {
        let number = |path: PathBuf| path.file_name()?.to_str()?.strip_prefix("reader-")?.parse().ok();
        let mut found: Vec<u8> = self
            .instance_dirs()
            .into_iter()
            .filter(|path| Instance::open(path).is_ok())
            .filter_map(number)
            .collect();
        found.sort_unstable();
        found
    }

    /// Where the data of an instance are while they are copied.
    pub(super) fn copy_of(&self, name: &str) -> PathBuf {
        self.path.join(format!("copy-of-{name}"))
    }

    /// How to connect, as things are now.
    pub(super) fn connection(&self) -> Result<Connection> {
        let record = self.record()?;
        let readers = self
            .readers()
            .into_iter()
            .map(|number| Ok(format!("{HOST}:{}", self.instance(&reader_name(number))?.port())))
            .collect::<Result<_>>()?;
        Ok(Connection {
            target: self.name.to_string(),
            endpoint: HOST.to_owned(),
            port: self.writer()?.port(),
            reader_endpoints: readers,
            database: record.database,
            user: USER.to_owned(),
            password_file: Some(self.password_file()),
            secret: None,
            ca_file: self.tls().ca,
        })
    }
}

/// The directory of one snapshot, there or not.
#[derive(Debug, Clone)]
pub(super) struct SnapshotDirectory {
    path: PathBuf,
    pub(super) name: SnapshotName,
}

impl SnapshotDirectory {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn nascent(&self, job: &str) -> Self {
        Self {
            path: self.path.with_file_name(format!(".new-{job}")),
            name: self.name.clone(),
        }
    }

    /// Where a job keeps it until it is wholly removed.
    pub(super) fn condemned(&self, job: &str) -> Self {
        Self {
            path: self.path.with_file_name(format!(".gone-{job}")),
            name: self.name.clone(),
        }
    }

    pub(super) fn data_dir(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn label_file(&self) -> PathBuf {
        self.path.join("backup_label")
    }

    pub(super) fn existing(&self) -> Result<Option<SnapshotRecord>> {
        read_record(&self.path.join("snapshot.json"))
    }

    pub(super) fn write_record(&self, record: &SnapshotRecord) -> Result<()> {
        write_private(
            &self.path.join("snapshot.json"),
            &serde_json::to_string_pretty(record)?,
        )?;
        Ok(())
    }

    pub(super) fn require(&self, layout: &Layout) -> Result<SnapshotRecord> {
        if let Some(record) = self.existing()? {
            return Ok(record);
        }
        let known = layout
            .snapshots()?
            .into_iter()
            .map(|snapshot| snapshot.name.into())
            .collect();
        Err(AuroraError::NoSnapshot {
            name: self.name.to_string(),
            known,
        }
        .into())
    }

    pub(super) fn check_free(&self) -> Result<()> {
        match self.existing()? {
            None => Ok(()),
            Some(record) => Err(AuroraError::SnapshotExists {
                name: self.name.to_string(),
                cluster: record.cluster.to_string(),
                created: record.created,
            }
            .into()),
        }
    }
}

pub(super) fn reader_name(number: impl std::fmt::Display) -> String {
    format!("reader-{number}")
}

/// The time now in UTC, RFC 3339, whole seconds.
pub(super) fn now() -> String {
    let now = time::OffsetDateTime::now_utc();
    now.replace_nanosecond(0)
        .unwrap_or(now)
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_default()
}

/// Removes a directory with all in it; fine when there is none.
pub(super) fn remove_directory(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(file("remove", path, error)),
        _ => Ok(()),
    }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(|source| file("rename", from, source))
}

/// A path for a command in the server's configuration: one word of the shell, without the server's own `%` signs.
pub(super) fn for_shell(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''").replace('%', "%%"))
}

pub(super) fn file(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    LocalError::File {
        action,
        path: path.to_owned(),
        source,
    }
    .into()
}

fn read_record<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let damaged = |why: String| AuroraError::Damaged {
        file: path.display().to_string(),
        why,
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?,
        )),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(damaged(error.to_string()).into()),
    }
}

/// The names of the directories that hold `record`; those of jobs under way,
/// which begin with a dot, are none.
fn names_in<T: std::str::FromStr + Ord>(directory: &Path, record: &str) -> Result<Vec<T>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file("read", directory, error)),
    };
    let mut names: Vec<T> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join(record).exists())
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    names.sort();
    Ok(names)
}
