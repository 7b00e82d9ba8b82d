//! Every example on the pages of the runners: its files are written, and its scripts read as the tool would.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use howdah_lint::runner::{Migration, Plan, Run, Sent, Surroundings, is_run, order, pages, runners};

struct File<'a> {
    name: &'a str,
    /// How its statements are sent, for a script.
    sent: Option<&'a str>,
    text: &'a str,
}

/// The files of one section of a page; each section is a project of its own.
fn files(section: &str) -> Vec<File<'_>> {
    let mut files = Vec::new();
    for block in section.split("\n```").skip(1).step_by(2) {
        let (info, text) = block.split_once('\n').unwrap();
        let word = |key: &str| info.split_whitespace().find_map(|word| word.strip_prefix(key));
        files.push(File {
            name: word("file=").unwrap_or_else(|| panic!("{info}: file=")),
            sent: word("sent="),
            text,
        });
    }
    files
}

fn written(sent: &[Sent]) -> String {
    let words: Vec<String> = sent
        .iter()
        .map(|sent| match sent {
            Sent::Alone => "alone".to_owned(),
            Sent::Together(number) => number.to_string(),
            Sent::Not => "not".to_owned(),
        })
        .collect();
    words.join(",")
}

#[test]
fn every_runner_has_a_page_and_reads_its_examples_as_the_page_says() {
    let names: Vec<&str> = runners().iter().map(|runner| runner.name).collect();
    assert_eq!(names, pages().iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (runner, page) in pages() {
        let mut scripts = 0;
        for section in page.split("\n## ").skip(1) {
            let project = tempfile::tempdir().unwrap();
            let files = files(section);
            for file in &files {
                let path = project.path().join(file.name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, file.text).unwrap();
            }
            let surroundings = Surroundings::default();
            for file in files.iter().filter(|file| file.name.ends_with(".sql")) {
                let path = project.path().join(file.name);
                let plan = Plan::of(&Migration {
                    path: &path,
                    text: file.text,
                    surroundings: &surroundings,
                });
                assert_eq!(plan.runner, Some(*runner), "{}", file.text);
                assert_eq!(
                    Some(written(&plan.sent_of(file.text)).as_str()),
                    file.sent,
                    "{}",
                    file.text
                );
                assert!(is_run(&path, &surroundings), "{}", file.name);
                scripts += 1;
            }
        }
        assert!(scripts > 0, "{runner} has no example");
    }
}

fn plan(path: &str, text: &str) -> Plan {
    Plan::of(&Migration {
        path: Path::new(path),
        text,
        surroundings: &Surroundings::default(),
    })
}

#[test]
fn a_script_of_no_tool_is_run_statement_by_statement() {
    let text = "SELECT 1; -- migrate:up is only spoken of\nSELECT 2";
    let plain = plan("/nowhere/orders.sql", text);
    assert_eq!(plain.runner, None);
    assert_eq!(plain.sent_of(text), [Sent::Alone, Sent::Alone]);
    let wrapped = Plan::plain(text, Run::Transaction);
    assert_eq!(wrapped.sent_of(text), [Sent::Together(1), Sent::Together(1)]);
    assert_eq!(plan("", "").sent_of(""), []);
}

#[test]
fn a_mark_in_the_text_says_more_than_a_name() {
    let text = "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n";
    assert_eq!(plan("/nowhere/V1__a.sql", text).runner, Some("goose"));
    assert_eq!(plan("/nowhere/V1__a.sql", "SELECT 1").runner, Some("flyway"));
}

#[test]
fn what_undoes_or_verifies_is_left_out() {
    let surroundings = Surroundings::default();
    for path in [
        "U2__a.sql",
        "B2__a.sql",
        "000002_a.down.sql",
        "2024-01-01-000000_a/down.sql",
        "20240101_a.down.sql",
    ] {
        assert!(!is_run(Path::new(path), &surroundings), "{path}");
    }
    for path in [
        "V2__a.sql",
        "down.sql",
        "verify/a.sql",
        "sundown.sql",
        "000002_a.up.sql",
    ] {
        assert!(is_run(Path::new(path), &surroundings), "{path}");
    }
}

#[test]
fn files_of_a_directory_are_in_the_order_of_their_tool() {
    let sorted = |names: &[&str], surroundings: &Surroundings, directory: &Path| {
        let mut paths: Vec<_> = names.iter().map(|name| directory.join(name)).collect();
        paths.sort_by_key(|path| (order(path, surroundings), path.clone()));
        let names = paths
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let surroundings = Surroundings::default();
    let directory = Path::new("db");
    let flyway = ["V10__a.sql", "R__v.sql", "V2.1__a.sql", "V2__a.sql"];
    assert_eq!(
        sorted(&flyway, &surroundings, directory),
        ["V2__a.sql", "V2.1__a.sql", "V10__a.sql", "R__v.sql"]
    );
    assert_eq!(
        sorted(&["10_b.up.sql", "9_a.up.sql"], &surroundings, directory),
        ["9_a.up.sql", "10_b.up.sql"]
    );
    let project = tempfile::tempdir().unwrap();
    std::fs::write(
        project.path().join("sqitch.plan"),
        "%project=shop\n\nzebra 2024-01-01 A <a@b> # z\nape [zebra] 2024-01-02 A <a@b> # a\n@v1 2024 A <a@b> # tag\n",
    )
    .unwrap();
    assert_eq!(
        sorted(
            &["ape.sql", "unplanned.sql", "zebra.sql"],
            &surroundings,
            &project.path().join("deploy")
        ),
        ["zebra.sql", "ape.sql", "unplanned.sql"]
    );
    assert!(!is_run(&project.path().join("revert/ape.sql"), &surroundings));
    assert!(is_run(&project.path().join("deploy/ape.sql"), &surroundings));
}

#[test]
fn marks_have_to_be_whole_lines_of_comment() {
    let names: BTreeSet<Option<&str>> = [
        "SELECT '-- migrate:up'",
        "SELECT 1; -- +goose Up",
        "-- migrate:upwards\nSELECT 1",
        "SELECT 1 -- liquibase formatted sql",
    ]
    .iter()
    .map(|text| plan("a.sql", text).runner)
    .collect();
    assert_eq!(names, BTreeSet::from([None]));
}
