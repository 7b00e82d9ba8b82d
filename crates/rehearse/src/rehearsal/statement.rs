use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableType, ObjectType, TransactionStmtKind};
use howdah_sql::{Kind, Limits, RelationName, Statement, parse};

/// How a statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Just so.
    Plain,
    /// In a transaction of its own, to look around in before its end.
    Own,
    /// In the transaction that is open.
    Within,
}

/// A statement of a script, and what its tree says; one that does not parse
/// here is still run.
pub(super) struct Sentence<'a> {
    pub(super) sql: &'a str,
    statement: Option<Statement>,
}

impl<'a> Sentence<'a> {
    pub(super) fn of(sql: &'a str) -> Self {
        let parsed = parse(sql, &Limits::default()).ok();
        Self {
            sql,
            statement: parsed.and_then(|mut script| script.statements.pop()),
        }
    }

    fn kind(&self) -> Option<&Kind> {
        self.statement.as_ref().map(Statement::kind)
    }

    pub(super) fn node(&self) -> Option<&NodeEnum> {
        self.statement.as_ref().map(Statement::node)
    }

    pub(super) fn tag(&self) -> &'static str {
        self.kind().map_or("", Kind::name)
    }

    /// BEGIN, COMMIT, SAVEPOINT and their kin.
    pub(super) fn controls_transaction(&self) -> bool {
        matches!(self.kind(), Some(Kind::Transaction(_)))
    }

    /// Whether it runs code that may read what it likes, and raise what it likes.
    pub(super) fn runs_code(&self) -> bool {
        matches!(
            self.node(),
            Some(NodeEnum::DoStmt(_) | NodeEnum::CallStmt(_) | NodeEnum::SelectStmt(_))
        )
    }

    /// The savepoint that it makes or goes back to, and whether it goes back.
    pub(super) fn savepoint(&self) -> Option<(&str, bool)> {
        let Some(NodeEnum::TransactionStmt(transaction)) = self.node() else {
            return None;
        };
        let name = transaction.savepoint_name.as_str();
        match transaction.kind() {
            TransactionStmtKind::TransStmtSavepoint => Some((name, false)),
            TransactionStmtKind::TransStmtRollbackTo => Some((name, true)),
            _ => None,
        }
    }

    pub(super) fn rolls_back(&self) -> bool {
        matches!(self.kind(), Some(Kind::Transaction(tag)) if tag.starts_with("ROLLBACK"))
    }

    /// Whether it does the same inside of a transaction block as by itself.
    pub(super) fn runs_in_transaction(&self) -> bool {
        match self.kind() {
            // By themselves they fail, or do nothing.
            Some(Kind::DeclareCursor(_)) => false,
            Some(kind) => kind.runs_in_transaction() && kind.name() != "LOCK TABLE",
            None => true,
        }
    }

    /// Some settings can only be made before anything else in a transaction. Values that are added
    /// to an enum of the same transaction are safe to use, but in subtransactions the server
    /// takes no note of that.
    pub(super) fn may_run_in_subtransaction(&self) -> bool {
        if matches!(
            self.node(),
            Some(NodeEnum::CreateEnumStmt(_) | NodeEnum::AlterEnumStmt(_))
        ) {
            return false;
        }
        match self.kind() {
            Some(Kind::Transaction(_) | Kind::Session(_)) => false,
            Some(kind) => kind.runs_in_transaction(),
            None => true,
        }
    }

    /// Whether clients may find something different after it; they do not after
    /// statements that only read or write rows.
    pub(super) fn is_noticed_by_clients(&self) -> bool {
        if let Some(NodeEnum::RefreshMatViewStmt(refresh)) = self.node() {
            // Nobody can read it then.
            return refresh.skip_data;
        }
        !matches!(
            self.kind(),
            Some(
                Kind::Insert
                    | Kind::Update
                    | Kind::Delete
                    | Kind::Merge
                    | Kind::Copy { .. }
                    | Kind::Show
                    | Kind::Explain { .. }
                    | Kind::Transaction(_)
                    | Kind::Session(_)
                    | Kind::Utility(_)
            )
        )
    }

    /// Whether it may change what happens on tables that it does not name: by a function that
    /// triggers and policies call, by privileges, or by whatever it runs itself.
    pub(super) fn reaches_far(&self) -> bool {
        match self.node() {
            Some(NodeEnum::DropStmt(drop)) => matches!(
                drop.remove_type(),
                ObjectType::ObjectFunction | ObjectType::ObjectProcedure | ObjectType::ObjectRoutine
            ),
            Some(NodeEnum::RenameStmt(rename)) => rename.relation.is_none(),
            Some(
                NodeEnum::CreateFunctionStmt(_)
                | NodeEnum::AlterFunctionStmt(_)
                | NodeEnum::AlterOwnerStmt(_)
                | NodeEnum::AlterObjectSchemaStmt(_)
                | NodeEnum::GrantStmt(_)
                | NodeEnum::GrantRoleStmt(_)
                | NodeEnum::AlterRoleStmt(_)
                | NodeEnum::DoStmt(_)
                | NodeEnum::CallStmt(_)
                | NodeEnum::SelectStmt(_),
            ) => true,
            _ => false,
        }
    }

    /// Whether it gives columns another type.
    pub(super) fn changes_type(&self) -> bool {
        let Some(NodeEnum::AlterTableStmt(alter)) = self.node() else {
            return false;
        };
        alter.cmds.iter().any(|command| {
            matches!(&command.node, Some(NodeEnum::AlterTableCmd(command)) if command.subtype() == AlterTableType::AtAlterColumnType)
        })
    }

    /// Whether it empties tables.
    pub(super) fn truncates(&self) -> bool {
        matches!(self.node(), Some(NodeEnum::TruncateStmt(_)))
    }

    /// Of a CREATE INDEX IF NOT EXISTS: the index.
    pub(super) fn index_unless_exists(&self) -> Option<RelationName> {
        let Some(NodeEnum::IndexStmt(index)) = self.node() else {
            return None;
        };
        let table = index.relation.as_ref()?;
        (index.if_not_exists && !index.idxname.is_empty()).then(|| RelationName {
            schema: Some(table.schemaname.clone()).filter(|schema| !schema.is_empty()),
            name: index.idxname.clone(),
        })
    }

    /// The relations that it names.
    pub(super) fn relations(&self) -> Vec<RelationName> {
        let relations = self.statement.as_ref().map(Statement::relations);
        let relations = relations.into_iter().flatten();
        relations.map(|used| used.relation).collect()
    }

    /// Of a statement that runs in no transaction block: whether it takes
    /// SHARE UPDATE EXCLUSIVE where its plain form takes a stronger lock.
    pub(super) fn is_concurrent(&self) -> bool {
        match self.node() {
            Some(NodeEnum::IndexStmt(index)) => index.concurrent,
            Some(NodeEnum::DropStmt(drop)) => {
                drop.concurrent && drop.remove_type() == ObjectType::ObjectIndex
            }
            Some(NodeEnum::ReindexStmt(_)) => self.sql.to_ascii_lowercase().contains("concurrently"),
            Some(NodeEnum::AlterTableStmt(_)) => !self.runs_in_transaction(),
            Some(NodeEnum::VacuumStmt(vacuum)) => !self.vacuums_fully() && vacuum.is_vacuumcmd,
            _ => false,
        }
    }

    /// VACUUM FULL.
    pub(super) fn vacuums_fully(&self) -> bool {
        let Some(NodeEnum::VacuumStmt(vacuum)) = self.node() else {
            return false;
        };
        vacuum
            .options
            .iter()
            .any(|option| matches!(&option.node, Some(NodeEnum::DefElem(option)) if option.defname == "full"))
    }
}
