//! The command tag of every statement, as `CreateCommandTag` in the server's
//! `tcop/utility.c` finds it.

use pg_query::NodeEnum;
use pg_query::protobuf::{DiscardMode, ObjectType, TransactionStmtKind, VariableSetKind};

/// Writes a function that puts a verb before the name of a sort of object.
macro_rules! object_tag {
    ($function:ident, $verb:literal) => {
        fn $function(object: ObjectType) -> &'static str {
            match object {
                ObjectType::ObjectAccessMethod => concat!($verb, " ACCESS METHOD"),
                ObjectType::ObjectAggregate => concat!($verb, " AGGREGATE"),
                ObjectType::ObjectCast => concat!($verb, " CAST"),
                ObjectType::ObjectCollation => concat!($verb, " COLLATION"),
                ObjectType::ObjectConversion => concat!($verb, " CONVERSION"),
                ObjectType::ObjectDatabase => concat!($verb, " DATABASE"),
                ObjectType::ObjectDomain | ObjectType::ObjectDomconstraint => concat!($verb, " DOMAIN"),
                ObjectType::ObjectEventTrigger => concat!($verb, " EVENT TRIGGER"),
                ObjectType::ObjectExtension => concat!($verb, " EXTENSION"),
                ObjectType::ObjectFdw => concat!($verb, " FOREIGN DATA WRAPPER"),
                ObjectType::ObjectForeignServer => concat!($verb, " SERVER"),
                ObjectType::ObjectForeignTable => concat!($verb, " FOREIGN TABLE"),
                ObjectType::ObjectFunction => concat!($verb, " FUNCTION"),
                ObjectType::ObjectIndex => concat!($verb, " INDEX"),
                ObjectType::ObjectLanguage => concat!($verb, " LANGUAGE"),
                ObjectType::ObjectLargeobject => concat!($verb, " LARGE OBJECT"),
                ObjectType::ObjectMatview => concat!($verb, " MATERIALIZED VIEW"),
                ObjectType::ObjectOpclass => concat!($verb, " OPERATOR CLASS"),
                ObjectType::ObjectOperator => concat!($verb, " OPERATOR"),
                ObjectType::ObjectOpfamily => concat!($verb, " OPERATOR FAMILY"),
                ObjectType::ObjectPolicy => concat!($verb, " POLICY"),
                ObjectType::ObjectProcedure => concat!($verb, " PROCEDURE"),
                ObjectType::ObjectPublication => concat!($verb, " PUBLICATION"),
                ObjectType::ObjectRole => concat!($verb, " ROLE"),
                ObjectType::ObjectRoutine => concat!($verb, " ROUTINE"),
                ObjectType::ObjectRule => concat!($verb, " RULE"),
                ObjectType::ObjectSchema => concat!($verb, " SCHEMA"),
                ObjectType::ObjectSequence => concat!($verb, " SEQUENCE"),
                ObjectType::ObjectStatisticExt => concat!($verb, " STATISTICS"),
                ObjectType::ObjectSubscription => concat!($verb, " SUBSCRIPTION"),
                ObjectType::ObjectTablespace => concat!($verb, " TABLESPACE"),
                ObjectType::ObjectTransform => concat!($verb, " TRANSFORM"),
                ObjectType::ObjectTrigger => concat!($verb, " TRIGGER"),
                ObjectType::ObjectTsconfiguration => concat!($verb, " TEXT SEARCH CONFIGURATION"),
                ObjectType::ObjectTsdictionary => concat!($verb, " TEXT SEARCH DICTIONARY"),
                ObjectType::ObjectTsparser => concat!($verb, " TEXT SEARCH PARSER"),
                ObjectType::ObjectTstemplate => concat!($verb, " TEXT SEARCH TEMPLATE"),
                ObjectType::ObjectType | ObjectType::ObjectAttribute => concat!($verb, " TYPE"),
                ObjectType::ObjectView => concat!($verb, " VIEW"),
                // Columns, their defaults and constraints belong to a table.
                _ => concat!($verb, " TABLE"),
            }
        }
    };
}

object_tag!(create, "CREATE");
object_tag!(alter, "ALTER");
object_tag!(drop, "DROP");

