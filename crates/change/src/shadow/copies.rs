use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{
    AlterTableStmt, Constraint as ConstraintNode, CreateStatsStmt, IndexStmt, Node,
};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use super::references::replace_in;
use super::{Names, Shadow};
use crate::form::deparse;
use crate::names::derived_name;
use crate::plan::{Estimate, Step, Undo};
use crate::proof;
use crate::{ChangeError, Planning};

/// What hangs on the old column and is made anew for its shadow.
pub(crate) struct Copies {
    pub indexes: Vec<IndexCopy>,
    pub constraints: Vec<ConstraintCopy>,
    pub incoming: Vec<IncomingCopy>,
    pub statistics: Vec<StatisticsCopy>,
}

/// An index, alone or of a primary key or unique constraint.
pub(crate) struct IndexCopy {
    pub name: String,
    /// The index of the partitioned table above that it belongs to, and what that one's copy is called until the swap.
    pub above: Option<(String, String)>,
    /// What the copy is called until the swap, and the old one after it.
    pub temporary: String,
    pub retired: String,
    pub sql: String,
    pub unique: bool,
    /// The constraint that it belongs to: name, whether it is the primary key, what follows its columns.
    pub constraint: Option<(String, bool, String)>,
    /// A unique index on the old column under which the primary key can come back.
    pub back: Option<(String, String)>,
    pub clustered: bool,
    pub replica_identity: bool,
    pub settings: Vec<String>,
    pub comment: Option<String>,
    pub constraint_comment: Option<String>,
}

/// A CHECK or a foreign key of the table itself.
pub(crate) struct ConstraintCopy {
    pub name: String,
    pub temporary: String,
    pub retired: String,
    kind: char,
    definition: String,
    validated: bool,
    references: Option<RelationName>,
    pub comment: Option<String>,
}

/// A foreign key of another table that refers to the column.
pub(crate) struct IncomingCopy {
    pub table: RelationName,
    pub name: String,
    pub temporary: String,
    /// The key as it is, should it have to come back.
    pub original: String,
    definition: String,
    pub validated: bool,
    pub comment: Option<String>,
}

/// Extended statistics.
pub(crate) struct StatisticsCopy {
    pub name: RelationName,
    pub temporary: String,
    pub retired: String,
    sql: String,
    target: Option<i32>,
    pub comment: Option<String>,
}

