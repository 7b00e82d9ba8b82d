use std::ffi::CString;

use crate::Limits;
use crate::ffi::Failure;

/// Text that is not SQL, or more of it than the limits allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, in PostgreSQL's words where they are PostgreSQL's.
    pub message: String,
    /// Offset in bytes from 0, always on a character boundary; at most the
    /// length of the text. 0 when the error is about the text as a whole.
    pub position_bytes: usize,
    /// The same place in characters, counted from 1 as PostgreSQL does.
    pub position_chars: usize,
    /// What to do about it.
    pub hint: Option<String>,
}

impl SyntaxError {
    /// An error at a byte offset, which is moved down to a character boundary.
    pub(crate) fn at_byte(text: &str, byte: usize, message: impl Into<String>) -> Self {
        let byte = (0..=byte.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        Self {
            message: message.into(),
            position_bytes: byte,
            position_chars: text[..byte].chars().count() + 1,
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn too_deep(levels: Option<usize>, limit: usize) -> Self {
        let message = match levels {
            Some(levels) => format!("The statement nests {levels} levels deep, and {limit} are allowed"),
            None => "The statement nests more deeply than the parser can follow".to_owned(),
        };
        Self::at_byte("", 0, message).with_hint(
            "Split it, join long chains of one operator into a list (= ANY (ARRAY[…]), VALUES), or load the data into a table.",
        )
    }

    pub(crate) fn no_thread(error: &std::io::Error) -> Self {
        Self::at_byte(
            "",
            0,
            format!("The parser could not get a thread with a large stack: {error}"),
        )
    }

    pub(crate) fn of_parser(text: &str, failure: Failure) -> Self {
        let Failure { message, position } = failure;
        // What the C library runs into before any limit of ours: its own stack
        // check, the height of Bison's stack, the depth of the encoder.
        let deep = [
            "stack depth limit exceeded",
            "memory exhausted",
            "nested too deeply",
        ];
        if deep.iter().any(|words| message.contains(words)) {
            return Self {
                position_bytes: byte_of_character(text, position),
                position_chars: position.max(1),
                ..Self::too_deep(None, 0)
            };
        }
        Self {
            position_bytes: byte_of_character(text, position),
            position_chars: position.max(1),
            hint: None,
            message,
        }
    }
}

impl From<SyntaxError> for howdah_core::Error {
    fn from(error: SyntaxError) -> Self {
        let mut converted = Self::invalid(error.message);
        converted.position = Some(error.position_chars);
        converted.sqlstate = Some("42601".to_owned());
        converted.hint = error.hint;
        converted
    }
}

/// The text as C takes it, if it is within the limits and free of NUL.
pub(crate) fn accept(text: &str, limits: &Limits) -> Result<CString, SyntaxError> {
    if text.len() > limits.max_bytes {
        let (len, max) = (text.len(), limits.max_bytes);
        return Err(SyntaxError::at_byte(
            "",
            0,
            format!("The text is {len} bytes long, and {max} are allowed"),
        )
        .with_hint("Send it in parts, or pass long values as parameters."));
    }
    CString::new(text).map_err(|error| {
        SyntaxError::at_byte(text, error.nul_position(), "The text contains a NUL character")
            .with_hint("PostgreSQL accepts none in SQL; write a bytea as '\\x00'.")
    })
}

/// The byte offset of a character counted from 1; 0 and 1 are both the start.
fn byte_of_character(text: &str, character: usize) -> usize {
    text.char_indices()
        .nth(character.saturating_sub(1))
        .map_or(text.len(), |(byte, _)| byte)
}
