use std::collections::BTreeMap;

use howdah_pg::{Connection, Rows};
use howdah_store::samples::{Change, Collected, Samples};

use crate::WatchError;
use crate::ask::{Asking, Question, text};
use crate::counters::Counters;
use crate::moment::at;
use crate::sessions::Sessions;
use crate::statements::Statements;

/// After a longer pause counters are not compared: what they grew by belongs to no minute.
const PAUSE_S: i64 = 300;

/// Looks at one database, when it is told to. All moments are seconds since 1970 of whoever
/// tells it.
pub struct Watcher {
    asking: Asking,
    samples: Samples,
    sessions: Sessions,
    statements: Statements,
    counters: Counters,
    counted_at_s: Option<i64>,
    is_first: bool,
}

/// Questions that are answered with names, values and whether these count.
const METRICS: &[(&str, &str)] = &[
    ("database", include_str!("questions/database.sql")),
    ("sessions", include_str!("questions/sessions.sql")),
    ("wraparound", include_str!("questions/wraparound.sql")),
    ("WAL position", include_str!("questions/wal_position.sql")),
    ("WAL", include_str!("questions/wal.sql")),
    ("checkpoints", include_str!("questions/checkpoints.sql")),
    ("I/O", include_str!("questions/io.sql")),
    ("replication", include_str!("questions/replication.sql")),
];
/// The same, from time to time: they cost more and change slowly.
const SLOW_METRICS: &[(&str, &str)] = &[
    ("database size", include_str!("questions/database_size.sql")),
    ("sequences", include_str!("questions/sequences.sql")),
];
/// Questions that are answered with kinds, names and values, which are compared with those before.
const FACTS: &[(&str, &str)] = &[
    ("server", include_str!("questions/server.sql")),
    ("settings", include_str!("questions/settings.sql")),
];
const SLOW_FACTS: &[(&str, &str)] = &[("schema", include_str!("questions/schema.sql"))];
const STATEMENTS_RESET: (&str, &str) = ("statements reset", include_str!("questions/statements_reset.sql"));

/// Each kind of fact, and the questions that tell all of it.
const KINDS: &[(&str, &[&str])] = &[
    ("version", &["server"]),
    ("restart", &["server"]),
    ("reset", &["server", "statements reset"]),
    ("extension", &["server"]),
    ("setting", &["settings"]),
    ("table", &["schema"]),
    ("index", &["schema"]),
    ("function", &["schema"]),
];

impl Watcher {
    /// On a connection in which the server's own settings hold.
    pub async fn new(connection: Connection, samples: Samples) -> Result<Self, WatchError> {
        let asking = Asking::on(connection).await?;
        let mut statements = Statements::default();
        if samples.exists().await? {
            statements.known = samples.known_texts().await?.into_iter().collect();
        }
        Ok(Self {
            asking,
            samples,
            sessions: Sessions::default(),
            statements,
            counters: Counters::default(),
            counted_at_s: None,
            is_first: true,
        })
    }

    /// Goes on with another connection, in place of one that was lost. Counters go on where
    /// they were: should the server have lost them, they are smaller.
    pub async fn go_on(&mut self, connection: Connection) -> Result<(), WatchError> {
        self.asking = Asking::on(connection).await?;
        Ok(())
    }

    /// What cannot be seen, each with who can change that.
    pub fn gaps(&self) -> Vec<String> {
        let place = &self.asking.place;
        let mut gaps = Vec::new();
        if !place.sees_all_sessions {
            gaps.push(
                "Sessions of other roles are not seen. A superuser runs: GRANT pg_monitor TO this role."
                    .to_owned(),
            );
        }
        if place.statements.is_none() {
            gaps.push(
                "Statements are not counted: pg_stat_statements is not in shared_preload_libraries, or not in this database (CREATE EXTENSION pg_stat_statements)."
                    .to_owned(),
            );
        }
        let refused = self.asking.refused.iter();
        gaps.extend(refused.map(|(name, why)| format!("The server does not tell about {name}: {why}.")));
        gaps
    }

    /// The process of the server that answers.
    pub fn backend_pid(&self) -> i32 {
        self.asking.connection.backend_pid()
    }

    /// Looks at who is at work. Kept in memory until [`Watcher::record`].
    pub async fn look(&mut self, at_s: i64) -> Result<(), WatchError> {
        let known = &self.statements.known;
        let unknown = self.sessions.look(&mut self.asking, at_s, known).await?;
        if !unknown.is_empty() {
            self.sessions.learn(&mut self.asking, &unknown).await?;
        }
        Ok(())
    }

    /// Writes down who was at work.
    pub async fn record(&mut self, at_s: i64) -> Result<(), WatchError> {
        let activity = self.sessions.take();
        let texts = std::mem::take(&mut self.sessions.texts);
        if !activity.is_empty() {
            self.samples.record_activity(activity).await?;
        }
        if !texts.is_empty() {
            self.statements.known.extend(texts.keys());
            let collected = Collected {
                at_s,
                texts: texts.into_iter().collect(),
                ..Collected::default()
            };
            self.samples.record(collected).await?;
        }
        Ok(())
    }

