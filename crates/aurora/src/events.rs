//! What happened to a cluster: events of a provider and of jobs, and what they come to.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest message that is kept, in characters.
const LONGEST: usize = 300;

/// Something that happened to a cluster, an instance or a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in seconds since 1970.
    pub at_s: i64,
    /// To what: `shop`, `shop-1`, `job 4x7k2m9p`.
    pub source: String,
    /// What sort of thing.
    pub kind: EventKind,
    /// As who noticed it says it.
    pub message: String,
}

/// What sort of thing happened; what matters first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Something did not work, or was lost.
    Failure,
    /// Storage is short.
    LowStorage,
    /// Another instance became the writer, or should have.
    Failover,
    /// A server stopped, went down or was restarted.
    Restart,
    /// A server found its way back.
    Recovery,
    /// Maintenance, patches, upgrades.
    Maintenance,
    /// Its configuration became different.
    Change,
    /// Whatever else was worth a word.
    Notice,
    /// Something of it was removed.
    Deletion,
    /// Something of it was made.
    Creation,
    /// Backups and snapshots.
    Backup,
}

impl EventKind {
    /// As users read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::LowStorage => "low storage",
            Self::Failover => "failover",
            Self::Restart => "restart",
            Self::Recovery => "recovery",
            Self::Maintenance => "maintenance",
            Self::Change => "change",
            Self::Notice => "notice",
            Self::Deletion => "deletion",
            Self::Creation => "creation",
            Self::Backup => "backup",
        }
    }

    /// So many of them, in words: `2 failovers`.
    pub fn counted(self, number: u64) -> String {
        match (self, number) {
            (Self::LowStorage, 1) => "low storage once".to_owned(),
            (Self::LowStorage, _) => format!("low storage {number} times"),
            (Self::Maintenance, 1) => "maintenance once".to_owned(),
            (Self::Maintenance, _) => format!("maintenance {number} times"),
            (Self::Recovery, 1) => "1 recovery".to_owned(),
            (Self::Recovery, _) => format!("{number} recoveries"),
            (kind, 1) => format!("1 {}", kind.as_str()),
            (kind, _) => format!("{number} {}s", kind.as_str()),
        }
    }

    /// Whether clients may have noticed it, or somebody has to do something.
    pub fn matters(self) -> bool {
        self <= Self::Maintenance
    }

    /// By the categories that RDS gives an event, and by its words where a category is used for all sorts of things
    /// (the manual's list of event categories and messages for Aurora).
    pub fn of_rds(categories: &[String], message: &str) -> Self {
        let of_category = |category: &String| match category.to_lowercase().as_str() {
            "failure" => Self::Failure,
            "low storage" => Self::LowStorage,
            "failover" | "global-failover" => Self::Failover,
            "availability" => Self::Restart,
            "recovery" | "restoration" => Self::Recovery,
            "maintenance" | "security" | "security patching" => Self::Maintenance,
            "configuration change" => Self::Change,
            "deletion" => Self::Deletion,
            "creation" => Self::Creation,
            "backup" => Self::Backup,
            _ => Self::Notice,
        };
        let by_category = categories.iter().map(of_category).min().unwrap_or(Self::Notice);
        let message = message.to_lowercase().replace("failed over", "");
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        // A failover that failed is no failover.
        let by_words = if says(&["failed", "failure", "unable to", "can't be", "cannot be", "error"]) {
            Self::Failure
        } else if says(&["upgrade"]) {
            Self::Maintenance
        } else if by_category == Self::Notice && says(&["restart", "shutdown", "stopped", "being started"]) {
            Self::Restart
        } else if by_category == Self::Notice && says(&["storage"]) && says(&["low", "full", "exceed"]) {
            Self::LowStorage
        } else {
            by_category
        };
        by_category.min(by_words)
    }
}

/// Events of the same sort and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventGroup {
    /// What sort of thing.
    pub kind: EventKind,
    /// The last one's words; the others differ in numbers at most.
    pub message: String,
    /// How many.
    pub count: u64,
    /// When the first was, in seconds since 1970.
    pub first_s: i64,
    /// When the last was, in seconds since 1970.
    pub last_s: i64,
    /// What it happened to, in order of name.
    pub sources: Vec<String>,
}

/// Events by sort and message: what matters first, and of one sort the latest first.
pub fn summed_up(mut events: Vec<Event>) -> Vec<EventGroup> {
    events.sort_by(|a, b| (a.at_s, &a.source).cmp(&(b.at_s, &b.source)));
    let mut groups: BTreeMap<(EventKind, String), EventGroup> = BTreeMap::new();
    for event in events {
        let message = cut(&event.message);
        let group = groups
            .entry((event.kind, without_numbers(&message)))
            .or_insert_with(|| EventGroup {
                kind: event.kind,
                message: String::new(),
                count: 0,
                first_s: event.at_s,
                last_s: event.at_s,
                sources: Vec::new(),
            });
        (group.message, group.last_s) = (message, event.at_s);
        group.count += 1;
        if !group.sources.contains(&event.source) {
            group.sources.push(event.source);
        }
    }
    let mut groups: Vec<EventGroup> = groups.into_values().collect();
    for group in &mut groups {
        group.sources.sort();
    }
    groups.sort_by(|a, b| {
        (a.kind, b.last_s)
            .cmp(&(b.kind, a.last_s))
            .then_with(|| a.message.cmp(&b.message))
    });
    groups
}

