//! How a plan and its findings read.

use howdah_advise::plans::PlanFinding;
use howdah_core::{Output, Report, human_bytes};
use serde_json::Value;

use super::{Plan, PlanFormat};

/// Findings that are told; the structured output has them all.
const TOLD_MAX: usize = 20;
/// Findings that a model is told in words.
const SUMMED_MAX: usize = 5;

impl Output for Plan {
    fn report(&self) -> Report {
        let mut report = Report::new().code(match &self.plan {
            Value::String(text) => text.clone(),
            json => format!("{json:#}"),
        });
        // Whoever asks for the server's own forms passes them on to a program.
        if self.format == PlanFormat::Json {
            return report;
        }
        if let Some(comparison) = &self.comparison {
            report = report.heading("What changed").text(&comparison.verdict);
            let changes: Vec<String> = comparison
                .changes
                .iter()
                .map(|change| match change.node {
                    Some(node) => format!("#{node}  {}", change.message),
                    None => format!("    {}", change.message),
                })
                .collect();
            if !changes.is_empty() {
                report = report.code(changes.join("\n"));
            }
        }
        if !self.findings.is_empty() {
            report = report.heading("What is wrong");
        }
        for finding in self.findings.iter().take(TOLD_MAX) {
            report = report.text(told(finding));
        }
        if self.findings.len() > TOLD_MAX {
            report = report.text(format!("And {} more, in --json.", self.findings.len() - TOLD_MAX));
        }
        if !self.others.is_empty() {
            let rows = self.others.iter().map(|other| {
                vec![
                    other.line.map_or(String::new(), |line| line.to_string()),
                    other.ms.map_or(String::new(), |ms| format!("{ms:.1}")),
                    other.statement.clone().unwrap_or_default(),
                ]
            });
            report = report
                .heading("Other plans of the file")
                .table(&["line", "ms", "statement"], rows.collect());
        }
        for note in &self.notes {
            report = report.text(note.clone());
        }
        report
    }

    fn summary(&self) -> String {
        let mut summary = match (self.analyzed, self.total_ms) {
            (true, Some(ms)) => format!("The plan, measured: {ms} ms."),
            (true, None) => "The plan, measured without times.".to_owned(),
            (false, _) => "The plan, with estimates only; analyze measures.".to_owned(),
        };
        if let Some(comparison) = &self.comparison {
            summary.push_str(&format!("\n{}", comparison.verdict));
        }
        for finding in self.findings.iter().take(SUMMED_MAX) {
            summary.push_str(&format!("\n{}", told(finding)));
        }
        if self.findings.len() > SUMMED_MAX {
            summary.push_str("\nThe other findings are in the structured output.");
        }
        for note in &self.notes {
            summary.push_str(&format!("\n{note}"));
        }
        summary
    }
}

/// A finding with what to do about it.
fn told(finding: &PlanFinding) -> String {
    let node = finding.node.map_or(String::new(), |node| format!("#{node} "));
    let saves = match finding.saves_ms {
        Some(ms) if finding.saves_percent > 0.0 => {
            format!("  up to {ms:.1} ms ({:.0} %)", finding.saves_percent)
        }
        None if finding.saves_percent > 0.0 => format!("  up to {:.0} % of the cost", finding.saves_percent),
        _ => String::new(),
    };
    let mut text = format!("{node}{}{saves}\n  {}", finding.code, finding.message);
    if let Some(predicate) = &finding.predicate {
        text.push_str(&format!("\n  {}", one_line(predicate)));
    }
    text.push_str(&format!("\n  {}", finding.advice));
    if let Some(fix) = &finding.fix {
        text.push_str(&format!("\n  {}", fix.sql));
    }
    if let Some(proof) = &finding.proof {
        text.push_str(&format!(
            "\n  tried out with the planner: cost {} → {}, {}",
            proof.cost_before,
            proof.cost_after,
            human_bytes(proof.bytes)
        ));
    }
    text
}

/// Characters of a statement that are shown.
const SHOWN_CHARS: usize = 120;

pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
