#![allow(clippy::unwrap_used)]

use howdah_aurora::{Cluster, Snapshot};
use howdah_pg::{ConnInfo, NoEnvironment};
use serde_json::{Value, json};

use super::gathered::{Done, Gathered, Server, Way};
use super::item::{Item, Verdict};
use super::items::{items, pages};
use super::{Checked, Counts, Drill, Drilled, Format, Readiness, Section, page, render};
use crate::job_view::timestamp;

const NOW_S: i64 = 1_790_000_000;

/// An example of a page: its language, its words, its text.
fn examples(page: &str) -> impl Iterator<Item = (&str, Vec<&str>, &str)> {
    page.split("\n```").skip(1).step_by(2).map(|block| {
        let (info, text) = block.split_once('\n').unwrap();
        let mut words = info.split_whitespace();
        (words.next().unwrap(), words.collect(), text)
    })
}

fn verdict(word: &str) -> Verdict {
    match word {
        "fails" => Verdict::Fail,
        "warns" => Verdict::Warn,
        "passes" => Verdict::Pass,
        "skipped" => Verdict::Skipped,
        other => panic!("{other}"),
    }
}

/// A cluster at AWS, with what the example says in place of what it has.
fn cluster(example: &Value) -> Option<Cluster> {
    if example.get("cluster").is_none() && example.get("url").is_some() {
        return None;
    }
    let mut cluster = json!({
        "name": "shop", "provider": "aws", "status": "available", "version": "16.4", "created": "2026-01-01T00:00:00Z",
        "instances": [{ "name": "shop-1", "role": "writer", "status": "available", "endpoint": "shop-1.example:5432" }],
    });
    for (name, value) in example.get("cluster").and_then(Value::as_object).into_iter().flatten() {
        cluster[name] = value.clone();
    }
    Some(serde_json::from_value(cluster).unwrap())
}

fn gathered(example: &Value) -> Gathered {
    let mut gathered = Gathered::unasked("shop".into(), NOW_S);
    gathered.cluster = cluster(example);
    for (name, value) in example.as_object().unwrap() {
        let ago = || NOW_S - value.as_i64().unwrap();
        let done = |is_failover| Done {
            id: "4kd0j2yx".into(),
            is_failover,
            cluster: "shop".into(),
            finished_s: ago(),
            took_s: 7,
            trouble: None,
        };
        match name.as_str() {
            "cluster" => {}
            "url" => gathered.way = Ok(Way::of(&ConnInfo::parse_with(value.as_str().unwrap(), &NoEnvironment).unwrap())),
            "watched_ago_s" => gathered.watched_s = Ok(Some(ago())),
            "triggers" => gathered.triggers = Ok(serde_json::from_value(value.clone()).unwrap()),
            "alarms" => gathered.alarms = Ok(serde_json::from_value(value.clone()).unwrap()),
            "restored_ago_s" => gathered.done.push(done(false)),
            "failed_over_ago_s" => gathered.done.push(done(true)),
            "snapshot_ago_s" => {
                let snapshot: Snapshot = serde_json::from_value(json!({
                    "name": "monday", "provider": "aws", "cluster": "shop", "version": "16.4",
                    "created": timestamp(ago() * 1000), "size_bytes": 1, "database": "app",
                }))
                .unwrap();
                gathered.snapshots.push(snapshot);
            }
            "server" => {
                gathered.server = Ok(Server {
                    has_tls: value["has_tls"].as_bool().unwrap(),
                    forces_tls: value["forces_tls"].as_bool(),
                    sessions: value.get("sessions").map(|of| serde_json::from_value(of.clone()).unwrap()),
                    ..Server::default()
                });
                gathered.health = Ok(Default::default());
            }
            other => panic!("{other}"),
        }
    }
    if example.get("cluster").is_some() && gathered.watched_s.is_err() {
        gathered.watched_s = Ok(None);
    }
    gathered
}

fn named(code: &str) -> &'static Item {
    items().into_iter().find(|item| item.code == code).unwrap()
}

