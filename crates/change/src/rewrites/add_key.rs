use async_trait::async_trait;
use howdah_rehearse::LockMode;
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{AlterTableStmt, AlterTableType, ConstrType, Constraint, IndexElem, IndexStmt, SortByDir, SortByNulls};
use howdah_sql::{RelationName, quote_ident, quote_literal};

use crate::ask::beside;
use crate::form::deparse;
use crate::fragment::{node, range, strings};
use crate::planner::columns_sql;
use crate::proof;
use crate::rewrite::{Rewrite, rewrite};
use crate::{ChangeError, Estimate, Form, Planning, Relation, Step, Undo};

/// ADD UNIQUE and ADD PRIMARY KEY: the index first, beside readers and writers.
struct AddKey;

rewrite!(AddKey);

#[async_trait]
impl Rewrite for AddKey {
    fn code(&self) -> &'static str {
        "add_key"
    }

    fn takes(&self, form: &Form<'_>) -> bool {
        added(form).is_some()
    }

    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError> {
        let (Some((_, constraint)), Some(written)) = (added(form), form.altered()) else {
            return Ok(());
        };
        if planning.facts.is_created(&written) {
            planning.step(super::as_it_is::on_new_table(form, &written));
            return Ok(());
        }
        let Some(relation) = planning.facts.relation(&written).cloned() else {
            planning.refuse(format!("The table {written} does not exist"), None);
            return Ok(());
        };
        let table = relation.name();
        if constraint.without_overlaps {
            planning.refuse(
                format!("A key WITHOUT OVERLAPS on {table} cannot be added while clients write: it is an exclusion constraint, whose index is never built concurrently"),
                Some(&super::add_exclusion::least_bad(planning, &relation)),
            );
            return Ok(());
        }
        let primary = is_primary(constraint);
        if primary && let Some(other) = relation.constraints.iter().find(|other| other.kind == 'p') {
            planning.refuse(format!("{table} has a primary key already: {}", quote_ident(&other.name)), None);
            return Ok(());
        }
        if !constraint.indexname.is_empty() {
            return using_index(planning, &relation, constraint);
        }
        let key = Key {
            columns: strings(&constraint.keys),
            constraint,
            primary,
        };
        for column in key.columns.iter().chain(&strings(&constraint.including)) {
            if relation.column(column).is_none() {
                planning.refuse(format!("{table} has no column {}", quote_ident(column)), None);
                return Ok(());
            }
        }
        let name = match constraint.conname.as_str() {
            "" => free_key_name(planning, &table, &key).await?,
            given => given.to_owned(),
        };
        if relation.constraint(&name).is_some() || relation.index(&name).is_some_and(|index| index.valid) {
            planning.refuse(format!("{table} has an index or a constraint {} already", quote_ident(&name)), None);
            return Ok(());
        }
        if primary {
            for column in &key.columns {
                if !relation.is_never_null(column) {
                    super::set_not_null::not_null(planning, &relation, column)?;
                }
            }
        }
        if relation.kind == 'p' {
            return partitioned(planning, &relation, &key, &name).await;
        }
        if relation.kind != 'r' {
            planning.refuse(format!("{table} is no table that could have a key"), None);
            return Ok(());
        }
        let index = beside(&table, &name);
        build(planning, &relation, &key, &index)?;
        planning.step(
            Step::transaction(
                format!("Make the index {index} the {} {}", key.what(), quote_ident(&name)),
                vec![key.adopt(&table, &name)],
            )
            .reason("The index is there: only the catalog is written.")
            .proof(is_there(&table, &name, &key))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(vec![proof::drop_constraint(&table, &name)])
            .estimate(Estimate::moment()),
        );
        key.record(planning, &table, &name);
        Ok(())
    }
}

/// A key that is to be.
struct Key<'a> {
    columns: Vec<String>,
    constraint: &'a Constraint,
    primary: bool,
}

