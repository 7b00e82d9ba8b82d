//! A job: how far it has come, its steps and its diary.

use howdah_core::{Answer, Confirmation, Error, Result, Tool, inventory};
use howdah_tools::control_job::{ControlJob, JobAction};
use howdah_tools::get_job_status::{GetJobStatus, JobStatus};
use howdah_tools::job_view::human_duration;
use maud::{Markup, html};

use crate::web::page::{Done, Page};
use crate::web::parts;
use crate::web::visit::{Visit, needed, no_part, part};

inventory::submit! {
    Page {
        path: "/job",
        title: "Job",
        place: None,
        show: |visit| Box::pin(show(visit)),
        act: Some(|visit| Box::pin(act(visit))),
    }
}

/// States in which a job is not over.
const ACTIVE: &[&str] = &["queued", "running", "undoing"];

async fn show(visit: &Visit) -> Result<Markup> {
    let id = needed(visit, "id")?;
    match visit.part() {
        None => {}
        Some("job") => return Ok(job(visit, id).await),
        Some(other) => return Err(no_part(other)),
    }
    Ok(html! {
        section { (job(visit, id).await) }
        p { a href=(visit.link("/changes", &[])) { "All changes and jobs" } }
    })
}

async fn job(visit: &Visit, id: &str) -> Markup {
    let tool = GetJobStatus {
        id: id.to_owned(),
        events: 50,
        ..GetJobStatus::default()
    };
    let look = visit.look(tool, 1.0).await;
    part(visit, "job", 1, &look, |status: &JobStatus| {
        let job = &status.job;
        let is_active = ACTIVE.contains(&job.state.as_str());
        html! {
            p { (parts::badge(&job.state)) " " strong { (job.about) } " " span.faint { (job.id) ", asked for at " (job.created_at) " by " (job.created_by) } }
            @if is_active {
                p { progress max="1" value=[job.fraction] aria-label="Progress" {} " " (job.phase)
                    @if let Some(eta_s) = job.eta_s { ", about " (human_duration(eta_s)) " left" } }
            }
            @if let Some(error) = &job.error {
                div.problem role="alert" {
                    p { strong { (error["message"].as_str().unwrap_or_default()) } }
                    @if let Some(detail) = error["detail"].as_str() { p { (detail) } }
                    @if let Some(hint) = error["hint"].as_str() { p { "Next: " (hint) } }
                }
            }
            @if !job.exists_now.is_empty() {
                h2 { "What exists now" }
                ul.plain { @for line in &job.exists_now { li { (line) } } }
            }
            h2 { "Steps" }
            ol.steps {
                @for step in &job.steps {
                    li { (parts::badge(&step.state.replace('_', " "))) " " (step.title)
                        @if let Some(seconds) = step.seconds { span.faint { " " (human_duration(seconds)) } }
                        @if let Some(error) = &step.error { p.faint { (error) } } }
                }
            }
            @if let Some(serde_json::Value::Object(result)) = &job.result {
                h2 { "Result" }
                dl {
                    @for (name, value) in result {
                        dt { (name.replace('_', " ")) }
                        dd { (value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
                    }
                }
            }
            @if !job.events.is_empty() {
                h2 { "Diary" }
                (parts::code("Diary", &job.events.join("\n")))
            }
            p { (job.next) }
            form method="post" action=(visit.link("/job", &[("id", &job.id)])) {
                p.buttons {
                    @if is_active { button.danger name="do" value="cancel" { "Cancel it" } }
                    @if matches!(job.state.as_str(), "failed" | "cancelled") { button name="do" value="resume" { "Resume it" } }
                }
            }
        }
    })
}

async fn act(visit: &Visit) -> Result<Done> {
    let id = needed(visit, "id")?;
    if visit.word("do") == Some("cancel") {
        let question = Confirmation {
            binding: format!("cancel job {id}"),
            message: format!("Cancel job {id}? What it did so far is taken back, where it can be."),
        };
        if visit.cx.human.confirm(question).await? != Answer::Approved {
            return Err(Error::refused("A person is being asked. The job goes on so far."));
        }
    }
    let tool = ControlJob {
        id: id.to_owned(),
        action: match needed(visit, "do")? {
            "cancel" => JobAction::Cancel,
            "resume" => JobAction::Resume,
            other => return Err(Error::invalid(format!("A job cannot be told to {other:?}."))),
        },
    };
    let done = tool.run(&visit.cx).await?;
    Ok(Done::See(visit.link("/job", &[("id", &done.job.id)])))
}
