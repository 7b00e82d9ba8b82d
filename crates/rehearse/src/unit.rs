use std::ops::Range;

/// One statement of a script, as its runner sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The statement, without the semicolon.
    pub sql: String,
    /// Its bytes in the script, handed back with the outcome.
    pub span: Range<usize>,
    /// Who opened the transaction that it runs in.
    pub transaction: Wrapping,
}

/// How a runner sends a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wrapping {
    /// By itself. BEGIN and COMMIT in the script are honoured.
    Autocommit,
    /// In a transaction of the runner's, together with the neighbouring units
    /// of the same number. BEGIN and COMMIT in the script do there what the
    /// server makes of them.
    Transaction(u32),
}

impl Unit {
    /// A statement that is sent by itself.
    pub fn autocommit(sql: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            sql: sql.into(),
            span,
            transaction: Wrapping::Autocommit,
        }
    }

    /// A statement within the runner's transaction of that number.
    pub fn in_transaction(number: u32, sql: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            sql: sql.into(),
            span,
            transaction: Wrapping::Transaction(number),
        }
    }
}
