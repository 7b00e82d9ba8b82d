//! Triggers: rules on checks and on the history, which tell people while a database is watched.

#[path = "triggers/condition.rs"]
mod condition;
#[path = "triggers/rule.rs"]
mod rule;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use howdah_core::{Config, Context, Error, Result};
use howdah_notify::{Channel, Channels, News, Phase, Steady, Told};
use tokio_util::sync::CancellationToken;

use crate::job_view::timestamp;
use crate::watched::now_s;

pub use condition::Seen;
pub use rule::{On, Rule};

/// How often the rules are looked at.
const EVERY: Duration = Duration::from_secs(60);
/// The first time, once the watcher has seen something.
const FIRST: Duration = Duration::from_secs(5);
/// News that a channel did not take, and how often they are tried again.
const KEPT: usize = 100;
const ATTEMPTS: u32 = 30;

/// The rules of the configuration and the ways to people.
pub struct Triggers {
    /// By name.
    pub rules: BTreeMap<String, Rule>,
    /// By name.
    pub channels: Channels,
}

impl Triggers {
    /// Those of `howdah.toml`; an error where a rule names what is not there.
    pub fn read(config: &Config) -> Result<Self> {
        let triggers = Self {
            rules: config.section("triggers")?,
            channels: config.section("notify")?,
        };
        for (name, rule) in &triggers.rules {
            rule.check(name)?;
            if let Some(unknown) = rule.notify.iter().find(|channel| !triggers.channels.contains_key(*channel)) {
                let known: Vec<&str> = triggers.channels.keys().map(String::as_str).collect();
                return Err(Error::invalid(format!("[triggers.{name}] notifies {unknown}, which is no channel."))
                    .hint(match known.is_empty() {
                        true => format!("Add a section [notify.{unknown}] to howdah.toml."),
                        false => format!("There are: {}.", known.join(", ")),
                    }));
            }
        }
        Ok(triggers)
    }

    /// Looks at the rules of a target each minute, until `cancel`. `is_ours` says whether it is this process that
    /// watches it: of several, one tells.
    pub(crate) async fn run(
        self: Arc<Self>,
        cx: Context,
        target: String,
        is_ours: Arc<AtomicBool>,
        cancel: CancellationToken,
    ) {
        let rules: Vec<(&String, &Rule)> = self.rules.iter().filter(|(_, rule)| rule.is_about(&target)).collect();
        if rules.is_empty() {
            return;
        }
        let mut states: BTreeMap<&String, Steady> = rules.iter().map(|(name, rule)| (*name, rule.steady())).collect();
        let mut undelivered: VecDeque<(News, String, u32)> = VecDeque::new();
        let mut pause = FIRST;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = EVERY,
            }
            if !is_ours.load(Ordering::Relaxed) {
                continue;
            }
            let mut asked = condition::Asked::of(&cx, &target);
            for (name, rule) in &rules {
                let at_s = now_s();
                // What began meanwhile is told when the silence is over, if it lasts.
                if rule.is_silent(at_s) {
                    continue;
                }
                let seen = match asked.see(rule).await {
                    Ok(seen) => seen,
                    // What cannot be known now is neither wrong nor over.
                    Err(error) => {
                        tracing::warn!("trigger {name} on {target}: {}", error.message);
                        continue;
                    }
                };
                let Some(state) = states.get_mut(name) else { continue };
                let Some(told) = state.see(at_s, seen.is_wrong()) else { continue };
                let news = news(name, &target, told, seen, at_s);
                undelivered.extend(rule.notify.iter().map(|channel| (news.clone(), channel.clone(), 0)));
            }
            undelivered = self.deliver(undelivered).await;
        }
    }

    /// Tells what there is to tell; gives what no channel took so far.
    async fn deliver(&self, news: VecDeque<(News, String, u32)>) -> VecDeque<(News, String, u32)> {
        let mut left = VecDeque::new();
        for (news, name, attempts) in news {
            let Some(channel) = self.channels.get(&name) else { continue };
            if let Err(error) = channel.tell(&news).await {
                tracing::warn!("channel {name} was not told of {}: {}", news.trigger, error.message);
                if attempts < ATTEMPTS && left.len() < KEPT {
                    left.push_back((news, name, attempts + 1));
                }
            }
        }
        left
    }

    /// Tries the channels of a trigger, or one channel, out.
    pub(crate) async fn test(&self, name: &str) -> Result<Vec<(String, Result<()>)>> {
        let channels: Vec<(&String, &Channel)> = match (self.rules.get(name), self.channels.get_key_value(name)) {
            (Some(rule), _) => rule.notify.iter().filter_map(|name| self.channels.get_key_value(name)).collect(),
            (None, Some(channel)) => vec![channel],
            (None, None) => {
                return Err(Error::not_found(format!("There is neither a trigger nor a channel {name}."))
                    .hint("`howdah triggers` shows those of howdah.toml."));
            }
        };
        let news = News {
            trigger: name.to_owned(),
            target: "(no database)".to_owned(),
            phase: Phase::Test,
            status: "warn".to_owned(),
            message: "Somebody tries out whether this arrives. Nothing is wrong.".to_owned(),
            details: Vec::new(),
            at: timestamp(now_s() * 1000),
        };
        let mut told = Vec::new();
        for (name, channel) in channels {
            told.push((name.clone(), channel.tell(&news).await));
        }
        Ok(told)
    }
}

fn news(trigger: &str, target: &str, told: Told, seen: Seen, at_s: i64) -> News {
    News {
        trigger: trigger.to_owned(),
        target: target.to_owned(),
        phase: match told {
            Told::Began => Phase::Began,
            Told::Lasts => Phase::Lasts,
            Told::Over => Phase::Over,
        },
        status: seen.status,
        message: seen.message,
        details: seen.details,
        at: timestamp(at_s * 1000),
    }
}
