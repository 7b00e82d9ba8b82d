//! How the database is: load, health, what to do next.

use howdah_core::{Fix, Result, inventory};
use howdah_tools::check_health::{CheckHealth, Health};
use howdah_tools::find_regressions::{FindRegressions, Regression, Regressions, headline};
use howdah_tools::forecast_growth::{Forecast, ForecastGrowth};
use howdah_tools::get_database_connection_info::{ConnectionInfo, GetDatabaseConnectionInfo};
use howdah_tools::show_changes::{Changes, ShowChanges};
use howdah_tools::show_load::{Part, ShowLoad, ShownLoad};
use howdah_tools::top_queries::{Order, TopQueries, TopStatements};
use maud::{Markup, html};

use crate::web::lately::Look;
use crate::web::page::Page;
use crate::web::parts;
use crate::web::visit::{Visit, live, no_part, part, problem};
use crate::web::words::{day, milliseconds, shortened};

inventory::submit! {
    Page {
        path: "/",
        title: "Overview",
        place: Some(1),
        show: |visit| Box::pin(show(visit)),
        act: None,
    }
}

/// A date is told where it is nearer than this, in days.
const NEAR_DAYS: i64 = 90;
/// Things to do that are shown.
const NEXT_MAX: usize = 8;

async fn show(visit: &Visit) -> Result<Markup> {
    let last = parts::last(visit, "1h");
    match visit.part() {
        None => {}
        Some("server") => return Ok(server(visit).await),
        Some("load") => return Ok(load(visit, last).await),
        Some("next") => return Ok(next(visit).await),
        Some("health") => return Ok(health(visit).await),
        Some("top") => return Ok(top(visit, last).await),
        Some("changes") => return Ok(changes(visit).await),
        Some(other) => return Err(no_part(other)),
    }
    let (server, load, next, health, top, changes) = tokio::join!(
        server(visit),
        load(visit, last),
        next(visit),
        health(visit),
        top(visit, last),
        changes(visit)
    );
    Ok(html! {
        (server)
        section aria-labelledby="load-title" {
            div.title { h2 id="load-title" { "Load" } (parts::lengths(visit, last)) }
            (load)
        }
        div.columns {
            section aria-labelledby="next-title" { h2 id="next-title" { "What to do next" } (next) }
            section aria-labelledby="health-title" { h2 id="health-title" { "Health" } (health) }
        }
        section aria-labelledby="top-title" { h2 id="top-title" { "Where the time went" } (top) }
        section aria-labelledby="changes-title" { h2 id="changes-title" { "What changed" } (changes) }
    })
}

async fn server(visit: &Visit) -> Markup {
    let target = visit.target().or_else(|| {
        let targets = visit.cx.get::<howdah_pg::Targets>().ok()?;
        targets.get(None).ok().map(|target| target.name.clone())
    });
    let look = visit.look(GetDatabaseConnectionInfo { target }, 10.0).await;
    part(visit, "server", 15, &look, |info: &ConnectionInfo| html! {
        @if info.targets.is_empty() {
            p.empty { "No database is configured. Give one with --url or DATABASE_URL, or name it in howdah.toml." }
        }
        @for target in info.targets.iter().take(1) {
            p.facts {
                (parts::badge(target.state.name()))
                span { (target.database) " as " (target.user) }
                @if let Some(server) = &target.server {
                    span { "PostgreSQL " (server.version) @if server.is_in_recovery { ", a replica" } }
                    span { (server.connections) " of " (server.max_connections) " connections" }
                }
                span { "Mode " (target.mode) }
            }
            @if let Some(problem) = &target.problem { div.problem role="alert" { p { (problem) } } }
        }
        @for broken in &info.broken {
            div.problem role="alert" { p { strong { (broken.name) } ": " (broken.problem) } }
        }
    })
}

async fn load(visit: &Visit, last: &str) -> Markup {
    let tool = ShowLoad {
        last: last.to_owned(),
        ago: None,
        by: Part::Wait,
        target: visit.target(),
        database: None,
    };
    let look = visit.look(tool, 5.0).await;
    part(visit, "load", 10, &look, |shown: &ShownLoad| parts::load(shown))
}

async fn look_at_health(visit: &Visit) -> Look<Health> {
    let tool = CheckHealth {
        target: visit.target(),
        ..CheckHealth::default()
    };
    visit.look(tool, 60.0).await
}

async fn health(visit: &Visit) -> Markup {
    let look = look_at_health(visit).await;
    part(visit, "health", 60, &look, |health: &Health| {
        let counts = health.counts;
        html! {
            ul.tiles {
                @for (number, word) in [(counts.critical, "critical"), (counts.warn, "warn"), (counts.ok, "ok"), (counts.skipped, "skipped")] {
                    li { strong { (number) } " " (parts::badge(word)) }
                }
            }
            ul.plain {
                @for check in health.each().flat_map(|one| &one.checks).filter(|check| matches!(check.status.name(), "critical" | "warn")).take(6) {
                    li { (parts::badge(check.status.name())) " " (check.title) }
                }
            }
            p { a href=(visit.link("/health", &[])) { "All checks" } }
        }
    })
}

