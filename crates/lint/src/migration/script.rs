use std::iter::Peekable;
use std::ops::Range;

use howdah_rehearse::{Unit, Wrapping};
use howdah_sql::{Limits, Piece, Psql, SplitError, Statement, Statements, SyntaxError, split_lossy};

use crate::runner::{OfPsql, Plan, Sent};

/// A script as it is judged: its statements, each in the transaction that its runner gives it.
pub struct Script<'a> {
    /// The whole text.
    pub text: &'a str,
    /// In the order of the text.
    pub sentences: Vec<Sentence<'a>>,
    /// What is in the text and is no SQL.
    pub problems: Vec<Problem>,
    /// Rows that it brings along for COPY … FROM STDIN.
    pub copies: Vec<Copied<'a>>,
    /// Whether whatever runs the script sends these rows.
    pub sends_copies: bool,
    /// Whether it is a part of a text, and another part follows.
    pub goes_on: bool,
}

/// A statement of a script.
pub struct Sentence<'a> {
    /// Without the semicolon.
    pub text: &'a str,
    /// Its bytes in the script.
    pub span: Range<usize>,
    /// The statement, or why there is none. An INSERT of values has these in its text alone: see
    /// [`Statements`].
    pub parsed: Result<Statement, SyntaxError>,
    /// The runner's transaction that it is in; statements of one number share one.
    pub wrapped: Option<u32>,
}

/// Something in a script that no server understands.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Where it starts, in bytes.
    pub at: usize,
}

/// A COPY … FROM STDIN with the rows behind it, which are no statement that a server could be sent.
#[derive(Debug, Clone)]
pub struct Copied<'a> {
    /// The statement.
    pub text: &'a str,
    /// Its bytes in the script.
    pub span: Range<usize>,
    /// How many rows follow it.
    pub rows: usize,
}

impl<'a> Script<'a> {
    /// Reads a script. `wrapped` gives, for the bytes of a statement, the transaction that the
    /// runner opens around it. What does not parse is kept, so that the rest is still judged.
    pub fn read(text: &'a str, wrapped: impl Fn(&Range<usize>) -> Option<u32>) -> Self {
        let (pieces, errors) = split_lossy(text);
        let mut statements = Statements::default();
        let sentences = pieces.into_iter().map(|piece| {
            let span = piece.span();
            Sentence {
                text: piece.text,
                wrapped: wrapped(&span),
                parsed: statement(&mut statements, piece.text),
                span,
            }
        });
        let (problems, copies) = told_apart(text, errors, OfPsql::All);
        Self {
            text,
            sentences: sentences.collect(),
            problems,
            copies,
            sends_copies: true,
            goes_on: false,
        }
    }

    /// Reads a script as the tool runs it that it belongs to. What the tool does not run is left out.
    pub fn planned(text: &'a str, plan: &Plan) -> Self {
        let mut parts = Parts::of(text, plan, usize::MAX);
        parts.read_next()
    }

    /// As [`planned`](Self::planned), one part after another where it is very long: parse trees take
    /// more than a hundred times the room of their text.
    pub fn in_parts(text: &'a str, plan: &Plan) -> impl Iterator<Item = Self> {
        let mut parts = Some(Parts::of(text, plan, PART_STATEMENTS));
        std::iter::from_fn(move || {
            let part = parts.as_mut()?.read_next();
            if !part.goes_on {
                parts = None;
            }
            Some(part)
        })
    }

    /// The bytes of its statements, in their order.
    pub fn spans(&self) -> Vec<Range<usize>> {
        self.sentences
            .iter()
            .map(|sentence| sentence.span.clone())
            .collect()
    }