impl Key<'_> {
    fn what(&self) -> &'static str {
        if self.primary { "primary key" } else { "unique constraint" }
    }

    fn kind(&self) -> char {
        if self.primary { 'p' } else { 'u' }
    }

    /// What follows the definition.
    fn deferral(&self) -> &'static str {
        match (self.constraint.deferrable, self.constraint.initdeferred) {
            (_, true) => " DEFERRABLE INITIALLY DEFERRED",
            (true, false) => " DEFERRABLE",
            (false, false) => "",
        }
    }

    fn keyword(&self) -> &'static str {
        if self.primary { "PRIMARY KEY" } else { "UNIQUE" }
    }

    /// Makes an index of the same name the constraint's.
    fn adopt(&self, table: &RelationName, name: &str) -> String {
        proof::alter(
            table,
            &format!("ADD CONSTRAINT {0} {1} USING INDEX {0}{2}", quote_ident(name), self.keyword(), self.deferral()),
        )
    }

    /// `CREATE UNIQUE INDEX CONCURRENTLY`.
    fn index(&self, table: &RelationName, name: &str) -> Result<String, ChangeError> {
        let element = |column: &String| {
            node(NodeEnum::IndexElem(Box::new(IndexElem {
                name: column.clone(),
                ordering: SortByDir::SortbyDefault.into(),
                nulls_ordering: SortByNulls::SortbyNullsDefault.into(),
                ..IndexElem::default()
            })))
        };
        deparse(&NodeEnum::IndexStmt(Box::new(IndexStmt {
            idxname: name.to_owned(),
            relation: Some(range(table)),
            access_method: "btree".to_owned(),
            table_space: self.constraint.indexspace.clone(),
            index_params: self.columns.iter().map(element).collect(),
            index_including_params: strings(&self.constraint.including).iter().map(element).collect(),
            options: self.constraint.options.clone(),
            unique: true,
            nulls_not_distinct: self.constraint.nulls_not_distinct,
            concurrent: true,
            ..IndexStmt::default()
        })))
    }

    /// `UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b)`, of the constraint as a whole.
    fn definition(&self) -> String {
        let nulls = if self.constraint.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
        let including = strings(&self.constraint.including);
        let including = if including.is_empty() {
            String::new()
        } else {
            format!(" INCLUDE ({})", columns_sql(&including))
        };
        format!("{}{nulls} ({}){including}{}", self.keyword(), columns_sql(&self.columns), self.deferral())
    }

    fn record(&self, planning: &mut Planning<'_>, table: &RelationName, name: &str) {
        let definition = self.definition();
        let including = strings(&self.constraint.including);
        let including = if including.is_empty() { String::new() } else { format!(" INCLUDE ({})", columns_sql(&including)) };
        let nulls = if self.constraint.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
        let built = format!(
            "CREATE UNIQUE INDEX {} ON {table} USING btree ({}){including}{nulls}",
            quote_ident(name),
            columns_sql(&self.columns)
        );
        if let Some(relation) = planning.facts.relation_mut(table) {
            relation.constraints.push(crate::Constraint::planned(name, self.kind(), &self.columns, &definition));
            let index = crate::Index::planned(name, true, &self.columns, &built);
            relation.indexes.push(crate::Index { primary: self.primary, immediate: !self.constraint.deferrable, ..index });
        }
    }
}

/// The constraint of `ALTER TABLE … ADD UNIQUE | PRIMARY KEY`.
fn added<'f>(form: &'f Form<'_>) -> Option<(&'f AlterTableStmt, &'f Constraint)> {
    let (alter, AlterTableType::AtAddConstraint, cmd) = form.alter()? else { return None };
    match cmd.def.as_ref()?.node.as_ref()? {
        NodeEnum::Constraint(constraint) => match ConstrType::try_from(constraint.contype).ok()? {
            ConstrType::ConstrUnique | ConstrType::ConstrPrimary => Some((alter, constraint)),
            _ => None,
        },
        _ => None,
    }
}

fn is_primary(constraint: &Constraint) -> bool {
    ConstrType::try_from(constraint.contype) == Ok(ConstrType::ConstrPrimary)
}

async fn free_key_name(planning: &mut Planning<'_>, table: &RelationName, key: &Key<'_>) -> Result<String, ChangeError> {
    if key.primary {
        return planning.free_name(table, "", "pkey").await;
    }
    let mut columns = key.columns.clone();
    columns.extend(strings(&key.constraint.including));
    planning.free_name(table, &columns.join("_"), "key").await
}

/// `ADD … USING INDEX`: the index is there.
fn using_index(planning: &mut Planning<'_>, relation: &Relation, constraint: &Constraint) -> Result<(), ChangeError> {
    let table = relation.name();
    let Some(index) = relation.index(&constraint.indexname).cloned() else {
        planning.refuse(format!("{table} has no index {}", quote_ident(&constraint.indexname)), None);
        return Ok(());
    };
    let primary = is_primary(constraint);
    let key = Key { columns: index.columns[..index.key_columns.min(index.columns.len())].to_vec(), constraint, primary };
    if primary {
        for column in &key.columns {
            if !relation.is_never_null(column) {
                super::set_not_null::not_null(planning, relation, column)?;
            }
        }
    }
    let name = if constraint.conname.is_empty() { &constraint.indexname } else { &constraint.conname };
    planning.step(
        Step::transaction(
            format!("Make the index {} the {} {}", beside(&table, &index.name), key.what(), quote_ident(name)),
            vec![proof::alter(
                &table,
                &format!(
                    "ADD CONSTRAINT {} {} USING INDEX {}{}",
                    quote_ident(name),
                    key.keyword(),
                    quote_ident(&index.name),
                    key.deferral()
                ),
            )],
        )
        .reason("The index is there: only the catalog is written.")
        .proof(is_there(&table, name, &key))
        .locks(&table, LockMode::AccessExclusive)
        .undo(Undo::Impossible {
            reason: format!("dropping the constraint drops the index {} with it", quote_ident(&index.name)),
        })
        .estimate(Estimate::moment()),
    );
    if let Some(relation) = planning.facts.relation_mut(&table) {
        relation.indexes.retain(|other| other.name != index.name);
    }
    key.record(planning, &table, name);
    Ok(())
}

