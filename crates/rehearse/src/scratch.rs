mod database;
mod place;
mod watchdog;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use howdah_localpg::{InitOptions, Installation, Instance, LocalError, generate_password};
use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use tokio::sync::OnceCell;

use crate::RehearseError;
use place::private_directory;
use watchdog::Watchdog;

pub(crate) use database::BEFORE;
pub use database::ScratchDatabase;

/// The superuser of scratch servers: nobody's name, so that a target's
/// `postgres` can be rebuilt as the ordinary role that the script runs as.
pub(crate) const SUPERUSER: &str = "howdah scratch";

/// Our own process may be it by its account; everybody else needs the password
/// that is made up for each rehearsal, which a script does not know. So it can
/// neither connect to itself nor become somebody else.
const HBA: &str = "\
local  all  \"howdah scratch\"  peer map=howdah
local  all  all                 scram-sha-256
";

/// A local PostgreSQL server for scratch databases. One per major version and
/// process: started by whoever asks first, gone with the process, also after SIGKILL.
///
/// It listens on a private Unix socket only.
#[derive(Debug, Clone)]
pub struct Scratch {
    server: Arc<Server>,
    wanted: Option<u16>,
}

#[derive(Debug)]
pub(crate) struct Server {
    instance: Instance,
    /// Roles are shared by all databases of a server: one rehearsal at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
    // Last: removes the directory when all else is dropped.
    _watchdog: Watchdog,
}

impl Scratch {
    /// The server of that major version; where it is not installed, of the
    /// nearest newer one, else of the nearest older one. Without a wish, the
    /// newest that Howdah supports. Starting it takes about a second.
    pub async fn for_major(major: Option<u16>) -> Result<Self, RehearseError> {
        Self::among(Installation::all, major).await
    }

    /// As [`Scratch::for_major`], among these installations.
    pub async fn among(
        installed: impl FnOnce() -> Vec<Installation> + Send + 'static,
        major: Option<u16>,
    ) -> Result<Self, RehearseError> {
        type Shared = Mutex<BTreeMap<u16, &'static OnceCell<Arc<Server>>>>;
        static SHARED: Shared = Mutex::new(BTreeMap::new());
        let installation = tokio::task::spawn_blocking(move || nearest(installed(), major)).await??;
        let cell = *SHARED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(installation.major)
            .or_insert_with(|| Box::leak(Box::default()));
        let server = cell
            .get_or_try_init(|| async {
                let server = tokio::task::spawn_blocking(move || Server::start(&installation)).await??;
                server.prepare().await?;
                Ok::<_, RehearseError>(Arc::new(server))
            })
            .await?;
        Ok(Self {
            server: Arc::clone(server),
            wanted: major,
        })
    }

    /// The major version of the server.
    pub fn major(&self) -> u16 {
        self.server.instance.installation().major
    }

    /// What to tell about the choice: that another major version had to do.
    pub fn note(&self) -> Option<String> {
        let wanted = self.wanted.filter(|wanted| *wanted != self.major())?;
        Some(format!(
            "PostgreSQL {wanted} is not installed here: rehearsed on {}.",
            self.server.instance.installation().version
        ))
    }

    /// An empty database of that name, which nobody else has on this server,
    /// and no roles but our own. Waits for the end of another rehearsal in this
    /// process: never ask for two of one server at once.
    pub async fn database(&self, name: &str) -> Result<ScratchDatabase, RehearseError> {
        let turn = Arc::clone(&self.server.turn).lock_owned().await;
        ScratchDatabase::create(Arc::clone(&self.server), turn, name, self.note()).await
    }
}

