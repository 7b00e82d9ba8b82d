//! The built program at the command line: what is printed where, and the exit codes.

#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Program {
    home: tempfile::TempDir,
}

impl Program {
    fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_howdah"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HOWDAH_HOME", self.home.path().join("state"))
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .stdin(Stdio::null());
        for variable in ["DATABASE_URL", "PGHOST", "PGDATABASE", "PGSERVICE", "RUST_LOG"] {
            command.env_remove(variable);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// Refused by every server, since nothing listens there.
const NOWHERE: &str = "postgres://somebody:very-secret@127.0.0.1:1/nothing";

#[test]
fn help_and_version_are_results() {
    let program = Program::new();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["help"],
        &["search", "--help"],
        &["cluster", "create", "--help"],
    ] {
        let output = program.run(arguments);
        assert_eq!((code(&output), err(&output)), (0, ""), "{arguments:?}");
        assert!(!out(&output).is_empty());
    }
    assert!(out(&program.run(&["--help"])).contains("Exit codes:"));
    assert!(out(&program.run(&["search", "--help"])).contains("Examples:"));
}

#[test]
fn wrong_usage_is_2_on_standard_error() {
    let program = Program::new();
    for arguments in [
        &["serach"][..],
        &[],
        &["search", "--no-such-option"],
        &["cluster"],
        &["mcp", "--toolsets", "x"],
    ] {
        let output = program.run(arguments);
        assert_eq!((code(&output), out(&output)), (2, ""), "{arguments:?}");
        assert!(!err(&output).is_empty(), "{arguments:?}");
    }
    assert!(
        err(&program.run(&["serach"])).contains("search"),
        "the near name is offered"
    );
}