impl Copies {
    pub(super) fn of(
        shadow: &Shadow,
        names: &Names,
        planning: &mut Planning<'_>,
    ) -> Result<Self, ChangeError> {
        let column = &shadow.column.name;
        let relation = &shadow.relation;
        let table = relation.name();
        // Something may hang on two columns that one script changes.
        let named = |role: &str, of: &str| derived_name(role, &format!("{of}_{column}"));
        let rename = |name: &str| {
            if name == column {
                quote_ident(&names.new)
            } else {
                quote_ident(name)
            }
        };
        let mut copies = Self {
            indexes: Vec::new(),
            constraints: Vec::new(),
            incoming: Vec::new(),
            statistics: Vec::new(),
        };
        for index in relation
            .indexes
            .iter()
            .filter(|index| index.mentions.contains(column) || index.columns.contains(column))
        {
            if !index.valid {
                planning.note(format!(
                    "The index {} is invalid and is left out.",
                    quote_ident(&index.name)
                ));
                continue;
            }
            let constraint = relation.constraints.iter().find(|constraint| {
                constraint.index.as_deref() == Some(&index.name) && matches!(constraint.kind, 'p' | 'u' | 'x')
            });
            if constraint.is_some_and(|constraint| constraint.kind == 'x') {
                planning.refuse(
                    format!(
                        "{table} has an EXCLUDE constraint on {}, which cannot be built beside writers",
                        quote_ident(column)
                    ),
                    None,
                );
                continue;
            }
            let temporary = named("new", &index.name);
            let retired = named("old", &index.name);
            let place = index.tablespace.as_deref();
            let sql = index_sql(
                &index.definition,
                &temporary,
                place,
                (column, &names.new),
                &table,
                rename,
            )?;
            let constraint_parts = constraint.map(|constraint| {
                (
                    constraint.name.clone(),
                    constraint.kind == 'p',
                    after_columns(&constraint.definition),
                )
            });
            let back = match constraint {
                Some(constraint) if constraint.kind == 'p' && shadow.invertible => {
                    let name = named("back", &index.name);
                    let sql = index_sql(&index.definition, &name, place, ("", ""), &table, quote_ident)?;
                    Some((name, sql))
                }
                _ => None,
            };
            let full = RelationName::in_schema(relation.schema(), &temporary);
            copies.indexes.push(IndexCopy {
                settings: index
                    .statistics
                    .iter()
                    .map(|setting| {
                        format!(
                            "ALTER INDEX {full} ALTER COLUMN {} SET STATISTICS {}",
                            setting.position, setting.target
                        )
                    })
                    .collect(),
                above: index
                    .above
                    .as_ref()
                    .map(|above| (above.clone(), named("new", above))),
                name: index.name.clone(),
                temporary,
                retired,
                sql,
                unique: index.unique,
                constraint: constraint_parts,
                back,
                clustered: index.clustered,
                replica_identity: index.replica_identity,
                comment: index.comment.clone(),
                constraint_comment: constraint.and_then(|constraint| constraint.comment.clone()),
            });
        }
        for constraint in &relation.constraints {
            // What comes from a parent is made there.
            if !matches!(constraint.kind, 'c' | 'f')
                || constraint.inherited
                || !constraint.columns.contains(column)
            {
                continue;
            }
            let prefix = "ALTER TABLE x ADD ";
            let definition = if constraint.kind == 'c' {
                replace_in(&format!("{prefix}{}", constraint.definition), &table, rename)?[prefix.len()..]
                    .to_owned()
            } else {
                foreign_key(&constraint.definition, |key| {
                    substitute(&mut key.fk_attrs, column, &names.new)
                })?
            };
            copies.constraints.push(ConstraintCopy {
                name: constraint.name.clone(),
                temporary: named("new", &constraint.name),
                retired: named("old", &constraint.name),
                kind: constraint.kind,
                definition: not_valid(&definition),
                validated: constraint.validated,
                references: constraint
                    .references
                    .and_then(|oid| planning.facts.by_oid(oid))
                    .map(|relation| relation.name()),
                comment: constraint.comment.clone(),
            });
        }
        for key in relation
            .referenced_by
            .iter()
            .filter(|key| key.referenced_columns.contains(column))
        {
            let Some(from) = planning.facts.by_oid(key.table) else {
                continue;
            };
            let (from_name, from_plain) = (from.name(), from.is_plain_table());
            if key.inherited || !from_plain {
                planning.refuse(
                    format!(
                        "The partitioned table {from_name} refers to {table} ({})",
                        quote_ident(column)
                    ),
                    Some("Drop that foreign key first, and add it again after the change."),
                );
                continue;
            }
            copies.incoming.push(IncomingCopy {
                definition: not_valid(&foreign_key(&key.definition, |node| {
                    substitute(&mut node.pk_attrs, column, &names.new)
                })?),
                original: not_valid(&foreign_key(&key.definition, |_| {})?),
                table: from_name,
                name: key.name.clone(),
                temporary: named("new", &key.name),
                validated: key.validated,
                comment: key.comment.clone(),
            });
        }
        for statistics in relation
            .statistics
            .iter()
            .filter(|statistics| statistics.columns.contains(column))
        {
            let temporary = named("new", &statistics.name);
            copies.statistics.push(StatisticsCopy {
                sql: statistics_sql(
                    &statistics.definition,
                    &statistics.schema,
                    &temporary,
                    column,
                    &names.new,
                    &table,
                )?,
                name: RelationName::in_schema(&statistics.schema, &statistics.name),
                temporary,
                retired: named("old", &statistics.name),
                target: statistics.target,
                comment: statistics.comment.clone(),
            });
        }
        Ok(copies)
    }

