//! How a server logs what is slow, and how it should.

use std::collections::BTreeMap;

use howdah_core::{Error, Result};
use howdah_pg::Connection;
use howdah_sql::quote_literal;

/// Kilobytes of a temporary file from which on it is logged.
const TEMPORARY_KB: i64 = 10 * 1024;
/// Milliseconds of a run of autovacuum, where the server logs none at all.
const AUTOVACUUM_MS: i64 = 10_000;
/// When, the process, the role and the database, as RDS tells them too.
const PREFIX: &str = "%m [%p] %q%u@%d ";
/// A day: a statement that takes longer is a job.
const THRESHOLD_MAX_MS: f64 = 86_400_000.0;

/// A setting as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: &'static str,
    /// As `pg_settings` has it. Empty is back to what the files say.
    pub(super) value: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// A list whose elements are given one by one.
    List,
    /// Back to what the files say.
    Reset,
}

impl Wanted {
    fn plain(name: &'static str, value: impl ToString) -> Self {
        Self { name, value: value.to_string(), kind: Kind::Plain }
    }

    pub(super) fn statement(&self) -> String {
        match self.kind {
            Kind::Reset => format!("ALTER SYSTEM RESET {}", self.name),
            Kind::Plain => format!("ALTER SYSTEM SET {} = {}", self.name, quote_literal(&self.value)),
            Kind::List => {
                let elements: Vec<String> = elements(&self.value).map(quote_literal).collect();
                match elements.is_empty() {
                    // '' would be a list of one library without a name, and nobody could connect any more.
                    true => format!("ALTER SYSTEM RESET {}", self.name),
                    false => format!("ALTER SYSTEM SET {} = {}", self.name, elements.join(", ")),
                }
            }
        }
    }
}

fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(|one| one.trim().trim_matches('"')).filter(|one| !one.is_empty())
}

/// The settings of a server that are about its log.
#[derive(Debug, Clone, Default)]
pub(super) struct Logging {
    settings: BTreeMap<String, (String, String)>,
    pub(super) is_rds: bool,
    pub(super) is_aurora: bool,
}

impl Logging {
    pub(super) async fn read(connection: &mut Connection) -> Result<Self> {
        let rows = connection.query(include_str!("../set_slow_log.sql"), &[]).await?;
        let mut logging = Self::default();
        for row in rows.iter() {
            let text = |column: usize| row.get(column).unwrap_or_default().to_owned();
            logging.settings.insert(text(0), (text(1), text(2)));
            (logging.is_rds, logging.is_aurora) = (row.is_true(4), row.is_true(5));
        }
        Ok(logging)
    }

    /// What it is; empty where the role does not see it or the library is not loaded.
    pub(super) fn value(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", |(value, _)| value)
    }

    /// Where it was set, in words.
    pub(super) fn source(&self, name: &str) -> &'static str {
        match self.settings.get(name).map_or("", |(_, source)| source) {
            "database" => "this database (ALTER DATABASE)",
            "user" => "this role (ALTER ROLE)",
            "database user" => "this role in this database",
            "command line" => "the server's command line",
            _ => "the server",
        }
    }

    fn number(&self, name: &str) -> i64 {
        self.value(name).parse().unwrap_or(-1)
    }

    pub(super) fn has(&self, wanted: &Wanted) -> bool {
        match wanted.kind {
            Kind::Plain => self.value(wanted.name) == wanted.value,
            Kind::List => elements(self.value(wanted.name)).eq(elements(&wanted.value)),
            // Whatever the files say.
            Kind::Reset => true,
        }
    }

    fn loads_auto_explain(&self, name: &str) -> bool {
        elements(self.value(name)).any(|one| one == "auto_explain")
    }

    /// What has to be changed so that slow statements leave a trace.
    pub(super) fn on(&self, threshold_ms: u64, plans: bool) -> Vec<Wanted> {
        let mut wanted = vec![Wanted::plain("log_min_duration_statement", threshold_ms)];
        wanted.push(Wanted::plain("log_lock_waits", "on"));
        let kept = |name: &'static str, most: i64, otherwise: i64| {
            let logs_enough = (0..=most).contains(&self.number(name));
            (!logs_enough).then(|| Wanted::plain(name, otherwise))
        };
        wanted.extend(kept("log_temp_files", TEMPORARY_KB, TEMPORARY_KB));
        // Ten minutes is what newer servers have by themselves.
        wanted.extend(kept("log_autovacuum_min_duration", 600_000, AUTOVACUUM_MS));
        let prefix = self.value("log_line_prefix");
        let tells = |any: &[&str]| any.iter().any(|one| prefix.contains(one));
        let is_enough = tells(&["%m", "%t", "%n", "%s"]) && tells(&["%u"]) && tells(&["%d"]);
        let is_used = self.value("log_destination").contains("stderr");
        // RDS has a prefix of its own, which tells all of it.
        if is_used && !is_enough && !self.is_rds {
            wanted.push(Wanted::plain("log_line_prefix", PREFIX));
        }
        if plans {
            wanted.extend(self.loading());
            wanted.push(Wanted::plain("auto_explain.log_min_duration", threshold_ms));
        }
        wanted.retain(|one| !self.has(one));
        wanted
    }

    /// What loads auto_explain: in each new session, on RDS with the server.
    fn loading(&self) -> Option<Wanted> {
        let name = match self.is_rds {
            true => "shared_preload_libraries",
            false => "session_preload_libraries",
        };
        let is_loaded = ["shared_preload_libraries", "session_preload_libraries"]
            .iter()
            .any(|name| self.loads_auto_explain(name));
        (!is_loaded).then(|| {
            let value: Vec<&str> = elements(self.value(name)).chain(["auto_explain"]).collect();
            Wanted { name, value: value.join(","), kind: Kind::List }
        })
    }

    /// What has to be changed so that statements and plans are logged no more.
    pub(super) fn off(&self) -> Vec<Wanted> {
        let mut wanted = vec![Wanted::plain("log_min_duration_statement", -1)];
        if self.loads_auto_explain("session_preload_libraries") && !self.is_rds {
            let value: Vec<&str> = elements(self.value("session_preload_libraries"))
                .filter(|one| *one != "auto_explain")
                .collect();
            wanted.push(Wanted { name: "session_preload_libraries", value: value.join(","), kind: Kind::List });
            wanted.push(Wanted { name: "auto_explain.log_min_duration", value: String::new(), kind: Kind::Reset });
        } else if self.number("auto_explain.log_min_duration") >= 0 {
            wanted.push(Wanted::plain("auto_explain.log_min_duration", -1));
        }
        // What is only set back belongs to what goes before it.
        wanted.retain(|one| one.kind == Kind::Reset || !self.has(one));
        wanted
    }
}

