//! The tables in which migration tools note what ran, as these tools write them.

use std::path::Path;

use howdah_sql::quote_literal;
use sha2::{Digest, Sha256, Sha384};

/// The history of one tool.
pub(super) struct History {
    /// Its name, as that of its runner.
    pub(super) tool: &'static str,
    /// The table.
    pub(super) table: &'static str,
    /// A query for the keys that it has.
    pub(super) applied: &'static str,
    /// Whether these keys have one, or make it superfluous.
    pub(super) covers: fn(&[String], &str) -> bool,
    /// The key of a file, from its path and text.
    pub(super) key: fn(&Path, &str) -> Option<String>,
    /// The statements that note a file, from its path, text and key.
    pub(super) record: fn(&Path, &str, &str) -> Vec<String>,
}

/// Those that are known.
pub(super) const HISTORIES: &[History] = &[
    History {
        tool: "alembic",
        table: "alembic_version",
        applied: "SELECT version_num FROM alembic_version",
        covers: has,
        // Its own SQL, which it prints with --sql, notes the revision.
        key: |_, _| None,
        record: |_, _, key| {
            let key = quote_literal(key);
            vec![
                format!("UPDATE alembic_version SET version_num = {key} WHERE version_num <> {key}"),
                format!("INSERT INTO alembic_version (version_num) SELECT {key} WHERE NOT EXISTS (SELECT FROM alembic_version)"),
            ]
        },
    },
    History {
        tool: "dbmate",
        table: "schema_migrations",
        applied: "SELECT version::text FROM schema_migrations",
        covers: has,
        key: |path, _| leading(path),
        record: |_, _, key| vec![format!("INSERT INTO schema_migrations (version) VALUES ({})", quote_literal(key))],
    },
    History {
        tool: "diesel",
        table: "__diesel_schema_migrations",
        applied: "SELECT version FROM __diesel_schema_migrations",
        covers: has,
        key: |path, _| {
            let (version, _) = parent(path)?.split_once('_')?;
            Some(version.replace('-', ""))
        },
        record: |_, _, key| vec![format!("INSERT INTO __diesel_schema_migrations (version) VALUES ({})", quote_literal(key))],
    },
    History {
        tool: "django",
        table: "django_migrations",
        applied: "SELECT app || '.' || name FROM django_migrations",
        covers: has,
        key: |_, _| None,
        record: |_, _, key| {
            let (app, name) = key.split_once('.').unwrap_or(("", key));
            vec![format!(
                "INSERT INTO django_migrations (app, name, applied) VALUES ({}, {}, now())",
                quote_literal(app),
                quote_literal(name)
            )]
        },
    },
    History {
        tool: "drizzle",
        table: "drizzle.__drizzle_migrations",
        applied: "SELECT max(created_at)::text FROM drizzle.__drizzle_migrations",
        // It runs whatever is younger than the last.
        covers: reached,
        key: |path, _| {
            let journal = std::fs::read_to_string(path.parent()?.join("meta/_journal.json")).ok()?;
            let journal: serde_json::Value = serde_json::from_str(&journal).ok()?;
            let stem = path.file_stem()?.to_str()?;
            let entry = journal["entries"].as_array()?.iter().find(|entry| entry["tag"] == stem)?;
            entry["when"].as_u64().map(|when| when.to_string())
        },
        record: |_, text, key| {
            vec![format!(
                "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ({}, {}::bigint)",
                quote_literal(&hex(&Sha256::digest(text.as_bytes()))),
                quote_literal(key)
            )]
        },
    },
    History {
        tool: "flyway",
        table: "flyway_schema_history",
        applied: "SELECT version FROM flyway_schema_history WHERE success AND version IS NOT NULL",
        covers: has,
        key: |path, _| {
            let (head, _) = name(path)?.split_once("__")?;
            let version = head.strip_prefix('V')?.replace('_', ".");
            (!version.is_empty()).then_some(version)
        },
        record: |path, text, key| {
            let script = name(path).unwrap_or(key);
            let described = script.split_once("__").map_or("", |(_, rest)| rest.strip_suffix(".sql").unwrap_or(rest));
            vec![format!(
                "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success) \
                 SELECT coalesce(max(installed_rank), 0) + 1, {}, {}, 'SQL', {}, {}, current_user, 0, true FROM flyway_schema_history",
                quote_literal(key),
                quote_literal(&described.replace('_', " ")),
                quote_literal(script),
                line_checksum(text)
            )]
        },
    },
    History {
        tool: "golang-migrate",
        table: "schema_migrations",
        applied: "SELECT version::text FROM schema_migrations",
        covers: reached,
        key: |path, _| leading(path).and_then(|digits| digits.parse::<u64>().ok()).map(|number| number.to_string()),
        record: |_, _, key| {
            let key = quote_literal(key);
            vec![
                format!("UPDATE schema_migrations SET version = {key}::bigint, dirty = false WHERE version <= {key}::bigint"),
                format!("INSERT INTO schema_migrations (version, dirty) SELECT {key}::bigint, false WHERE NOT EXISTS (SELECT FROM schema_migrations)"),
            ]
        },
    },
    History {
        tool: "goose",
        table: "goose_db_version",
        applied: "SELECT DISTINCT version_id::text FROM goose_db_version v WHERE is_applied \
                  AND NOT EXISTS (SELECT FROM goose_db_version w WHERE w.version_id = v.version_id AND w.id > v.id AND NOT w.is_applied)",
        covers: has,
        key: |path, _| leading(path).and_then(|digits| digits.parse::<u64>().ok()).map(|number| number.to_string()),
        record: |_, _, key| {
            vec![format!("INSERT INTO goose_db_version (version_id, is_applied) VALUES ({}::bigint, true)", quote_literal(key))]
        },
    },
    History {
        tool: "prisma",
        table: "_prisma_migrations",
        applied: "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
        covers: has,
        key: |path, _| parent(path).map(str::to_owned),
        record: |_, text, key| {
            vec![format!(
                "INSERT INTO _prisma_migrations (id, checksum, started_at, finished_at, migration_name, applied_steps_count) \
                 VALUES (gen_random_uuid()::text, {}, now(), now(), {}, 1)",
                quote_literal(&hex(&Sha256::digest(text.as_bytes()))),
                quote_literal(key)
            )]
        },
    },
    History {
        tool: "rails",
        table: "schema_migrations",
        applied: "SELECT version::text FROM schema_migrations",
        covers: has,
        key: |_, _| None,
        record: |_, _, key| vec![format!("INSERT INTO schema_migrations (version) VALUES ({})", quote_literal(key))],
    },
    History {
        tool: "sqlx",
        table: "_sqlx_migrations",
        applied: "SELECT version::text FROM _sqlx_migrations WHERE success",
        covers: has,
        key: |path, _| leading(path).and_then(|digits| digits.parse::<i64>().ok()).map(|number| number.to_string()),
        record: |path, text, key| {
            let stem = name(path).unwrap_or_default();
            let stem = stem.strip_suffix(".up.sql").or_else(|| stem.strip_suffix(".sql")).unwrap_or(stem);
            let described = stem.split_once('_').map_or("", |(_, rest)| rest).replace('_', " ");
            vec![format!(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES ({}::bigint, {}, true, {}::bytea, 0)",
                quote_literal(key),
                quote_literal(&described),
                quote_literal(&format!("\\x{}", hex(&Sha384::digest(text.as_bytes()))))
            )]
        },
    },
];

