//! The databases that the corpus runs in, and the probes that judge an attack by what it changed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::corpus::{self, Class, Item, Only, Setup};
use crate::raw::{Login, Raw};

/// What is in the secret file: an answer that contains it has read a file of the server.
const SECRET: &str = "c4n4ry";

/// One database with every hostile object of the classes that live in it.
pub struct World {
    pub major: u16,
    pub superuser: Login,
    pub plain: Login,
    folder: PathBuf,
    values: Vec<(String, String)>,
    judge: Raw,
    listener: Raw,
    victims: Vec<Raw>,
    wal: String,
}

/// What the probes saw, by name.
pub type Snapshot = BTreeMap<String, String>;

impl World {
    /// Creates database `name` on the server of `superuser`, with the setups of `classes`.
    pub fn create(major: u16, superuser: &Login, plain: &Login, name: &str, classes: &[Class]) -> Self {
        let mut admin = Raw::connect(superuser, &[]).unwrap();
        admin
            .simple(&format!("CREATE DATABASE {name} TEMPLATE template0"))
            .expect("create database");
        let superuser = superuser.database(name);
        let plain = plain.database(name);
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
        let read = |file: &str| std::fs::read_to_string(corpus::folder().join(file)).unwrap();
        judge.simple(&read("world.sql")).expect("world.sql");
        judge.simple("RESET client_min_messages").expect("reset");
        judge.simple(&read("probe.sql")).expect("probe.sql");
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
    pub fn expand(&self, sql: &str) -> String {
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
    pub fn applies(&mut self, item: &Item, superuser: bool) -> bool {
        item.only != if superuser { Only::Plain } else { Only::Superuser }
            && self.has(item.min, item.max, item.requires.as_deref())
    }

    /// The login of the superuser or of the ordinary role.
    pub fn login(&self, superuser: bool) -> &Login {
        if superuser { &self.superuser } else { &self.plain }
    }

    /// What the next call asks, to see what an attack left in the session.
    pub fn leftover_sql(&self) -> String {
        self.expand(&std::fs::read_to_string(corpus::folder().join("leftover.sql")).unwrap())
    }

    /// Whether an answer shows what only a file of the server holds.
    pub fn leaks(answer: &str) -> bool {
        answer.contains(SECRET)
    }

    /// Puts the world back as it was, and starts victims anew.
    pub fn restore(&mut self) {
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
        let sql = std::fs::read_to_string(corpus::folder().join("restore.sql")).unwrap();
        self.judge.simple(&sql).expect("restore.sql");
        // The scan counter belongs to the canaries as well.
        Raw::connect(&self.superuser, &[])
            .unwrap()
            .simple("SELECT n FROM h.canary")
            .expect("scan");
        open_folder(&self.folder);
        self.victims.clear();
        for (login, number) in [(&self.superuser, 0), (&self.plain, 1)] {
            let name = format!("victim{number}");
            self.victims
                .push(Raw::connect(login, &[("application_name", &name)]).unwrap());
        }
        self.listener.simple("SELECT 1").expect("listener");
        self.listener.notifications.clear();
        // The sessions that just ended must be gone, and their counters told.
        std::thread::sleep(std::time::Duration::from_millis(30));
        let _ = self.snapshot();
    }

    /// Looks at everything.
    pub fn snapshot(&mut self) -> Snapshot {
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
    pub fn at_rest(&mut self) -> Snapshot {
        for _ in 0..40 {
            let now = self.snapshot();
            let idle = now.get("open transactions").is_none_or(|open| open == "0");
            if idle && now.get("running").is_none_or(String::is_empty) {
                return now;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        self.snapshot()
    }

    /// What changed since `before`, at once.
    pub fn look(&mut self, before: &Snapshot) -> Vec<String> {
        let now = self.snapshot();
        difference(before, &now)
    }

    /// What changed since `before`; looks again after a moment, since sessions may still be cleaning up, or logs be on their way.
    /// `patient` waits also when nothing is seen, for effects that come late.
    pub fn changes(&mut self, before: &Snapshot, patient: bool) -> Vec<String> {
        let first = self.snapshot();
        let mut found = difference(before, &first);
        if !found.is_empty() || patient {
            std::thread::sleep(std::time::Duration::from_millis(350));
            let mut second = self.snapshot();
            // These are told once: what the first look saw counts.
            for once in ["wal marks", "notifications"] {
                if let Some(value) = first.get(once).filter(|v| !v.is_empty()) {
                    second.insert(once.to_owned(), value.clone());
                }
            }
            found = difference(before, &second);
        }
        found
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
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
