//! The databases that the corpus runs in, and the probes that judge an attack by what it changed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::corpus::{self, Class, Item, Only, Setup};
use crate::raw::{Login, Raw};

/// What is in the secret file: an answer that contains it has read a file of the server.
const SECRET: &str = "c4n4ry";

/// How long the server may take to come to rest after a statement: a loaded machine is slow.
const REST: Duration = Duration::from_secs(60);
/// What says of a session that it has not come to rest yet.
const RESTLESS: [&str; 4] = ["open transactions", "running", "strong locks", "victims"];

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    Superuser,
    /// An ordinary role that owns the database and all that is in it, once it was handed over.
    Owner,
    /// An ordinary role that was granted much and owns little.
    Plain,
}

/// One database with every hostile object of the classes that live in it.
pub(crate) struct World {
    pub(crate) major: u16,
    pub(crate) superuser: Login,
    pub(crate) owner: Login,
    pub(crate) plain: Login,
    folder: PathBuf,
    values: Vec<(String, String)>,
    judge: Raw,
    listener: Raw,
    victims: Vec<Raw>,
    wal: String,
}

/// What the probes saw, by name.
pub(crate) type Snapshot = BTreeMap<String, String>;

impl World {
    /// Creates database `name` on the server of `superuser`, with the setups of `classes`.
    pub(crate) fn create(major: u16, superuser: &Login, name: &str, classes: &[Class]) -> Self {
        let mut admin = Raw::connect(superuser, &[]).unwrap();
        create_template(&mut admin, superuser);
        let started = Instant::now();
        while let Some(error) = admin
            .simple(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
            .error
        {
            // The session that made the template may still be going away.
            assert!(started.elapsed() < REST, "{error}");
            std::thread::sleep(Duration::from_millis(50));
        }
        let superuser = superuser.database(name);
        let [owner, plain] = ["owner", "plain"].map(|user| superuser.user(user));
        let folder = std::env::temp_dir().join(format!("canary-{}-{name}", superuser.port));
        open_folder(&folder);
        let mut judge = Raw::connect(&superuser, &[]).unwrap();
        let mut listener = Raw::connect(&superuser, &[("application_name", "listener")]).unwrap();
        listener.simple("LISTEN canary").expect("listen");
        let mut world = Self {
            major,
            values: Vec::new(),
            folder,
            judge: Raw::connect(&superuser, &[]).unwrap(),
            listener,
            victims: Vec::new(),
            wal: "0/0".to_owned(),
            superuser,
            owner,
            plain,
        };
        world.values = world.placeholders();
        // What a session shows must not depend on which libraries it happened to load.
        let mut libraries = "plpgsql,pg_trgm,isn,pgcrypto,postgres_fdw".to_owned();
        if world.has(13, 99, Some("hypopg")) {
            libraries.push_str(",hypopg");
        }
        admin
            .simple(&format!(
                "ALTER DATABASE {name} SET session_preload_libraries = {libraries}"
            ))
            .expect("session_preload_libraries");
        judge
            .simple(&format!("GRANT CREATE ON DATABASE {name} TO PUBLIC"))
            .expect("grant");
        for setup in classes
            .iter()
            .filter(|c| c.database == short(name))
            .flat_map(|c| &c.setup)
        {
            if world.has(setup.min, setup.max, setup.requires.as_deref()) {
                world.set_up(setup);
            }
        }
        for sql in [
            "DO $$ DECLARE s name; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|probe)' LOOP
               EXECUTE format('GRANT ALL ON SCHEMA %I TO PUBLIC', s); EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA %I TO PUBLIC', s);
               EXECUTE format('GRANT ALL ON ALL SEQUENCES IN SCHEMA %I TO PUBLIC', s); END LOOP; END $$",
            "VACUUM FULL h.canary_cold",
            "VACUUM h.canary_vm",
            "ANALYZE",
        ] {
            judge.simple(sql).expect(sql);
        }
        // In its own session, so that the count of scans reaches the statistics when it ends.
        Raw::connect(&world.superuser, &[])
            .unwrap()
            .simple("SELECT n FROM h.canary")
            .expect("scan");
        world.restore();
        world
    }

    fn placeholders(&mut self) -> Vec<(String, String)> {
        let seeded = Raw::connect(&self.superuser, &[]).unwrap();
        let mut seeded = seeded;
        seeded.simple("SELECT setseed(0.42)").expect("setseed");
        let random = first(
            &seeded
                .simple("SELECT round(random()::numeric, 9)")
                .expect("random"),
        );
        let data = first(&self.judge.simple("SHOW data_directory").expect("data_directory"));
        let hypothetical = self.has(13, 99, Some("hypopg"));
        [
            ("seeded", random),
            ("data", data),
            ("canary", self.folder.display().to_string()),
            ("host", self.superuser.host.clone()),
            ("port", self.superuser.port.to_string()),
            ("superuser", self.superuser.user.clone()),
            ("password", self.superuser.password.clone()),
            ("plain", self.plain.user.clone()),
            ("plain_password", self.plain.password.clone()),
            ("database", self.superuser.database.clone()),
            (
                "extra",
                if hypothetical {
                    ", (SELECT count(*) FROM ext.hypopg_list_indexes)"
                } else {
                    ""
                }
                .to_owned(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    fn set_up(&self, setup: &Setup) {
        // Each in a session of its own: a setup may set the search path.
        let mut session = Raw::connect(&self.superuser, &[("client_min_messages", "error")]).unwrap();
        session
            .simple(&self.expand(&setup.sql))
            .expect(&format!("{} on {}", setup.name, self.major));
    }

    /// Fills in the placeholders of a statement.
    pub(crate) fn expand(&self, sql: &str) -> String {
        let values: Vec<(&str, &str)> = self
            .values
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        corpus::expand(sql, &values)
    }

    /// Whether this server is of a version, and has the extension, that an item needs.
    fn has(&mut self, min: u16, max: u16, requires: Option<&str>) -> bool {
        (min..=max).contains(&self.major)
            && requires.is_none_or(|extension| {
                let sql = format!("SELECT FROM pg_available_extensions WHERE name = '{extension}'");
                !self.judge.simple(&sql).expect("extensions").is_empty()
            })
    }

    /// Whether an item applies to this server and this person.
    pub(crate) fn applies(&mut self, item: &Item, person: Person) -> bool {
        let may = match item.only {
            Only::Both => true,
            Only::Superuser => person == Person::Superuser,
            Only::Plain => person == Person::Plain,
        };
        may && self.has(item.min, item.max, item.requires.as_deref())
    }

    /// How a person logs in.
    pub(crate) fn login(&self, person: Person) -> &Login {
        match person {
            Person::Superuser => &self.superuser,
            Person::Owner => &self.owner,
            Person::Plain => &self.plain,
        }
    }

    /// Makes the owner of what the superuser made so far.
    pub(crate) fn hand_over(&mut self) {
        self.judge
            .simple(&self.expand(&read("hand_over.sql")))
            .expect("hand_over.sql");
    }

    /// What the next call asks, to see what an attack left in the session.
    pub(crate) fn leftover_sql(&self) -> String {
        self.expand(&read("leftover.sql"))
    }

    /// Whether an answer shows what only a file of the server holds.
    pub(crate) fn leaks(answer: &str) -> bool {
        answer.contains(SECRET)
    }

    /// Puts the world back as it was, and starts victims anew.
    pub(crate) fn restore(&mut self) {
        for row in self
            .judge
            .simple("SELECT gid FROM pg_prepared_xacts")
            .expect("prepared")
        {
            self.judge.simple(&format!(
                "ROLLBACK PREPARED '{}'",
                row[0].as_deref().unwrap_or_default()
            ));
        }
        self.judge.simple(&read("restore.sql")).expect("restore.sql");
        // The scan counter belongs to the canaries as well.
        Raw::connect(&self.superuser, &[])
            .unwrap()
            .simple("SELECT n FROM h.canary")
            .expect("scan");
        open_folder(&self.folder);
        self.victims.clear();
        for (number, login) in [&self.superuser, &self.plain, &self.owner]
            .into_iter()
            .enumerate()
        {
            let name = format!("victim{number}");
            self.victims
                .push(Raw::connect(login, &[("application_name", &name)]).unwrap());
        }
        self.listener.simple("SELECT 1").expect("listener");
        self.listener.notifications.clear();
        // The sessions that just ended must be gone, and their counters told.
        std::thread::sleep(Duration::from_millis(30));
        let started = Instant::now();
        loop {
            let now = self.snapshot();
            let victims = now.get("victims").map_or(0, |pids| pids.split(',').count());
            // Before 15 counters travel to a collector by themselves, and may come after the next look.
            let counted = now.get("statistics of one table").map(String::as_str) == Some("true");
            if victims == self.victims.len() && counted || started.elapsed() > REST {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Looks at everything.
    pub(crate) fn snapshot(&mut self) -> Snapshot {
        let sql = format!(
            "SELECT * FROM probe.snapshot('{}', '{}')",
            self.wal,
            self.folder.display()
        );
        let rows = self.judge.simple(&sql).expect("snapshot");
        let mut out: Snapshot = rows
            .into_iter()
            .map(|row| {
                let mut row = row.into_iter();
                let key = row.next().flatten().unwrap_or_default();
                (key, row.next().flatten().unwrap_or_default())
            })
            .collect();
        if let Some(position) = out.remove("wal position") {
            self.wal = position;
        }
        self.listener.simple("SELECT 1").expect("listener");
        out.insert(
            "notifications".to_owned(),
            std::mem::take(&mut self.listener.notifications).join(","),
        );
        out
    }

    /// As [`World::snapshot`], once the sessions have ended their transactions: an answer does not wait for its ROLLBACK.
    pub(crate) fn at_rest(&mut self) -> Snapshot {
        let started = Instant::now();
        loop {
            let now = self.snapshot();
            let idle = now.get("open transactions").is_none_or(|open| open == "0")
                && now.get("running").is_none_or(String::is_empty);
            if idle || started.elapsed() > REST {
                return now;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What changed since `before`, at once.
    pub(crate) fn look(&mut self, before: &Snapshot) -> Vec<String> {
        let now = self.snapshot();
        difference(before, &now)
    }

    /// What changed since `before`; looks again after a moment, since sessions may still be cleaning up, or logs be on their way.
    /// `patient` waits also when nothing is seen, for effects that come late.
    pub(crate) fn changes(&mut self, before: &Snapshot, patient: bool) -> Vec<String> {
        let first = self.snapshot();
        let mut found = difference(before, &first);
        let mut told: Snapshot = Snapshot::new();
        let mut keep = |seen: &Snapshot| {
            // These are told once: what an earlier look saw counts.
            for once in ["wal marks", "notifications"] {
                if let Some(value) = seen.get(once).filter(|value| !value.is_empty()) {
                    told.insert(once.to_owned(), value.clone());
                }
            }
            told.clone()
        };
        keep(&first);
        let started = Instant::now();
        let mut wait = !found.is_empty() || patient;
        while wait {
            std::thread::sleep(Duration::from_millis(350));
            let mut now = self.snapshot();
            let told = keep(&now);
            now.extend(told);
            found = difference(before, &now);
            let restless = |change: &String| RESTLESS.iter().any(|key| change.starts_with(key));
            wait = !found.is_empty() && found.iter().all(restless) && started.elapsed() < REST;
        }
        found
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What every database of the corpus is copied from.
const TEMPLATE: &str = "corpus_template";

/// Makes the template, and the role of owners, on a server that has none yet.
fn create_template(admin: &mut Raw, superuser: &Login) {
    let known = format!("SELECT FROM pg_database WHERE datname = '{TEMPLATE}'");
    if !admin.simple(&known).expect("databases").is_empty() {
        return;
    }
    admin.simple("CREATE ROLE owner LOGIN").expect("create role");
    admin
        .simple(&format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0"))
        .expect("create database");
    let mut session = Raw::connect(&superuser.database(TEMPLATE), &[]).unwrap();
    session.simple(&read("world.sql")).expect("world.sql");
    session.simple("RESET client_min_messages").expect("reset");
    session.simple(&read("probe.sql")).expect("probe.sql");
}

/// A file of the corpus.
fn read(file: &str) -> String {
    std::fs::read_to_string(corpus::folder().join(file)).unwrap()
}

fn short(database: &str) -> &str {
    database.strip_prefix("corpus_").unwrap_or(database)
}

fn first(rows: &[Vec<Option<String>>]) -> String {
    rows.first()
        .and_then(|row| row.first())
        .cloned()
        .flatten()
        .unwrap_or_default()
}

fn difference(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let empty = String::new();
    keys.into_iter()
        .filter_map(|key| {
            let (old, new) = (
                before.get(key).unwrap_or(&empty),
                after.get(key).unwrap_or(&empty),
            );
            (old != new).then(|| format!("{key}: {old:.60} → {new:.60}"))
        })
        .collect()
}

/// The folder that attacks read from and write to: open to the server's user.
fn open_folder(folder: &PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("secret.txt"), format!("{SECRET}\n")).unwrap();
    std::fs::write(folder.join(format!("{SECRET}.listing")), "").unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    std::fs::set_permissions(folder.join("secret.txt"), std::fs::Permissions::from_mode(0o666)).unwrap();
}
