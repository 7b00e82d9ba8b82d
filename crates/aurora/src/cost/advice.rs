use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decimal;

/// A number and how it was reckoned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// Exact; dollars a month unless the name says otherwise.
    pub value: Decimal,
    /// With every number that goes into it.
    pub formula: String,
}

impl Figure {
    /// See the fields.
    pub fn new(name: impl Into<String>, value: Decimal, formula: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value,
            formula: formula.into(),
        }
    }
}

/// What comes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It would cost less.
    Saves,
    /// It would cost more.
    CostsMore,
    /// It would cost the same, or nothing is to be changed.
    NoGain,
    /// What there is does not suffice: it costs more, and should be done.
    Needed,
    /// AWS does not offer it for this cluster, or not yet.
    NotPossible,
    /// Nothing is advised: figures are missing or of too short a time.
    TooLittleData,
}

impl Verdict {
    /// As users read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Saves => "saves",
            Self::CostsMore => "costs more",
            Self::NoGain => "no gain",
            Self::Needed => "needed",
            Self::NotPossible => "not possible",
            Self::TooLittleData => "too little data",
        }
    }
}

/// What a rule says of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Advice {
    /// The rule's code: `io-optimized`.
    pub rule: &'static str,
    /// What comes of it.
    pub verdict: Verdict,
    /// In a sentence or several.
    pub says: String,
    /// What would be saved in a month; below zero is what it would cost more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves: Option<Decimal>,
    /// The size that is meant, as `--size` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// How it was reckoned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<Figure>,
    /// The figures that are missing, by the names of the description's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// For how long to wait before asking again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_hours: Option<u32>,
}

impl Advice {
    /// With a verdict and its words.
    pub fn new(rule: &'static str, verdict: Verdict, says: impl Into<String>) -> Self {
        Self {
            rule,
            verdict,
            says: says.into(),
            saves: None,
            size: None,
            figures: Vec::new(),
            missing: Vec::new(),
            wait_hours: None,
        }
    }

    /// What comes of a difference: above zero saves, below costs more.
    pub fn by_saving(rule: &'static str, saves: Decimal, says: impl Into<String>) -> Self {
        let verdict = match (saves.is_positive(), saves.is_zero()) {
            (true, _) => Verdict::Saves,
            (_, true) => Verdict::NoGain,
            _ => Verdict::CostsMore,
        };
        Self {
            saves: Some(saves),
            ..Self::new(rule, verdict, says)
        }
    }

    /// Adds how it was reckoned.
    #[must_use]
    pub fn figures(mut self, figures: impl IntoIterator<Item = Figure>) -> Self {
        self.figures.extend(figures);
        self
    }

    /// Names the size that is meant.
    #[must_use]
    pub fn size(mut self, size: impl Into<String>) -> Self {
        self.size = Some(size.into());
        self
    }
}
