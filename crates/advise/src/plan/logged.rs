//! Finds the plans in a file, whatever wrote it.

use howdah_sql::log;
use serde_json::Value;

use super::json::read_first_json;
use super::wrapping::unwrapped;
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
    if text.trim().is_empty() {
        return Err(PlanError("There is no plan: the text is empty.".to_owned()));
    }
    if text.contains('\0') {
        let why = "It has bytes that no text in UTF-8 has: save it as UTF-8 (PowerShell writes UTF-16).";
        return Err(PlanError(why.to_owned()));
    }
    let alone = |plans: Vec<Plan>| {
        let found = plans.into_iter().map(|plan| Found {
            duration_ms: plan.total_ms(),
            plan,
            line: None,
        });
        (found.collect(), Vec::new())
    };
    let begins = text.trim_start();
    // What each line of a log is written as.
    let is_log = text.contains("duration: ") && text.contains("plan:");
    if begins.starts_with(['[', '{'])
        && let Ok(plans) = read_json(begins)
    {
        return Ok(alone(plans));
    }
    if is_log {
        let (found, unread) = of_log(text);
        if !found.is_empty() || !unread.is_empty() {
            return Ok((found, unread));
        }
    }
    if begins.starts_with(['[', '{'])
        && let Ok(value) = serde_json::from_str::<Value>(begins)
        && let Some(text) = wrapped(&value)
    {
        return read_plans(&text);
    }
    if text.contains("<td") && text.contains("</table>") {
        return Err(PlanError(
            "The plan is in a table of HTML, which is not read.".to_owned(),
        ));
    }
    let bare = unwrapped(text);
    match json_within(&bare) {
        Some(plans) => plans.map(alone),
        None => read_text(&bare)
            .map(alone)
            .map_err(|error| other_form(&bare).unwrap_or(error)),
    }
}

/// The plans in JSON that a text has, one after the other, with other lines before, between and behind them.
fn json_within(text: &str) -> Option<Result<Vec<Plan>, PlanError>> {
    if !text.contains("\"Node Type\"") && !text.trim_start().starts_with(['[', '{']) {
        return None;
    }
    let mut plans = Vec::new();
    let mut at = 0;
    while let Some(line) = text[at..].split('\n').next().filter(|_| at < text.len()) {
        if !line.trim_start().starts_with(['[', '{']) {
            at = (at + line.len() + 1).min(text.len());
            continue;
        }
        match read_first_json(&text[at..]) {
            Ok((found, length)) => {
                plans.extend(found);
                at += length;
            }
            Err(error) => return Some(Err(error)),
        }
    }
    (!plans.is_empty()).then_some(Ok(plans))
}

/// Why a text of one of the forms that are not read is none.
fn other_form(text: &str) -> Option<PlanError> {
    let form = if text.contains("<explain") || text.contains("<Node-Type>") {
        "XML"
    } else if text
        .lines()
        .any(|line| line.trim_start().starts_with("Node Type: "))
    {
        "YAML"
    } else {
        return None;
    };
    Some(PlanError(format!(
        "The plan is written as {form}, which is not read."
    )))
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
                reason: other_form(text).unwrap_or(error).to_string(),
            }),
        }
    }
    (found, unread)
}

fn cell(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A plan in the rows of a result that was written as JSON: `[{"QUERY PLAN": …}]`.
fn wrapped(value: &Value) -> Option<String> {
    let rows = match value {
        // A row alone, and rows of one cell each.
        Value::Object(row) => return row.get("QUERY PLAN").map(cell),
        rows => rows.as_array()?,
    };
    if let [Value::Array(row)] = rows.as_slice()
        && let [one] = row.as_slice()
    {
        return Some(cell(one));
    }
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