/// The command tag of a statement.
pub(crate) fn tag(node: &NodeEnum) -> &'static str {
    match node {
        NodeEnum::TransactionStmt(statement) => match statement.kind() {
            TransactionStmtKind::TransStmtStart => "START TRANSACTION",
            TransactionStmtKind::TransStmtCommit => "COMMIT",
            TransactionStmtKind::TransStmtRollback | TransactionStmtKind::TransStmtRollbackTo => "ROLLBACK",
            TransactionStmtKind::TransStmtSavepoint => "SAVEPOINT",
            TransactionStmtKind::TransStmtRelease => "RELEASE",
            TransactionStmtKind::TransStmtPrepare => "PREPARE TRANSACTION",
            TransactionStmtKind::TransStmtCommitPrepared => "COMMIT PREPARED",
            TransactionStmtKind::TransStmtRollbackPrepared => "ROLLBACK PREPARED",
            TransactionStmtKind::TransStmtBegin | TransactionStmtKind::Undefined => "BEGIN",
        },
        NodeEnum::VariableSetStmt(statement) => match statement.kind() {
            VariableSetKind::VarReset | VariableSetKind::VarResetAll => "RESET",
            _ => "SET",
        },
        NodeEnum::DiscardStmt(statement) => match statement.target() {
            DiscardMode::DiscardPlans => "DISCARD PLANS",
            DiscardMode::DiscardSequences => "DISCARD SEQUENCES",
            DiscardMode::DiscardTemp => "DISCARD TEMP",
            DiscardMode::DiscardAll | DiscardMode::Undefined => "DISCARD ALL",
        },
        NodeEnum::FetchStmt(statement) if statement.ismove => "MOVE",
        NodeEnum::FetchStmt(_) => "FETCH",
        NodeEnum::ClosePortalStmt(statement) if statement.portalname.is_empty() => "CLOSE CURSOR ALL",
        NodeEnum::ClosePortalStmt(_) => "CLOSE CURSOR",
        NodeEnum::DeallocateStmt(statement) if statement.isall => "DEALLOCATE ALL",
        NodeEnum::DeallocateStmt(_) => "DEALLOCATE",
        NodeEnum::ConstraintsSetStmt(_) => "SET CONSTRAINTS",
        NodeEnum::ListenStmt(_) => "LISTEN",
        NodeEnum::UnlistenStmt(_) => "UNLISTEN",
        NodeEnum::NotifyStmt(_) => "NOTIFY",
        NodeEnum::LoadStmt(_) => "LOAD",
        NodeEnum::LockStmt(_) => "LOCK TABLE",
        NodeEnum::TruncateStmt(_) => "TRUNCATE TABLE",
        NodeEnum::VacuumStmt(statement) if statement.is_vacuumcmd => "VACUUM",
        NodeEnum::VacuumStmt(_) => "ANALYZE",
        NodeEnum::ReindexStmt(_) => "REINDEX",
        NodeEnum::ClusterStmt(_) => "CLUSTER",
        NodeEnum::RefreshMatViewStmt(_) => "REFRESH MATERIALIZED VIEW",
        NodeEnum::CheckPointStmt(_) => "CHECKPOINT",
        NodeEnum::AlterSystemStmt(_) => "ALTER SYSTEM",

        NodeEnum::CreateTableAsStmt(statement) => match statement.objtype() {
            ObjectType::ObjectMatview => "CREATE MATERIALIZED VIEW",
            _ if statement.is_select_into => "SELECT INTO",
            _ => "CREATE TABLE AS",
        },
        NodeEnum::DefineStmt(statement) => create(statement.kind()),
        NodeEnum::DropStmt(statement) => drop(statement.remove_type()),
        NodeEnum::AlterTableStmt(statement) => alter(statement.objtype()),
        NodeEnum::AlterTableMoveAllStmt(statement) => alter(statement.objtype()),
        NodeEnum::RenameStmt(statement) => match statement.rename_type() {
            ObjectType::ObjectColumn => alter(statement.relation_type()),
            object => alter(object),
        },
        NodeEnum::AlterObjectDependsStmt(statement) => alter(statement.object_type()),
        NodeEnum::AlterObjectSchemaStmt(statement) => alter(statement.object_type()),
        NodeEnum::AlterOwnerStmt(statement) => alter(statement.object_type()),
        NodeEnum::AlterFunctionStmt(statement) => alter(statement.objtype()),
        NodeEnum::CreateFunctionStmt(statement) if statement.is_procedure => "CREATE PROCEDURE",
        NodeEnum::CreateFunctionStmt(_) => "CREATE FUNCTION",
        NodeEnum::GrantStmt(statement) if statement.is_grant => "GRANT",
        NodeEnum::GrantStmt(_) => "REVOKE",
        NodeEnum::GrantRoleStmt(statement) if statement.is_grant => "GRANT ROLE",
        NodeEnum::GrantRoleStmt(_) => "REVOKE ROLE",
        NodeEnum::AlterDefaultPrivilegesStmt(_) => "ALTER DEFAULT PRIVILEGES",

        NodeEnum::CreateSchemaStmt(_) => "CREATE SCHEMA",
        NodeEnum::CreateStmt(_) => "CREATE TABLE",
        NodeEnum::IndexStmt(_) => "CREATE INDEX",
        NodeEnum::ViewStmt(_) => "CREATE VIEW",
        NodeEnum::CreateSeqStmt(_) => "CREATE SEQUENCE",
        NodeEnum::AlterSeqStmt(_) => "ALTER SEQUENCE",
        NodeEnum::CreateDomainStmt(_) => "CREATE DOMAIN",
        NodeEnum::AlterDomainStmt(_) => "ALTER DOMAIN",
        NodeEnum::CompositeTypeStmt(_) | NodeEnum::CreateEnumStmt(_) | NodeEnum::CreateRangeStmt(_) => {
            "CREATE TYPE"
        }
        NodeEnum::AlterEnumStmt(_) | NodeEnum::AlterTypeStmt(_) => "ALTER TYPE",
        NodeEnum::CreateTrigStmt(_) => "CREATE TRIGGER",
        NodeEnum::CreateEventTrigStmt(_) => "CREATE EVENT TRIGGER",
        NodeEnum::AlterEventTrigStmt(_) => "ALTER EVENT TRIGGER",
        NodeEnum::RuleStmt(_) => "CREATE RULE",
        NodeEnum::CreatePolicyStmt(_) => "CREATE POLICY",
        NodeEnum::AlterPolicyStmt(_) => "ALTER POLICY",
        NodeEnum::CreateStatsStmt(_) => "CREATE STATISTICS",
        NodeEnum::AlterStatsStmt(_) => "ALTER STATISTICS",
        NodeEnum::AlterCollationStmt(_) => "ALTER COLLATION",
        NodeEnum::CommentStmt(_) => "COMMENT",
        NodeEnum::SecLabelStmt(_) => "SECURITY LABEL",

        NodeEnum::CreateRoleStmt(_) => "CREATE ROLE",
        NodeEnum::AlterRoleStmt(_) | NodeEnum::AlterRoleSetStmt(_) => "ALTER ROLE",
        NodeEnum::DropRoleStmt(_) => "DROP ROLE",
        NodeEnum::DropOwnedStmt(_) => "DROP OWNED",
        NodeEnum::ReassignOwnedStmt(_) => "REASSIGN OWNED",

        NodeEnum::CreatedbStmt(_) => "CREATE DATABASE",
        NodeEnum::AlterDatabaseStmt(_)
        | NodeEnum::AlterDatabaseSetStmt(_)
        | NodeEnum::AlterDatabaseRefreshCollStmt(_) => "ALTER DATABASE",
        NodeEnum::DropdbStmt(_) => "DROP DATABASE",
        NodeEnum::CreateTableSpaceStmt(_) => "CREATE TABLESPACE",
        NodeEnum::AlterTableSpaceOptionsStmt(_) => "ALTER TABLESPACE",
        NodeEnum::DropTableSpaceStmt(_) => "DROP TABLESPACE",

        NodeEnum::CreateExtensionStmt(_) => "CREATE EXTENSION",
        NodeEnum::AlterExtensionStmt(_) | NodeEnum::AlterExtensionContentsStmt(_) => "ALTER EXTENSION",
        NodeEnum::CreateFdwStmt(_) => "CREATE FOREIGN DATA WRAPPER",
        NodeEnum::AlterFdwStmt(_) => "ALTER FOREIGN DATA WRAPPER",
        NodeEnum::CreateForeignServerStmt(_) => "CREATE SERVER",
        NodeEnum::AlterForeignServerStmt(_) => "ALTER SERVER",
        NodeEnum::CreateUserMappingStmt(_) => "CREATE USER MAPPING",
        NodeEnum::AlterUserMappingStmt(_) => "ALTER USER MAPPING",
        NodeEnum::DropUserMappingStmt(_) => "DROP USER MAPPING",
        NodeEnum::CreateForeignTableStmt(_) => "CREATE FOREIGN TABLE",
        NodeEnum::ImportForeignSchemaStmt(_) => "IMPORT FOREIGN SCHEMA",
        NodeEnum::CreatePublicationStmt(_) => "CREATE PUBLICATION",
        NodeEnum::AlterPublicationStmt(_) => "ALTER PUBLICATION",
        NodeEnum::CreateSubscriptionStmt(_) => "CREATE SUBSCRIPTION",
        NodeEnum::AlterSubscriptionStmt(_) => "ALTER SUBSCRIPTION",
        NodeEnum::DropSubscriptionStmt(_) => "DROP SUBSCRIPTION",

        NodeEnum::CreatePlangStmt(_) => "CREATE LANGUAGE",
        NodeEnum::CreateAmStmt(_) => "CREATE ACCESS METHOD",
        NodeEnum::CreateCastStmt(_) => "CREATE CAST",
        NodeEnum::CreateConversionStmt(_) => "CREATE CONVERSION",
        NodeEnum::CreateTransformStmt(_) => "CREATE TRANSFORM",
        NodeEnum::CreateOpClassStmt(_) => "CREATE OPERATOR CLASS",
        NodeEnum::CreateOpFamilyStmt(_) => "CREATE OPERATOR FAMILY",
        NodeEnum::AlterOpFamilyStmt(_) => "ALTER OPERATOR FAMILY",
        NodeEnum::AlterOperatorStmt(_) => "ALTER OPERATOR",
        NodeEnum::AlterTsdictionaryStmt(_) => "ALTER TEXT SEARCH DICTIONARY",
        NodeEnum::AlterTsconfigurationStmt(_) => "ALTER TEXT SEARCH CONFIGURATION",
        // The grammar makes no other node a statement.
        _ => "???",
    }
}
