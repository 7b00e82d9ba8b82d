//! What a statement does, as its text and the script before it let us know without a server.
//!
//! Where the text cannot tell (an old type, a size, the data) the prediction is what is usual for
//! such a statement on a populated table, and says that it is not sure.

mod alter_table;
mod alter_type;
mod block;
mod columns;
mod create;
mod drop;
mod expression;
mod maintenance;
mod privileges;
mod rename;
mod rows;
mod session;
mod trigger;

use howdah_rehearse::{Break, Effects, Failure, Lock, LockMode, Loss, Work, WorkKind};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::RangeVar;

pub(crate) use trigger::Body;

use crate::migration::Transactions;
use crate::migration::{Key, Later, World, relation_name};

/// Where a statement stands.
pub(crate) struct Place<'a> {
    pub(crate) text: &'a str,
    /// Whether it is within a transaction block.
    pub(crate) in_block: bool,
    /// What follows it in the script.
    pub(crate) later: Later<'a>,
}

/// The effects that are being gathered.
pub(crate) struct Gathering<'w> {
    pub(crate) world: &'w mut World,
    pub(crate) effects: Effects,
    pub(crate) unsure: Vec<String>,
    /// Whether it writes rows in a loop, within one transaction.
    pub(crate) loops: bool,
}

/// Predicts what a statement does, what is not sure about that, and whether it loops; and takes
/// note of it in the world.
pub(crate) fn effects(
    node: &NodeEnum,
    place: &Place<'_>,
    world: &mut World,
    transactions: &mut Transactions,
) -> (Effects, Vec<String>, bool) {
    let mut gathering = Gathering {
        world,
        effects: Effects::default(),
        unsure: Vec::new(),
        loops: false,
    };
    session::read(node, transactions, &mut gathering);
    statement(node, place, &mut gathering);
    (gathering.effects, gathering.unsure, gathering.loops)
}

/// Adds what a statement does; statements inside of a DO block come here as well.
pub(crate) fn statement(node: &NodeEnum, place: &Place<'_>, to: &mut Gathering<'_>) {
    to.use_of_new_enum_values(place);
    match node {
        NodeEnum::AlterTableStmt(alter) => alter_table::alter_table(alter, place, to),
        NodeEnum::RenameStmt(rename) => rename::rename(rename, place, to),
        NodeEnum::AlterObjectSchemaStmt(moved) => rename::set_schema(moved, to),
        NodeEnum::DropStmt(drop) => drop::drop(drop, place, to),
        NodeEnum::TruncateStmt(truncate) => drop::truncate(truncate, to),
        NodeEnum::DropOwnedStmt(_) => to.lose("what the role owns"),
        NodeEnum::CreateStmt(create) => create::table(create, to),
        NodeEnum::CreateTableAsStmt(create) => create::table_as(create, to),
        NodeEnum::ViewStmt(view) => create::view(view, to),
        NodeEnum::CreateFunctionStmt(function) => create::function(function, place, to),
        NodeEnum::AlterSeqStmt(sequence) => create::alter_sequence(sequence, to),
        NodeEnum::CreateTrigStmt(trigger) => trigger::trigger(trigger, place, to),
        NodeEnum::RuleStmt(rule) => create::rule(rule, to),
        NodeEnum::CreatePolicyStmt(policy) => create::policy(policy, to),
        NodeEnum::CreateEnumStmt(kind) => create::enumeration(kind, to),
        NodeEnum::CreateDomainStmt(domain) => create::domain(domain, to),
        NodeEnum::CompositeTypeStmt(kind) => create::composite(kind, to),
        NodeEnum::CreateSeqStmt(sequence) => create::sequence(sequence, to),
        NodeEnum::AlterEnumStmt(change) => alter_type::enumeration(change, to),
        NodeEnum::AlterDomainStmt(change) => alter_type::domain(change, to),
        NodeEnum::IndexStmt(index) => maintenance::create_index(index, place, to),
        NodeEnum::ReindexStmt(reindex) => maintenance::reindex(reindex, place, to),
        NodeEnum::VacuumStmt(vacuum) => maintenance::vacuum(vacuum, place, to),
        NodeEnum::ClusterStmt(cluster) => maintenance::cluster(cluster, to),
        NodeEnum::RefreshMatViewStmt(refresh) => maintenance::refresh(refresh, to),
        NodeEnum::LockStmt(lock) => maintenance::lock(lock, place, to),
        NodeEnum::CreatedbStmt(_) | NodeEnum::DropdbStmt(_) => {
            to.fail_in_block(place, "it cannot run inside a transaction block");
        }
        NodeEnum::AlterSystemStmt(_) => {
            to.fail_in_block(place, "it cannot run inside a transaction block");
            session::denied("ALTER SYSTEM", to);
        }
        NodeEnum::CreateEventTrigStmt(_) => session::denied("CREATE EVENT TRIGGER", to),
        NodeEnum::GrantStmt(grant) => privileges::grant(grant, place, to),
        NodeEnum::GrantRoleStmt(grant) => privileges::grant_role(grant, to),
        NodeEnum::InsertStmt(insert) => rows::insert(insert, to),
        NodeEnum::UpdateStmt(update) => rows::update(update, to),
        NodeEnum::DeleteStmt(delete) => rows::delete(delete, to),
        NodeEnum::MergeStmt(_) if to.world.major < 15 => to.fail("42601", "MERGE comes with PostgreSQL 15"),
        NodeEnum::MergeStmt(merge) => rows::merge(merge, to),
        NodeEnum::SelectStmt(select) => rows::select(select, to),
        NodeEnum::DoStmt(_) => block::read(place, to),
        NodeEnum::CallStmt(_) => to.unsure("What a procedure does is not looked into."),
        _ => {}
    }
}

