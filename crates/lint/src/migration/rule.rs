use howdah_core::{Applicability, Fix};
use howdah_rehearse::Effects;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableStmt};

use super::{Danger, Letter, Sentence};

/// A statement that is dangerous, or would be on a larger table.
pub struct Situation<'a> {
    /// The statement.
    pub sentence: &'a Sentence<'a>,
    /// Its tree.
    pub node: &'a NodeEnum,
    /// What it does.
    pub effects: &'a Effects,
    /// Its dangers; never empty.
    pub dangers: &'a [Danger],
    /// The major version of the server.
    pub major: u16,
}

/// What a rule has to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// What is wrong, in one or two sentences.
    pub message: String,
    /// What to do instead.
    pub fix: Option<Fix>,
}

impl Advice {
    /// A message without a fix.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            fix: None,
        }
    }

    /// Statements to run instead: right for the statement, but in another order, at another time,
    /// or outside of a transaction, so that a person has to place them.
    #[must_use]
    pub fn instead(mut self, sql: impl Into<String>) -> Self {
        self.fix = Some(Fix {
            sql: sql.into(),
            applicability: Applicability::Display,
        });
        self
    }
}

/// A rule: it recognises what a statement is about, and says what to do about its dangers. How
/// dangerous the statement is, the verdict says.
pub struct MigrationRule {
    /// `migration/set-not-null`.
    pub code: &'static str,
    /// The guide's section that it carries out or corrects.
    pub guide: &'static str,
    /// The advice, where the rule knows the statement.
    pub advise: fn(&Situation<'_>) -> Option<Advice>,
}

inventory::collect!(MigrationRule);

/// Registers a rule of the migration family.
#[macro_export]
macro_rules! migration_rule {
    ($code:literal, $guide:literal) => {
        inventory::submit! { $crate::migration::MigrationRule { code: $code, guide: $guide, advise } }
    };
}

/// All rules of the family, by code.
pub fn migration_rules() -> Vec<&'static MigrationRule> {
    let mut rules: Vec<_> = inventory::iter::<MigrationRule>().collect();
    rules.sort_by_key(|rule| rule.code);
    rules
}

impl<'a> Situation<'a> {
    /// Whether it is dangerous in that way.
    pub fn is(&self, letter: Letter) -> bool {
        self.dangers.iter().any(|danger| danger.letter == letter)
    }

    /// Whether clients wait.
    pub fn blocks(&self) -> bool {
        self.is(Letter::Reads) || self.is(Letter::Writes)
    }

    /// What clients cannot do while it works.
    pub fn blocked(&self) -> &'static str {
        match self.is(Letter::Reads) {
            true => "nobody can read or write",
            false => "nobody can write",
        }
    }

    /// Of an ALTER TABLE: it, and its subcommands.
    pub fn alter_table(&self) -> Option<(&'a AlterTableStmt, Vec<&'a AlterTableCmd>)> {
        let NodeEnum::AlterTableStmt(alter) = self.node else {
            return None;
        };
        let cmds = alter.cmds.iter().filter_map(|node| match &node.node {
            Some(NodeEnum::AlterTableCmd(cmd)) => Some(&**cmd),
            _ => None,
        });
        Some((alter, cmds.collect()))
    }
}
