use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use howdah_core::{Config, Error, Result};
use serde::Deserialize;

use crate::conninfo::{ConnInfo, Environment, ProcessEnvironment};
use crate::secret::Secret;
use crate::target::{Analyser, GuardPolicy, Limits, Mode, Origin, Target};

/// The name of the target that a URL alone makes.
const DEFAULT: &str = "default";

/// A section `[targets.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    url: Option<String>,
    service: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    mode: Mode,
    statement_timeout_ms: Option<u64>,
    lock_timeout_ms: Option<u64>,
    idle_in_transaction_timeout_ms: Option<u64>,
    max_rows: Option<u32>,
    max_cell_bytes: Option<usize>,
    max_bytes: Option<usize>,
    connect_timeout_s: Option<u64>,
    pool_size: Option<usize>,
    pool_wait_ms: Option<u64>,
    allow_functions: Vec<String>,
    allow_extensions: Vec<String>,
    allow_foreign_servers: Vec<String>,
    analyser: Analyser,
}

/// What concerns targets in the section `[howdah]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Howdah {
    default_target: Option<String>,
}

type Entry = Result<Arc<Target>>;

/// Every target that is known: the operator's, and those that were added since.
#[derive(Debug)]
pub struct Targets {
    /// What is wrong with a section is told when it is asked for: one that is broken
    /// must not keep the others from being used.
    entries: Mutex<BTreeMap<String, Entry>>,
    databases: Mutex<BTreeMap<(String, String), Arc<Target>>>,
    chosen: Option<String>,
    asked_for: bool,
    /// What was connected to since, in place of what was chosen at the start.
    connected: Mutex<Option<Arc<Target>>>,
}

impl Targets {
    /// The targets of `howdah.toml`, and the target `default` from `url` (the command
    /// line's), else from `DATABASE_URL`, else from the `PG*` variables where they name a
    /// host, a database or a service. `target` is what `get(None)` means; without it the URL
    /// of the command line, `default_target` in `[howdah]`, `default`, or the only one.
    pub fn load(config: &Config, url: Option<&str>, target: Option<&str>) -> Result<Self> {
        Self::load_with(config, url, target, &ProcessEnvironment)
    }

    /// [`Targets::load`] with another environment.
    pub fn load_with(
        config: &Config,
        url: Option<&str>,
        target: Option<&str>,
        environment: &dyn Environment,
    ) -> Result<Self> {
        let sections: BTreeMap<String, toml::Value> = config.section("targets")?;
        let general: Howdah = config.section("howdah")?;
        let mut entries = BTreeMap::new();
        for (name, section) in sections {
            let entry = section
                .try_into::<Section>()
                .map_err(|error| {
                    Error::invalid(format!("[targets.{name}] in {}: {error}", config.origin()))
                        .hint("Correct it there; `howdah doctor` checks the whole file.")
                })
                .and_then(|section| section.target(&name, config.origin(), environment));
            entries.insert(name, entry.map(Arc::new));
        }
        if let Some((text, origin)) = from_outside(url, environment)
            && (url.is_some() || !entries.contains_key(DEFAULT))
        {
            let entry = ConnInfo::parse_with(&text, environment)
                .map(|conninfo| Arc::new(Target::new(DEFAULT, conninfo, origin)))
                .map_err(Error::from);
            entries.insert(DEFAULT.to_owned(), entry);
        }
        let asked_for = target.is_some() || url.is_some();
        let chosen = target
            .map(str::to_owned)
            .or_else(|| url.map(|_| DEFAULT.to_owned()))
            .or(general.default_target);
        Ok(Self {
            entries: Mutex::new(entries),
            databases: Mutex::default(),
            chosen,
            asked_for,
            connected: Mutex::default(),
        })
    }

    /// Whether the person who called named a database, with `--url` or `--target`: for what works
    /// without one as well, and must not take to one by itself.
    pub fn is_asked_for(&self) -> bool {
        self.asked_for
    }