/// The milliseconds of `250ms`, `2s`, `1min`.
pub(super) fn milliseconds(text: &str) -> Result<u64> {
    let text = text.trim();
    let units = [("ms", 1.0), ("min", 60_000.0), ("s", 1_000.0)];
    let found = units.iter().find_map(|(unit, factor)| {
        let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        Some((number * factor).round())
    });
    match found {
        Some(ms) if (1.0..=THRESHOLD_MAX_MS).contains(&ms) => Ok(ms as u64),
        _ => Err(Error::invalid(format!("{text:?} is no threshold for slow statements."))
            .hint("Write it as 250ms, 2s or 1min.")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn logging(settings: &[(&str, &str)], is_rds: bool) -> Logging {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), ((*value).to_owned(), "default".to_owned())))
            .collect();
        Logging { settings, is_rds, is_aurora: is_rds }
    }

    fn statements(wanted: &[Wanted]) -> Vec<String> {
        wanted.iter().map(Wanted::statement).collect()
    }

    #[test]
    fn only_what_is_missing_is_changed() {
        let server = logging(
            &[
                ("log_min_duration_statement", "-1"),
                ("log_lock_waits", "on"),
                ("log_temp_files", "0"),
                ("log_autovacuum_min_duration", "-1"),
                ("log_line_prefix", "%m [%p] "),
                ("log_destination", "stderr"),
                ("session_preload_libraries", "\"a b\", c"),
            ],
            false,
        );
        assert_eq!(
            statements(&server.on(250, true)),
            [
                "ALTER SYSTEM SET log_min_duration_statement = '250'",
                "ALTER SYSTEM SET log_autovacuum_min_duration = '10000'",
                "ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d '",
                "ALTER SYSTEM SET session_preload_libraries = 'a b', 'c', 'auto_explain'",
                "ALTER SYSTEM SET auto_explain.log_min_duration = '250'",
            ]
        );
        assert!(server.off().is_empty());
    }

    #[test]
    fn on_rds_a_library_is_loaded_with_the_server() {
        let server = logging(&[("shared_preload_libraries", "rdsutils,pg_stat_statements"), ("log_lock_waits", "on"), ("log_temp_files", "1")], true);
        let wanted = server.on(1_000, true);
        let library = wanted.iter().find(|one| one.name == "shared_preload_libraries").unwrap();
        assert_eq!(library.value, "rdsutils,pg_stat_statements,auto_explain");
    }

    #[test]
    fn turned_off_it_is_as_before() {
        let server = logging(
            &[("log_min_duration_statement", "250"), ("session_preload_libraries", "auto_explain"), ("auto_explain.log_min_duration", "250")],
            false,
        );
        assert_eq!(
            statements(&server.off()),
            [
                "ALTER SYSTEM SET log_min_duration_statement = '-1'",
                "ALTER SYSTEM RESET session_preload_libraries",
                "ALTER SYSTEM RESET auto_explain.log_min_duration",
            ]
        );
    }

    #[test]
    fn thresholds_are_as_people_write_them() {
        for (text, ms) in [("250ms", 250), ("2s", 2_000), ("1min", 60_000), ("0.5s", 500)] {
            assert_eq!(milliseconds(text).unwrap(), ms);
        }
        for wrong in ["", "5", "0ms", "-1s", "1h", "NaNs", "infs"] {
            assert!(milliseconds(wrong).is_err(), "{wrong}");
        }
    }
}
