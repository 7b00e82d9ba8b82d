//! The samples of a target, and the stretch of time in which a tool looks at them.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use howdah_core::{Config, Context, Error, Result};
use howdah_pg::{ConnInfo, Origin, Target};
use howdah_store::Store;
use howdah_store::samples::{History, Samples, Window};
use howdah_watch::{at, duration_s, samples_of};
use serde::Deserialize;

use crate::target_session;

/// The section `[history]`: where what watchers see is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// A target, a cluster, or a URL; files of this machine without one.
    store: Option<String>,
    /// The schema there.
    schema: Option<String>,
}

/// The schema, unless the configuration names one. `howdah` is where changes keep their journal.
const SCHEMA: &str = "howdah_history";

/// Where what watchers see is kept, as the configuration says.
pub(crate) async fn history(cx: &Context) -> Result<History> {
    let settings: Settings = cx.get::<Config>()?.section("history")?;
    let Some(store) = settings.store else {
        return Ok(History::Beside((*cx.get::<Store>()?).clone()));
    };
    let server = match store.contains("://") || store.contains('=') {
        true => Arc::new(Target::new("history", ConnInfo::parse(&store)?, Origin::Config)),
        false => target_session::resolve(cx, Some(&store), None).await?,
    };
    Ok(History::On { server, schema: settings.schema.unwrap_or_else(|| SCHEMA.to_owned()) })
}

/// The samples of the database that is meant; an error where it was never watched.
pub(crate) async fn samples(cx: &Context, target: Option<&str>, database: Option<&str>) -> Result<Samples> {
    let target = target_session::resolve(cx, target, database).await?;
    let samples = samples_of(&history(cx).await?, &target);
    match samples.exists().await? {
        true => Ok(samples),
        false => Err(
            Error::not_found(format!("The database of target {} was not watched so far.", target.name))
                .hint("`howdah watch` watches it until it is stopped."),
        ),
    }
}

/// The last `last` of what there is, ending `ago` before now.
pub(crate) fn window(last: &str, ago: Option<&str>) -> Result<Window> {
    let now = now_s();
    let to_s = match ago {
        Some(ago) => now - length(ago)?,
        None => now + 1,
    };
    Ok(Window {
        from_s: to_s - length(last)?,
        to_s,
    })
}

/// Seconds of a length of time.
pub(crate) fn length(text: &str) -> Result<i64> {
    duration_s(text)
        .filter(|seconds| *seconds <= 10 * 366 * 86_400)
        .ok_or_else(|| {
            Error::invalid(format!("{text:?} is no length of time."))
                .hint("Write it as 90s, 15m, 6h, 2d or 1w.")
        })
}

/// The window in words.
pub(crate) fn in_words(window: Window) -> String {
    format!("{} to {} UTC", at(window.from_s), at(window.to_s))
}

pub(crate) fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// The text in one line, not longer than so many characters.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.chars().count() > most {
        true => line.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => line,
    }
}
