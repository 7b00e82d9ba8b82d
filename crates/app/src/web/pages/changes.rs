//! Schema changes and jobs: planned, started, under way, over.

use howdah_core::{Output, Result, Tool, inventory};
use howdah_tools::change_status::{ChangeStatus, Changes};
use howdah_tools::job_view::human_duration;
use howdah_tools::list_jobs::{Jobs, ListJobs};
use howdah_tools::plan_change::PlanChange;
use howdah_tools::start_change_job::StartChangeJob;
use maud::{Markup, html};

use crate::web::page::{Done, Page};
use crate::web::parts;
use crate::web::visit::{Visit, needed, no_part, part};
use crate::web::words::shortened;

inventory::submit! {
    Page {
        path: "/changes",
        title: "Changes",
        place: Some(7),
        show: |visit| Box::pin(show(visit)),
        act: Some(|visit| Box::pin(act(visit))),
    }
}

async fn show(visit: &Visit) -> Result<Markup> {
    match visit.part() {
        None => {}
        Some("jobs") => return Ok(jobs(visit).await),
        Some("journal") => return Ok(journal(visit).await),
        Some(other) => return Err(no_part(other)),
    }
    let (jobs, journal) = tokio::join!(jobs(visit), journal(visit));
    Ok(html! {
        section aria-labelledby="jobs-title" { h2 id="jobs-title" { "Jobs of this machine" } (jobs) }
        section aria-labelledby="journal-title" { h2 id="journal-title" { "Schema changes of this database" } (journal) }
        section aria-labelledby="new-title" { h2 id="new-title" { "A new change" } (form(visit)) }
    })
}

async fn jobs(visit: &Visit) -> Markup {
    let tool = ListJobs {
        limit: 30,
        ..ListJobs::default()
    };
    let look = visit.look(tool, 1.0).await;
    part(visit, "jobs", 2, &look, |jobs: &Jobs| html! {
        @if jobs.jobs.is_empty() { p.empty { "There are no jobs yet." } }
        @else {
            (parts::wide("Jobs", &html! {
                table {
                    thead { tr { @for title in ["Job", "About", "State", "Progress", "Asked for", "Took"] { th scope="col" { (title) } } } }
                    tbody {
                        @for job in &jobs.jobs {
                            tr {
                                th scope="row" { a href=(visit.link("/job", &[("id", &job.id)])) { (job.id) } }
                                td.name { (job.about) }
                                td { (parts::badge(&job.state)) }
                                td {
                                    @if let Some(fraction) = job.fraction { progress max="1" value=(fraction) aria-label=(format!("Progress of job {}", job.id)) {} }
                                    @if let Some(note) = &job.note { p.faint { (shortened(note, 160)) } }
                                }
                                td { (job.created_at) }
                                td { (job.duration_s.map_or(String::new(), human_duration)) }
                            }
                        }
                    }
                }
            }))
        }
    })
}

async fn journal(visit: &Visit) -> Markup {
    let tool = ChangeStatus {
        id: None,
        target: visit.target(),
    };
    let look = visit.look(tool, 2.0).await;
    part(visit, "journal", 3, &look, |journal: &Changes| html! {
        @if journal.changes.is_empty() { p.empty { "No change is in the journal of this database." } }
        @for change in journal.changes.iter().rev() {
            article.change {
                h3 { (change.id) " " (parts::badge(&change.state.replace('_', " "))) @if change.at_work { " at work" } }
                (parts::code("The script", &change.script))
                p {
                    progress max=(change.steps.max(1)) value=(change.steps_done) aria-label=(format!("Steps of change {}", change.id)) {}
                    " " (change.steps_done) " of " (change.steps) " steps"
                    @if change.rows > 0 { ", " (change.rows) " rows" }
                    @if let Some(at) = &change.at { ": " (at) }
                }
                @if let Some(error) = &change.error { div.problem { p { (error) } } }
                p.faint { "Begun by " (change.who) " at " (change.started_at) "; last news " (change.changed_at) "." }
            }
        }
    })
}

fn form(visit: &Visit) -> Markup {
    html! {
        form.query method="post" action=(visit.link("/changes", &[])) {
            label for="sql" { "Statements that change the schema" }
            textarea id="sql" name="sql" rows="5" spellcheck="false" autocapitalize="off" required { (visit.word("sql").unwrap_or_default()) }
            p.buttons { button name="do" value="plan" { "Plan it" } }
        }
    }
}

async fn act(visit: &Visit) -> Result<Done> {
    let sql = needed(visit, "sql")?.to_owned();
    if visit.word("do") == Some("start") {
        let tool = StartChangeJob {
            sql,
            target: visit.target(),
            keep_old: false,
        };
        let started = tool.run(&visit.cx).await?;
        return Ok(Done::See(visit.link("/job", &[("id", &started.job_id)])));
    }
    let tool = PlanChange {
        sql: Some(sql.clone()),
        file: None,
        format: "text".to_owned(),
        target: visit.target(),
    };
    let planned = tool.run(&visit.cx).await?;
    Ok(Done::Show(html! {
        section aria-labelledby="plan-title" {
            h2 id="plan-title" { "The plan" }
            (parts::report(&planned.report()))
            @if planned.possible {
                form method="post" action=(visit.link("/changes", &[])) {
                    input type="hidden" name="sql" value=(sql);
                    p.buttons { button.danger name="do" value="start" { "Carry it out" } a.button href=(visit.link("/changes", &[])) { "Leave it" } }
                }
            }
        }
        (form(visit))
    }))
}