/// Looks for duplicates and builds the index of one table.
fn build(planning: &mut Planning<'_>, relation: &Relation, key: &Key<'_>, index: &RelationName) -> Result<(), ChangeError> {
    let table = relation.name();
    planning.step(
        super::create_index::duplicate_check(&table, &key.columns, key.constraint.nulls_not_distinct)
            .estimate(Estimate::scan(relation.heap_bytes)),
    );
    planning.step(
        Step::autocommit(format!("Build the unique index {index}"), key.index(&table, &index.name)?)
            .reason("Adding the key as it stands builds its index while nobody may even read; CONCURRENTLY lets clients go on, for a second scan of the table.")
            .cleanup(proof::index_left_over(&table, index, true), proof::drop_index(index))
            .proof(proof::index_valid(&table, index, true))
            .undo(Undo::Autocommit { sql: proof::drop_index(index) })
            .holds(&table, LockMode::ShareUpdateExclusive)
            .estimate(Estimate::index_build(relation.heap_bytes)),
    );
    Ok(())
}

/// A key of a partitioned table: an index on each leaf beforehand, then all of them adopted at once.
async fn partitioned(planning: &mut Planning<'_>, root: &Relation, key: &Key<'_>, name: &str) -> Result<(), ChangeError> {
    let table = root.name();
    let members: Vec<Relation> = planning.facts.below(root).into_iter().cloned().collect();
    if let Some(foreign) = members.iter().find(|member| member.kind == 'f') {
        planning.refuse(format!("The partition {} is a foreign table, which cannot have a key", foreign.name()), None);
        return Ok(());
    }
    let mut statements = vec![only(&table, name, key)];
    let mut indexes = vec![(root.oid, beside(&table, name))];
    let mut attach = Vec::new();
    for member in &members {
        let child = member.name();
        let same = member.constraints.iter().find(|other| {
            other.kind == key.kind() && other.columns == key.columns && other.deferrable == key.constraint.deferrable && !other.inherited
        });
        let index = match same {
            Some(same) => beside(&child, same.index.as_deref().unwrap_or(&same.name)),
            None => {
                let index = beside(&child, &free_key_name(planning, &child, key).await?);
                if member.kind == 'p' {
                    statements.push(only(&child, &index.name, key));
                } else {
                    build(planning, member, key, &index)?;
                    statements.push(key.adopt(&child, &index.name));
                }
                index
            }
        };
        if let Some((_, above)) = member.parents.first().and_then(|parent| indexes.iter().find(|(oid, _)| oid == parent)) {
            attach.push(format!("ALTER INDEX {above} ATTACH PARTITION {index}"));
        }
        indexes.push((member.oid, index));
    }
    // From the leaves up: an index is valid when all below it are.
    attach.reverse();
    statements.extend(attach);
    planning.step(
        Step::transaction(format!("Add the {} {} to {table}, of the partitions' indexes", key.what(), quote_ident(name)), statements)
            .reason("The indexes of all partitions are there: only the catalog is written.")
            .proof(format!("{} AND {}", is_there(&table, name, key), proof::index_valid(&table, &beside(&table, name), true)))
            .locks(&table, LockMode::AccessExclusive)
            .undo_transaction(vec![proof::drop_constraint(&table, name)])
            .estimate(Estimate::moment()),
    );
    key.record(planning, &table, name);
    Ok(())
}

fn only(table: &RelationName, name: &str, key: &Key<'_>) -> String {
    format!("ALTER TABLE ONLY {table} ADD CONSTRAINT {} {}", quote_ident(name), key.definition())
}

/// The constraint is there, over these columns.
fn is_there(table: &RelationName, name: &str, key: &Key<'_>) -> String {
    let columns: Vec<String> = key.columns.iter().map(|column| quote_literal(column)).collect();
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = {} AND k.conname = {} AND k.contype = '{}' \
         AND ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS x (attnum, at) \
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = x.attnum ORDER BY x.at) = ARRAY[{}]::text[])",
        proof::regclass(table),
        quote_literal(name),
        key.kind(),
        columns.join(", ")
    )
}
