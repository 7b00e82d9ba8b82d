use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt, WithClause};

use crate::autocommit::runs_in_transaction;
use crate::tag::tag;

/// What sort of statement it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `SELECT`, `VALUES` and `TABLE` that read.
    Select,
    /// A `SELECT` with `FOR UPDATE` or `FOR SHARE` anywhere in it.
    SelectLocking,
    /// A `SELECT` with an `INSERT`, `UPDATE`, `DELETE` or `MERGE` in its `WITH`.
    SelectWriting,
    /// `INSERT`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
    /// `MERGE`.
    Merge,
    /// `EXPLAIN`; only with `ANALYZE` is the statement carried out.
    Explain {
        /// Whether the statement is carried out.
        analyze: bool,
        /// The statement that is explained.
        of: Box<Kind>,
    },
    /// `SHOW`.
    Show,
    /// `COPY`.
    Copy {
        /// `FROM` rather than `TO`.
        into_table: bool,
        /// Where the data comes from or goes to.
        end: CopyEnd,
        /// The statement whose result is copied, where it is not a table.
        query: Option<Box<Kind>>,
    },
    /// `CALL`: whatever the procedure does.
    Call,
    /// `DO`: whatever the block does.
    Do,
    /// `PREPARE`, which does not run the statement.
    Prepare(Box<Kind>),
    /// `EXECUTE`: whatever was prepared under that name.
    Execute,
    /// `DECLARE CURSOR`.
    DeclareCursor(Box<Kind>),
    /// `BEGIN`, `COMMIT`, `SAVEPOINT`, …; holds the command tag.
    Transaction(&'static str),
    /// Affects this session only: `SET`, `LISTEN`, `FETCH`, …; holds the command tag.
    Session(&'static str),
    /// Defines, changes or removes an object, a privilege or a server setting.
    Ddl(Command),
    /// Looks after what exists: `VACUUM`, `ANALYZE`, `REINDEX`, `NOTIFY`, …
    Utility(Command),
}

/// A command without a variant of its own in [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Command {
    /// The command tag: `CREATE INDEX`.
    pub tag: &'static str,
    /// See [`Kind::runs_in_transaction`].
    pub in_transaction: bool,
}

/// The other end of a `COPY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyEnd {
    /// The client: `STDIN` or `STDOUT`.
    Client,
    /// A file on the server.
    File,
    /// A program on the server.
    Program,
}

/// What carrying out a statement may change, as far as its text tells: the
/// functions and triggers behind it are not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatementEffect {
    /// Nothing.
    ReadOnly,
    /// Rows, locks that others wait for, files, messages to others.
    Writes,
    /// Objects, privileges, roles, server settings.
    Ddl,
    /// This session only: settings, cursors, prepared statements, channels.
    Session,
    /// The state of the transaction.
    Transaction,
    /// Depends on code that the text does not show.
    Unknown,
}

