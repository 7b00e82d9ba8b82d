//! Sessions as they are now, who waits for whom, and the way to end one.

use std::time::Duration;

use howdah_core::{Error, Result, Tool, inventory};
use howdah_tools::end_session::EndSession;
use howdah_tools::job_view::human_duration;
use howdah_tools::show_activity::{Activity, Queue, SessionLine, ShowActivity};
use maud::{Markup, html};

use crate::web::page::{Done, Page};
use crate::web::parts;
use crate::web::visit::{Visit, needed, no_part, part};
use crate::web::words::shortened;

inventory::submit! {
    Page {
        path: "/activity",
        title: "Activity",
        place: Some(6),
        show: |visit| Box::pin(show(visit)),
        act: Some(|visit| Box::pin(act(visit))),
    }
}

/// Sessions that are shown.
const SHOWN: usize = 200;
/// The page is about nothing else; a server that is there answers sooner.
const PATIENCE: Duration = Duration::from_millis(150);

async fn show(visit: &Visit) -> Result<Markup> {
    match visit.part() {
        None => {}
        Some("sessions") => return Ok(sessions(visit).await),
        Some(other) => return Err(no_part(other)),
    }
    let shown = if visit.word("idle").is_some() { "yes" } else { "" };
    Ok(html! {
        @if let Some(told) = told(visit) { p.told role="status" { (told) } }
        div.title { (parts::choice(visit, "Which sessions", "idle", &[("", "At work"), ("yes", "All")], shown)) }
        section { (sessions(visit).await) }
    })
}

async fn sessions(visit: &Visit) -> Markup {
    let tool = ShowActivity {
        idle: visit.word("idle").is_some(),
        limit: SHOWN,
        target: visit.target(),
        database: None,
    };
    let look = visit.look_for(tool, 1.0, PATIENCE).await;
    part(visit, "sessions", 2, &look, |activity| drawn(visit, activity))
}

fn drawn(visit: &Visit, activity: &Activity) -> Markup {
    html! {
        p {
            @for (at, (state, count)) in activity.counts.iter().enumerate() { @if at > 0 { ", " } strong { (count) } " " (state) }
            @if activity.counts.is_empty() { "No other session is there." } @else { "." }
        }
        @if activity.is_partial { p.faint { "What other roles do is hidden from this one. A superuser runs: GRANT pg_monitor TO this role." } }
        @if !activity.queues.is_empty() {
            h2 { "Who waits for whom" }
            @for queue in &activity.queues { (self::queue(visit, activity, queue)) }
        }
        @if !activity.sessions.is_empty() {
            h2 { "Sessions" }
            (parts::wide("Sessions", &html! {
                table {
                    thead { tr { @for title in ["Process", "Role", "State", "For", "Waits for", "Statement", "End it"] { th scope="col" { (title) } } } }
                    tbody { @for session in &activity.sessions { (row(visit, session)) } }
                }
            }))
        }
        @if activity.left_out > 0 { p.faint { "Not shown: " (activity.left_out) "." } }
    }
}

fn row(visit: &Visit, session: &SessionLine) -> Markup {
    html! {
        tr {
            th scope="row" { (session.pid) }
            td.name { (session.role) @if !session.application.is_empty() { p.faint { (session.application) } } }
            td { (session.state) @if session.kind != "client backend" { p.faint { (session.kind) } } }
            td { (session.query_s.or(session.state_s).map_or(String::new(), human_duration))
                @if let Some(open_s) = session.transaction_s.filter(|open_s| *open_s >= 1.0) { p.faint { "transaction " (human_duration(open_s)) } } }
            td { (session.wait) @if let Some(lock) = &session.lock { p.faint { (lock) } } }
            td.statement { code { (shortened(&session.query, 240)) } }
            td { (ends(visit, session)) }
        }
    }
}

/// A session at the root, and those behind it.
fn queue(visit: &Visit, activity: &Activity, queue: &Queue) -> Markup {
    let line = |pid: i32| html! {
        @match (pid, activity.session(pid)) {
            (0, _) => { "A prepared transaction: see " code { "prepared-transactions" } " among the checks." }
            (_, None) => { "Process " (pid) }
            (_, Some(session)) => {
                strong { "Process " (pid) } " of " (session.role) ", " (session.state) " "
                (session.query_s.or(session.state_s).map_or(String::new(), human_duration)) " "
                @if let Some(lock) = &session.lock { span.faint { "waits for " (lock) } }
                p.statement { code { (shortened(&session.query, 240)) } }
            }
        }
    };
    html! {
        ol.locks {
            li.level0 { (parts::badge("critical")) " blocks " (queue.waiting.len()) ": " (line(queue.root)) @if let Some(session) = activity.session(queue.root) { (ends(visit, session)) } }
            @for one in &queue.waiting { li class=(format!("level{}", one.depth.min(12))) { (line(one.pid)) } }
        }
    }
}

fn ends(visit: &Visit, session: &SessionLine) -> Markup {
    if session.kind != "client backend" {
        return html! {};
    }
    html! {
        form.ends method="post" action=(visit.link("/activity", &[])) {
            input type="hidden" name="pid" value=(session.pid);
            input type="hidden" name="began" value=(session.began);
            input type="hidden" name="about" value=(about(session));
            @if session.state == "active" {
                button name="how" value="cancel" aria-label=(format!("Cancel the statement of process {}", session.pid)) { "Cancel" }
            }
            button name="how" value="terminate" aria-label=(format!("Terminate the session of process {}", session.pid)) { "Terminate" }
        }
    }
}

/// Whom a question is about.
fn about(session: &SessionLine) -> String {
    let who = match session.application.as_str() {
        "" => session.role.clone(),
        application => format!("{} ({application})", session.role),
    };
    format!("Process {} of {who}, {}: {}", session.pid, session.state, shortened(&session.query, 400))
}

async fn act(visit: &Visit) -> Result<Done> {
    let pid = needed(visit, "pid")?;
    let tool = EndSession {
        pid: pid.parse().map_err(|_| Error::invalid(format!("{pid:?} is no process.")))?,
        began: Some(needed(visit, "began")?.to_owned()),
        terminate: match needed(visit, "how")? {
            "cancel" => false,
            "terminate" => true,
            other => return Err(Error::invalid(format!("A session is not ended by {other:?}."))),
        },
        target: visit.target(),
    };
    let ended = tool.run(&visit.cx).await?;
    let how = if ended.pending.is_some() { "" } else { needed(visit, "how")? };
    Ok(Done::See(visit.link("/activity", &[("told", how), ("pid", pid)])))
}

/// What was done. Not what an address says was done: anybody can write one.
fn told(visit: &Visit) -> Option<String> {
    let pid: i32 = visit.word("pid")?.parse().ok()?;
    match visit.word("told")? {
        "cancel" => Some(format!("The server was told to cancel the statement of process {pid}.")),
        "terminate" => Some(format!("The server was told to end the session of process {pid}.")),
        _ => None,
    }
}