impl Server {
    fn start(installation: &Installation) -> Result<Self, LocalError> {
        let directory = private_directory()?;
        let watchdog = Watchdog::over(&directory)?;
        let settings = [
            ("listen_addresses", ""),
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("wal_level", "logical"),
            ("shared_buffers", "64MB"),
            ("max_connections", "20"),
            ("max_locks_per_transaction", "2048"),
            ("max_wal_size", "256MB"),
            ("min_wal_size", "32MB"),
            ("autovacuum", "off"),
            ("jit", "off"),
            ("max_parallel_workers_per_gather", "0"),
            ("max_parallel_maintenance_workers", "0"),
            ("log_min_messages", "fatal"),
            ("log_min_error_statement", "panic"),
            // Plans of all that a script's statements run inside come to us as
            // INFO, which no setting of a script holds back.
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "-1"),
            ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_verbose", "on"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_level", "info"),
        ];
        let options = InitOptions {
            superuser: SUPERUSER.into(),
            settings: settings.map(|(name, value)| (name.into(), value.into())).to_vec(),
            hba: Some(HBA.into()),
            durable: false,
            ..InitOptions::default()
        };
        let mut instance = Instance::init(&directory.join("server"), installation, &options)?;
        instance.start(&BTreeSet::new())?;
        Ok(Self {
            instance,
            turn: Arc::default(),
            _watchdog: watchdog,
        })
    }

    /// Makes the name `postgres` free for a database of a target.
    async fn prepare(&self) -> Result<(), RehearseError> {
        let mut connection = self.connect("template1").await?;
        connection
            .batch("DROP DATABASE postgres")
            .await
            .map_err(RehearseError::scratch("starting"))
    }

    /// Connects as superuser.
    pub(crate) async fn connect(&self, database: &str) -> Result<Connection, RehearseError> {
        self.connect_as(SUPERUSER, None, database).await
    }

    /// Connects as some role.
    pub(crate) async fn connect_as(
        &self,
        role: &str,
        password: Option<&str>,
        database: &str,
    ) -> Result<Connection, RehearseError> {
        let mut text = self.conninfo(role, database);
        if let Some(password) = password {
            // Letters, digits, - and _ only.
            text.push_str(&format!(" password={password}"));
        }
        let doing = RehearseError::scratch("connecting");
        match ConnInfo::parse_with(&text, &NoEnvironment) {
            Ok(info) => Connection::connect(&info).await.map_err(doing),
            Err(error) => Err(doing(error.into())),
        }
    }

    /// A connection string for the superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        self.conninfo(SUPERUSER, database)
    }

    fn conninfo(&self, role: &str, database: &str) -> String {
        let value = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        format!(
            "host={} port={} user={} dbname={} application_name=howdah connect_timeout=10",
            value(&self.instance.socket_dir().to_string_lossy()),
            self.instance.port(),
            value(role),
            value(database),
        )
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.instance.data_dir()
    }

    /// A password for one rehearsal.
    pub(crate) fn password() -> Result<String, LocalError> {
        generate_password()
    }
}

fn nearest(all: Vec<Installation>, wanted: Option<u16>) -> Result<Installation, LocalError> {
    let Some(wanted) = wanted else {
        return Installation::choose(all, None);
    };
    let newer = |found: &&Installation| found.major >= wanted;
    let best = all.iter().filter(newer).min_by_key(|found| found.major);
    let best = best.or_else(|| all.iter().max_by_key(|found| found.major));
    match best.cloned() {
        Some(found) => Ok(found),
        None => Installation::choose(all, Some(wanted)),
    }
}

const PAGE_BYTES: u64 = 8192;
/// A relation is a row of files of at most so many pages each.
const SEGMENT_PAGES: u64 = 1024 * 1024 * 1024 / PAGE_BYTES;
/// Files that a relation is made to have.
const SEGMENTS_MAX: u64 = 1_000;

/// Makes a relation's files as long as so many pages take: of holes, which take no room on disk, and which the server
/// reads as empty pages.
pub(crate) fn grow(path: &Path, pages: u64) -> std::io::Result<()> {
    let segments = pages.div_ceil(SEGMENT_PAGES).min(SEGMENTS_MAX);
    for segment in 0..segments {
        let mut name = path.as_os_str().to_owned();
        if segment > 0 {
            name.push(format!(".{segment}"));
        }
        let length = (pages - segment * SEGMENT_PAGES).min(SEGMENT_PAGES) * PAGE_BYTES;
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&name)?;
        if segment > 0 {
            // The server may run by another account than ours.
            let owner = std::fs::metadata(path)?;
            std::os::unix::fs::chown(&name, Some(owner.uid()), Some(owner.gid()))?;
        }
        if file.metadata()?.len() < length {
            file.set_len(length)?;
        }
    }
    Ok(())
}

/// Appends an empty page to a file of the server.
pub(crate) fn append_page(path: &Path) -> std::io::Result<()> {
    let file = std::fs::OpenOptions::new().write(true).open(path)?;
    let length = file.metadata()?.len();
    file.set_len(length + PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn made_up(majors: &[u16]) -> Vec<Installation> {
        let one = |major: &u16| Installation {
            major: *major,
            version: format!("{major}.1"),
            bin_dir: PathBuf::from("/pg"),
        };
        majors.iter().map(one).collect()
    }

    #[test]
    fn the_nearest_version_is_taken_and_newer_ones_first() {
        let major = |installed: &[u16], wanted| nearest(made_up(installed), wanted).unwrap().major;
        assert_eq!(major(&[18, 16, 15, 13], Some(15)), 15);
        assert_eq!(major(&[18, 16, 13], Some(14)), 16);
        assert_eq!(major(&[15, 13], Some(17)), 15);
        assert_eq!(major(&[18, 15], None), 18);
        let error = nearest(vec![], Some(15)).unwrap_err();
        assert!(
            error.to_string().contains("PostgreSQL 15 is not installed"),
            "{error}"
        );
    }
}