/// How a tool whose history is not written here is told.
pub(super) fn by_itself(tool: &str) -> &'static str {
    match tool {
        "sqitch" => "Run the file without --record; then let Sqitch note it by itself: sqitch deploy --log-only",
        _ => "Run the file without --record, and tell the tool in its own way.",
    }
}

fn has(keys: &[String], key: &str) -> bool {
    keys.iter().any(|known| known == key)
}

/// Whether the highest number that is noted is that one, or beyond it.
fn reached(keys: &[String], key: &str) -> bool {
    let number = |text: &str| text.parse::<u128>().ok();
    let highest = keys.iter().filter_map(|known| number(known)).max();
    highest.is_some_and(|highest| number(key).is_some_and(|key| key <= highest))
}

fn name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

fn parent(path: &Path) -> Option<&str> {
    path.parent()?.file_name()?.to_str()
}

/// The digits that a name begins with, behind the V of Flyway's.
pub(super) fn digits(name: &str) -> &str {
    let name = name.strip_prefix('V').unwrap_or(name);
    let end = name.find(|c: char| !c.is_ascii_digit()).unwrap_or(name.len());
    &name[..end]
}

fn leading(path: &Path) -> Option<String> {
    let digits = digits(name(path)?);
    (!digits.is_empty()).then(|| digits.to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// CRC-32 over the lines without their ends, as a signed number.
fn line_checksum(text: &str) -> i32 {
    let mut crc = u32::MAX;
    for byte in text.trim_start_matches('\u{feff}').lines().flat_map(str::bytes) {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    (!crc).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_tools() {
        // The check value of CRC-32: that of "123456789".
        assert_eq!(line_checksum("1234\r\n56789\n"), 0xcbf4_3926_u32.cast_signed());
    }

    #[test]
    fn numbers_count_as_numbers() {
        assert!(reached(&["10".to_owned()], "9"));
        assert!(!reached(&["10".to_owned()], "11"));
        assert!(!reached(&[], "1"));
    }
}
