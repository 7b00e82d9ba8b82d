//! Comments that silence findings: `-- howdah:ignore CODE REASON` for the statement that it stands
//! in, behind on the same line, or before; `-- howdah:ignore-file CODE REASON` for all of the file.
//!
//! Several codes are separated by commas. A code may be written without its family. Without a
//! reason nothing is silenced: whoever reads the script later has to know why.

use std::ops::Range;

use howdah_core::{Finding, Severity, Span};
use serde::Serialize;

const MARK: &str = "howdah:ignore";

/// What the comments of a script leave of its findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Heard {
    /// Those that nobody silenced, and those about the comments themselves.
    pub findings: Vec<Finding>,
    /// Those that a comment silenced.
    pub silenced: Vec<Silenced>,
}

/// A finding that a comment silenced.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Silenced {
    /// What was found.
    pub finding: Finding,
    /// Why it is to be ignored, in the words of the comment.
    pub reason: String,
}

struct Comment<'a> {
    /// From the mark to the end of the comment.
    span: Span,
    codes: Vec<&'a str>,
    reason: &'a str,
    /// The bytes in which findings are silenced.
    about: Range<usize>,
    is_used: bool,
}

/// Takes out what the comments of `text` silence. `statements` are the bytes of its statements, in
/// their order.
pub fn heed(text: &str, statements: &[Range<usize>], findings: Vec<Finding>) -> Heard {
    // Nearly every script has none, and its comments need not be looked for.
    if !text.contains(MARK) {
        return Heard {
            findings,
            silenced: Vec::new(),
        };
    }
    let mut comments: Vec<Comment<'_>> = howdah_sql::comments(text)
        .filter_map(|span| read(text, span, statements))
        .collect();
    let mut heard = Heard::default();
    for finding in findings {
        let silencing = comments.iter_mut().find(|comment| comment.silences(&finding));
        match silencing {
            Some(comment) => {
                comment.is_used = true;
                heard.silenced.push(Silenced {
                    finding,
                    reason: comment.reason.to_owned(),
                });
            }
            None => heard.findings.push(finding),
        }
    }
    heard.findings.extend(comments.iter().filter_map(complaint));
    heard
        .findings
        .sort_by_key(|finding| finding.span.map_or(0, |span| span.start));
    heard
}

fn read<'a>(text: &'a str, span: Range<usize>, statements: &[Range<usize>]) -> Option<Comment<'a>> {
    let at = span.start + text[span.clone()].find(MARK)?;
    let words = text[at..span.end].trim_end_matches("*/").trim_end();
    let end = at + words.len();
    let rest = &words[MARK.len()..];
    let (is_for_file, rest) = match rest.strip_prefix("-file") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let rest = rest.trim_start();
    let (codes, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let about = match is_for_file {
        true => 0..text.len() + 1,
        false => statement_of(text, &span, statements),
    };
    Some(Comment {
        span: Span { start: at, end },
        codes: codes.split(',').filter(|code| !code.is_empty()).collect(),
        reason: reason.trim(),
        about,
        is_used: false,
    })
}

/// The statement that a comment is about; nothing behind the last one.
fn statement_of(text: &str, comment: &Range<usize>, statements: &[Range<usize>]) -> Range<usize> {
    let behind = statements.partition_point(|statement| statement.end <= comment.start);
    if let Some(last) = behind.checked_sub(1).map(|index| &statements[index])
        && !text[last.end..comment.start].contains('\n')
    {
        return last.clone();
    }
    statements.get(behind).cloned().unwrap_or(text.len()..text.len())
}

impl Comment<'_> {
    fn silences(&self, finding: &Finding) -> bool {
        let is_there = finding.span.is_none_or(|span| self.about.contains(&span.start));
        let is_meant = self.codes.iter().any(|code| {
            let rest = finding.code.strip_suffix(code);
            rest.is_some_and(|family| family.is_empty() || family.ends_with('/'))
        });
        is_there && is_meant && !self.reason.is_empty()
    }
}

/// What is wrong with a comment itself.
fn complaint(comment: &Comment<'_>) -> Option<Finding> {
    let (code, severity, message) = if comment.codes.is_empty() || comment.reason.is_empty() {
        (
            "lint/ignored-without-reason",
            Severity::Warning,
            "The comment silences nothing: it has to name a code and say why, as in -- howdah:ignore lock-hazard nobody uses the table yet.",
        )
    } else if !comment.is_used {
        (
            "lint/nothing-ignored",
            Severity::Note,
            "The comment silences nothing: its codes are not found in the statement that it stands in or before.",
        )
    } else {
        return None;
    };
    Some(Finding {
        code: code.to_owned(),
        severity,
        object: None,
        span: Some(comment.span),
        message: message.to_owned(),
        evidence: Vec::new(),
        fix: None,
        guide: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(text: &str, code: &str, at: &str) -> Finding {
        let start = text.find(at).unwrap();
        Finding {
            code: code.to_owned(),
            severity: Severity::Danger,
            object: None,
            span: Some(Span {
                start,
                end: start + at.len(),
            }),
            message: String::new(),
            evidence: Vec::new(),
            fix: None,
            guide: None,
        }
    }

    /// The codes that are left where `migration/fails` is found in every `CREATE`.
    fn left(text: &str) -> Vec<String> {
        let statements: Vec<_> = howdah_sql::split_lossy(text)
            .0
            .iter()
            .map(|piece| piece.span())
            .collect();
        let findings = statements
            .iter()
            .map(|span| found(text, "migration/fails", &text[span.clone()]))
            .collect();
        let heard = heed(text, &statements, findings);
        heard.findings.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_comment_silences_the_statement_that_it_belongs_to() {
        let none: [&str; 0] = [];
        assert_eq!(
            left("-- howdah:ignore migration/fails as planned\nCREATE a;"),
            none
        );
        assert_eq!(left("CREATE a; -- howdah:ignore fails as planned"), none);
        assert_eq!(left("CREATE a /* howdah:ignore x,fails as planned */ b;"), none);
        assert_eq!(
            left("CREATE a;\n-- howdah:ignore fails as planned\nCREATE b;"),
            ["migration/fails"]
        );
        assert_eq!(
            left("-- howdah:ignore-file fails as planned\nCREATE a; CREATE b"),
            none
        );
    }

    #[test]
    fn without_a_reason_or_a_code_nothing_is_silenced() {
        let complaint = "lint/ignored-without-reason";
        assert_eq!(
            left("CREATE a; -- howdah:ignore fails"),
            ["migration/fails", complaint]
        );
        assert_eq!(left("CREATE a; -- howdah:ignore"), ["migration/fails", complaint]);
    }

    #[test]
    fn what_silences_nothing_is_told() {
        let unused = "lint/nothing-ignored";
        assert_eq!(
            left("CREATE a; -- howdah:ignore ails as planned"),
            ["migration/fails", unused]
        );
        assert_eq!(
            left("CREATE a;\n-- howdah:ignore fails at the end"),
            ["migration/fails", unused]
        );
        assert_eq!(
            left("CREATE 'howdah:ignore fails in a string'"),
            ["migration/fails"]
        );
        assert_eq!(
            left("CREATE a -- howdah:ignored fails as such"),
            ["migration/fails"]
        );
    }

    #[test]
    fn reasons_are_kept() {
        let text = "CREATE a; -- howdah:ignore fails the table is empty";
        let statements = [Range { start: 0, end: 8 }];
        let heard = heed(
            text,
            &statements,
            vec![found(text, "migration/fails", "CREATE a")],
        );
        assert_eq!(heard.silenced[0].reason, "the table is empty");
    }
}