    /// The statement that takes up those bytes.
    pub(crate) fn sentence_at(&self, span: &Range<usize>) -> Option<&Sentence<'a>> {
        let start = |sentence: &Sentence<'_>| sentence.span.start;
        let at = self.sentences.binary_search_by_key(&span.start, start).ok()?;
        Some(&self.sentences[at]).filter(|sentence| sentence.span == *span)
    }

    /// The script as a rehearsal takes it.
    pub fn units(&self) -> Vec<Unit> {
        let units = self.sentences.iter().map(|sentence| Unit {
            sql: sentence.text.to_owned(),
            span: sentence.span.clone(),
            transaction: sentence
                .wrapped
                .map_or(Wrapping::Autocommit, Wrapping::Transaction),
        });
        units.collect()
    }
}

/// The trees of so many statements take about 600 MiB.
const PART_STATEMENTS: usize = 100_000;
/// A part with long statements ends sooner.
const PART_BYTES: usize = 16 * 1024 * 1024;

/// The statements of a text that are not read yet.
struct Parts<'a> {
    text: &'a str,
    pieces: Peekable<std::vec::IntoIter<(Piece<'a>, Option<u32>)>>,
    problems: Vec<Problem>,
    /// They go with the last part: what is said of them is said of all.
    copies: Vec<Copied<'a>>,
    sends_copies: bool,
    most_statements: usize,
    statements: Statements,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str, plan: &Plan, most_statements: usize) -> Self {
        let (pieces, errors) = split_lossy(text);
        let spans: Vec<Range<usize>> = pieces.iter().map(|piece| piece.span()).collect();
        let sent = plan.sent(&spans);
        let pieces = pieces
            .into_iter()
            .zip(sent)
            .filter_map(|(piece, sent)| match sent {
                Sent::Not => None,
                Sent::Alone => Some((piece, None)),
                Sent::Together(number) => Some((piece, Some(number))),
            });
        let errors = errors
            .into_iter()
            .filter(|error| plan.runs_at(error.position_bytes));
        let (problems, copies) = told_apart(text, errors, plan.does);
        Self {
            text,
            pieces: pieces.collect::<Vec<_>>().into_iter().peekable(),
            problems,
            copies,
            sends_copies: plan.does != OfPsql::Nothing,
            most_statements,
            statements: Statements::default(),
        }
    }

    fn read_next(&mut self) -> Script<'a> {
        let mut sentences = Vec::with_capacity(self.pieces.len().min(self.most_statements));
        let mut bytes = 0;
        while sentences.len() < self.most_statements
            && (bytes < PART_BYTES || self.most_statements == usize::MAX)
            && let Some((piece, wrapped)) = self.pieces.next()
        {
            bytes += piece.text.len();
            sentences.push(Sentence {
                text: piece.text,
                wrapped,
                parsed: statement(&mut self.statements, piece.text),
                span: piece.span(),
            });
        }
        let end = self.pieces.peek().map(|(piece, _)| piece.start);
        let (problems, later) = std::mem::take(&mut self.problems)
            .into_iter()
            .partition(|problem| end.is_none_or(|end| problem.at < end));
        self.problems = later;
        let copies = match end {
            Some(_) => Vec::new(),
            None => std::mem::take(&mut self.copies),
        };
        Script {
            text: self.text,
            sentences,
            problems,
            copies,
            sends_copies: self.sends_copies,
            goes_on: end.is_some(),
        }
    }
}

/// The problems of a text, and the rows that it brings along.
fn told_apart<'a>(
    text: &'a str,
    errors: impl IntoIterator<Item = SplitError>,
    does: OfPsql,
) -> (Vec<Problem>, Vec<Copied<'a>>) {
    let mut problems = Vec::new();
    let mut copies = Vec::new();
    for error in errors {
        match &error.psql {
            Some(Psql::Copy { statement, rows }) => copies.push(Copied {
                text: &text[statement.clone()],
                span: statement.clone(),
                rows: *rows,
            }),
            // pg_dump writes them around what it dumps; psql does nothing else between them.
            Some(Psql::Command { name })
                if matches!(&**name, "\\restrict" | "\\unrestrict") && does == OfPsql::All => {}
            _ => problems.push(Problem::from(error)),
        }
    }
    (problems, copies)
}

