use howdah_rehearse::LockMode;
use howdah_sql::{RelationName, quote_ident, quote_literal};

use super::copies::{Copies, IndexCopy};
use super::{Names, Shadow};
use crate::facts::IdentitySequence;
use crate::plan::{Estimate, Phase, Step, Undo};
use crate::proof;

/// The largest and smallest value of an integer type.
fn bounds(type_name: &str) -> (i64, i64) {
    match type_name {
        "smallint" => (i16::MIN.into(), i16::MAX.into()),
        "integer" => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

impl Shadow {
    /// The shadow takes the place of the column; nothing is scanned.
    pub(super) fn swap(&self, names: &Names, copies: &Copies, major: u32, change: &str) -> Step {
        let table = &names.table;
        let column = quote_ident(&self.column.name);
        let undo = if self.invertible {
            Undo::Transaction {
                lock: Vec::new(),
                statements: self.swap_back(names, copies, major, change),
            }
        } else {
            Undo::Impossible {
                reason: "the old value cannot be had from the new one".to_owned(),
            }
        };
        let mut step = Step::transaction(
            format!("Put the new {column} of {table} in the place of the old"),
            self.swap_forth(names, copies, major, change),
        )
        .reason("Names, constraints, default and sequence move in one message; every proof was made before, so that nothing is scanned.")
        .phase(Phase::Swap)
        .proof(format!(
            "{} AND {}",
            proof::column(table, &self.column.name, Some(&self.type_name)),
            proof::column(table, &names.old, None)
        ))
        .locks(table, LockMode::AccessExclusive)
        .estimate(Estimate::moment());
        for key in &copies.incoming {
            step = step.locks(&key.table, LockMode::AccessExclusive);
        }
        let undo = match (undo, &step.action) {
            (Undo::Transaction { statements, .. }, crate::Action::Transaction { lock, .. }) => {
                Undo::Transaction {
                    lock: lock.clone(),
                    statements,
                }
            }
            (undo, _) => undo,
        };
        step.undo(undo)
    }

    fn swap_forth(&self, names: &Names, copies: &Copies, major: u32, change: &str) -> Vec<String> {
        let table = &names.table;
        let alter = |what: String| proof::alter(table, &what);
        let (column, new, old) = (
            quote_ident(&self.column.name),
            quote_ident(&names.new),
            quote_ident(&names.old),
        );
        let mut sql = vec![
            format!(
                "DROP TRIGGER IF EXISTS {} ON {table}",
                quote_ident(&names.trigger)
            ),
            format!("DROP FUNCTION IF EXISTS {}()", names.forward),
        ];
        for key in &copies.incoming {
            let (name, temporary) = (quote_ident(&key.name), quote_ident(&key.temporary));
            sql.push(proof::alter(&key.table, &format!("DROP CONSTRAINT {name}")));
            sql.push(proof::alter(
                &key.table,
                &format!("RENAME CONSTRAINT {temporary} TO {name}"),
            ));
            sql.extend(key.comment.as_ref().map(|comment| {
                format!(
                    "COMMENT ON CONSTRAINT {name} ON {} IS {}",
                    key.table,
                    quote_literal(comment)
                )
            }));
        }
        if let Some(default) = &self.column.default {
            sql.push(alter(format!("ALTER COLUMN {column} DROP DEFAULT")));
            sql.push(alter(format!("ALTER COLUMN {new} SET DEFAULT {default}")));
        }
        if self.column.not_null && major < 18 {
            // The proof is dropped by a statement of its own: in the same one it would be gone too early.
            sql.push(alter(format!("ALTER COLUMN {new} SET NOT NULL")));
            sql.push(alter(format!("DROP CONSTRAINT {}", quote_ident(&names.not_null))));
        }
        sql.extend(self.move_identity(table, &self.column.name, &names.new, &self.type_name));
        for index in primary(copies) {
            if let Some((name, ..)) = &index.constraint {
                sql.push(alter(format!("DROP CONSTRAINT {}", quote_ident(name))));
            }
        }
        if self.column.not_null {
            sql.push(alter(format!("ALTER COLUMN {column} DROP NOT NULL")));
            if let Some(name) = self.not_null_name(major) {
                sql.push(alter(format!(
                    "RENAME CONSTRAINT {} TO {}",
                    quote_ident(&names.not_null),
                    quote_ident(name)
                )));
            }
        }
        sql.push(alter(format!("RENAME COLUMN {column} TO {old}")));
        sql.push(alter(format!("RENAME COLUMN {new} TO {column}")));
        for index in &copies.indexes {
            sql.extend(self.swap_index(table, index));
        }
        sql.extend(copies.rename_marks(table, true));
        for sequence in &self.column.owned_sequences {
            sql.push(format!(
                "ALTER SEQUENCE {} OWNED BY {table}.{column}",
                RelationName::from(sequence)
            ));
        }
        if self.invertible {
            sql.extend(self.backward_trigger(names, change));
        }
        sql
    }

    fn swap_back(&self, names: &Names, copies: &Copies, major: u32, change: &str) -> Vec<String> {
        let table = &names.table;
        let alter = |what: String| proof::alter(table, &what);
        let (column, new, old) = (
            quote_ident(&self.column.name),
            quote_ident(&names.new),
            quote_ident(&names.old),
        );
        let mut sql = vec![
            guard(change),
            format!(
                "DROP TRIGGER IF EXISTS {} ON {table}",
                quote_ident(&names.trigger)
            ),
            format!("DROP FUNCTION IF EXISTS {}()", names.backward),
        ];
        for key in &copies.incoming {
            sql.push(proof::alter(
                &key.table,
                &format!("DROP CONSTRAINT {}", quote_ident(&key.name)),
            ));
        }
        sql.extend(copies.rename_marks(table, false));
        for index in &copies.indexes {
            match &index.constraint {
                Some((name, primary, _)) => {
                    sql.push(alter(format!("DROP CONSTRAINT {}", quote_ident(name))));
                    if !primary {
                        sql.push(alter(format!(
                            "RENAME CONSTRAINT {} TO {}",
                            quote_ident(&index.retired),
                            quote_ident(name)
                        )));
                    }
                }
                None => {
                    sql.push(self.rename_index(&index.name, &index.temporary));
                    sql.push(self.rename_index(&index.retired, &index.name));
                }
            }
        }
        if self.column.not_null {
            // Reads the table once, for there is no proof that the old column kept its values.
            match self.not_null_name(major) {
                Some(name) => {
                    sql.push(alter(format!(
                        "RENAME CONSTRAINT {} TO {}",
                        quote_ident(name),
                        quote_ident(&names.not_null)
                    )));
                    sql.push(alter(format!(
                        "ADD CONSTRAINT {} NOT NULL {old}",
                        quote_ident(name)
                    )));
                }
                None => sql.push(alter(format!("ALTER COLUMN {old} SET NOT NULL"))),
            }
        }
        sql.extend(self.move_identity(table, &self.column.name, &names.old, &self.column.type_name));
        if self.column.not_null {
            sql.push(alter(format!("ALTER COLUMN {column} DROP NOT NULL")));
        }
        sql.push(alter(format!("RENAME COLUMN {column} TO {new}")));
        sql.push(alter(format!("RENAME COLUMN {old} TO {column}")));
        for index in primary(copies) {
            if let (Some((name, _, deferrable)), Some((back, _))) = (&index.constraint, &index.back) {
                sql.push(alter(format!(
                    "ADD CONSTRAINT {} PRIMARY KEY USING INDEX {}{deferrable}",
                    quote_ident(name),
                    quote_ident(back)
                )));
            }
        }
        for index in &copies.indexes {
            sql.extend(self.index_marks(table, index));
        }
        if let Some(default) = &self.column.default {
            sql.push(alter(format!("ALTER COLUMN {new} DROP DEFAULT")));
            sql.push(alter(format!("ALTER COLUMN {column} SET DEFAULT {default}")));
        }
        for sequence in &self.column.owned_sequences {
            sql.push(format!(
                "ALTER SEQUENCE {} OWNED BY {table}.{column}",
                RelationName::from(sequence)
            ));
        }
        for key in &copies.incoming {
            let name = quote_ident(&key.name);
            sql.push(proof::alter(
                &key.table,
                &format!("ADD CONSTRAINT {name} {}", key.original),
            ));
            sql.extend(key.comment.as_ref().map(|comment| {
                format!(
                    "COMMENT ON CONSTRAINT {name} ON {} IS {}",
                    key.table,
                    quote_literal(comment)
                )
            }));
        }
        sql
    }

    /// The name of the NOT NULL constraint, where such things have names.
    pub(super) fn not_null_name(&self, major: u32) -> Option<&str> {
        let named = |constraint: &&crate::Constraint| {
            constraint.kind == 'n' && constraint.columns.first() == Some(&self.column.name)
        };
        (major >= 18).then(|| {
            self.relation
                .constraints
                .iter()
                .find(named)
                .map(|constraint| constraint.name.as_str())
        })?
    }

    pub(super) fn swap_index(&self, table: &RelationName, index: &IndexCopy) -> Vec<String> {
        let alter = |what: String| proof::alter(table, &what);
        let mut sql = match &index.constraint {
            Some((name, primary, deferrable)) => {
                let name = quote_ident(name);
                let kind = if *primary { "PRIMARY KEY" } else { "UNIQUE" };
                let mut sql = Vec::new();
                if !primary {
                    sql.push(alter(format!(
                        "RENAME CONSTRAINT {name} TO {}",
                        quote_ident(&index.retired)
                    )));
                }
                sql.push(alter(format!(
                    "ADD CONSTRAINT {name} {kind} USING INDEX {}{deferrable}",
                    quote_ident(&index.temporary)
                )));
                sql
            }
            None => vec![
                self.rename_index(&index.name, &index.retired),
                self.rename_index(&index.temporary, &index.name),
            ],
        };
        sql.extend(self.index_marks(table, index));
        sql
    }

    /// What is said of an index rather than in its definition.
    pub(super) fn index_marks(&self, table: &RelationName, index: &IndexCopy) -> Vec<String> {
        let full = RelationName::in_schema(self.relation.schema(), &index.name);
        let mut sql = Vec::new();
        if index.replica_identity {
            sql.push(proof::alter(
                table,
                &format!("REPLICA IDENTITY USING INDEX {}", quote_ident(&index.name)),
            ));
        }
        if index.clustered {
            sql.push(proof::alter(
                table,
                &format!("CLUSTER ON {}", quote_ident(&index.name)),
            ));
        }
        if let Some(comment) = &index.comment {
            sql.push(format!("COMMENT ON INDEX {full} IS {}", quote_literal(comment)));
        }
        if let (Some(comment), Some((name, ..))) = (&index.constraint_comment, &index.constraint) {
            sql.push(format!(
                "COMMENT ON CONSTRAINT {} ON {table} IS {}",
                quote_ident(name),
                quote_literal(comment)
            ));
        }
        sql
    }

    pub(super) fn rename_index(&self, from: &str, to: &str) -> String {
        let full = RelationName::in_schema(self.relation.schema(), from);
        format!("ALTER INDEX {full} RENAME TO {}", quote_ident(to))
    }

    /// The identity goes from one column to another, its sequence going on where it stands.
    pub(super) fn move_identity(
        &self,
        table: &RelationName,
        from: &str,
        to: &str,
        to_type: &str,
    ) -> Vec<String> {
        let Some(sequence) = &self.column.sequence else {
            return Vec::new();
        };
        let name = RelationName::in_schema(&sequence.schema, &sequence.name);
        let set_aside = RelationName::in_schema(
            &sequence.schema,
            crate::names::derived_name("old", &sequence.name),
        );
        let always = if self.column.identity == "a" {
            "ALWAYS"
        } else {
            "BY DEFAULT"
        };
        let mut sql = vec![
            format!("ALTER SEQUENCE {name} RENAME TO {}", quote_ident(&set_aside.name)),
            proof::alter(
                table,
                &format!(
                    "ALTER COLUMN {} ADD GENERATED {always} AS IDENTITY ({})",
                    quote_ident(to),
                    options(sequence, &name, to_type)
                ),
            ),
            format!(
                "SELECT pg_catalog.setval({}, last_value, is_called) FROM {set_aside}",
                quote_literal(&name.to_string())
            ),
            proof::alter(
                table,
                &format!("ALTER COLUMN {} DROP IDENTITY", quote_ident(from)),
            ),
        ];
        for grant in &sequence.grants {
            let option = if grant.grantable { " WITH GRANT OPTION" } else { "" };
            sql.push(format!(
                "GRANT {} ON SEQUENCE {name} TO {}{option}",
                grant.privilege, grant.grantee
            ));
        }
        if let Some(comment) = &sequence.comment {
            sql.push(format!(
                "COMMENT ON SEQUENCE {name} IS {}",
                quote_literal(comment)
            ));
        }
        sql
    }
}

impl Copies {
    /// Constraints and statistics of the new column take the names of those of the old one, or give them back.
    pub(super) fn rename_marks(&self, table: &RelationName, forth: bool) -> Vec<String> {
        let mut sql = Vec::new();
        for constraint in &self.constraints {
            let name = quote_ident(&constraint.name);
            let (aside, comes) = match forth {
                true => (&constraint.retired, &constraint.temporary),
                false => (&constraint.temporary, &constraint.retired),
            };
            sql.push(proof::alter(
                table,
                &format!("RENAME CONSTRAINT {name} TO {}", quote_ident(aside)),
            ));
            sql.push(proof::alter(
                table,
                &format!("RENAME CONSTRAINT {} TO {name}", quote_ident(comes)),
            ));
            if forth && let Some(comment) = &constraint.comment {
                sql.push(format!(
                    "COMMENT ON CONSTRAINT {name} ON {table} IS {}",
                    quote_literal(comment)
                ));
            }
        }
        for statistics in &self.statistics {
            let (aside, comes) = match forth {
                true => (&statistics.retired, &statistics.temporary),
                false => (&statistics.temporary, &statistics.retired),
            };
            let comes = RelationName {
                schema: statistics.name.schema.clone(),
                name: comes.clone(),
            };
            sql.push(format!(
                "ALTER STATISTICS {} RENAME TO {}",
                statistics.name,
                quote_ident(aside)
            ));
            sql.push(format!(
                "ALTER STATISTICS {comes} RENAME TO {}",
                quote_ident(&statistics.name.name)
            ));
        }
        sql
    }
}

/// Bars the way back where there is none.
pub(super) fn guard(change: &str) -> String {
    let guard = format!(
        "BEGIN IF EXISTS (SELECT FROM howdah.misfits WHERE change = {}) THEN RAISE EXCEPTION \
         'values were written that the old column cannot hold: there is no way back'; END IF; END",
        quote_literal(change)
    );
    format!("DO {}", quote_literal(&guard))
}

fn primary(copies: &Copies) -> impl Iterator<Item = &IndexCopy> {
    copies
        .indexes
        .iter()
        .filter(|index| index.constraint.as_ref().is_some_and(|(_, primary, _)| *primary))
}

/// The options of an identity's sequence for a column of that type; bounds that were the
/// old type's own become the new one's, as ALTER COLUMN TYPE does it.
fn options(sequence: &IdentitySequence, name: &RelationName, to_type: &str) -> String {
    let mut options = format!(
        "SEQUENCE NAME {name} START WITH {} INCREMENT BY {} CACHE {}",
        sequence.start, sequence.increment, sequence.cache
    );
    let (least, most) = bounds(&sequence.type_name);
    let same = sequence.type_name == to_type;
    if same || sequence.max != most {
        options.push_str(&format!(" MAXVALUE {}", sequence.max));
    }
    if same || sequence.min != least {
        options.push_str(&format!(" MINVALUE {}", sequence.min));
    }
    if sequence.cycle {
        options.push_str(" CYCLE");
    }
    options
}
