use howdah_core::{Applicability, Fix};
use howdah_rehearse::Effects;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableCmd, AlterTableStmt, AlterTableType, Constraint, RangeVar};

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
    /// Whether it is a transaction of its own, so that several statements can take its place.
    pub is_alone: bool,
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

    /// Statements that end where the statement does, and may take its place without a person
    /// looking at them, if it is a transaction of its own.
    #[must_use]
    pub fn replaced_by(self, situation: &Situation<'_>, sql: impl Into<String>) -> Self {
        let mut advice = self.instead(sql);
        if let Some(fix) = advice.fix.as_mut().filter(|_| situation.is_alone) {
            fix.applicability = Applicability::Safe;
        }
        advice
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

    /// Whether clients wait for a lock that it takes itself, rather than for one that an earlier
    /// statement of its transaction took.
    pub fn blocks_by_itself(&self) -> bool {
        let waits = |danger: &&Danger| matches!(danger.letter, Letter::Reads | Letter::Writes);
        self.dangers
            .iter()
            .filter(waits)
            .any(|danger| danger.locked_at.is_none())
    }

    /// The only subcommand of an ALTER TABLE.
    pub fn only_subcommand(&self) -> Option<(&'a RangeVar, &'a AlterTableCmd)> {
        let (alter, cmds) = self.alter_table()?;
        match cmds.as_slice() {
            [cmd] => Some((alter.relation.as_ref()?, cmd)),
            _ => None,
        }
    }

    /// The constraints that an ALTER TABLE adds.
    pub fn added_constraints(&self) -> Vec<&'a Constraint> {
        let cmds = self.alter_table().map(|(_, cmds)| cmds).unwrap_or_default();
        let constraint = |cmd: &&'a AlterTableCmd| match cmd.def.as_deref()?.node.as_ref()? {
            NodeEnum::Constraint(constraint) => Some(&**constraint),
            _ => None,
        };
        cmds.iter()
            .filter(|cmd| cmd.subtype() == AlterTableType::AtAddConstraint)
            .filter_map(constraint)
            .collect()
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
