use howdah_sql::RelationName;

use super::{Column, Constraint, Facts, Index, Relation};

/// Partitions and children.
impl Facts {
    /// Everything below a relation, parents before their children.
    pub(crate) fn below(&self, relation: &Relation) -> Vec<&Relation> {
        let mut found: Vec<&Relation> = Vec::new();
        let mut next = relation.children.clone();
        while let Some(oid) = (!next.is_empty()).then(|| next.remove(0)) {
            if let Some(child) = self.by_oid(oid)
                && !found.iter().any(|known| known.oid == oid)
            {
                next.extend(&child.children);
                found.push(child);
            }
        }
        found
    }

    /// The relation and everything below it.
    pub(crate) fn family<'f>(&'f self, relation: &'f Relation) -> Vec<&'f Relation> {
        std::iter::once(relation).chain(self.below(relation)).collect()
    }

    /// Those of the family that hold rows.
    pub(crate) fn leaves<'f>(&'f self, relation: &'f Relation) -> Vec<&'f Relation> {
        let mut family = self.family(relation);
        family.retain(|member| member.kind != 'p');
        family
    }

    /// Bytes of the main forks of the family.
    pub(crate) fn family_bytes(&self, relation: &Relation) -> u64 {
        self.leaves(relation).iter().map(|leaf| leaf.heap_bytes).sum()
    }

    /// Bytes of the family with indexes and TOAST.
    pub(crate) fn family_total_bytes(&self, relation: &Relation) -> u64 {
        self.leaves(relation).iter().map(|leaf| leaf.total_bytes).sum()
    }

    /// The relation has another name from now on.
    pub(crate) fn rename(&mut self, oid: u32, name: &RelationName) {
        if let Some(relation) = self.relations.iter_mut().find(|relation| relation.oid == oid) {
            relation.qualified.schema = name.schema.clone().unwrap_or_default();
            relation.qualified.name.clone_from(&name.name);
        }
        self.resolved.insert(name.to_string(), oid);
        self.resolved
            .insert(RelationName::new(&name.name).to_string(), oid);
    }

    /// Has something recorded in the relation and everything below it, as ALTER TABLE without ONLY does.
    pub(crate) fn record(&mut self, oid: u32, change: impl Fn(&mut Relation)) {
        let Some(relation) = self.by_oid(oid) else { return };
        let oids: Vec<u32> = self.family(relation).iter().map(|member| member.oid).collect();
        for relation in &mut self.relations {
            if oids.contains(&relation.oid) {
                change(relation);
            }
        }
    }
}

impl Relation {
    /// Whether every row, present and future, is known to have a value there.
    pub(crate) fn is_never_null(&self, column: &str) -> bool {
        self.column(column).is_some_and(|column| column.not_null)
            && !self.constraints.iter().any(|constraint| {
                constraint.kind == 'n' && !constraint.validated && constraint.columns == [column]
            })
    }
}

/// What a step of the plan will have made.
impl Column {
    pub(crate) fn planned(name: &str, type_name: &str, type_oid: u32) -> Self {
        Self {
            attnum: 0,
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            type_oid,
            typmod: -1,
            type_kind: 'b',
            collation: None,
            not_null: false,
            default: None,
            generated: String::new(),
            expression: None,
            identity: String::new(),
            sequence: None,
            owned_sequences: Vec::new(),
            statistics_target: None,
            storage: None,
            options: Vec::new(),
            compression: None,
            grants: Vec::new(),
            comment: None,
            is_local: true,
            inherited: false,
        }
    }
}

/// What a step of the plan will have made.
impl Constraint {
    pub(crate) fn planned(name: &str, kind: char, columns: &[String], definition: &str) -> Self {
        Self {
            oid: 0,
            name: name.to_owned(),
            kind,
            definition: definition.to_owned(),
            validated: true,
            deferrable: false,
            columns: columns.to_vec(),
            index: matches!(kind, 'p' | 'u' | 'x').then(|| name.to_owned()),
            references: None,
            referenced_columns: Vec::new(),
            inherited: false,
            no_inherit: false,
            comment: None,
        }
    }
}

/// What a step of the plan will have made.
impl Index {
    pub(crate) fn planned(name: &str, unique: bool, columns: &[String], definition: &str) -> Self {
        Self {
            name: name.to_owned(),
            definition: definition.to_owned(),
            method: "btree".to_owned(),
            bytes: 0,
            unique,
            primary: false,
            immediate: true,
            valid: true,
            attached: false,
            above: None,
            clustered: false,
            replica_identity: false,
            partial: false,
            expressions: columns.is_empty(),
            key_columns: columns.len(),
            columns: columns.to_vec(),
            mentions: columns.to_vec(),
            options: Vec::new(),
            tablespace: None,
            statistics: Vec::new(),
            comment: None,
        }
    }
}
