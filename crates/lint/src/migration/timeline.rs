use std::ops::Range;

use howdah_rehearse::{Debris, Effects, Rehearsal};
use howdah_sql::Kind;

use super::Script;

/// A statement with what it does, in the order in which a script runs.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its bytes in the script.
    pub span: Range<usize>,
    /// What it does.
    pub effects: Effects,
    /// Statements of one number share a transaction, and keep its locks until its end.
    pub transaction: u32,
    /// Whether locks that it waits for are given up at some time.
    pub has_lock_timeout: bool,
    /// Whether it writes rows in a loop, within one transaction.
    pub loops: bool,
    /// What cannot be known of it from its text.
    pub unsure: Vec<String>,
}

/// The steps of a rehearsal.
pub fn steps(rehearsal: &Rehearsal) -> Vec<Step> {
    // Statements without a transaction get numbers of their own, out of the others' way.
    let alone = (1_000_000..).zip(&rehearsal.statements);
    alone
        .map(|(own, outcome)| Step {
            span: outcome.span.clone(),
            effects: outcome.effects.clone(),
            transaction: outcome.transaction.unwrap_or(own),
            has_lock_timeout: outcome.lock_timeout_ms > 0,
            loops: false,
            unsure: Vec::new(),
        })
        .collect()
}

/// The transactions and the lock timeout of a script, followed without a server.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    number: u32,
    /// Within BEGIN … COMMIT of the script itself.
    open: bool,
    wrapped: Option<u32>,
    lock_timeout: bool,
    /// Set with SET LOCAL, until the end of the transaction.
    local_lock_timeout: bool,
}

impl Transactions {
    /// Takes note of a statement, and says which transaction it is in and whether it is in a block.
    pub(crate) fn enter(&mut self, wrapped: Option<u32>, kind: Option<&Kind>) -> (u32, bool) {
        if wrapped != self.wrapped {
            self.wrapped = wrapped;
            self.next();
        }
        let tag = match kind {
            Some(Kind::Transaction(tag)) => *tag,
            _ => "",
        };
        if wrapped.is_none() {
            match tag {
                "BEGIN" | "START TRANSACTION" if !self.open => {
                    self.next();
                    self.open = true;
                    return (self.number, true);
                }
                "COMMIT" | "ROLLBACK" | "PREPARE TRANSACTION" if self.open => {
                    self.open = false;
                    let ended = self.number;
                    self.next();
                    return (ended, false);
                }
                _ => {}
            }
        }
        let in_block = self.open || wrapped.is_some();
        if !in_block {
            self.next();
        }
        (self.number, in_block)
    }

    fn next(&mut self) {
        self.number += 1;
        self.local_lock_timeout = false;
    }

    /// Whether the script ends inside of a transaction that it opened.
    pub(crate) fn left_open(&self) -> bool {
        self.open
    }

    pub(crate) fn set_lock_timeout(&mut self, on: bool, local: bool) {
        match local {
            true => self.local_lock_timeout = on,
            false => self.lock_timeout = on,
        }
    }

    pub(crate) fn has_lock_timeout(&self) -> bool {
        self.lock_timeout || self.local_lock_timeout
    }
}

/// ROLLBACK TO SAVEPOINT, which ends no transaction.
fn goes_back(statement: &howdah_sql::Statement) -> bool {
    use howdah_sql::pg_query::NodeEnum;
    use howdah_sql::pg_query::protobuf::TransactionStmtKind::TransStmtRollbackTo;
    matches!(statement.node(), NodeEnum::TransactionStmt(transaction) if transaction.kind() == TransStmtRollbackTo)
}

/// Savepoints, each with the number of steps before it.
#[derive(Default)]
struct Savepoints(Vec<(String, usize)>);

impl Savepoints {
    /// Takes note of a savepoint, or takes back what came after it.
    fn follow(&mut self, statement: Option<&howdah_sql::Statement>, steps: &mut [Step]) {
        use howdah_sql::pg_query::NodeEnum;
        use howdah_sql::pg_query::protobuf::TransactionStmtKind::{TransStmtRollbackTo, TransStmtSavepoint};
        let Some(NodeEnum::TransactionStmt(transaction)) = statement.map(howdah_sql::Statement::node) else {
            return;
        };
        let name = &transaction.savepoint_name;
        match transaction.kind() {
            TransStmtSavepoint => self.0.push((name.clone(), steps.len())),
            TransStmtRollbackTo => {
                if let Some(at) = self.0.iter().rposition(|(known, _)| known == name) {
                    undo(&mut steps[self.0[at].1..]);
                    self.0.truncate(at + 1);
                }
            }
            _ => {}
        }
    }
}

/// Statements that are taken back: they have locked and worked, and nothing stays.
fn undo(steps: &mut [Step]) {
    for step in steps {
        step.effects.losses.clear();
        step.effects.breaks.clear();
        step.effects.debris.clear();
    }
}

/// Predicts the steps of a script from its text and what is known of its surroundings;
/// `transactions` are those of the part before it, where it is a later part of a long one.
pub(crate) fn predict(
    script: &Script<'_>,
    world: &mut super::World,
    transactions: &mut Transactions,
) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut savepoints = Savepoints::default();
    let mentions = super::Mentions::of(&script.sentences);
    for (index, sentence) in script.sentences.iter().enumerate() {
        let statement = sentence.parsed.as_ref().ok();
        let kind = statement
            .filter(|statement| !goes_back(statement))
            .map(howdah_sql::Statement::kind);
        let (transaction, in_block) = transactions.enter(sentence.wrapped, kind);
        world.enter(transaction);
        if let Some(Kind::Transaction("ROLLBACK")) = kind {
            let own = steps
                .iter()
                .rev()
                .take_while(|step| step.transaction == transaction);
            let first = steps.len() - own.count();
            undo(&mut steps[first..]);
        }
        savepoints.follow(statement, &mut steps);
        let later = mentions.behind(index);
        let mut step = Step {
            span: sentence.span.clone(),
            effects: Effects::default(),
            transaction,
            has_lock_timeout: false,
            loops: false,
            unsure: Vec::new(),
        };
        match &sentence.parsed {
            Ok(statement) => {
                let place = crate::predict::Place {
                    text: sentence.text,
                    in_block,
                    later,
                };
                (step.effects, step.unsure, step.loops) =
                    crate::predict::effects(statement.node(), &place, world, transactions);
            }
            Err(error) => {
                step.effects.failure = Some(howdah_rehearse::Failure {
                    sqlstate: "42601".to_owned(),
                    message: error.message.clone(),
                });
            }
        }
        if let Some(Kind::Transaction("PREPARE TRANSACTION")) = kind
            && !mentions.ends_prepared()
        {
            step.effects.debris.push(Debris::OpenTransaction);
        }
        step.has_lock_timeout = transactions.has_lock_timeout();
        steps.push(step);
    }
    if transactions.left_open()
        && !script.goes_on
        && let Some(last) = steps.last_mut()
    {
        last.effects.debris.push(Debris::OpenTransaction);
    }
    steps
}