/// Something to do, with why.
struct ToDo {
    status: &'static str,
    what: String,
    why: Option<String>,
    fix: Option<Fix>,
    link: Option<(String, &'static str)>,
}

async fn next(visit: &Visit) -> Markup {
    let regressions = FindRegressions {
        last: "1d".to_owned(),
        ago: None,
        factor: 2.0,
        target: visit.target(),
        database: None,
    };
    let growth = ForecastGrowth {
        last: "4w".to_owned(),
        limit: None,
        target: visit.target(),
        database: None,
    };
    let (health, regressions, growth) =
        tokio::join!(look_at_health(visit), visit.look(regressions, 60.0), visit.look(growth, 300.0));
    let is_asking = health.is_asking || regressions.is_asking || growth.is_asking;
    let mut list = Vec::new();
    if let Some(Ok(health)) = health.said.as_deref() {
        list.extend(from_health(visit, health));
    }
    if let Some(Ok(regressions)) = regressions.said.as_deref() {
        list.extend(from_regressions(visit, regressions));
    }
    if let Some(Ok(growth)) = growth.said.as_deref() {
        list.extend(from_growth(growth));
    }
    // The sort is stable: tools give the worst first.
    list.sort_by_key(|one| one.status != "critical");
    let left_out = list.len().saturating_sub(NEXT_MAX);
    let inner = html! {
        @if let Some(Err(error)) = health.said.as_deref() { (problem(error)) }
        @else if list.is_empty() && is_asking { p.waiting { "Being looked at…" } }
        @else if list.is_empty() { p.empty { "Nothing is waiting to be done." } }
        ol.todo {
            @for one in list.iter().take(NEXT_MAX) {
                li {
                    p { (parts::badge(one.status)) " " (one.what) }
                    @if let Some(why) = &one.why { p.faint { (why) } }
                    @if let Some(fix) = &one.fix { (parts::fix(fix)) }
                    @if let Some((link, words)) = &one.link { p { a href=(link) { (words) } } }
                }
            }
        }
        @if left_out > 0 { p { a href=(visit.link("/health", &[])) { (left_out) " more" } } }
    };
    live(visit, "next", if is_asking { 1 } else { 60 }, inner)
}

fn from_health(visit: &Visit, health: &Health) -> Vec<ToDo> {
    let mut list = Vec::new();
    for check in health.each().flat_map(|one| &one.checks) {
        let Some(problem) = check.problems.first() else { continue };
        let more = check.problems.len() - 1 + check.left_out as usize;
        list.push(ToDo {
            status: problem.status.name(),
            what: problem.message.clone(),
            why: problem.next.clone().or_else(|| (more > 0).then(|| format!("There are {more} more of these."))),
            fix: problem.fix.clone(),
            link: Some((format!("{}#{}", visit.link("/health", &[]), check.code), "The check")),
        });
    }
    list
}

fn from_regressions(visit: &Visit, regressions: &Regressions) -> Vec<ToDo> {
    let todo = |one: &Regression| ToDo {
        status: "warn",
        what: format!("A statement became worse: {}.", headline(one)),
        why: Some(shortened(&one.statement, 140)),
        fix: None,
        link: Some((visit.link("/statement", &[("id", &one.query_id)]), "Its history and why")),
    };
    regressions.regressions.iter().map(todo).collect()
}

fn from_growth(growth: &Forecast) -> Vec<ToDo> {
    let now_s = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    let near = growth.growth.iter().filter_map(|one| Some((one, one.limit_at_s?)));
    near.filter(|(_, at_s)| *at_s < now_s + NEAR_DAYS * 86_400)
        .map(|(one, at_s)| ToDo {
            status: if at_s < now_s + 7 * 86_400 { "critical" } else { "warn" },
            what: format!("{} reaches its limit on {}, at the rate of the last weeks.", one.of, day(at_s)),
            why: None,
            fix: None,
            link: None,
        })
        .collect()
}

async fn top(visit: &Visit, last: &str) -> Markup {
    let tool = TopQueries {
        last: last.to_owned(),
        ago: None,
        order: Order::Time,
        limit: 5,
        counters: false,
        course: false,
        target: visit.target(),
        database: None,
    };
    let look = visit.look(tool, 15.0).await;
    part(visit, "top", 30, &look, |top: &TopStatements| html! {
        @if top.statements.is_empty() {
            p.empty { "No statement was counted from " (top.window) ". The counters are read every minute, and two readings are needed." }
        }
        @else {
            ul.statements {
                @for one in &top.statements {
                    li {
                        a.statement href=(visit.link("/statement", &[("id", &one.query_id), ("last", last)])) { code { (shortened(&one.statement, 160)) } }
                        span.faint { (format!("{:.0} %", one.percent)) " of the time, " (one.calls) " calls of " (milliseconds(one.mean_ms)) }
                    }
                }
            }
            p.faint { "From " (top.window) ". " a href=(visit.link("/statements", &[("last", last)])) { "All statements" } }
        }
    })
}

async fn changes(visit: &Visit) -> Markup {
    let tool = ShowChanges {
        last: "1w".to_owned(),
        ago: None,
        limit: 8,
        target: visit.target(),
        database: None,
    };
    let look = visit.look(tool, 60.0).await;
    part(visit, "changes", 60, &look, |changes: &Changes| html! {
        @if changes.changes.is_empty() { p.empty { "Nothing changed in the last week, as far as it was watched." } }
        @else {
            ul.plain {
                @for change in &changes.changes {
                    li {
                        span.faint { (change.at) } " " (change.kind) " " strong { (change.name) } ": "
                        (change.before.as_deref().map_or("new".to_owned(), |before| shortened(before, 60)))
                        " → "
                        (change.after.as_deref().map_or("gone".to_owned(), |after| shortened(after, 60)))
                    }
                }
            }
        }
    })
}