/// What mattered, in words, the most important first: `1 failover, 2 restarts`; none if nothing did.
pub fn what_mattered(groups: &[EventGroup]) -> Option<String> {
    let mut counts: BTreeMap<EventKind, u64> = BTreeMap::new();
    for group in groups.iter().filter(|group| group.kind.matters()) {
        *counts.entry(group.kind).or_default() += group.count;
    }
    let words: Vec<String> = counts
        .into_iter()
        .map(|(kind, number)| kind.counted(number))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// In one line, not longer than [`LONGEST`].
fn cut(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.chars().count() > LONGEST {
        true => line.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => line,
    }
}

/// Each run of digits is one sign, so that what differs in a percentage, a number or a name's end is one message.
fn without_numbers(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    for letter in message.chars() {
        match letter.is_ascii_digit() {
            true if text.ends_with('#') => {}
            true => text.push('#'),
            false => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn kind(categories: &[&str], message: &str) -> EventKind {
        let categories: Vec<String> = categories.iter().map(|one| (*one).to_owned()).collect();
        EventKind::of_rds(&categories, message)
    }

    #[test]
    fn what_rds_says_is_sorted_by_what_it_means() {
        let table = [
            (
                vec!["failover"],
                "Completed failover to DB instance: shop-2",
                EventKind::Failover,
            ),
            (
                vec!["failover"],
                "Cluster failover failed, check the health of your cluster instances and try again.",
                EventKind::Failure,
            ),
            (
                vec!["failover"],
                "The instance has failed over.",
                EventKind::Failover,
            ),
            (vec!["availability"], "DB instance restarted", EventKind::Restart),
            (vec!["notification"], "DB instance stopped", EventKind::Restart),
            (
                vec!["maintenance"],
                "Database cluster is being upgraded.",
                EventKind::Maintenance,
            ),
            (
                vec!["notification"],
                "A minor version upgrade is available",
                EventKind::Maintenance,
            ),
            (
                vec!["low storage"],
                "The free storage capacity for DB instance shop-1 is low",
                EventKind::LowStorage,
            ),
            (
                vec!["configuration change"],
                "Reset master credentials",
                EventKind::Change,
            ),
            (
                vec!["creation", "backup"],
                "Creating cluster snapshot",
                EventKind::Creation,
            ),
            (
                vec!["backup"],
                "Creating manual cluster snapshot",
                EventKind::Backup,
            ),
            (
                vec!["recovery"],
                "Recovery of the DB instance is complete.",
                EventKind::Recovery,
            ),
            (vec![], "Something nobody has heard of", EventKind::Notice),
        ];
        for (categories, message, wanted) in table {
            assert_eq!(kind(&categories, message), wanted, "{message}");
        }
    }

    #[test]
    fn what_is_alike_is_one_line_and_what_matters_is_first() {
        let event = |at_s, source: &str, kind, message: &str| Event {
            at_s,
            source: source.to_owned(),
            kind,
            message: message.to_owned(),
        };
        let groups = summed_up(vec![
            event(900, "shop", EventKind::Backup, "Backup  taken"),
            event(300, "shop-2", EventKind::Restart, "DB instance restarted"),
            event(100, "shop-1", EventKind::Restart, "DB instance restarted"),
            event(
                200,
                "shop",
                EventKind::Failover,
                "Completed failover to DB instance: shop-2",
            ),
            event(
                400,
                "shop",
                EventKind::Failover,
                "Completed failover to DB instance: shop-1",
            ),
            event(350, "shop", EventKind::Failover, "Started failover"),
        ]);
        let told: Vec<(&str, u64, i64, i64)> = groups
            .iter()
            .map(|one| (one.message.as_str(), one.count, one.first_s, one.last_s))
            .collect();
        assert_eq!(
            told,
            [
                ("Completed failover to DB instance: shop-1", 2, 200, 400),
                ("Started failover", 1, 350, 350),
                ("DB instance restarted", 2, 100, 300),
                ("Backup taken", 1, 900, 900),
            ]
        );
        assert_eq!(groups[2].sources, ["shop-1", "shop-2"]);
        assert_eq!(what_mattered(&groups).unwrap(), "3 failovers, 2 restarts");
        assert_eq!(what_mattered(&groups[3..]), None);
        assert_eq!(summed_up(Vec::new()), []);
    }

    #[test]
    fn a_long_message_is_cut() {
        let message = "ü".repeat(LONGEST * 2);
        assert_eq!(cut(&message).chars().count(), LONGEST);
    }
}
