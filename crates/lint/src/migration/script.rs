use std::ops::Range;

use howdah_rehearse::{Unit, Wrapping};
use howdah_sql::{Limits, SplitError, Statement, SyntaxError, parse, split_lossy};

use crate::runner::{Plan, Sent};

/// A script as it is judged: its statements, each in the transaction that its runner gives it.
pub struct Script<'a> {
    /// The whole text.
    pub text: &'a str,
    /// In the order of the text.
    pub sentences: Vec<Sentence<'a>>,
    /// What is in the text and is no SQL.
    pub problems: Vec<Problem>,
}

/// A statement of a script.
pub struct Sentence<'a> {
    /// Without the semicolon.
    pub text: &'a str,
    /// Its bytes in the script.
    pub span: Range<usize>,
    /// The statement, or why there is none.
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

impl<'a> Script<'a> {
    /// Reads a script. `wrapped` gives, for the bytes of a statement, the transaction that the
    /// runner opens around it. What does not parse is kept, so that the rest is still judged.
    pub fn read(text: &'a str, wrapped: impl Fn(&Range<usize>) -> Option<u32>) -> Self {
        let (pieces, errors) = split_lossy(text);
        let sentences = pieces.into_iter().map(|piece| {
            let span = piece.span();
            Sentence {
                text: piece.text,
                wrapped: wrapped(&span),
                parsed: statement(piece.text),
                span,
            }
        });
        Self {
            text,
            sentences: sentences.collect(),
            problems: errors.into_iter().map(Problem::from).collect(),
        }
    }

    /// Reads a script as the tool runs it that it belongs to. What the tool does not run is left out.
    pub fn planned(text: &'a str, plan: &Plan) -> Self {
        let (pieces, errors) = split_lossy(text);
        let spans: Vec<Range<usize>> = pieces.iter().map(|piece| piece.span()).collect();
        let sent = plan.sent(&spans);
        let sentences = pieces.into_iter().zip(sent).filter_map(|(piece, sent)| {
            let wrapped = match sent {
                Sent::Not => return None,
                Sent::Alone => None,
                Sent::Together(number) => Some(number),
            };
            Some(Sentence {
                text: piece.text,
                wrapped,
                parsed: statement(piece.text),
                span: piece.span(),
            })
        });
        let problems = errors
            .into_iter()
            .filter(|error| plan.runs_at(error.position_bytes));
        Self {
            text,
            sentences: sentences.collect(),
            problems: problems.map(Problem::from).collect(),
        }
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

/// A migration may be as long as it likes; only its depth is bounded.
fn statement(text: &str) -> Result<Statement, SyntaxError> {
    let limits = Limits {
        max_bytes: text.len().max(1),
        ..Limits::default()
    };
    let mut script = parse(text, &limits)?;
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
