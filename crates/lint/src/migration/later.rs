use std::collections::HashMap;

use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{GrantTargetType, RangeVar};
use howdah_sql::{Kind, Statement};

use super::{Key, Sentence, object_parts, strings};

/// Which statements of a script are about what, so that what follows a statement need not be gone
/// through for each of them.
pub(crate) struct Mentions<'a> {
    sentences: &'a [Sentence<'a>],
    /// The numbers of the statements that make, change, rename or grant something, by its name.
    about: HashMap<Key, Vec<usize>>,
    grants: Vec<usize>,
    /// Statements that let others at objects which they do not name, or give them away.
    handovers: Vec<usize>,
    commits: Vec<usize>,
    /// Whether a transaction that was prepared is ended.
    ends_prepared: bool,
}

impl<'a> Mentions<'a> {
    pub(crate) fn of(sentences: &'a [Sentence<'a>]) -> Self {
        let mut mentions = Self {
            sentences,
            about: HashMap::new(),
            grants: Vec::new(),
            handovers: Vec::new(),
            commits: Vec::new(),
            ends_prepared: false,
        };
        for (number, sentence) in sentences.iter().enumerate() {
            if let Ok(statement) = &sentence.parsed {
                mentions.read(number, statement);
            }
        }
        mentions
    }

    fn read(&mut self, number: usize, statement: &Statement) {
        match statement.node() {
            NodeEnum::AlterTableStmt(alter) => self.relation(number, alter.relation.as_ref()),
            NodeEnum::CreateStmt(create) => self.relation(number, create.relation.as_ref()),
            NodeEnum::ViewStmt(view) => self.relation(number, view.view.as_ref()),
            NodeEnum::CreatePolicyStmt(policy) => self.relation(number, policy.table.as_ref()),
            NodeEnum::CreateTableAsStmt(create) => {
                let into = create.into.as_ref().and_then(|into| into.rel.as_ref());
                self.relation(number, into);
            }
            NodeEnum::CreateFunctionStmt(function) => {
                self.add(number, Key::of_parts(&strings(&function.funcname)));
            }
            NodeEnum::RenameStmt(rename) => {
                self.relation(number, rename.relation.as_ref());
                if let Some(relation) = &rename.relation {
                    self.add(number, Key::new(&relation.schemaname, &rename.newname));
                }
            }
            NodeEnum::GrantStmt(grant) if grant.is_grant => {
                self.grants.push(number);
                if grant.targtype() == GrantTargetType::AclTargetAllInSchema {
                    self.handovers.push(number);
                }
                for object in &grant.objects {
                    match &object.node {
                        Some(NodeEnum::RangeVar(relation)) => self.relation(number, Some(relation)),
                        _ => self.add(number, Key::of_parts(&object_parts(object))),
                    }
                }
            }
            NodeEnum::AlterOwnerStmt(_) => self.handovers.push(number),
            _ if matches!(statement.kind(), Kind::Transaction("COMMIT")) => self.commits.push(number),
            _ if matches!(
                statement.kind(),
                Kind::Transaction("COMMIT PREPARED" | "ROLLBACK PREPARED")
            ) =>
            {
                self.ends_prepared = true;
            }
            _ => {}
        }
    }

    fn relation(&mut self, number: usize, relation: Option<&RangeVar>) {
        if let Some(relation) = relation {
            self.add(number, Key::of(relation));
        }
    }

    fn add(&mut self, number: usize, key: Key) {
        let numbers = self.about.entry(key).or_default();
        if numbers.last() != Some(&number) {
            numbers.push(number);
        }
    }

    /// Whether the script ends a transaction that was prepared.
    pub(crate) fn ends_prepared(&self) -> bool {
        self.ends_prepared
    }

    /// What follows the statement of that number.
    pub(crate) fn behind(&'a self, number: usize) -> Later<'a> {
        Later {
            mentions: self,
            number,
        }
    }
}

/// What follows a statement in its script.
#[derive(Clone, Copy)]
pub(crate) struct Later<'a> {
    mentions: &'a Mentions<'a>,
    number: usize,
}

impl<'a> Later<'a> {
    /// The next so many statements, as far as they parse.
    pub(crate) fn next(self, count: usize) -> impl Iterator<Item = &'a NodeEnum> {
        let rest = self.mentions.sentences.iter().skip(self.number + 1).take(count);
        rest.filter_map(|sentence| Some(sentence.parsed.as_ref().ok()?.node()))
    }

    /// The statements that make, change, rename or grant that object, with their numbers.
    pub(crate) fn about(self, key: &Key) -> impl Iterator<Item = (usize, &'a NodeEnum)> {
        let numbers = self.mentions.about.get(key).map_or(&[][..], Vec::as_slice);
        let first = numbers.partition_point(|number| *number <= self.number);
        let sentences = self.mentions.sentences;
        numbers[first..]
            .iter()
            .filter_map(move |number| Some((*number, sentences[*number].parsed.as_ref().ok()?.node())))
    }

    /// The number of the first statement behind that one which grants something.
    pub(crate) fn grant_behind(self, number: usize) -> Option<usize> {
        let grants = &self.mentions.grants;
        grants
            .get(grants.partition_point(|grant| *grant <= number))
            .copied()
    }

    /// Whether something is granted on all of a schema, or gets another owner.
    pub(crate) fn has_handover(self) -> bool {
        self.mentions
            .handovers
            .last()
            .is_some_and(|last| *last > self.number)
    }

    /// The number of the COMMIT that ends the transaction; that behind the last statement without one.
    pub(crate) fn commit(self) -> usize {
        let commits = &self.mentions.commits;
        let first = commits.partition_point(|commit| *commit <= self.number);
        commits
            .get(first)
            .copied()
            .unwrap_or(self.mentions.sentences.len())
    }
}
