//! Every check, with its figures, and the ways from a symptom to its causes.

use std::time::Duration;

use howdah_core::{Error, Result, inventory};
use howdah_tools::check_health::{CheckHealth, Health};
use howdah_tools::diagnose::{Diagnose, symptoms};
use maud::{Markup, html};

use crate::web::page::Page;
use crate::web::parts;
use crate::web::visit::{Visit, no_part, part};
use crate::web::words::ago;

inventory::submit! {
    Page {
        path: "/health",
        title: "Health",
        place: Some(2),
        show: |visit| Box::pin(show(visit)),
        act: None,
    }
}

/// Figures that are texts of statements, shown as such.
const QUERIES: &[&str] = &["query", "last_query", "first_waiting_query"];
/// The checks look at a whole server, and this page is about nothing else.
const PATIENCE: Duration = Duration::from_millis(150);

async fn show(visit: &Visit) -> Result<Markup> {
    match visit.part() {
        None => {}
        Some("checks") => return Ok(checks(visit).await),
        Some("diagnosis") => return Ok(diagnosis(visit).await),
        Some(other) => return Err(no_part(other)),
    }
    let symptom = visit.word("symptom").unwrap_or_default();
    Ok(html! {
        section aria-labelledby="symptom-title" {
            h2 id="symptom-title" { "Is something wrong?" }
            form.line method="get" action="/health" {
                @if let Some(target) = visit.word("target") { input type="hidden" name="target" value=(target); }
                label for="symptom" { "Symptom" }
                select id="symptom" name="symptom" {
                    @for (name, title) in symptoms() { option value=(name) selected[name == symptom] { (title) } }
                }
                button { "Find the cause" }
            }
            @if !symptom.is_empty() { (diagnosis(visit).await) }
        }
        section aria-labelledby="checks-title" { h2 id="checks-title" { "Checks" } (checks(visit).await) }
    })
}

async fn diagnosis(visit: &Visit) -> Markup {
    let tool = Diagnose {
        symptom: visit.word("symptom").unwrap_or_default().to_owned(),
        target: visit.target(),
        database: None,
    };
    let look = visit.look_for(tool, 10.0, Duration::from_secs(2)).await;
    part(visit, "diagnosis", 30, &look, |diagnosed| {
        let diagnosis = &diagnosed.0;
        html! {
            @if diagnosis.causes.is_empty() { p.empty { "No cause was found." } }
            ol.todo {
                @for cause in &diagnosis.causes {
                    li {
                        p { (parts::badge(cause.status.name())) " " strong { (cause.cause) } }
                        @for line in &cause.evidence { p.faint { (line) } }
                        @if let Some(fix) = &cause.fix { (parts::fix(fix)) }
                        @if let Some(next) = &cause.next { p { "Next: " (next) } }
                    }
                }
            }
            details {
                summary { "What was looked at" }
                ul.plain { @for step in &diagnosis.steps { li { strong { (step.step) } " " (step.message) } } }
            }
        }
    })
}

async fn checks(visit: &Visit) -> Markup {
    let tool = CheckHealth {
        target: visit.target(),
        ..CheckHealth::default()
    };
    let look = visit.look_for(tool, 60.0, PATIENCE).await;
    part(visit, "checks", 60, &look, |health: &Health| html! {
        @for target in health.each() {
            @if let Some(error) = &target.error { (crate::web::visit::problem(&Error::internal(error.clone()))) }
            @if let Some(age_s) = target.statistics_age_s { p.faint { "Counters of use count since " (ago(age_s as f64)) "." } }
            div.checks {
                @for check in &target.checks {
                    details.check id=(check.code) open[matches!(check.status.name(), "critical" | "warn")] {
                        summary { (parts::badge(check.status.name())) " " (check.title) " " span.faint { (check.code) } }
                        @if check.problems.is_empty() { p { (check.message) } }
                        @for problem in &check.problems {
                            div.finding {
                                p { (problem.message) }
                                @for name in QUERIES {
                                    @if let Some(query) = problem.figures.get(*name).and_then(|query| query.as_str()).filter(|query| !query.is_empty()) {
                                        (parts::code(&name.replace('_', " "), query))
                                    }
                                }
                                @if let Some(fix) = &problem.fix { (parts::fix(fix)) }
                                @if let Some(next) = &problem.next { p { "Next: " (next) } }
                            }
                        }
                        @if check.left_out > 0 { p.faint { "There are " (check.left_out) " more of these." } }
                        @if let Some(skipped) = &check.skipped { p.faint { (skipped.reason) " " (skipped.who) } }
                        @if !check.thresholds.is_empty() {
                            p.faint { "Thresholds: " @for (at, (name, value)) in check.thresholds.iter().enumerate() { @if at > 0 { ", " } (name) " " (value) } "." }
                        }
                    }
                }
            }
        }
    })
}
