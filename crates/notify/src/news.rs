use serde::Serialize;

/// What people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct News {
    /// The trigger.
    pub trigger: String,
    /// The database that it is about.
    pub target: String,
    /// Whether it began, lasts or is over.
    pub phase: Phase,
    /// `warn` or `critical`.
    pub status: String,
    /// In a sentence.
    pub message: String,
    /// What else is known, a line each.
    pub details: Vec<String>,
    /// When, in UTC (RFC 3339).
    pub at: String,
}

/// Where a state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It began.
    Began,
    /// It was told before, and lasts.
    Lasts,
    /// It is over.
    Over,
    /// Nothing is wrong: somebody tries the channel out.
    Test,
}

impl News {
    /// A line that says all that matters: the subject of a letter.
    pub fn headline(&self) -> String {
        let word = match self.phase {
            Phase::Began => self.status.to_uppercase(),
            Phase::Lasts => format!("STILL {}", self.status.to_uppercase()),
            Phase::Over => "OVER".to_owned(),
            Phase::Test => "TEST".to_owned(),
        };
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{word} {} {}: {message}", self.target, self.trigger)
    }

    /// All of it, as plain text.
    pub fn text(&self) -> String {
        let mut text = self.headline();
        for line in &self.details {
            text.push('\n');
            text.push_str(line);
        }
        text.push_str(&format!("\n{}", self.at));
        text
    }
}
