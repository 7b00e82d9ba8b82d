//! Finds the plans in a file, whatever wrote it.

use howdah_sql::log;
use serde_json::Value;

use super::{Plan, PlanError, read_json, read_text};

/// A plan of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The plan.
    pub plan: Plan,
    /// Milliseconds of the statement, as the log tells.
    pub duration_ms: Option<f64>,
    /// The line that its entry begins on, counted from 1, where it is of a log.
    pub line: Option<usize>,
}

/// What looks like a plan and was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadPlan {
    /// The line that its entry begins on, counted from 1.
    pub line: usize,
    /// Why, as a sentence.
    pub reason: String,
}

/// The plans of a file: one in text or JSON, as the server, psql or pgAdmin print it, or those that auto_explain
/// wrote into a log.
///
/// # Errors
/// Where there is none.
pub fn read_plans(text: &str) -> Result<(Vec<Found>, Vec<UnreadPlan>), PlanError> {
    let text = text.trim_start_matches('\u{feff}');
    let alone = |plans: Vec<Plan>| {
        let found = plans.into_iter().map(|plan| Found {
            duration_ms: plan.total_ms(),
            plan,
            line: None,
        });
        (found.collect(), Vec::new())
    };
    let begins = text.trim_start();
    if begins.starts_with(['[', '{']) {
        let whole = match read_json(begins) {
            Ok(plans) => return Ok(alone(plans)),
            Err(error) => error,
        };
        if let Ok(value) = serde_json::from_str::<Value>(begins)
            && let Some(text) = wrapped(&value)
        {
            return read_plans(&text);
        }
        let (found, unread) = of_log(text);
        return match found.is_empty() && unread.is_empty() {
            true => Err(whole),
            false => Ok((found, unread)),
        };
    }
    if text.contains("duration: ") && text.contains("plan:") {
        let (found, unread) = of_log(text);
        if !found.is_empty() || !unread.is_empty() {
            return Ok((found, unread));
        }
    }
    match json_of_psql(text) {
        Some(json) => read_json(&json).map(alone),
        None => read_text(text).map(alone),
    }
}

/// The entries of auto_explain.
fn of_log(text: &str) -> (Vec<Found>, Vec<UnreadPlan>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for entry in log::entries(text) {
        let Some((ms, "plan", text)) = log::duration(&entry.message) else {
            continue;
        };
        let read = match text.trim_start().starts_with(['{', '[']) {
            true => read_json(text),
            false => read_text(text),
        };
        match read {
            Ok(plans) => found.extend(plans.into_iter().map(|plan| Found {
                plan,
                duration_ms: Some(ms),
                line: Some(entry.line),
            })),
            Err(error) => unread.push(UnreadPlan {
                line: entry.line,
                reason: error.to_string(),
            }),
        }
    }
    (found, unread)
}

/// A plan in the rows of a result that was written as JSON: `[{"QUERY PLAN": …}]`.
fn wrapped(value: &Value) -> Option<String> {
    let rows = value.as_array()?;
    let cells: Vec<&Value> = rows.iter().filter_map(|row| row.get("QUERY PLAN")).collect();
    match cells.as_slice() {
        [] => None,
        [one] if !one.is_string() => Some(one.to_string()),
        several => {
            let lines: Vec<&str> = several.iter().filter_map(|cell| cell.as_str()).collect();
            Some(lines.join("\n"))
        }
    }
}

/// JSON between the lines that psql draws, its own lines ended by plus signs.
fn json_of_psql(text: &str) -> Option<String> {
    let mut json = String::new();
    for line in text.lines() {
        let line = line.trim();
        let is_frame = line.is_empty()
            || line == "QUERY PLAN"
            || line.bytes().all(|byte| b"-+|=".contains(&byte))
            || line.ends_with(" row)")
            || line.ends_with(" rows)");
        if !is_frame {
            let line = line
                .strip_prefix("QUERY PLAN | ")
                .unwrap_or(line)
                .trim_start_matches("| ");
            json.push_str(line.strip_suffix('+').unwrap_or(line).trim_end());
            json.push('\n');
        }
    }
    json.starts_with(['[', '{']).then_some(json)
}