impl Kind {
    /// The command tag that the server reports, without its count: `SELECT`,
    /// `CREATE TABLE`, `DROP MATERIALIZED VIEW`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Select | Self::SelectLocking | Self::SelectWriting => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Merge => "MERGE",
            Self::Explain { .. } => "EXPLAIN",
            Self::Show => "SHOW",
            Self::Copy { .. } => "COPY",
            Self::Call => "CALL",
            Self::Do => "DO",
            Self::Prepare(_) => "PREPARE",
            Self::Execute => "EXECUTE",
            Self::DeclareCursor(_) => "DECLARE CURSOR",
            Self::Transaction(tag) | Self::Session(tag) => tag,
            Self::Ddl(command) | Self::Utility(command) => command.tag,
        }
    }

    /// What it may change.
    pub fn effect(&self) -> StatementEffect {
        match self {
            Self::Select | Self::Show | Self::Explain { analyze: false, .. } => StatementEffect::ReadOnly,
            Self::Explain { analyze: true, of } => of.effect(),
            Self::SelectLocking
            | Self::SelectWriting
            | Self::Insert
            | Self::Update
            | Self::Delete
            | Self::Merge
            | Self::Utility(_) => StatementEffect::Writes,
            Self::Copy {
                into_table: false,
                end: CopyEnd::Client,
                query,
            } => query
                .as_ref()
                .map_or(StatementEffect::ReadOnly, |query| query.effect()),
            Self::Copy {
                end: CopyEnd::Program,
                ..
            }
            | Self::Call
            | Self::Do
            | Self::Execute => StatementEffect::Unknown,
            Self::Copy { .. } => StatementEffect::Writes,
            Self::Prepare(_) | Self::DeclareCursor(_) | Self::Session(_) => StatementEffect::Session,
            Self::Transaction(_) => StatementEffect::Transaction,
            Self::Ddl(_) => StatementEffect::Ddl,
        }
    }

    /// Whether the server carries it out inside of a transaction block; where
    /// not, it answers 25001 there and the statement has to be sent alone.
    ///
    /// Exact as far as the text tells. Three things depend on more, and are
    /// `true` here: `CALL` and `DO` of code that commits, and `CLUSTER` and
    /// `REINDEX` of a partitioned table or index. `DROP SUBSCRIPTION` is
    /// `false`, as it is for any subscription that has a slot.
    pub fn runs_in_transaction(&self) -> bool {
        match self {
            Self::Ddl(command) | Self::Utility(command) => command.in_transaction,
            Self::Transaction(tag) => !matches!(*tag, "COMMIT PREPARED" | "ROLLBACK PREPARED"),
            Self::Session(tag) => *tag != "DISCARD ALL",
            Self::Explain { analyze: true, of } => of.runs_in_transaction(),
            _ => true,
        }
    }

    /// The kind of a statement's tree. `locking` says whether there is a
    /// locking clause somewhere in it.
    pub(crate) fn of(node: &NodeEnum, locking: bool) -> Self {
        let inner = |node: &Option<Box<Node>>| {
            let node = node.as_ref().and_then(|node| node.node.as_ref());
            node.map(|node| Box::new(Self::of(node, locking)))
        };
        match node {
            NodeEnum::SelectStmt(select) => Self::of_select(select, locking),
            NodeEnum::InsertStmt(_) => Self::Insert,
            NodeEnum::UpdateStmt(_) => Self::Update,
            NodeEnum::DeleteStmt(_) => Self::Delete,
            NodeEnum::MergeStmt(_) => Self::Merge,
            NodeEnum::ExplainStmt(explain) => Self::Explain {
                analyze: crate::autocommit::is_on(&explain.options, "analyze"),
                of: inner(&explain.query).unwrap_or(Box::new(Self::Select)),
            },
            NodeEnum::VariableShowStmt(_) => Self::Show,
            NodeEnum::CopyStmt(copy) => Self::Copy {
                into_table: copy.is_from,
                end: match (copy.is_program, copy.filename.is_empty()) {
                    (true, _) => CopyEnd::Program,
                    (false, false) => CopyEnd::File,
                    (false, true) => CopyEnd::Client,
                },
                query: inner(&copy.query),
            },
            NodeEnum::CallStmt(_) => Self::Call,
            NodeEnum::DoStmt(_) => Self::Do,
            NodeEnum::PrepareStmt(prepare) => {
                Self::Prepare(inner(&prepare.query).unwrap_or(Box::new(Self::Select)))
            }
            NodeEnum::ExecuteStmt(_) => Self::Execute,
            NodeEnum::DeclareCursorStmt(declare) => {
                Self::DeclareCursor(inner(&declare.query).unwrap_or(Box::new(Self::Select)))
            }
            NodeEnum::TransactionStmt(_) => Self::Transaction(tag(node)),
            NodeEnum::VariableSetStmt(_)
            | NodeEnum::ConstraintsSetStmt(_)
            | NodeEnum::DiscardStmt(_)
            | NodeEnum::ListenStmt(_)
            | NodeEnum::UnlistenStmt(_)
            | NodeEnum::DeallocateStmt(_)
            | NodeEnum::FetchStmt(_)
            | NodeEnum::ClosePortalStmt(_) => Self::Session(tag(node)),
            NodeEnum::TruncateStmt(_)
            | NodeEnum::VacuumStmt(_)
            | NodeEnum::ReindexStmt(_)
            | NodeEnum::ClusterStmt(_)
            | NodeEnum::RefreshMatViewStmt(_)
            | NodeEnum::CheckPointStmt(_)
            | NodeEnum::NotifyStmt(_)
            | NodeEnum::LockStmt(_)
            | NodeEnum::LoadStmt(_) => Self::Utility(Command::of(node)),
            _ => Self::Ddl(Command::of(node)),
        }
    }

    fn of_select(select: &SelectStmt, locking: bool) -> Self {
        // The grammar hangs the INTO of a set operation on its leftmost member.
        let mut leftmost = select;
        let mut writing = writes(select.with_clause.as_ref());
        while let Some(left) = &leftmost.larg {
            leftmost = left;
            writing |= writes(leftmost.with_clause.as_ref());
        }
        if leftmost.into_clause.is_some() {
            Self::Ddl(Command {
                tag: "SELECT INTO",
                in_transaction: true,
            })
        } else if writing {
            Self::SelectWriting
        } else if locking {
            Self::SelectLocking
        } else {
            Self::Select
        }
    }
}

impl Command {
    fn of(node: &NodeEnum) -> Self {
        Self {
            tag: tag(node),
            in_transaction: runs_in_transaction(node),
        }
    }
}

/// Whether a member of the WITH changes data. The server allows that at the
/// top level of a statement only, so nothing below needs to be looked at.
fn writes(with: Option<&WithClause>) -> bool {
    let members = with.iter().flat_map(|with| &with.ctes);
    members
        .filter_map(|member| match member.node.as_ref()? {
            NodeEnum::CommonTableExpr(member) => member.ctequery.as_ref()?.node.as_ref(),
            _ => None,
        })
        .any(|query| !matches!(query, NodeEnum::SelectStmt(_)))
}
