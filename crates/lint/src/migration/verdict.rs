use std::collections::BTreeMap;

use howdah_rehearse::{Debris, LockMode, ReadRate, Work, WorkKind};
use howdah_sql::RelationName;

use super::Step;

/// In which way a statement is dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Letter {
    /// Clients' reads wait for a time that grows with a table.
    Reads,
    /// Clients' writes wait for a time that grows with a table.
    Writes,
    /// A statement that worked before fails afterwards.
    Clients,
    /// Data are lost.
    Loss,
    /// It fails.
    Fails,
    /// It leaves something to be cleaned up.
    Debris,
}

/// Why a statement is dangerous, or would be if a table were larger.
#[derive(Debug, Clone, PartialEq)]
pub struct Danger {
    /// Which step it is about: that which does the long work, or breaks something.
    pub step: usize,
    /// In which way.
    pub letter: Letter,
    /// What is blocked, broken, lost or left.
    pub what: String,
    /// The relation whose clients wait, for R and W.
    pub blocked: Option<RelationName>,
    /// The work that they wait for, for R and W.
    pub work: Option<Work>,
    /// The step that took the lock, where that is an earlier one.
    pub locked_at: Option<usize>,
    /// Not dangerous after all: the table is small, or only prepared statements are concerned.
    pub harmless: bool,
    /// How many relations more wait in the same way for the same work, and are not listed.
    pub more: usize,
}

/// Of the relations that wait for one piece of work so many are listed.
const LISTED: usize = 6;

/// How large a relation is, where that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Rows, as statistics estimate them.
    pub rows: Option<f64>,
    /// Bytes of its heap.
    pub heap_bytes: u64,
    /// Bytes with its indexes and TOAST.
    pub total_bytes: u64,
}

/// What is known of the relations that a script works on.
pub trait Relations {
    /// The size; `None` where there is no target, or it does not know the relation.
    fn size(&self, relation: &RelationName) -> Option<Size>;

    /// A relation of no more rows is small.
    fn small_table_rows(&self) -> f64;

    /// How fast the target's reads were, where it has measured them.
    fn reads(&self) -> Option<ReadRate> {
        None
    }

    /// Whether work on it is over in no time, whatever it is.
    fn is_small(&self, relation: &RelationName) -> bool {
        let rows = self.size(relation).and_then(|size| size.rows);
        rows.is_some_and(|rows| rows <= self.small_table_rows())
    }
}

/// Draws the verdict on a script: its dangers in the order of its statements.
///
/// A lock is held until the end of its transaction. So a statement that works for long is
/// dangerous for the clients of every relation that its transaction has locked against them,
/// by this statement or an earlier one.
pub fn judge(steps: &[Step], relations: &dyn Relations) -> Vec<Danger> {
    let mut dangers = Vec::new();
    let mut held = Held::default();
    let mut transaction = None;
    for (number, step) in steps.iter().enumerate() {
        if transaction != Some(step.transaction) {
            held = Held::default();
            transaction = Some(step.transaction);
        }
        for lock in &step.effects.locks {
            held.add(&lock.relation, lock.mode, number);
        }
        blocked(number, step, &held, relations, &mut dangers);
        rest(number, step, &mut dangers);
    }
    dangers
}

/// The relations that a transaction has locked against clients, with the steps that locked them.
#[derive(Default)]
struct Held<'a> {
    against_readers: BTreeMap<&'a RelationName, usize>,
    /// And not against readers.
    against_writers: BTreeMap<&'a RelationName, usize>,
}

impl<'a> Held<'a> {
    fn add(&mut self, relation: &'a RelationName, mode: LockMode, at: usize) {
        if mode.blocks_reads() {
            self.against_writers.remove(relation);
            self.against_readers.entry(relation).or_insert(at);
        } else if mode.blocks_writes() && !self.against_readers.contains_key(relation) {
            self.against_writers.entry(relation).or_insert(at);
        }
    }

    /// Some of them, `first` before all others if it is among them; and how many more there are.
    fn some<'s>(
        of: &'s BTreeMap<&'a RelationName, usize>,
        first: &'s RelationName,
    ) -> (Vec<(&'s RelationName, usize)>, usize) {
        let own = of.get_key_value(first).map(|(relation, at)| (*relation, *at));
        let others = of.iter().map(|(relation, at)| (*relation, *at));
        let others = others.filter(|(relation, _)| *relation != first);
        let some: Vec<_> = own.into_iter().chain(others).take(LISTED).collect();
        let more = of.len() - some.len();
        (some, more)
    }
}

/// Whose clients wait while a step works.
fn blocked(
    number: usize,
    step: &Step,
    held: &Held<'_>,
    relations: &dyn Relations,
    dangers: &mut Vec<Danger>,
) {
    for work in &step.effects.work {
        let harmless = relations.is_small(&work.relation);
        let danger = |letter, relation: &RelationName, locked_at: usize, what: String| Danger {
            step: number,
            letter,
            what,
            blocked: Some(relation.clone()),
            work: Some(work.clone()),
            locked_at: Some(locked_at).filter(|at| *at != number),
            harmless,
            more: 0,
        };
        let (readers, more) = Held::some(&held.against_readers, &work.relation);
        for (relation, at) in readers {
            let what = format!("reads and writes of {relation} wait");
            dangers.push(danger(Letter::Reads, relation, at, what));
        }
        if let Some(last) = dangers.last_mut() {
            last.more += more;
        }
        let (writers, more) = Held::some(&held.against_writers, &work.relation);
        for (relation, at) in writers {
            let what = format!("writes to {relation} wait");
            dangers.push(danger(Letter::Writes, relation, at, what));
        }
        if let Some(last) = dangers.last_mut() {
            last.more += more;
        }
        if matches!(work.kind, WorkKind::RowsWritten | WorkKind::RowsLocked) {
            let what = format!("writes to the same rows of {} wait", work.relation);
            dangers.push(danger(Letter::Writes, &work.relation, number, what));
        }
    }
}

fn rest(number: usize, step: &Step, dangers: &mut Vec<Danger>) {
    let danger = |letter, what: String, harmless| Danger {
        step: number,
        letter,
        what,
        blocked: None,
        work: None,
        locked_at: None,
        harmless,
        more: 0,
    };
    let effects = &step.effects;
    for broken in &effects.breaks {
        let what = format!(
            "{}: {} → {}",
            broken.role, broken.statement, broken.failure.message
        );
        dangers.push(danger(Letter::Clients, what, broken.prepared_only));
    }
    for loss in &effects.losses {
        dangers.push(danger(Letter::Loss, loss.what.clone(), false));
    }
    if let Some(failure) = &effects.failure {
        dangers.push(danger(Letter::Fails, failure.message.clone(), false));
    }
    for debris in &effects.debris {
        let what = match debris {
            Debris::InvalidIndex(index) => format!("the invalid index {index}"),
            Debris::HalfApplied => "a script that is applied to a part".to_owned(),
            Debris::OpenTransaction => "an open transaction".to_owned(),
        };
        dangers.push(danger(Letter::Debris, what, false));
    }
}
