//! Readiness as a page that needs nothing else: no script, no font, nothing from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::render::{counted, headline, sections};
use super::{Checked, Readiness, Verdict};

/// Nothing is fetched and nothing runs, whatever a name in it tries.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

pub(super) fn html(readiness: &Readiness) -> String {
    let state = match (readiness.ready, readiness.counts.fail, &readiness.unasked) {
        (true, _, _) => "pass",
        (false, 0, Some(_)) => "skipped",
        _ => "fail",
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { "Readiness of " (readiness.target) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header.(state) {
                    p.small { "Readiness for production" @if let Some(provider) = &readiness.provider { " · cluster of " (provider) } }
                    h1 { bdi { (readiness.target) } }
                    p.verdict { (headline(readiness)) }
                    (bar(readiness))
                    p.small { (counted(readiness)) " · asked " (readiness.at) " · howdah " (env!("CARGO_PKG_VERSION")) }
                }
                main {
                    @if !readiness.drills.is_empty() {
                        section {
                            h2 { "Drills" }
                            @for drill in &readiness.drills {
                                article.(if drill.succeeded { "pass" } else { "fail" }) {
                                    h3 { span.badge { (if drill.succeeded { "worked" } else { "failed" }) } " " (drill.drill.name()) }
                                    p { (drill.in_words()) }
                                }
                            }
                        }
                    }
                    @for (section, items) in sections(readiness) {
                        section {
                            h2 { (section.title()) }
                            @for item in items { (self::item(item)) }
                        }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// The items as parts of a line, the grave ones first.
fn bar(readiness: &Readiness) -> Markup {
    let counts = readiness.counts;
    let parts = [("fail", counts.fail), ("warn", counts.warn), ("pass", counts.pass), ("skipped", counts.skipped)];
    html! {
        div.bar role="img" aria-label=(counted(readiness)) {
            @for (class, number) in parts.into_iter().filter(|(_, number)| *number > 0) {
                span.(class) style=(format!("flex-grow:{number}")) { (number) }
            }
        }
    }
}

fn item(item: &Checked) -> Markup {
    html! {
        article.(item.verdict.name()) id=(item.code) {
            h3 { span.badge { (item.verdict.name()) } " " (item.title) }
            p { (item.message) }
            @if item.verdict >= Verdict::Warn {
                (rests_on(item))
                @if let Some(fix) = &item.fix { pre { code { (fix) } } }
            } @else if !item.evidence.is_empty() {
                details { summary { "What it rests on" } (rests_on(item)) }
            }
            p.small { (item.code) " · guide: " (item.guide) }
        }
    }
}

fn rests_on(item: &Checked) -> Markup {
    html! {
        @if !item.evidence.is_empty() {
            ul { @for line in &item.evidence { li { (line) } } }
        }
    }
}
