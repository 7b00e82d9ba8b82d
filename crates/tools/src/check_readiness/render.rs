//! How readiness reads: for a terminal, in Markdown, for a model.

use howdah_core::{Mark, Report};

use super::{Checked, Readiness, Section, Verdict};

/// The verdict in one line.
pub(super) fn headline(readiness: &Readiness) -> String {
    let name = &readiness.target;
    match (&readiness.unasked, readiness.ready, readiness.counts.fail) {
        (Some(why), _, fails) if fails == 0 || readiness.provider.is_none() => format!("Whether {name} is ready is not known. {why}"),
        (_, true, _) if readiness.left_out > 0 => {
            format!("{name} is ready in what was asked for, with {} left out.", howdah_core::counted(readiness.left_out, "item"))
        }
        (_, true, _) => format!("{name} is ready."),
        (_, false, 0) => format!("{name} is not ready: a drill failed."),
        (_, false, 1) => format!("{name} is not ready: 1 item fails."),
        (_, false, number) => format!("{name} is not ready: {number} items fail."),
    }
}

pub(super) fn counted(readiness: &Readiness) -> String {
    let counts = readiness.counts;
    format!("{} pass, {} warn, {} fail, {} skipped", counts.pass, counts.warn, counts.fail, counts.skipped)
}

/// The items, by section.
pub(super) fn sections(readiness: &Readiness) -> Vec<(Section, Vec<&Checked>)> {
    let mut sections: Vec<(Section, Vec<&Checked>)> = Vec::new();
    for item in &readiness.items {
        match sections.last_mut() {
            Some((section, items)) if *section == item.section => items.push(item),
            _ => sections.push((item.section, vec![item])),
        }
    }
    sections
}

pub(super) fn text(readiness: &Readiness) -> Report {
    let mut report = Report::new();
    for drill in &readiness.drills {
        report = report.heading(format!("Drill: {}", drill.drill.name())).text(drill.in_words());
    }
    for (section, items) in sections(readiness) {
        report = report.heading(section.title());
        for item in items {
            let mark = match item.verdict {
                Verdict::Pass => Mark::Remedy,
                Verdict::Skipped => Mark::Faint,
                Verdict::Warn => Mark::Warning,
                Verdict::Fail => Mark::Danger,
            };
            let mut parts = vec![
                (mark, format!("{:<7}", item.verdict.name())),
                (Mark::Plain, format!("  {} ", item.title)),
                (Mark::Faint, format!("({})", item.code)),
                (Mark::Plain, format!("\n         {}", item.message)),
            ];
            // Of what is well the sentence is enough.
            if item.verdict >= Verdict::Warn {
                parts.extend(item.evidence.iter().map(|line| (Mark::Faint, format!("\n         · {line}"))));
                if let Some(fix) = &item.fix {
                    parts.push((Mark::Remedy, format!("\n         → {}", fix.replace('\n', "\n           "))));
                }
            }
            report = report.marked(parts);
        }
    }
    report.text(format!("{} ({})", headline(readiness), counted(readiness)))
}

pub(super) fn summary(readiness: &Readiness) -> String {
    let mut lines = vec![format!("{} ({})", headline(readiness), counted(readiness))];
    let grave = readiness.items.iter().filter(|item| item.verdict == Verdict::Fail);
    lines.extend(grave.map(|item| format!("{}: {}", item.code, item.message)));
    lines.join("\n")
}

pub(super) fn markdown(readiness: &Readiness) -> String {
    let mut page = format!("# Readiness of {}\n\n", plain(&readiness.target));
    page.push_str(&format!("**{}** ({})\n\n", plain(&headline(readiness)), counted(readiness)));
    if let Some(provider) = &readiness.provider {
        page.push_str(&format!("Cluster of the provider {}. ", plain(provider)));
    }
    page.push_str(&format!("Asked {}.\n", readiness.at));
    if !readiness.drills.is_empty() {
        page.push_str("\n## Drills\n\n");
        for drill in &readiness.drills {
            page.push_str(&format!("- **{}**: {}\n", drill.drill.name(), plain(&drill.in_words())));
        }
    }
    for (section, items) in sections(readiness) {
        page.push_str(&format!("\n## {}\n\n| | Item | |\n|---|---|---|\n", section.title()));
        for item in &items {
            let verdict = match item.verdict {
                Verdict::Fail => "**FAIL**",
                other => other.name(),
            };
            page.push_str(&format!("| {verdict} | {} | {} |\n", plain(&item.title), plain(&item.message)));
        }
        for item in items.iter().filter(|item| item.verdict >= Verdict::Warn) {
            page.push_str(&format!("\n### {}\n\n", plain(&item.title)));
            for line in &item.evidence {
                page.push_str(&format!("- {}\n", plain(line)));
            }
            if let Some(fix) = &item.fix {
                let fence = fence(fix);
                page.push_str(&format!("\n{fence}\n{fix}\n{fence}\n"));
            }
        }
    }
    page
}

/// Text that Markdown takes for nothing but text, in one line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match letter {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => plain.extend(['\\', letter]),
            letter if letter.is_control() => plain.push('\u{fffd}'),
            letter => plain.push(letter),
        }
    }
    plain
}

/// More backquotes than any line of the text has together.
fn fence(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}
