use std::sync::Arc;
use std::time::Duration;

use howdah_core::{Context, Error, ErrorKind, Result, Tool};
use maud::{Markup, html};

use super::lately::{Lately, Look};
use super::words::encoded;

/// How long a page waits for a tool before it is drawn without its answer.
const PATIENCE: Duration = Duration::from_millis(120);

/// A request for a page.
pub(super) struct Visit {
    /// What tools run with.
    pub(super) cx: Context,
    /// What they said lately.
    pub(super) lately: Arc<Lately>,
    /// The page's path.
    pub(super) path: &'static str,
    /// What the address and the form say.
    pub(super) said: Vec<(String, String)>,
}

impl Visit {
    /// What was said under a name, unless it is empty.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        let found = self.said.iter().rev().find(|(said, _)| said == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The target that is looked at; none is the default one.
    pub(super) fn target(&self) -> Option<String> {
        self.word("target").map(str::to_owned)
    }

    /// The one part of the page that is asked for, where it is not the whole.
    pub(super) fn part(&self) -> Option<&str> {
        self.word("part")
    }

    /// The address of a page about the same target.
    pub(super) fn link(&self, path: &str, words: &[(&str, &str)]) -> String {
        let target = self.word("target").map(|target| ("target", target));
        let words: Vec<String> = words
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty())
            .chain(target)
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        match words.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{}", words.join("&")),
        }
    }

    /// What a tool says: not longer ago than `fresh_s`, if it answers soon.
    pub(super) async fn look<T>(&self, tool: T, fresh_s: f64) -> Look<T::Out>
    where
        T: Tool,
        T::Out: Sync,
    {
        self.look_for(tool, fresh_s, PATIENCE).await
    }

    /// The same with more patience: for what the page is all about.
    pub(super) async fn look_for<T>(&self, tool: T, fresh_s: f64, patience: Duration) -> Look<T::Out>
    where
        T: Tool,
        T::Out: Sync,
    {
        let input = serde_json::to_string(&tool).unwrap_or_default();
        let key = format!("{} {input}", T::NAME);
        let cx = self.cx.clone();
        let ask = async move { tool.run(&cx).await };
        self.lately
            .look(key, Duration::from_secs_f64(fresh_s), patience, ask)
            .await
    }
}

/// A part of a page: drawn from what a tool said, or why it said nothing. It is looked at again
/// every so many seconds; sooner while the answer is on its way.
pub(super) fn part<T>(
    visit: &Visit,
    name: &str,
    every_s: u32,
    look: &Look<T>,
    draw: impl FnOnce(&T) -> Markup,
) -> Markup {
    let said = look.said.as_deref();
    let inner = match said {
        Some(Ok(value)) => draw(value),
        Some(Err(error)) => problem(error),
        None => html! { p.waiting { "Being looked at…" } },
    };
    let every_s = if look.is_asking { 1 } else { every_s };
    live(visit, name, every_s, inner)
}

/// A part of a page that is looked at again every so many seconds.
pub(super) fn live(visit: &Visit, name: &str, every_s: u32, inner: Markup) -> Markup {
    let words: Vec<(&str, &str)> = visit
        .said
        .iter()
        .filter(|(word, _)| !matches!(word.as_str(), "part" | "target"))
        .map(|(word, value)| (word.as_str(), value.as_str()))
        .chain([("part", name)])
        .collect();
    html! {
        div id=(name) data-live=(visit.link(visit.path, &words)) data-every=(every_s) { (inner) }
    }
}

/// What went wrong, and what to do next.
pub(super) fn problem(error: &Error) -> Markup {
    // That something is not there is no failure: nobody watched so far, nothing counts statements.
    if error.kind == ErrorKind::NotFound {
        return html! {
            div.empty {
                p { (error.message) }
                @if let Some(hint) = &error.hint { p { (hint) } }
            }
        };
    }
    html! {
        div.problem role="alert" {
            p { strong { (error.message) } @if let Some(state) = &error.sqlstate { " (SQLSTATE " (state) ")" } }
            @if let Some(detail) = &error.detail { p { (detail) } }
            @if let Some(hint) = &error.hint { p { "Next: " (hint) } }
        }
    }
}

/// The one part that is asked for, out of none of a page's.
pub(super) fn no_part(name: &str) -> Error {
    Error::not_found(format!("The page has no part {name:?}."))
}

/// Something that a page cannot do without.
pub(super) fn needed<'a>(visit: &'a Visit, name: &str) -> Result<&'a str> {
    visit
        .word(name)
        .ok_or_else(|| Error::invalid(format!("The address does not say which {name}.")))
}