    /// The name that stands for none, where somebody chose one. It may be a cluster's, which no section has.
    pub fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// The target called `name` (`name/database` for another database of its server), or
    /// the default one.
    pub fn get(&self, name: Option<&str>) -> Result<Arc<Target>> {
        let connected = || {
            self.connected
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        };
        if name.is_none()
            && let Some(target) = connected()
        {
            return Ok(target);
        }
        let name = name.or(self.chosen());
        if let Some((server, database)) = name.and_then(|name| name.split_once('/'))
            && !self.lock().contains_key(name.unwrap_or_default())
        {
            let target = self.get(Some(server))?;
            return Ok(self.database(&target, database));
        }
        let entries = self.lock();
        let name = match name {
            Some(name) => name,
            None if entries.contains_key(DEFAULT) => DEFAULT,
            None if entries.len() == 1 => entries.keys().next().map_or(DEFAULT, String::as_str),
            None if entries.is_empty() => {
                return Err(Error::not_found("No database is configured.")
                    .hint("Set DATABASE_URL, add a [targets.NAME] section to howdah.toml, or create a local cluster: howdah cluster create NAME --provider local --wait."));
            }
            None => {
                return Err(
                    Error::invalid("Several targets are known, and none was named.").hint(format!(
                        "Name one of {}, or set default_target under [howdah] in howdah.toml.",
                        names(&entries)
                    )),
                );
            }
        };
        match entries.get(name) {
            Some(entry) => entry.clone(),
            None => {
                let error = Error::not_found(format!("There is no target \"{name}\"."));
                Err(if entries.is_empty() {
                    error.hint(
                        "None is known: set DATABASE_URL, or add a [targets.NAME] section to howdah.toml.",
                    )
                } else {
                    error.hint(format!("Known are: {}.", names(&entries)))
                })
            }
        }
    }

    /// Makes a target the one that `get(None)` means from now on.
    pub fn set_default(&self, target: &Arc<Target>) {
        *self.connected.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(target));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a target known, in place of one of the same name: who was connected to that
    /// one is now connected to this one.
    pub fn add(&self, target: Target) -> Arc<Target> {
        let target = Arc::new(target);
        let connected = self
            .connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .map(|connected| connected.name.clone());
        self.forget(&target.name);
        self.lock().insert(target.name.clone(), Ok(Arc::clone(&target)));
        let database = connected
            .as_deref()
            .and_then(|name| name.strip_prefix(target.name.as_str()));
        match database {
            Some("") => self.set_default(&target),
            Some(rest) => {
                if let Some(database) = rest.strip_prefix('/') {
                    self.set_default(&self.database(&target, database));
                }
            }
            None => {}
        }
        target
    }

    /// Drops a target and its connections, as when its cluster is deleted.
    pub fn forget(&self, name: &str) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
        self.databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(of, _), _| of != name);
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |target: &Arc<Target>| {
            target.name == name
                || target
                    .name
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        if connected.as_ref().is_some_and(same) {
            *connected = None;
        }
    }

    /// The targets that can be used, by name.
    pub fn list(&self) -> Vec<Arc<Target>> {
        let entries = self.lock();
        entries.values().filter_map(|entry| entry.clone().ok()).collect()
    }

    /// The targets that cannot be used, and why.
    pub fn broken(&self) -> Vec<(String, Error)> {
        let entries = self.lock();
        let broken = |(name, entry): (&String, &Entry)| {
            entry.as_ref().err().map(|error| (name.clone(), error.clone()))
        };
        entries.iter().filter_map(broken).collect()
    }

    /// Whether any target lets agents write.
    pub fn any_writable(&self) -> bool {
        self.list().iter().any(|target| target.mode.is_writable())
    }

    /// The same server and rules, another database; the same target for the same name each time.
    pub fn database(&self, target: &Target, database: &str) -> Arc<Target> {
        let key = (target.name.clone(), database.to_owned());
        let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            databases
                .entry(key)
                .or_insert_with(|| Arc::new(target.for_database(database))),
        )
    }
}

fn names(entries: &BTreeMap<String, Entry>) -> String {
    let names: Vec<&str> = entries.keys().map(String::as_str).collect();
    names.join(", ")
}

/// What the command line or the environment name, the nearer first.
fn from_outside(url: Option<&str>, environment: &dyn Environment) -> Option<(String, Origin)> {
    if let Some(url) = url {
        return Some((url.to_owned(), Origin::CommandLine));
    }
    let set = |name: &str| environment.var(name).filter(|value| !value.trim().is_empty());
    if let Some(url) = set("DATABASE_URL") {
        return Some((url, Origin::DatabaseUrl));
    }
    ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"]
        .iter()
        .any(|name| set(name).is_some())
        .then(|| (String::new(), Origin::Environment))
}