impl Gathering<'_> {
    pub(crate) fn is_new(&self, relation: &RangeVar) -> bool {
        relation.relpersistence == "t" || self.world.is_new(&Key::of(relation))
    }

    /// A lock on a relation that was there before.
    pub(crate) fn lock(&mut self, relation: &RangeVar, mode: LockMode) {
        if self.is_new(relation) {
            return;
        }
        let relation = relation_name(relation);
        match self
            .effects
            .locks
            .iter_mut()
            .find(|lock| lock.relation == relation)
        {
            Some(lock) => lock.mode = lock.mode.max(mode),
            None => self.effects.locks.push(Lock { relation, mode }),
        }
    }

    /// Work on a relation that was there before.
    pub(crate) fn work(&mut self, relation: &RangeVar, kind: WorkKind) {
        self.work_with(relation, kind, None);
    }

    pub(crate) fn work_with(&mut self, relation: &RangeVar, kind: WorkKind, index: Option<String>) {
        if self.is_new(relation) {
            return;
        }
        let work = Work {
            relation: relation_name(relation),
            kind,
            index,
        };
        if !self.effects.work.contains(&work) {
            self.effects.work.push(work);
        }
    }

    /// Statements of clients that fail afterwards.
    pub(crate) fn break_clients(
        &mut self,
        statement: impl Into<String>,
        message: impl Into<String>,
        sqlstate: &str,
    ) {
        self.effects.breaks.push(Break {
            statement: statement.into(),
            role: "any client".to_owned(),
            failure: Failure {
                sqlstate: sqlstate.to_owned(),
                message: message.into(),
            },
            prepared_only: false,
        });
    }

    pub(crate) fn lose(&mut self, what: impl Into<String>) {
        self.effects.losses.push(Loss { what: what.into() });
    }

    pub(crate) fn fail(&mut self, sqlstate: &str, message: impl Into<String>) {
        if self.effects.failure.is_none() {
            self.effects.failure = Some(Failure {
                sqlstate: sqlstate.to_owned(),
                message: message.into(),
            });
        }
    }

    pub(crate) fn fail_in_block(&mut self, place: &Place<'_>, message: &str) {
        if place.in_block {
            self.fail("25001", message);
        }
    }

    pub(crate) fn unsure(&mut self, message: impl Into<String>) {
        self.unsure.push(message.into());
    }

    /// A value that was added to an enum in the same transaction cannot be used in it.
    fn use_of_new_enum_values(&mut self, place: &Place<'_>) {
        if self.world.new_values.is_empty() {
            return;
        }
        // What stands between two quotes, whichever: more than the constants, never less.
        let text = place.text.replace("''", "\u{1}");
        let mut between = text.split('\'').skip(1).map(|text| text.replace('\u{1}', "'"));
        if let Some(value) = between.find(|text| self.world.new_values.contains(text)) {
            self.fail(
                "55P04",
                format!("unsafe use of new value \"{value}\" of an enum type"),
            );
        }
    }
}