#[test]
fn described_clusters_are_judged_as_the_pages_say() {
    let mut judged = 0;
    for &(code, page) in pages() {
        for (language, words, text) in examples(page).filter(|(language, ..)| *language == "json") {
            let example: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{code}: {error}: {language} {text}"));
            let answer = (named(code).judge)(&gathered(&example));
            assert_eq!(answer.verdict, verdict(words[0]), "{code}: {text}: {answer:?}");
            let is_wrong = answer.verdict >= Verdict::Warn;
            assert!(!is_wrong || answer.fix.is_some(), "{code} says nothing of what to do: {answer:?}");
            judged += 1;
        }
    }
    assert!(judged > 30, "{judged}");
}

#[test]
fn each_item_has_a_page_that_shows_it_well_and_not_well() {
    let codes: Vec<&str> = pages().iter().map(|(code, _)| *code).collect();
    let mut of_items: Vec<&str> = items().iter().map(|item| item.code).collect();
    of_items.sort_unstable();
    assert_eq!(codes, of_items);
    for &(code, page) in pages() {
        assert_eq!(page.lines().next().unwrap(), format!("# {}", named(code).title), "{code}");
        let shown: Vec<Verdict> = examples(page).map(|(_, words, _)| verdict(words[0])).collect();
        assert!(shown.contains(&Verdict::Pass), "{code}");
        // The tests hold the sessions that it takes.
        assert!(shown.iter().any(|verdict| *verdict >= Verdict::Warn) || code == "connection-headroom", "{code}");
    }
}

#[test]
fn what_cannot_be_asked_is_skipped_with_the_reason() {
    let nothing = Gathered::unasked("shop".into(), NOW_S);
    for item in items() {
        let answer = (item.judge)(&nothing);
        assert_eq!(answer.verdict, Verdict::Skipped, "{}: {answer:?}", item.code);
        assert!(answer.message.ends_with('.'), "{}: {}", item.code, answer.message);
    }
}

const HOSTILE: &str = "</style><script>alert(1)</script>\"' | `x` **b** [a](javascript:1)\n# h &amp; \u{202e}";

fn hostile(format: Format) -> Readiness {
    Readiness {
        target: HOSTILE.into(),
        provider: Some(HOSTILE.into()),
        ready: false,
        unasked: None,
        counts: Counts { fail: 1, ..Counts::default() },
        left_out: 0,
        items: vec![Checked {
            code: "primary-keys".into(),
            title: "Every table has a primary key".into(),
            section: Section::Schema,
            verdict: Verdict::Fail,
            message: HOSTILE.into(),
            evidence: vec![HOSTILE.into()],
            fix: Some(format!("```\n{HOSTILE}")),
            guide: "Pre-Production Checklist: Schema".into(),
        }],
        drills: vec![Drilled {
            drill: Drill::Restore,
            succeeded: false,
            took_s: 1.0,
            message: HOSTILE.into(),
            evidence: vec![HOSTILE.into()],
            job: "4kd0j2yx".into(),
        }],
        at: timestamp(NOW_S * 1000),
        format,
    }
}

#[test]
fn a_page_shows_hostile_names_as_text() {
    let page = page::html(&hostile(Format::Html));
    assert!(!page.contains("<script"), "{page}");
    assert_eq!(page.matches("</style>").count(), 1, "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    // It needs nothing from elsewhere.
    for from in ["src=", "href=", "url(", "@import"] {
        assert!(!page.contains(from), "{from}: {page}");
    }
}

#[test]
fn markdown_shows_hostile_names_as_text() {
    let text = render::markdown(&hostile(Format::Markdown));
    let outside: String = text.split("\n````\n").step_by(2).collect();
    assert!(!outside.contains("<script"), "{outside}");
    assert!(!outside.contains("\n# h"), "{outside}");
    assert!(!outside.contains("[a]("), "{outside}");
    // The text of a fix cannot end its fence.
    assert_eq!(text.matches("\n````\n").count(), 2, "{text}");
    let row = outside.lines().find(|line| line.starts_with("| **FAIL**")).unwrap();
    assert_eq!(row.replace("\\|", "").matches('|').count(), 4, "{row}");
}