    /// The steps that make them, before the swap.
    pub(super) fn steps(&self, shadow: &Shadow, names: &Names) -> Vec<Step> {
        let table = &names.table;
        let schema = shadow.relation.schema();
        let bytes = shadow.relation.heap_bytes;
        let mut steps = Vec::new();
        for index in &self.indexes {
            let back = index.back.iter().map(|(name, sql)| {
                (
                    name,
                    sql,
                    "A way back: the primary key of the old column ends with the swap.",
                )
            });
            let copies = [(&index.temporary, &index.sql, "Built beside readers and writers.")];
            for (name, sql, reason) in copies.into_iter().chain(back) {
                let full = RelationName::in_schema(schema, name);
                steps.push(
                    Step::autocommit(format!("Build the index {full}"), sql.clone())
                        .reason(reason)
                        .cleanup(
                            proof::index_left_over(table, &full, index.unique),
                            proof::drop_index(&full),
                        )
                        .proof(proof::index_valid(table, &full, index.unique))
                        .undo(Undo::Autocommit {
                            sql: proof::drop_index(&full),
                        })
                        .holds(table, LockMode::ShareUpdateExclusive)
                        .estimate(Estimate::index_build(bytes)),
                );
            }
            for sql in &index.settings {
                steps.push(
                    Step::transaction("Set a statistics target of the new index", vec![sql.clone()])
                        .locks(table, LockMode::ShareUpdateExclusive),
                );
            }
        }
        for constraint in &self.constraints {
            let name = quote_ident(&constraint.temporary);
            let mut add = Step::transaction(
                format!("Add {name} to {table}, not valid yet"),
                vec![proof::alter(
                    table,
                    &format!("ADD CONSTRAINT {name} {}", constraint.definition),
                )],
            )
            .reason(format!(
                "The new column is to be constrained as the old one is by {}.",
                quote_ident(&constraint.name)
            ))
            .proof(proof::constraint(
                table,
                &constraint.temporary,
                constraint.kind,
                false,
            ))
            .locks(
                table,
                if constraint.kind == 'f' {
                    LockMode::ShareRowExclusive
                } else {
                    LockMode::AccessExclusive
                },
            );
            if let Some(references) = &constraint.references {
                add = add.locks(references, LockMode::ShareRowExclusive);
            }
            steps.push(add.undo_transaction(vec![proof::drop_constraint(table, &constraint.temporary)]));
            if constraint.validated {
                steps.push(validate(table, &constraint.temporary, constraint.kind, bytes));
            }
        }
        for key in &self.incoming {
            let name = quote_ident(&key.temporary);
            steps.push(
                Step::transaction(
                    format!("Add {name} to {}, not valid yet", key.table),
                    vec![proof::alter(
                        &key.table,
                        &format!("ADD CONSTRAINT {name} {}", key.definition),
                    )],
                )
                .reason(format!(
                    "The foreign key {} is to refer to the new column.",
                    quote_ident(&key.name)
                ))
                .proof(proof::constraint(&key.table, &key.temporary, 'f', false))
                .locks(&key.table, LockMode::ShareRowExclusive)
                .locks(table, LockMode::ShareRowExclusive)
                .undo_transaction(vec![proof::drop_constraint(&key.table, &key.temporary)]),
            );
            if key.validated {
                // When the swap was taken back, the old key is there again and not validated.
                let original = proof::alter(
                    &key.table,
                    &format!("VALIDATE CONSTRAINT {}", quote_ident(&key.name)),
                );
                steps.push(
                    validate(&key.table, &key.temporary, 'f', bytes).undo(Undo::Autocommit { sql: original }),
                );
            }
        }
        for statistics in &self.statistics {
            let full = RelationName {
                schema: statistics.name.schema.clone(),
                name: statistics.temporary.clone(),
            };
            let mut statements = vec![statistics.sql.clone()];
            if let Some(target) = statistics.target {
                statements.push(format!("ALTER STATISTICS {full} SET STATISTICS {target}"));
            }
            if let Some(comment) = &statistics.comment {
                statements.push(format!(
                    "COMMENT ON STATISTICS {full} IS {}",
                    quote_literal(comment)
                ));
            }
            steps.push(
                Step::transaction(format!("Create the statistics {full}"), statements)
                    .reason("Extended statistics of the old column.")
                    .locks(table, LockMode::ShareUpdateExclusive)
                    .undo_transaction(vec![format!("DROP STATISTICS IF EXISTS {full}")]),
            );
        }
        if !self.statistics.is_empty() || self.indexes.iter().any(|index| index.sql.contains('(')) {
            steps.push(
                Step::autocommit(format!("Analyse {table}"), format!("ANALYZE {table}"))
                    .reason("Gives the planner statistics of the new indexes before clients depend on them.")
                    .holds(table, LockMode::ShareUpdateExclusive)
                    .estimate(Estimate::moment()),
            );
        }
        steps
    }

    /// Indexes on the old column that the contract phase drops by themselves.
    pub(super) fn retired_indexes(&self, schema: &str) -> Vec<RelationName> {
        let mut names = Vec::new();
        for index in &self.indexes {
            if index.constraint.is_none() {
                names.push(RelationName::in_schema(schema, &index.retired));
            }
            if let Some((back, _)) = &index.back {
                names.push(RelationName::in_schema(schema, back));
            }
        }
        names
    }

    /// Tables that the old column refers to: dropping its foreign key locks them.
    pub(super) fn referenced_tables(&self) -> Vec<RelationName> {
        self.constraints
            .iter()
            .filter_map(|constraint| constraint.references.clone())
            .collect()
    }
}

