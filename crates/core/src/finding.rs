use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Should be looked at.
    Warning,
    /// Blocks, breaks, loses or leaves debris; see the rule.
    Danger,
}

/// A stretch of source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Whether a fix may be applied without a person looking at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Applicability {
    /// Provably means the same, or does strictly what was asked.
    Safe,
    /// Likely right; a person decides.
    Unsafe,
    /// Shown as an illustration, never applied.
    Display,
}

/// What to run or write instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// SQL, complete and quoted.
    pub sql: String,
    /// Who may apply it.
    pub applicability: Applicability,
}

/// Something that a rule, a check or an advisor has to say about one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable code, the rule's file name (`migration/set-not-null-scans`).
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// The database object it is about, quoted as SQL would.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The place in the source text it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// One sentence: what is wrong here.
    pub message: String,
    /// The figures or catalog facts it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// What to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// The guide's section this comes from or corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
}
