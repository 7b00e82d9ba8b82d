//! Why a call did not do what was asked, and what a client of the protocol is told.

use crate::error::ServerError;

/// Why a call did not do what was asked.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The server's own error; the transaction has failed, and waits for its end.
    Server(Box<ServerError>),
    /// No answer came: it may have been carried out.
    Lost(String),
    /// The service took longer than it allows.
    Timeout(String),
    /// The answer is larger than the service gives out.
    TooLarge(String),
    /// The transaction is not there any more.
    Gone(String),
    /// The service did not carry it out, for a reason of its own.
    Refused {
        /// The nearest SQLSTATE.
        sqlstate: &'static str,
        /// What happened.
        message: String,
        /// What to do about it.
        hint: String,
    },
}

impl Fault {
    /// An error that this side raises.
    pub(super) fn new(sqlstate: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused {
            sqlstate,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Reads the text in which services pass on a server's error: its message, then lines such as
    /// `Position: 8` and `Hint: …`, and at the end `SQLState: 42601`.
    pub fn of_text(text: &str) -> Option<Self> {
        let (rest, state) = text.rsplit_once("SQLState: ")?;
        let sqlstate: String = state
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .take(5)
            .collect();
        if sqlstate.len() != 5 {
            return None;
        }
        let rest = rest.trim_end().trim_end_matches(';').trim_end();
        let mut error = ServerError {
            severity: "ERROR".to_owned(),
            sqlstate,
            ..ServerError::default()
        };
        let mut message = Vec::new();
        for line in rest.lines() {
            let field = line.trim_start();
            if let Some(text) = field.strip_prefix("Position: ") {
                error.position = text.trim().parse().ok();
            } else if let Some(text) = field.strip_prefix("Hint: ") {
                error.hint = Some(text.to_owned());
            } else if let Some(text) = field.strip_prefix("Detail: ") {
                error.detail = Some(text.to_owned());
            } else if let Some(text) = field.strip_prefix("Where: ") {
                error.where_ = Some(text.to_owned());
            } else if let Some(where_) = &mut error.where_ {
                where_.push('\n');
                where_.push_str(line);
            } else {
                message.push(line);
            }
        }
        let message = message.join("\n");
        for severity in ["ERROR", "FATAL", "PANIC"] {
            if let Some(text) = message.strip_prefix(&format!("{severity}: ")) {
                error.message = text.trim_start().to_owned();
            }
        }
        if error.message.is_empty() {
            error.message = message;
        }
        Some(Self::Server(Box::new(error)))
    }

    /// Whether the transaction is over, whatever is said to it.
    pub(super) fn ends_transaction(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::TooLarge(_) | Self::Gone(_))
    }

    /// As an ErrorResponse has it.
    pub(super) fn into_error(self) -> ServerError {
        let (sqlstate, message, hint) = match self {
            Self::Server(error) => return *error,
            Self::Lost(message) => (
                "08006",
                message,
                "Its transaction is rolled back. Try again.".to_owned(),
            ),
            Self::Timeout(message) => (
                "57014",
                message,
                "Its transaction is rolled back. A call of the Data API may take 45 s: for what takes longer connect with pgwire or pgwire_iam.".to_owned(),
            ),
            Self::TooLarge(message) => (
                "54000",
                message,
                "Its transaction is rolled back. The Data API gives out 1 MiB for each answer, and 64 KiB for each row: ask for fewer or shorter columns (substr, left), or connect with pgwire or pgwire_iam.".to_owned(),
            ),
            Self::Gone(message) => (
                "08006",
                message,
                "Nothing of it was committed. The Data API ends a transaction that rests for 3 minutes. Try again.".to_owned(),
            ),
            Self::Refused { sqlstate, message, hint } => (sqlstate, message, hint),
        };
        ServerError {
            severity: "ERROR".to_owned(),
            sqlstate: sqlstate.to_owned(),
            message,
            hint: (!hint.is_empty()).then_some(hint),
            ..ServerError::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_servers_error_is_read_from_the_text_of_a_service() {
        let text = "ERROR: column \"a\" does not exist\n  Hint: Perhaps you meant \"b\".\n  Position: 8; SQLState: 42703";
        let Fault::Server(error) = Fault::of_text(text).unwrap() else {
            panic!("it is the server's")
        };
        assert_eq!(error.sqlstate, "42703");
        assert_eq!(error.message, "column \"a\" does not exist");
        assert_eq!(error.hint.as_deref(), Some("Perhaps you meant \"b\"."));
        assert_eq!(error.position, Some(8));
        assert!(Fault::of_text("Transaction X is not found").is_none());
    }
}