fn validate(table: &RelationName, name: &str, kind: char, bytes: u64) -> Step {
    Step::autocommit(
        format!("Validate {} of {table}", quote_ident(name)),
        proof::alter(table, &format!("VALIDATE CONSTRAINT {}", quote_ident(name))),
    )
    .reason("Reads all rows under a lock that lets clients read and write.")
    .proof(proof::constraint(table, name, kind, true))
    .holds(table, LockMode::ShareUpdateExclusive)
    .estimate(Estimate::scan(bytes))
}

fn not_valid(definition: &str) -> String {
    match definition.strip_suffix(" NOT VALID") {
        Some(_) => definition.to_owned(),
        None => format!("{definition} NOT VALID"),
    }
}

/// What follows the columns of a unique constraint: `DEFERRABLE INITIALLY DEFERRED`.
fn after_columns(definition: &str) -> String {
    match definition.find(" DEFERRABLE") {
        Some(at) => definition[at..].to_owned(),
        None => String::new(),
    }
}

fn first(sql: &str) -> Result<NodeEnum, ChangeError> {
    let script = crate::planner::parse(sql)?;
    script
        .statements
        .first()
        .map(|statement| statement.node().clone())
        .ok_or_else(|| ChangeError::Mismatch {
            message: format!("The server's own definition cannot be read: {sql}"),
        })
}

/// The definition of an index under another name and on another column, built beside writers.
pub(crate) fn index_sql(
    definition: &str,
    name: &str,
    tablespace: Option<&str>,
    (column, new): (&str, &str),
    table: &RelationName,
    rename: impl Fn(&str) -> String,
) -> Result<String, ChangeError> {
    let NodeEnum::IndexStmt(mut statement) = first(&replace_in(definition, table, rename)?)? else {
        return Err(ChangeError::Mismatch {
            message: format!("No index: {definition}"),
        });
    };
    let IndexStmt {
        index_params,
        index_including_params,
        ..
    } = &mut *statement;
    for parameter in index_params.iter_mut().chain(index_including_params) {
        if let Some(NodeEnum::IndexElem(element)) = &mut parameter.node
            && element.expr.is_none()
            && element.name == column
        {
            new.clone_into(&mut element.name);
        }
    }
    // The server prints ONLY for a partitioned table, whose index is no more than a name for those of its partitions.
    statement.concurrent = statement.relation.as_ref().is_none_or(|range| range.inh);
    tablespace
        .unwrap_or_default()
        .clone_into(&mut statement.table_space);
    name.clone_into(&mut statement.idxname);
    deparse(&NodeEnum::IndexStmt(statement))
}

/// The definition of a foreign key with some of its columns changed.
fn foreign_key(definition: &str, change: impl FnOnce(&mut ConstraintNode)) -> Result<String, ChangeError> {
    let mut node = first(&format!("ALTER TABLE x ADD {definition}"))?;
    if let NodeEnum::AlterTableStmt(AlterTableStmt { cmds, .. }) = &mut node
        && let Some(NodeEnum::AlterTableCmd(cmd)) = cmds.first_mut().and_then(|cmd| cmd.node.as_mut())
        && let Some(NodeEnum::Constraint(constraint)) = cmd.def.as_mut().and_then(|def| def.node.as_mut())
    {
        change(constraint);
    }
    let sql = deparse(&node)?;
    sql.split_once(" ADD ")
        .map(|(_, definition)| definition.to_owned())
        .ok_or_else(|| ChangeError::Mismatch {
            message: format!("No foreign key: {definition}"),
        })
}

fn substitute(names: &mut [Node], from: &str, to: &str) {
    for name in names {
        if let Some(NodeEnum::String(text)) = &mut name.node
            && text.sval == from
        {
            to.clone_into(&mut text.sval);
        }
    }
}

fn statistics_sql(
    definition: &str,
    schema: &str,
    name: &str,
    column: &str,
    new: &str,
    table: &RelationName,
) -> Result<String, ChangeError> {
    let rename = |found: &str| {
        if found == column {
            quote_ident(new)
        } else {
            quote_ident(found)
        }
    };
    let NodeEnum::CreateStatsStmt(mut statement) = first(&replace_in(definition, table, rename)?)? else {
        return Err(ChangeError::Mismatch {
            message: format!("No statistics: {definition}"),
        });
    };
    let CreateStatsStmt { exprs, defnames, .. } = &mut statement;
    for expression in exprs {
        if let Some(NodeEnum::StatsElem(element)) = &mut expression.node
            && element.name == column
        {
            new.clone_into(&mut element.name);
        }
    }
    let string = |text: &str| Node {
        node: Some(NodeEnum::String(howdah_sql::pg_query::protobuf::String {
            sval: text.to_owned(),
        })),
    };
    *defnames = vec![string(schema), string(name)];
    deparse(&NodeEnum::CreateStatsStmt(statement))
}
