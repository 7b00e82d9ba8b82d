//! Why a statement is refused, in words that help.

use howdah_core::Error;

use super::builtins::Standing;

/// A statement that will not be run, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// What is wrong with it, in a sentence.
    pub reason: String,
    /// The object that it is about, such as `public.refresh_totals(integer)`.
    pub object: Option<String>,
    /// How the statement comes to it: "through view public.v".
    pub path: Vec<String>,
    /// What to do instead, or the line of `howdah.toml` that allows it.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal for a reason of the caller's own, a sentence.
    pub fn because(reason: impl Into<String>) -> Self {
        Self::new(reason)
    }

    /// A refusal of the statement as such.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            object: None,
            path: Vec::new(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn object(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    pub(crate) fn row_locks() -> Self {
        Self::new("FOR UPDATE and FOR SHARE lock rows, which a query that only reads may not do.")
            .hint("Leave the locking clause out.")
    }

    pub(crate) fn select_into() -> Self {
        Self::new("SELECT INTO creates a table.").hint("Leave INTO out to see the rows.")
    }

    pub(crate) fn unknown_syntax(place: &str) -> Self {
        Self::new(format!(
            "The statement holds syntax that is not known to be harmless (in \"{place}\")."
        ))
    }

    /// A built-in function that may not be called.
    pub(crate) fn builtin((schema, name): (&str, &str), standing: &Standing, target: &str) -> Self {
        let name = format!("{schema}.{name}");
        if let Some(class) = standing.classes.iter().find(|class| !class.allowed) {
            return Self::new(format!("The function {name} {}.", class.does)).object(name);
        }
        let why = standing.unknown.as_deref().unwrap_or("it is not known");
        Self::new(format!("The function {name} is not known to be harmless: {why}."))
            .hint(format!(
                "If it is harmless, the operator can allow it in howdah.toml under [targets.{target}]: allow_functions = [\"{name}\"]"
            ))
            .object(name)
    }

    /// A node inside of a query that does not belong there.
    pub(crate) fn statement_inside(tag: &str) -> Self {
        match tag {
            "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => {
                let (verb, _) = statement_word(tag);
                Self::new(format!(
                    "The query holds {verb} in its WITH clause, which writes."
                ))
            }
            tag => Self::new(format!(
                "The statement holds syntax that is not known to be harmless ({tag})."
            )),
        }
    }

    /// A statement of a kind that is never run here.
    pub(crate) fn statement(tag: &str) -> Self {
        let (verb, instead) = statement_word(tag);
        let refusal = Self::new(format!("{verb} is not a query that only reads."));
        match instead {
            "" => refusal,
            instead => refusal.hint(instead),
        }
    }
}

/// The words that a statement begins with, and what to do instead.
fn statement_word(tag: &str) -> (&'static str, &'static str) {
    match tag {
        "InsertStmt" => ("INSERT", ""),
        "UpdateStmt" => ("UPDATE", ""),
        "DeleteStmt" => ("DELETE", ""),
        "MergeStmt" => ("MERGE", ""),
        "CopyStmt" => (
            "COPY",
            "To write rows to a file use `howdah query --output FILE`.",
        ),
        "DoStmt" => (
            "DO",
            "Write the query itself; a block of code is not looked into.",
        ),
        "CallStmt" => ("CALL", ""),
        "PrepareStmt" => ("PREPARE", "Send the query itself, with its values as params."),
        "ExecuteStmt" => ("EXECUTE", "Send the query itself, with its values as params."),
        "DeallocateStmt" => ("DEALLOCATE", ""),
        "DeclareCursorStmt" => (
            "DECLARE CURSOR",
            "Send the query itself with LIMIT and OFFSET or max_rows.",
        ),
        "FetchStmt" => (
            "FETCH",
            "Send the query itself with LIMIT and OFFSET or max_rows.",
        ),
        "ClosePortalStmt" => ("CLOSE", ""),
        "ListenStmt" => ("LISTEN", ""),
        "UnlistenStmt" => ("UNLISTEN", ""),
        "NotifyStmt" => ("NOTIFY", ""),
        "LockStmt" => ("LOCK", ""),
        "VariableSetStmt" => (
            "SET",
            "Nothing is kept from one call to the next; limits are set for the target in howdah.toml.",
        ),
        "DiscardStmt" => ("DISCARD", "Every call starts on a session that is as new."),
        "TransactionStmt" => ("Transaction control", "Every call is a transaction of its own."),
        "VacuumStmt" => ("VACUUM or ANALYZE", ""),
        "CheckPointStmt" => ("CHECKPOINT", ""),
        "LoadStmt" => ("LOAD", ""),
        "RefreshMatViewStmt" => ("REFRESH MATERIALIZED VIEW", ""),
        "CreateTableAsStmt" => ("CREATE TABLE AS", "Send its query to see the rows."),
        "TruncateStmt" => ("TRUNCATE", ""),
        "AlterSystemStmt" => ("ALTER SYSTEM", ""),
        _ => ("This statement", ""),
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let mut message = format!("Refused: {}", refusal.reason);
        if !refusal.path.is_empty() {
            message.push_str(&format!(" Reached {}.", refusal.path.join(", ")));
        }
        let error = Self::refused(message);
        match refusal.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
