//! Fixes that may be put into a script without a person looking at them.

use howdah_core::{Applicability, Finding};

/// A text with its safe fixes in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The text.
    pub text: String,
    /// How many fixes are in it.
    pub fixes: usize,
}

/// Puts the safe fixes of the findings into their text: each takes the place of what its finding is
/// about. Of several about the same place the first is taken; the others have to be looked for
/// again in the new text.
pub fn with_safe_fixes(text: &str, findings: &[Finding]) -> Fixed {
    let mut fixes: Vec<_> = findings
        .iter()
        .filter_map(|finding| {
            let fix = finding.fix.as_ref()?;
            let span = finding.span?;
            let is_safe = fix.applicability == Applicability::Safe;
            (is_safe && text.get(span.start..span.end).is_some()).then_some((span, fix))
        })
        .collect();
    fixes.sort_by_key(|(span, _)| span.start);
    let mut fixed = Fixed {
        text: String::with_capacity(text.len() + 256),
        fixes: 0,
    };
    let mut at = 0;
    for (span, fix) in fixes {
        if span.start < at {
            continue;
        }
        fixed.text.push_str(&text[at..span.start]);
        // The statement's own semicolon follows it.
        fixed.text.push_str(fix.sql.trim_end().trim_end_matches(';'));
        at = span.end;
        fixed.fixes += 1;
    }
    fixed.text.push_str(&text[at..]);
    fixed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use howdah_core::{Fix, Severity, Span};

    use super::*;

    fn finding(text: &str, about: &str, sql: &str, applicability: Applicability) -> Finding {
        let start = text.find(about).unwrap();
        Finding {
            code: "migration/x".to_owned(),
            severity: Severity::Danger,
            object: None,
            span: Some(Span {
                start,
                end: start + about.len(),
            }),
            message: String::new(),
            evidence: Vec::new(),
            fix: Some(Fix {
                sql: sql.to_owned(),
                applicability,
            }),
            guide: None,
        }
    }

    #[test]
    fn safe_fixes_take_the_place_of_statements() {
        let text = "-- a\nDROP INDEX é;\nDROP TABLE b;\nDROP INDEX c";
        let findings = [
            finding(
                text,
                "DROP INDEX c",
                "DROP INDEX CONCURRENTLY c;",
                Applicability::Safe,
            ),
            finding(text, "DROP TABLE b", "SELECT 1", Applicability::Unsafe),
            finding(
                text,
                "DROP INDEX é",
                "DROP INDEX CONCURRENTLY é;",
                Applicability::Safe,
            ),
            finding(text, "INDEX é", "twice", Applicability::Safe),
        ];
        let fixed = with_safe_fixes(text, &findings);
        assert_eq!(
            fixed.text,
            "-- a\nDROP INDEX CONCURRENTLY é;\nDROP TABLE b;\nDROP INDEX CONCURRENTLY c"
        );
        assert_eq!(fixed.fixes, 2);
    }
}