    /// Looks at the counters, and writes down what they grew by and what changed.
    pub async fn count(&mut self, at_s: i64) -> Result<(), WatchError> {
        let mut collected = Collected {
            at_s,
            ..Collected::default()
        };
        self.after_pause(at_s, &mut collected).await?;
        let mut questions = self.questions(METRICS);
        questions.extend(self.questions(FACTS));
        questions.push(self.question("tables", include_str!("questions/tables.sql")));
        questions.push(self.question("indexes", include_str!("questions/indexes.sql")));
        if self.asking.place.statements.is_some() {
            questions.push(self.question("statements", include_str!("questions/statements.sql")));
            questions.push(Question {
                params: Vec::new(),
                ..self.question(STATEMENTS_RESET.0, STATEMENTS_RESET.1)
            });
        }
        let answers = self.asking.all(questions).await?;
        self.compare(at_s, &answers).await?;
        if let Some(rows) = answers.get("statements") {
            let used = self.statements.since(&mut self.asking, rows).await?;
            collected.statements = used.statements;
            collected.texts = used.texts;
        }
        collected.relations = self
            .counters
            .relations(answers.get("tables"), answers.get("indexes"));
        let metrics = METRICS.iter().filter_map(|(name, _)| answers.get(name));
        collected.metrics = self.counters.metrics(metrics);
        self.samples.record(collected).await?;
        self.counted_at_s = Some(at_s);
        Ok(())
    }

    /// Looks at what costs more and changes slowly: sizes, sequences, the schema.
    pub async fn measure(&mut self, at_s: i64) -> Result<(), WatchError> {
        let mut questions = self.questions(SLOW_METRICS);
        questions.extend(self.questions(SLOW_FACTS));
        questions.push(self.question("sizes", include_str!("questions/sizes.sql")));
        let answers = self.asking.all(questions).await?;
        self.compare(at_s, &answers).await?;
        let metrics = SLOW_METRICS.iter().filter_map(|(name, _)| answers.get(name));
        let collected = Collected {
            at_s,
            metrics: self.counters.metrics(metrics),
            sizes: answers
                .get("sizes")
                .map(|rows| self.counters.sizes(rows, at_s))
                .unwrap_or_default(),
            ..Collected::default()
        };
        self.samples.record(collected).await?;
        Ok(())
    }

    /// Sums up what is complete and forgets what is old.
    pub async fn keep(&mut self, at_s: i64) -> Result<(), WatchError> {
        Ok(self.samples.keep(at_s).await?)
    }

    /// After a pause, of this watcher or since another one ended, the counters are not compared.
    async fn after_pause(&mut self, at_s: i64, collected: &mut Collected) -> Result<(), WatchError> {
        let last = match (self.counted_at_s, self.is_first) {
            (None, true) if self.samples.exists().await? => {
                // Told by what only a watcher writes: figures of AWS may go on without one.
                self.samples
                    .last_of_metrics("sessions.")
                    .await?
                    .into_values()
                    .max()
            }
            (counted, _) => counted,
        };
        self.is_first = false;
        let Some(last) = last.filter(|last| at_s - last > PAUSE_S) else {
            return Ok(());
        };
        self.statements.forget();
        self.counters.forget();
        collected.changes.push(Change {
            at_s,
            kind: "pause".to_owned(),
            name: "watching".to_owned(),
            before: Some(format!("until {}", at(last))),
            after: Some(format!("from {}", at(at_s))),
        });
        Ok(())
    }

    async fn compare(&mut self, at_s: i64, answers: &BTreeMap<&'static str, Rows>) -> Result<(), WatchError> {
        for (kind, sources) in KINDS {
            // Half an answer would look like a change.
            if !answers.contains_key(sources[0]) {
                continue;
            }
            let mut facts = BTreeMap::new();
            for row in sources
                .iter()
                .filter_map(|source| answers.get(source))
                .flat_map(Rows::iter)
            {
                if text(row, "kind") == *kind {
                    facts.insert(text(row, "name").to_owned(), text(row, "value").to_owned());
                }
            }
            let changes = self.samples.compare(at_s, kind, facts).await?;
            if changes
                .iter()
                .any(|change| change.name == "counters of statements")
            {
                self.statements.began_anew();
            }
        }
        Ok(())
    }

    fn questions(&self, list: &[(&'static str, &'static str)]) -> Vec<Question<'static>> {
        list.iter().map(|(name, sql)| self.question(name, sql)).collect()
    }

    /// A question whose `$1`, where it has one, is the database.
    fn question(&self, name: &'static str, sql: &'static str) -> Question<'static> {
        let params = match sql.contains("$1") {
            true => vec![self.asking.place.database.clone()],
            false => Vec::new(),
        };
        Question { name, sql, params }
    }
}