/// A migration may be as long as it likes; only its depth is bounded.
fn statement(statements: &mut Statements, text: &str) -> Result<Statement, SyntaxError> {
    let limits = Limits {
        max_bytes: text.len().max(1),
        ..Limits::default()
    };
    let mut script = statements.parse(text, &limits)?;
    script.statements.pop().ok_or_else(|| SyntaxError {
        message: "There is no statement here.".to_owned(),
        position_bytes: 0,
        position_chars: 1,
        hint: None,
    })
}

impl From<SplitError> for Problem {
    fn from(error: SplitError) -> Self {
        Self {
            message: error.message,
            hint: error.hint,
            at: error.position_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::Run;
    use crate::{ByText, Options};

    fn codes(text: &str, most_statements: usize) -> Vec<String> {
        let plan = Plan::plain(text, Run::Alone);
        let mut parts = Parts::of(text, &plan, most_statements);
        let mut by_text = ByText::new(None, &Options::default());
        let mut codes = Vec::new();
        loop {
            let part = parts.read_next();
            let reviewed = by_text.review(&part);
            codes.extend(reviewed.findings.into_iter().map(|finding| finding.code));
            if !part.goes_on {
                return codes;
            }
        }
    }

    #[test]
    fn parts_know_what_those_before_them_have_made_and_set() {
        for text in [
            "",
            "\\timing\nSET lock_timeout = '1s';\nALTER TABLE a ADD b int;\n\\d a\nDROP TABLE a;\n\\q",
            "BEGIN; SET LOCAL lock_timeout = '1s'; CREATE TABLE a (b int); CREATE INDEX i ON a (b); COMMIT;",
            "BEGIN; SELECT 1; ALTER TABLE a ADD b int;",
        ] {
            let whole = codes(text, usize::MAX);
            for most_statements in [1, 2, 3] {
                assert_eq!(
                    codes(text, most_statements),
                    whole,
                    "{text:?} by {most_statements}"
                );
            }
        }
        assert!(codes("BEGIN; SELECT 1;", 1).contains(&"migration/leaves-debris".to_owned()));
    }

    #[test]
    fn parts_hold_each_statement_once() {
        let text = "SELECT 1; SELECT 2; SELEC 3; SELECT 4; SELECT 5";
        let plan = Plan::plain(text, Run::Transaction);
        let mut parts = Parts::of(text, &plan, 2);
        let read: Vec<_> = [(); 3].map(|()| parts.read_next()).into_iter().collect();
        let texts: Vec<Vec<&str>> = read
            .iter()
            .map(|part| part.sentences.iter().map(|sentence| sentence.text).collect())
            .collect();
        assert_eq!(
            texts,
            [
                vec!["SELECT 1", "SELECT 2"],
                vec!["SELEC 3", "SELECT 4"],
                vec!["SELECT 5"]
            ]
        );
        assert_eq!(
            [true, true, false],
            [read[0].goes_on, read[1].goes_on, read[2].goes_on]
        );
        assert!(
            read.iter()
                .flat_map(|part| &part.sentences)
                .all(|sentence| sentence.wrapped == Some(1))
        );
    }

    #[test]
    fn rows_go_with_the_last_part() {
        let text = "COPY a FROM stdin;\n1\n\\.\nSELECT 1; SELECT 2; COPY b FROM stdin;\n1\n2\n\\.\nSELECT 3;";
        let plan = Plan::plain(text, Run::Alone);
        let mut parts = Parts::of(text, &plan, 2);
        assert!(parts.read_next().copies.is_empty());
        let last = parts.read_next();
        let rows: Vec<_> = last.copies.iter().map(|copy| (copy.text, copy.rows)).collect();
        assert_eq!(rows, [("COPY a FROM stdin", 1), ("COPY b FROM stdin", 2)]);
    }
}
