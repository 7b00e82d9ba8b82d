use howdah_sql::{RelationName, quote_ident, quote_literal};

use super::super::swap::guard;
use super::{Family, Key, Member};
use crate::proof;

/// What the swap of a family's column says, and how it is taken back.
impl Family<'_> {
    pub(super) fn forth(&self, major: u32, change: &str) -> Vec<String> {
        let (root, table) = (self.root, &self.names.table);
        let alter = |what: String| proof::alter(table, &what);
        let [column, new, old] = self.columns();
        let mut sql = vec![self.same_members()];
        sql.extend(self.drop_triggers(&self.names.forward));
        for member in &self.members {
            if let Some(default) = &member.shadow.column.default {
                sql.push(format!(
                    "ALTER TABLE ONLY {} ALTER COLUMN {column} DROP DEFAULT",
                    member.table()
                ));
                sql.push(format!(
                    "ALTER TABLE ONLY {} ALTER COLUMN {new} SET DEFAULT {default}",
                    member.table()
                ));
            }
        }
        if root.column.not_null && major < 18 {
            sql.push(alter(format!("ALTER COLUMN {new} SET NOT NULL")));
            sql.push(alter(format!(
                "DROP CONSTRAINT {}",
                quote_ident(&self.names.not_null)
            )));
        }
        sql.extend(root.move_identity(table, &root.column.name, &self.names.new, &root.type_name));
        for (member, index, (name, primary, _)) in self.keys() {
            if *primary && index.above.is_none() {
                sql.push(proof::alter(
                    member.table(),
                    &format!("DROP CONSTRAINT {}", quote_ident(name)),
                ));
            }
        }
        if root.column.not_null {
            sql.push(alter(format!("ALTER COLUMN {column} DROP NOT NULL")));
            // What a table that was attached had of its own.
            let own = self.members[1..].iter();
            sql.extend(
                own.map(|member| {
                    proof::alter(member.table(), &format!("ALTER COLUMN {column} DROP NOT NULL"))
                }),
            );
            if let Some(name) = root.not_null_name(major) {
                sql.push(alter(format!(
                    "RENAME CONSTRAINT {} TO {}",
                    quote_ident(&self.names.not_null),
                    quote_ident(name)
                )));
            }
        }
        sql.push(alter(format!("RENAME COLUMN {column} TO {old}")));
        sql.push(alter(format!("RENAME COLUMN {new} TO {column}")));
        for member in self.members.iter().rev() {
            for index in &member.copies.indexes {
                sql.extend(member.shadow.swap_index(member.table(), index));
            }
            for index in &member.tops {
                if let Some((name, primary, _)) = &index.constraint {
                    if !primary {
                        sql.push(proof::alter(
                            member.table(),
                            &format!(
                                "RENAME CONSTRAINT {} TO {}",
                                quote_ident(name),
                                quote_ident(&index.retired)
                            ),
                        ));
                    }
                    sql.extend(member.key(name));
                } else {
                    sql.push(member.shadow.rename_index(&index.name, &index.retired));
                    sql.push(member.shadow.rename_index(&index.temporary, &index.name));
                }
                sql.extend(member.shadow.index_marks(member.table(), index));
            }
        }
        sql.extend(self.attach_keys(|_| true));
        for member in &self.members {
            sql.extend(member.copies.rename_marks(member.table(), true));
        }
        for sequence in &root.column.owned_sequences {
            sql.push(format!(
                "ALTER SEQUENCE {} OWNED BY {table}.{column}",
                RelationName::from(sequence)
            ));
        }
        if root.invertible {
            sql.extend(
                self.triggers(|names| Ok(root.backward_trigger(names, change)))
                    .unwrap_or_default(),
            );
        }
        sql
    }

    /// The names of the column, of the new one before the swap, and of the old one after it.
    fn columns(&self) -> [String; 3] {
        [&self.root.column.name, &self.names.new, &self.names.old].map(|name| quote_ident(name))
    }

    /// Bars the swap where a partition or child came or went since the plan was made: its indexes would not be
    /// among those that are put together, and a key above them would hold for some of the rows only.
    fn same_members(&self) -> String {
        let (table, root) = (&self.names.table, &self.root.relation);
        let mut planned: Vec<String> = self
            .members
            .iter()
            .map(|member| member.shadow.relation.oid.to_string())
            .collect();
        planned.sort_unstable();
        let check = format!(
            "BEGIN LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; \
             IF (WITH RECURSIVE family AS (SELECT {oid}::oid AS oid UNION \
             SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON i.inhparent = f.oid) \
             SELECT array_agg(oid::text ORDER BY oid::text COLLATE \"C\") FROM family) <> {planned}::text[] \
             THEN RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = 'object_not_in_prerequisite_state', \
             HINT = 'Take the change back with howdah change rollback, and run it again: the new plan knows them all.'; END IF; END",
            oid = root.oid,
            planned = quote_literal(&format!("{{{}}}", planned.join(","))),
            message = quote_literal(&format!(
                "a partition of {table}, or a table that inherits from it, was made or taken away since the change began"
            )),
        );
        format!("DO {}", quote_literal(&check))
    }

    pub(super) fn back(&self, major: u32, change: &str) -> Vec<String> {
        let (root, table) = (self.root, &self.names.table);
        let alter = |what: String| proof::alter(table, &what);
        let [column, new, old] = self.columns();
        let mut sql = vec![guard(change)];
        sql.extend(self.drop_triggers(&self.names.backward));
        for member in &self.members {
            sql.extend(member.copies.rename_marks(member.table(), false));
            for index in member.indexes() {
                match &index.constraint {
                    Some((name, ..)) if index.above.is_none() => {
                        sql.push(proof::alter(
                            member.table(),
                            &format!("DROP CONSTRAINT {}", quote_ident(name)),
                        ));
                    }
                    Some(_) => {}
                    None => {
                        sql.push(member.shadow.rename_index(&index.name, &index.temporary));
                        sql.push(member.shadow.rename_index(&index.retired, &index.name));
                    }
                }
            }
        }
        for (member, index, (name, primary, _)) in self.keys() {
            if !primary {
                sql.push(proof::alter(
                    member.table(),
                    &format!(
                        "RENAME CONSTRAINT {} TO {}",
                        quote_ident(&index.retired),
                        quote_ident(name)
                    ),
                ));
            }
        }
        if root.column.not_null {
            // Reads the rows once, for there is no proof that the old column kept its values.
            match root.not_null_name(major) {
                Some(name) => {
                    sql.push(alter(format!(
                        "RENAME CONSTRAINT {} TO {}",
                        quote_ident(name),
                        quote_ident(&self.names.not_null)
                    )));
                    // Those that were attached have names of their own, which stay when the one of all is added.
                    let members = self.members[1..].iter();
                    sql.extend(members.filter_map(|member| {
                        let own = member.shadow.not_null_name(major).filter(|own| *own != name)?;
                        Some(format!(
                            "ALTER TABLE ONLY {} ADD CONSTRAINT {} NOT NULL {old}",
                            member.table(),
                            quote_ident(own)
                        ))
                    }));
                    sql.push(alter(format!(
                        "ADD CONSTRAINT {} NOT NULL {old}",
                        quote_ident(name)
                    )));
                }
                None => sql.push(alter(format!("ALTER COLUMN {old} SET NOT NULL"))),
            }
        }
        sql.extend(root.move_identity(table, &root.column.name, &self.names.old, &root.column.type_name));
        if root.column.not_null {
            sql.push(alter(format!("ALTER COLUMN {column} DROP NOT NULL")));
        }
        sql.push(alter(format!("RENAME COLUMN {column} TO {new}")));
        sql.push(alter(format!("RENAME COLUMN {old} TO {column}")));
        for (member, index, (name, primary, deferrable)) in self.keys().into_iter().rev() {
            if !primary {
                continue;
            }
            match &index.back {
                Some((back, _)) if !member.is_partitioned() => sql.push(proof::alter(
                    member.table(),
                    &format!(
                        "ADD CONSTRAINT {} PRIMARY KEY USING INDEX {}{deferrable}",
                        quote_ident(name),
                        quote_ident(back)
                    ),
                )),
                _ => sql.extend(member.key(name)),
            }
        }
        sql.extend(self.attach_keys(|primary| primary));
        for member in &self.members {
            for index in member.indexes() {
                sql.extend(member.shadow.index_marks(member.table(), index));
            }
            if let Some(default) = &member.shadow.column.default {
                sql.push(format!(
                    "ALTER TABLE ONLY {} ALTER COLUMN {new} DROP DEFAULT",
                    member.table()
                ));
                sql.push(format!(
                    "ALTER TABLE ONLY {} ALTER COLUMN {column} SET DEFAULT {default}",
                    member.table()
                ));
            }
        }
        for sequence in &root.column.owned_sequences {
            sql.push(format!(
                "ALTER SEQUENCE {} OWNED BY {table}.{column}",
                RelationName::from(sequence)
            ));
        }
        sql
    }

    /// Primary keys and unique constraints of all, with the indexes that are to be theirs.
    fn keys(&self) -> Vec<Key<'_>> {
        fn of(member: &Member) -> Vec<Key<'_>> {
            member
                .indexes()
                .filter_map(|index| Some((member, index, index.constraint.as_ref()?)))
                .collect()
        }
        self.members.iter().flat_map(of).collect()
    }

    /// Keys of partitions become parts of those above them, from the leaves up.
    fn attach_keys(&self, which: impl Fn(bool) -> bool) -> Vec<String> {
        let keys = self
            .keys()
            .into_iter()
            .rev()
            .filter(|(.., (_, primary, _))| which(*primary));
        keys.filter_map(|(member, index, _)| Some(member.attach(&index.above.as_ref()?.0, &index.name)))
            .collect()
    }
}