impl Section {
    fn target(self, name: &str, origin: &str, environment: &dyn Environment) -> Result<Target> {
        let within = |error: Error| Error {
            message: format!("[targets.{name}] in {origin}: {}", error.message),
            ..error
        };
        let mut conninfo = self.conninfo(environment).map_err(within)?;
        if let Some(password) = self.password(Path::new(origin), environment).map_err(within)? {
            conninfo = conninfo.with_password(password);
        }
        let default = Limits::default();
        let limits = Limits {
            statement_timeout_ms: self.statement_timeout_ms.unwrap_or(default.statement_timeout_ms),
            lock_timeout_ms: self.lock_timeout_ms.unwrap_or(default.lock_timeout_ms),
            idle_in_transaction_timeout_ms: self
                .idle_in_transaction_timeout_ms
                .unwrap_or(default.idle_in_transaction_timeout_ms),
            max_rows: self
                .max_rows
                .unwrap_or(default.max_rows)
                .min(default.max_rows_cap),
            max_rows_cap: default.max_rows_cap,
            max_cell_bytes: self.max_cell_bytes.unwrap_or(default.max_cell_bytes),
            max_bytes: self.max_bytes.unwrap_or(default.max_bytes),
            connect_timeout_s: self.connect_timeout_s.unwrap_or(default.connect_timeout_s),
            pool_size: self.pool_size.unwrap_or(default.pool_size),
            pool_wait_ms: self.pool_wait_ms.unwrap_or(default.pool_wait_ms),
        };
        let guard = GuardPolicy {
            allow_functions: self.allow_functions,
            allow_extensions: self.allow_extensions,
            allow_foreign_servers: self.allow_foreign_servers,
            analyser: self.analyser,
        };
        Ok(Target::new(name, conninfo, Origin::Config)
            .with_mode(self.mode)
            .with_limits(limits)
            .with_guard(guard))
    }

    fn conninfo(&self, environment: &dyn Environment) -> Result<ConnInfo> {
        let text = match (&self.url, &self.service) {
            (Some(url), None) => url.clone(),
            (None, Some(service)) => {
                let escaped = service.replace('\\', "\\\\").replace('\'', "\\'");
                format!("service='{escaped}'")
            }
            (Some(_), Some(_)) => {
                return Err(Error::invalid("url and service are both given")
                    .hint("Keep one of them; a URL can name a service itself: postgres://?service=NAME."));
            }
            (None, None) => {
                return Err(Error::invalid("neither url nor service is given"));
            }
        };
        Ok(ConnInfo::parse_with(&text, environment)?)
    }

    fn password(&self, config: &Path, environment: &dyn Environment) -> Result<Option<Secret>> {
        match (&self.password_env, &self.password_file) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Error::invalid("password_env and password_file are both given")),
            (Some(variable), None) => match environment.var(variable) {
                Some(password) => Ok(Some(Secret::new(password))),
                None => Err(Error::invalid(format!(
                    "the variable {variable}, which password_env names, is not set"
                ))),
            },
            (None, Some(file)) => {
                // Relative to the file that names it, wherever the program was started.
                let path = config.parent().unwrap_or(Path::new("")).join(file);
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    Error::invalid(format!(
                        "the password file {} cannot be read: {error}",
                        path.display()
                    ))
                })?;
                let password = text.lines().next().unwrap_or_default();
                Ok(Some(Secret::new(password)))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::conninfo::NoEnvironment;

    fn target(name: &str) -> Target {
        let info = ConnInfo::parse_with(&format!("postgres://u@h/{name}"), &NoEnvironment).unwrap();
        Target::new(name, info, Origin::Config)
    }

    fn none() -> Targets {
        Targets::load_with(&Config::default(), None, None, &NoEnvironment).unwrap()
    }

    #[test]
    fn connecting_chooses_the_default() {
        let targets = none();
        let one = targets.add(target("one"));
        targets.add(target("two"));
        assert!(targets.get(None).is_err());
        targets.set_default(&one);
        assert_eq!(targets.get(None).unwrap().name, "one");
        targets.forget("one");
        assert_eq!(targets.get(None).unwrap().name, "two");
    }

    #[test]
    fn the_chosen_one_may_be_another_database_and_may_come_later() {
        let targets = Targets::load_with(
            &Config::default(),
            None,
            Some("rdsapi:shop/other"),
            &NoEnvironment,
        )
        .unwrap();
        assert_eq!(targets.chosen(), Some("rdsapi:shop/other"));
        let error = targets.get(None).unwrap_err();
        assert_eq!(error.kind, howdah_core::ErrorKind::NotFound, "{error}");
        targets.add(target("rdsapi:shop"));
        assert_eq!(targets.get(None).unwrap().name, "rdsapi:shop/other");
    }

    #[test]
    fn another_database_has_a_name_too() {
        let targets = none();
        targets.add(target("one"));
        let other = targets.get(Some("one/other")).unwrap();
        assert_eq!(
            (other.name.as_str(), other.conninfo.database()),
            ("one/other", "other")
        );
        assert!(targets.get(Some("none/other")).is_err());
        targets.set_default(&other);
        // The server moved: so did the connection to its other database.
        let moved = ConnInfo::parse_with("postgres://u@elsewhere/one", &NoEnvironment).unwrap();
        targets.add(Target::new("one", moved, Origin::Config));
        let other = targets.get(None).unwrap();
        assert_eq!(
            (other.name.as_str(), other.conninfo.hosts()[0].name().as_str()),
            ("one/other", "elsewhere")
        );
    }
}
