//! `howdah lint` given what nobody should give it: a clear word, the exit code that the help
//! promises, and never a panic.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn lint(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_howdah"));
        command
            .arg("lint")
            .args(arguments)
            .current_dir(self.directory.path())
            .env("HOWDAH_HOME", self.directory.path().join("state"))
            .env("XDG_CONFIG_HOME", self.directory.path().join("config"))
            .stdin(Stdio::null());
        for variable in ["DATABASE_URL", "PGHOST", "PGDATABASE", "PGSERVICE", "RUST_LOG"] {
            command.env_remove(variable);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        output
    }

    /// The exit code and the codes of what is found in one file.
    fn found(&self, bytes: &[u8]) -> (i32, Vec<String>) {
        self.file("script.sql", bytes);
        let output = self.lint(&["--json", "script.sql"]);
        let review: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = review["files"][0]["findings"].as_array().cloned();
        let codes = findings.unwrap_or_default();
        let codes = codes
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned());
        (code(&output), codes.collect())
    }

    /// What is said where the script cannot be judged at all.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.lint(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn an_empty_file_holds_nothing_to_find() {
    let place = Place::new();
    for text in ["", "\n\n", "-- nothing but a comment", ";;", "\u{feff}"] {
        assert_eq!(place.found(text.as_bytes()), (0, vec![]), "{text:?}");
    }
}

#[test]
fn what_is_no_text_is_told_apart() {
    let place = Place::new();
    place.file("binary.sql", b"\x7fELF\x02\x01\x01\x00\x00");
    let said = place.refused(&["binary.sql"]);
    assert!(said.contains("binary.sql is no text"), "{said}");
    place.file("latin1.sql", b"SELECT 'Stra\xdfe';");
    let said = place.refused(&["latin1.sql"]);
    assert!(said.contains("not valid UTF-8, from byte 12 on"), "{said}");
    assert!(said.contains("iconv"), "{said}");
}

#[test]
fn a_long_file_is_read_to_its_end() {
    let place = Place::new();
    let line = format!("-- {}\n", "long ".repeat(200));
    let lines = 100_000_000 / line.len() + 1;
    let mut text = line.repeat(lines);
    text.push_str("DROP TABLE orders;\n");
    place.file("long.sql", text.as_bytes());
    let output = place.lint(&["--json", "long.sql"]);
    assert_eq!(code(&output), 1);
    let review: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &review["files"][0]["findings"][0];
    assert_eq!(finding["code"], "migration/drop-relation");
    assert_eq!(finding["line"], lines + 1);
}

#[test]
fn what_never_ends_is_found_where_it_begins() {
    let place = Place::new();
    for text in [
        "SELECT 'open;\nSELECT 2;",
        "SELECT \"open;",
        "DO $x$ BEGIN; ",
        "/* open",
    ] {
        let (_, codes) = place.found(text.as_bytes());
        assert!(
            codes.contains(&"migration/not-sql".to_owned()),
            "{text:?}: {codes:?}"
        );
    }
}

#[test]
fn commands_of_psql_are_named_and_the_rest_is_judged() {
    let place = Place::new();
    let (code, codes) =
        place.found(b"\\set ON_ERROR_STOP on\n\\i other.sql\nSELECT id FROM a WHERE id = 1;\n");
    assert_eq!((code, codes), (0, vec!["migration/not-sql".to_owned(); 2]));
    let (code, codes) = place.found(b"\\timing\nDROP TABLE a;\n");
    assert_eq!(code, 1);
    assert_eq!(codes[0], "migration/not-sql");
    assert!(codes.contains(&"migration/drop-relation".to_owned()), "{codes:?}");
    let (code, codes) = place.found(b"COPY a FROM stdin;\n1\tx\n\\.\nDROP TABLE b;\n");
    assert_eq!(code, 1);
    assert!(codes.contains(&"migration/not-sql".to_owned()), "{codes:?}");
    assert!(codes.contains(&"migration/drop-relation".to_owned()), "{codes:?}");
}

#[test]
fn an_error_does_not_hide_what_follows() {
    let place = Place::new();
    let (code, codes) = place.found(b"SELEC 1;\nALTER TABEL a;\nDROP TABLE b;\n");
    assert_eq!(code, 1);
    let fails = codes.iter().filter(|code| *code == "migration/fails").count();
    assert_eq!(fails, 2, "{codes:?}");
    assert!(codes.contains(&"migration/drop-relation".to_owned()), "{codes:?}");
}

#[test]
fn what_is_not_there_is_named() {
    let place = Place::new();
    std::fs::create_dir(place.directory.path().join("empty")).unwrap();
    place.file("empty.txt", b"");
    let said = place.refused(&["empty"]);
    assert!(said.contains("no .sql file in empty"), "{said}");
    let said = place.refused(&["missing.sql"]);
    assert!(said.contains("missing.sql cannot be read"), "{said}");
    let said = place.refused(&["--baseline", "missing.json", "empty.txt"]);
    assert!(said.contains("--write-baseline"), "{said}");
}

#[test]
fn a_server_that_is_not_there_is_no_verdict() {
    let place = Place::new();
    place.file("script.sql", b"SELECT 1;");
    let url = "postgres://somebody:very-secret@127.0.0.1:1/nothing";
    let said = place.refused(&["--url", url, "script.sql"]);
    assert!(said.contains("127.0.0.1"), "{said}");
    assert!(!said.contains("very-secret"), "{said}");
}

#[test]
fn colours_are_for_terminals_only() {
    let place = Place::new();
    place.file("script.sql", b"DROP TABLE orders;\n");
    let output = place.lint(&["script.sql"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\x1b'), "{text}");
    assert!(text.contains("1 | DROP TABLE orders;"), "{text}");
    assert!(text.contains("^^^^"), "{text}");
}