#[test]
fn errors_are_text_or_json_and_hold_no_secret() {
    let program = Program::new();
    let output = program.run(&["search", "x", "--url", NOWHERE]);
    assert_eq!((code(&output), out(&output)), (2, ""));
    assert!(err(&output).starts_with("Error: "), "{}", err(&output));
    assert!(err(&output).contains("127.0.0.1:1"), "{}", err(&output));

    for arguments in [
        &["search", "x", "--url", NOWHERE, "--json"][..],
        &["--json", "serach"],
        &["--json", "search", "x"],
    ] {
        let output = program.run(arguments);
        let value: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        assert!(
            value["error"]["kind"].is_string() && value["error"]["message"].is_string(),
            "{value}"
        );
        assert_eq!(err(&output), "", "{arguments:?}");
        assert_ne!(code(&output), 0);
    }
    for arguments in [
        &["targets", "--url", NOWHERE][..],
        &["doctor", "--url", NOWHERE],
        &["search", "--url", NOWHERE],
        &["--log", "trace", "targets", "--url", NOWHERE],
    ] {
        let output = program.run(arguments);
        for text in [out(&output), err(&output)] {
            assert!(!text.contains("very-secret"), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn a_target_that_is_down_is_a_state_and_no_failure() {
    let program = Program::new();
    let output = program.run(&["targets", "--url", NOWHERE, "--json"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["targets"][0]["state"], "down", "{value}");
    assert_eq!(value["targets"][0]["mode"], "read-only", "{value}");
    let output = program.run(&["connect", "--url", NOWHERE]);
    assert_eq!(code(&output), 2, "{}", out(&output));
}

#[test]
fn the_doctor_says_what_is_missing_who_fixes_it_and_how() {
    let program = Program::new();
    let output = program.run(&["doctor"]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("postgresql"), "{}", out(&output));

    std::fs::write(
        program.home.path().join("howdah.toml"),
        format!("[targts.x]\nurl = \"\"\n[mcp]\ntoolset = [\"core\"]\n[targets.gone]\nurl = \"{NOWHERE}\"\n[targets.slip]\nurrl = \"x\"\n"),
    )
    .unwrap();
    let output = program.run(&["doctor"]);
    let text = out(&output);
    assert_eq!(code(&output), 1, "{text}");
    for expected in [
        "[targts]",
        "write [targets] instead",
        "toolset in [mcp]",
        "write toolsets instead",
        "MISSING  target gone",
        "MISSING  target slip",
        "urrl",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let output = program.run(&["doctor", "--json"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((code(&output), &value["healthy"]), (1, &Value::Bool(false)));
    let missing = |check: &&Value| check["status"] == "missing";
    for check in value["checks"].as_array().unwrap().iter().filter(missing) {
        assert!(check["who"].is_string() && check["fix"].is_string(), "{check}");
    }
}

#[test]
fn the_configuration_is_found_where_it_should_be() {
    let program = Program::new();
    let list = |program: &Program, more: &[&str]| {
        let arguments = [&["targets", "--json"], more].concat();
        let output = program.run(&arguments);
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let names = value["targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|target| target["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let config = |name: &str| format!("[targets.{name}]\nurl = \"{NOWHERE}\"\n");
    assert_eq!(list(&program, &[]), Vec::<String>::new());
    let users = program.home.path().join("config/howdah");
    std::fs::create_dir_all(&users).unwrap();
    std::fs::write(users.join("howdah.toml"), config("users")).unwrap();
    assert_eq!(list(&program, &[]), ["users"]);
    std::fs::write(program.home.path().join("howdah.toml"), config("here")).unwrap();
    assert_eq!(list(&program, &[]), ["here"]);
    std::fs::write(program.home.path().join("other.toml"), config("named")).unwrap();
    assert_eq!(list(&program, &["--config", "other.toml"]), ["named"]);
    for (name, text) in [("absent.toml", None), ("broken.toml", Some("[[["))] {
        if let Some(text) = text {
            std::fs::write(program.home.path().join(name), text).unwrap();
        }
        let output = program.run(&["targets", "--config", name]);
        assert_eq!(code(&output), 2);
        assert!(err(&output).contains(name), "{}", err(&output));
    }
}

#[test]
fn standard_output_is_plain_off_a_terminal() {
    let program = Program::new();
    let output = program.run(&["targets", "--url", NOWHERE]);
    assert!(!out(&output).contains('\u{1b}'), "{}", out(&output));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let program = Program::new();
    for arguments in [&["completions", "bash"][..], &["book"], &["--help"], &["doctor"]] {
        let mut child = program
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let code = child.wait().unwrap().code();
        assert!(
            code == Some(0) && !said.contains("panicked"),
            "{arguments:?}: {code:?} {said}"
        );
    }
}

#[test]
fn completions_are_there_for_every_shell() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = program.run(&["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(out(&output).contains("cluster"), "{shell}");
    }
}

#[test]
fn two_databases_at_once_are_none() {
    let program = Program::new();
    let output = program.run(&["query", "SELECT 1", "--url", NOWHERE, "--target", "shop"]);
    assert_eq!((code(&output), out(&output)), (2, ""));
    assert!(err(&output).contains("Give one of the two"), "{}", err(&output));
}

#[test]
fn an_unknown_target_is_told_with_those_that_there_are() {
    let program = Program::new();
    let none = program.run(&["query", "SELECT 1", "--target", "shp"]);
    assert!(err(&none).contains("None is known"), "{}", err(&none));
    let config = format!("[targets.shop]\nurl = \"{NOWHERE}\"\n[targets.books]\nurl = \"{NOWHERE}\"\n");
    std::fs::write(program.home.path().join("howdah.toml"), config).unwrap();
    let near = program.run(&["query", "SELECT 1", "--target", "shp"]);
    assert_eq!(code(&near), 1);
    assert!(
        err(&near).contains("Did you mean shop? Known are: books, shop."),
        "{}",
        err(&near)
    );
    let far = program.run(&["query", "SELECT 1", "--target", "zebra"]);
    assert!(!err(&far).contains("Did you mean"), "{}", err(&far));
    assert!(err(&far).contains("Known are: books, shop."), "{}", err(&far));
}

#[test]
fn a_log_is_read_from_a_moment_on_and_from_nothing_else() {
    let program = Program::new();
    // A copy that starts for the first time says that it was interrupted.
    let log = "2026-01-31 10:00:00.000 UTC [1] LOG:  database system was interrupted; last known up at 2026-01-31 09:59:59 UTC\n\
               2026-01-31 10:00:01.000 UTC [1] LOG:  database system is ready to accept read-only connections\n\
               2026-01-31 11:00:00.000 UTC [2] ERROR:  relation \"ordres\" does not exist at character 15\n";
    std::fs::write(program.home.path().join("server.log"), log).unwrap();
    let show = |more: &[&str]| program.run(&[&["log", "show", "--file", "server.log"], more].concat());
    let all = show(&[]);
    assert!(
        out(&all).contains("3 entries") && out(&all).contains("ordres"),
        "{}",
        out(&all)
    );
    assert!(
        !out(&all).contains("crash") && !out(&all).contains("-0.0"),
        "{}",
        out(&all)
    );
    for since in ["2026-01-31 11", "2026-01-31T11:00", "2026-01-31 10:59:59.5 UTC"] {
        let output = show(&["--since", since]);
        assert!(out(&output).contains("1 entry"), "{since}: {output:?}");
    }
    for since in ["yesterday", "11:00", "", "2026-1-31", "31.01.2026"] {
        let output = show(&["--since", since]);
        assert_eq!((code(&output), out(&output)), (2, ""), "{since}");
        assert!(
            err(&output).contains("Write it as the log does"),
            "{since}: {}",
            err(&output)
        );
    }
}
