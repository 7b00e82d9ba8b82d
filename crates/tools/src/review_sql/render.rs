//! Findings as people and other programs read them.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use howdah_core::{Mark, Report, Severity};
use serde_json::{Value, json};

use super::{FileReview, PlacedFinding, SqlReview};

/// Each finding with the lines it is about.
pub(super) fn text(review: &SqlReview) -> Report {
    let mut report = Report::new();
    for file in &review.files {
        for placed in &file.findings {
            report = report.marked(finding(file, placed));
        }
    }
    for note in &review.notes {
        report = report.text(format!("Note: {note}"));
    }
    let counts = review.counts;
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    let scripts = count(review.files.len(), "script");
    report.text(match counts.danger + counts.warning + counts.note {
        0 => format!("Nothing was found in {scripts}."),
        _ => format!(
            "{}, {} and {} in {scripts}.",
            count(counts.danger, "danger"),
            count(counts.warning, "warning"),
            count(counts.note, "note")
        ),
    })
}

/// At most so many lines of a statement are shown.
const LINES: usize = 4;

fn finding(file: &FileReview, placed: &PlacedFinding) -> Vec<(Mark, String)> {
    let finding = &placed.finding;
    let level = match finding.severity {
        Severity::Danger => Level::ERROR.with_name("danger"),
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let (excerpt, range) = excerpt(&file.source, placed);
    let path = file.path.as_deref().unwrap_or("script");
    let snippet = Snippet::source(excerpt)
        .line_start(placed.line)
        .path(path)
        .annotation(AnnotationKind::Primary.span(range));
    let mut group = level
        .primary_title(finding.message.as_str())
        .id(finding.code.as_str())
        .element(snippet);
    for line in &finding.evidence {
        group = group.element(Level::NOTE.no_name().message(line.as_str()));
    }
    if let Some(guide) = &finding.guide {
        group = group.element(Level::NOTE.with_name("guide").message(guide.as_str()));
    }
    let mark = match finding.severity {
        Severity::Danger => Mark::Danger,
        Severity::Warning => Mark::Warning,
        Severity::Note => Mark::Note,
    };
    let mut parts = marked(&Renderer::plain().render(&[group]), mark);
    if let Some(fix) = &finding.fix {
        parts.push((Mark::Strong, "   Instead:\n".to_owned()));
        for line in fix.sql.lines() {
            parts.push((Mark::Remedy, format!("     {line}\n")));
        }
    }
    if let Some((_, last)) = parts.last_mut() {
        last.truncate(last.trim_end().len());
    }
    parts
}

/// The parts of a rendered finding: its severity and code, its message, frames, and what points
/// into the source.
fn marked(rendered: &str, severity: Mark) -> Vec<(Mark, String)> {
    let mut parts = Vec::new();
    for (number, line) in rendered.lines().enumerate() {
        let frame = line.find(|c: char| !c.is_ascii_digit() && c != ' ').unwrap_or(line.len());
        match (line[frame..].chars().next(), line.split_once("]: ")) {
            (_, Some((code, message))) if number == 0 => {
                parts.push((severity, format!("{code}]")));
                parts.push((Mark::Strong, format!(": {message}\n")));
            }
            (Some('-'), _) if line[frame..].starts_with("-->") => parts.push((Mark::Faint, format!("{line}\n"))),
            (Some('|'), _) => {
                let (frame, source) = line.split_at(frame + 1);
                let points = source.contains('^') && source.chars().all(|c| matches!(c, ' ' | '^' | '|' | '_'));
                let mark = if points { severity } else { Mark::Plain };
                parts.push((Mark::Faint, frame.to_owned()));
                parts.push((mark, format!("{source}\n")));
            }
            _ => parts.push((Mark::Plain, format!("{line}\n"))),
        }
    }
    parts
}

/// The first lines of what a finding is about, and its place in them.
fn excerpt<'a>(source: &'a str, placed: &PlacedFinding) -> (&'a str, std::ops::Range<usize>) {
    let span = placed.finding.span.map_or(0..0, |span| span.start..span.end);
    let start = span.start.min(source.len());
    let begin = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = span.end.clamp(start, source.len());
    let shown = source[begin..end]
        .match_indices('\n')
        .nth(LINES - 1)
        .map_or(end, |(at, _)| begin + at);
    let line_end = source[shown..].find('\n').map_or(source.len(), |at| shown + at);
    (&source[begin..line_end], start - begin..shown.max(start) - begin)
}

/// SARIF 2.1.0.
pub(super) fn sarif(review: &SqlReview) -> String {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for file in &review.files {
        for placed in &file.findings {
            let finding = &placed.finding;
            rules.entry(&finding.code).or_insert_with(|| json!({ "id": finding.code }));
            let mut text = finding.message.clone();
            for line in &finding.evidence {
                text.push_str("\n- ");
                text.push_str(line);
            }
            results.push(json!({
                "ruleId": finding.code,
                "level": match finding.severity {
                    Severity::Danger => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "note",
                },
                "message": { "text": text },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri(file.path.as_deref().unwrap_or("script.sql")) },
                    "region": { "startLine": placed.line, "startColumn": placed.column },
                } }],
            }));
        }
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "howdah",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// Workflow commands, which GitHub shows beside the lines of a pull request.
pub(super) fn github(review: &SqlReview) -> String {
    let mut lines = Vec::new();
    for file in &review.files {
        for placed in &file.findings {
            let finding = &placed.finding;
            let command = match finding.severity {
                Severity::Danger => "error",
                Severity::Warning => "warning",
                Severity::Note => "notice",
            };
            let mut message = finding.message.clone();
            for line in &finding.evidence {
                message.push('\n');
                message.push_str(line);
            }
            lines.push(format!(
                "::{command} file={},line={},col={},title={}::{}",
                property(file.path.as_deref().unwrap_or("script.sql")),
                placed.line,
                placed.column,
                property(&finding.code),
                escaped(&message)
            ));
        }
    }
    lines.join("\n")
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
