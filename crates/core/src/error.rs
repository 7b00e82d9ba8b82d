use serde::Serialize;

/// The result of anything that a user asked for.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of thing went wrong; decides the exit code and how a client may react.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request itself is wrong: bad argument, syntax error, unknown name.
    Invalid,
    /// Understood, and not allowed: the guard, a mode, a missing confirmation.
    Refused,
    /// What was named does not exist.
    NotFound,
    /// The database answered with an error of its own; see `sqlstate`.
    Server,
    /// No connection, or it was lost.
    Unavailable,
    /// A time limit was reached; nothing goes on in the background.
    Timeout,
    /// The caller, or the end of the session, stopped it.
    Cancelled,
    /// Something on this machine: a file, a port, a missing program.
    Local,
    /// A defect of Howdah.
    Internal,
}

/// An error as a user reads it: what happened, on what, and what to do next.
///
/// Crates have typed errors of their own and convert them into this one where
/// they leave the crate; it is rendered once, by the face that shows it.
#[derive(Debug, Clone, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The sort of error.
    pub kind: ErrorKind,
    /// What happened and to what, in one or two sentences. Never holds a secret.
    pub message: String,
    /// What the reader can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The server's or our own further explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The five-character SQLSTATE where a PostgreSQL server raised the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    /// Where in the submitted SQL, in characters, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
}

impl Error {
    /// An error of the given kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hint: None,
            detail: None,
            sqlstate: None,
            position: None,
        }
    }

    /// A wrong request.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// A request that is not allowed.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    /// Something named that does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// A defect of Howdah itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds an explanation.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The error as paragraphs of plain text, for a terminal or a model.
    pub fn to_text(&self) -> String {
        let mut text = self.message.clone();
        if let Some(state) = &self.sqlstate {
            text.push_str(&format!(" (SQLSTATE {state})"));
        }
        if let Some(position) = self.position {
            text.push_str(&format!(" at character {position}"));
        }
        for (label, part) in [("Detail", &self.detail), ("Next", &self.hint)] {
            if let Some(part) = part {
                text.push_str(&format!("\n{label}: {part}"));
            }
        }
        text
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::invalid(format!("The arguments do not fit the tool's schema: {error}"))
    }
}
