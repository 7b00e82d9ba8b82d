use std::collections::HashMap;

use howdah_core::Progress;
use howdah_store::{JobRecord, JobState, StepRecord, StepState, now_ms};

/// How far a job has come. The fraction is by the steps' weights; the rest of
/// the time by what each step took in earlier runs of its kind (`durations`, in
/// milliseconds), else by the pace of this run.
pub(crate) fn progress(job: &JobRecord, durations: &HashMap<String, f64>) -> Progress {
    let phase = match (&job.phase, job.state) {
        (_, JobState::Queued) => "Waiting for its worker".to_owned(),
        (_, JobState::Succeeded) => "Done".to_owned(),
        (_, JobState::Failed) => "Failed".to_owned(),
        (_, JobState::Cancelled) => "Cancelled".to_owned(),
        (Some(phase), _) => phase.clone(),
        (None, JobState::Undoing) => "Taking back".to_owned(),
        (None, JobState::Running) => "Starting".to_owned(),
    };
    let (fraction, eta_s) = match job.state {
        JobState::Queued => (Some(0.0), None),
        JobState::Running => (Some(fraction(job)), eta_s(job, durations)),
        JobState::Succeeded => (Some(1.0), None),
        JobState::Undoing | JobState::Failed | JobState::Cancelled => (None, None),
    };
    Progress {
        phase,
        fraction,
        eta_s,
    }
}

fn fraction(job: &JobRecord) -> f64 {
    let total: f64 = job.steps.iter().map(|step| step.weight).sum();
    let done: f64 = job.steps.iter().map(|step| step.weight * done(job, step)).sum();
    if total > 0.0 {
        (done / total).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

fn done(job: &JobRecord, step: &StepRecord) -> f64 {
    match step.state {
        StepState::Done => 1.0,
        StepState::Running => job.step_fraction.unwrap_or(0.0).clamp(0.0, 1.0),
        _ => 0.0,
    }
}

fn eta_s(job: &JobRecord, durations: &HashMap<String, f64>) -> Option<f64> {
    let (mut spent_ms, mut weight) = (0.0, 0.0);
    for step in job.steps.iter().filter(|step| step.state == StepState::Done) {
        if let (Some(started), Some(finished)) = (step.started_ms, step.finished_ms) {
            spent_ms += (finished - started).max(0) as f64;
            weight += step.weight;
        }
    }
    let pace = (weight > 0.0).then(|| spent_ms / weight);
    let mut rest_ms = 0.0;
    for step in &job.steps {
        let whole = durations
            .get(&step.name)
            .copied()
            .or(pace.map(|pace| pace * step.weight));
        rest_ms += match step.state {
            StepState::Done => 0.0,
            StepState::Running => {
                let elapsed = (now_ms() - step.started_ms.unwrap_or_else(now_ms)).max(0) as f64;
                match job.step_fraction {
                    Some(part) if part > 0.05 => elapsed * (1.0 - part.min(1.0)) / part,
                    _ => (whole? - elapsed).max(0.0),
                }
            }
            _ => whole?,
        };
    }
    Some(rest_ms / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(steps: &[(StepState, f64, i64)]) -> JobRecord {
        let steps = steps
            .iter()
            .enumerate()
            .map(|(ordinal, (state, weight, took))| StepRecord {
                ordinal,
                name: ordinal.to_string(),
                title: String::new(),
                weight: *weight,
                state: *state,
                attempts: 1,
                started_ms: Some(now_ms() - took),
                finished_ms: (*state == StepState::Done).then(now_ms),
                error: None,
            });
        JobRecord {
            id: "x".into(),
            kind: "k".into(),
            subject: String::new(),
            exclusive_key: None,
            input: serde_json::Value::Null,
            created_by: String::new(),
            state: JobState::Running,
            cancel_requested: false,
            work: serde_json::Value::Null,
            result: None,
            error: None,
            exists_now: Vec::new(),
            phase: None,
            step_fraction: None,
            deaths: 0,
            created_ms: 0,
            launched_ms: None,
            started_ms: None,
            finished_ms: None,
            updated_ms: 0,
            steps: steps.collect(),
        }
    }

    #[test]
    fn the_fraction_goes_by_weight() {
        let mut job = job(&[(StepState::Done, 1.0, 0), (StepState::Running, 3.0, 0)]);
        assert_eq!(progress(&job, &HashMap::new()).fraction, Some(0.25));
        job.step_fraction = Some(0.5);
        assert_eq!(progress(&job, &HashMap::new()).fraction, Some(0.625));
    }

    #[test]
    fn the_rest_is_estimated_by_pace_then_by_history() {
        let job = job(&[(StepState::Done, 1.0, 2000), (StepState::Pending, 3.0, 0)]);
        let eta = |durations| progress(&job, &durations).eta_s.unwrap_or(-1.0);
        assert!((eta(HashMap::new()) - 6.0).abs() < 0.2);
        assert!((eta(HashMap::from([("1".to_owned(), 10_000.0)])) - 10.0).abs() < 0.2);
    }

    #[test]
    fn without_any_measure_nothing_is_promised() {
        let job = job(&[(StepState::Running, 1.0, 100), (StepState::Pending, 1.0, 0)]);
        assert_eq!(progress(&job, &HashMap::new()).eta_s, None);
    }
}
