//! Judges everything that a statement would run, round by round: what it names is
//! looked up, what that runs is looked up in turn, until nothing is left to ask.
//!
//! A name stands for every function, operator, type and relation that it could mean.
//! So a doubt may be about something that the server would not choose; the analyser,
//! which knows what it chooses, has the last word then (see `analyser.rs`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::builtins::{Builtins, FIRST_NORMAL_OID, Named, Standing};
use super::mention::{Call, Mentions, Name};
use super::refusal::Refusal;
use super::stored::{References, When, references};
use crate::GuardPolicy;

/// Rounds of questions; each is another level of views and functions.
pub(super) const ROUNDS_MAX: usize = 24;

/// Where a bare name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Scope {
    /// In the session's schemas.
    Session,
    /// In the schemas that a function sets for its body, an index into [`Judge::paths`].
    Path(usize),
    /// In every schema: what the search path is there cannot be told.
    Anywhere,
}

/// What is asked of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Demand {
    /// It is called.
    Called,
    /// It is computed while a query is planned, if it is not volatile.
    Folded,
    /// It is not called, but a body in SQL would be put in its place and looked into.
    Inlined,
}

/// How something was reached; an index into [`Judge::ways`].
pub(super) type Via = usize;
/// The statement itself.
pub(super) const STATEMENT: Via = 0;

/// On whose account something is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Account {
    /// The statement names or reaches it.
    Statement,
    /// A cast that somebody added, to the first type from the second.
    Cast(u32, u32),
    /// An operator class that somebody added, for the types.
    Class(u32, u32),
    /// What somebody added to order or hash the types, which are the server's own.
    Order(u32, u32),
    /// A text search template or parser that somebody added.
    Search,
    /// A conversion between encodings that somebody added.
    Conversion,
    /// What reads or prints the modifier of a type that somebody added; its name may stand in any text.
    Modifier,
}

pub(super) struct Way {
    from: Via,
    what: String,
    pub(super) account: Account,
    /// The search path that bodies run with which are called from there.
    pub(super) scope: Scope,
    /// Only running the statement leads there, and not the analyser's look at it.
    behind: bool,
    /// By which literals it is run already when the analyser reads them, as what lies behind a type is. What lies behind a
    /// body or a view is out of the analyser's reach.
    run_by: Option<Reader>,
}

/// From where something is looked at; the same thing counts anew from elsewhere. What a body runs that is reached by an
/// operator first and by the check of a type later is no less run by a literal.
pub(super) type Standpoint = (Account, bool, Scope, Option<Reader>);

/// What runs when the server reads a literal as a type, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reader {
    /// Those of its elements or fields, their checks as well: by a literal in brackets. The
    /// check of a domain by itself is not run by reading, yet that of an array of it is.
    Parts,
    /// The functions of a base type that somebody added: by any literal.
    Own,
    /// The functions of a base type for its modifier and for subscripts: by naming it or a value.
    Analyser,
}

/// What is attached to a relation and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Reading {
    /// The rewritten query shows which policies apply.
    Rewritten,
    /// All policies that may apply.
    Plain,
    /// Also what planning an INSERT, UPDATE, DELETE or MERGE would use.
    Planned,
    /// Also what carrying it out would run: defaults, checks, indexes, triggers.
    Written,
}

/// A reason not to run the statement.
#[derive(Debug, Clone)]
pub(super) struct Doubt {
    pub(super) refusal: Refusal,
    pub(super) account: Account,
    /// The server could not choose anything else.
    pub(super) certain: bool,
    /// The literals which would run it already when the analyser reads them.
    pub(super) run_by: Option<Reader>,
}

/// What the next round asks for.
#[derive(Default)]
pub(super) struct Wants {
    pub(super) calls: BTreeSet<(Call, Scope, Via)>,
    pub(super) operator_names: BTreeSet<(Name, Scope, Via)>,
    pub(super) type_names: BTreeSet<(Name, Scope, Via)>,
    pub(super) relation_names: BTreeSet<(Name, Scope, Reading, Via)>,
    pub(super) functions: BTreeMap<u32, Vec<(Demand, Via)>>,
    pub(super) operators: BTreeMap<u32, Vec<(Demand, Via)>>,
    pub(super) types: BTreeMap<u32, Vec<Via>>,
    /// Types of which it is only asked what they are made of.
    pub(super) parts: BTreeSet<(Account, u32)>,
    pub(super) relations: BTreeMap<u32, Vec<(Reading, Via)>>,
    pub(super) children: BTreeMap<(u32, Scope), (Reading, Via)>,
    /// What casts, operator classes and text search run that somebody added.
    pub(super) unnamed: bool,
}

impl Wants {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
            && self.operator_names.is_empty()
            && self.type_names.is_empty()
            && self.relation_names.is_empty()
            && self.functions.is_empty()
            && self.operators.is_empty()
            && self.types.is_empty()
            && self.parts.is_empty()
            && self.relations.is_empty()
            && self.children.is_empty()
            && !self.unnamed
    }
}

/// The state of a judgement.
pub(crate) struct Judge<'a> {
    pub(super) builtins: Arc<Builtins>,
    pub(super) policy: &'a GuardPolicy,
    /// Whose policy it is, for hints.
    pub(super) target: &'a str,
    pub(super) schemas: Vec<String>,
    /// Whether a body runs with another search path than the session's.
    pub(super) paths_differ: bool,
    /// Search paths that functions set.
    pub(super) paths: Vec<Vec<String>>,
    pub(super) wants: Wants,
    pub(super) ways: Vec<Way>,
    pub(super) doubts: Vec<Doubt>,
    pub(super) functions: HashMap<u32, Arc<super::rows::Function>>,
    seen_functions: HashSet<(u32, Demand, Standpoint)>,
    seen_operators: HashSet<(u32, Demand, Standpoint)>,
    seen_types: HashSet<(u32, Standpoint)>,
    pub(super) seen_relations: HashSet<(u32, Reading, Standpoint)>,
    seen_names: HashSet<(Name, Scope, Standpoint)>,
    seen_calls: HashSet<(Call, Scope, Standpoint)>,
    /// What casts, operator classes and text search run, until a body is met whose search path is another.
    pub(super) unnamed: Vec<(&'static str, Account, u32)>,
    /// Operators on types of which nothing was met yet.
    pub(super) deferred: Vec<(super::rows::Operator, Via)>,
    /// Types, wherever they were met; of those that are built in, what trees show.
    types_met: BTreeSet<(Account, u32)>,
    /// Those of them whose parts were not met yet.
    unopened: BTreeSet<(Account, u32)>,
    /// Whether an index or partition key uses an operator class that somebody added.
    pub(super) added_class_used: bool,
    /// Whether bodies were looked into, which convert values where nobody writes a cast.
    pub(super) bodies: bool,
    /// Whether functions of these classes are called: they do more than their arguments' types say.
    pub(super) converts_to_json: bool,
    pub(super) searches_text: bool,
    pub(super) converts_text: bool,
    /// Whether every type that is named in text by the statement is a constant.
    pub(super) constant_types: bool,
    /// Functions in SQL whose bodies the analyser may be asked for, once names left a doubt.
    pub(super) open_bodies: Option<Vec<(Arc<super::rows::Function>, Via)>>,
    /// The tree is the server's own: names are settled.
    pub(super) exact: bool,
    /// Whether columns may get their default.
    pub(super) defaults: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(builtins: Arc<Builtins>, policy: &'a GuardPolicy, target: &'a str) -> Self {
        Self {
            builtins,
            policy,
            target,
            schemas: Vec::new(),
            paths: Vec::new(),
            deferred: Vec::new(),
            unnamed: Vec::new(),
            paths_differ: false,
            wants: Wants::default(),
            ways: vec![Way {
                from: STATEMENT,
                what: String::new(),
                account: Account::Statement,
                scope: Scope::Session,
                behind: false,
                run_by: None,
            }],
            doubts: Vec::new(),
            functions: HashMap::new(),
            seen_functions: HashSet::new(),
            seen_operators: HashSet::new(),
            seen_types: HashSet::new(),
            seen_relations: HashSet::new(),
            seen_names: HashSet::new(),
            seen_calls: HashSet::new(),
            types_met: BTreeSet::new(),
            unopened: BTreeSet::new(),
            added_class_used: false,
            bodies: false,
            converts_to_json: false,
            searches_text: false,
            converts_text: false,
            constant_types: false,
            open_bodies: None,
            exact: false,
            defaults: true,
        }
    }

    /// Takes in what a statement or a body names.
    pub(super) fn mentions(&mut self, mentions: &Mentions, scope: Scope, via: Via) {
        self.mentions_for(mentions, scope, Reading::Planned, via);
    }

    /// As [`Judge::mentions`], with what becomes of the relations that are written to.
    pub(super) fn mentions_for(&mut self, mentions: &Mentions, scope: Scope, targets: Reading, via: Via) {
        let account = self.standpoint(via);
        for call in &mentions.calls {
            if self.seen_calls.insert((call.clone(), scope, account)) {
                self.wants.calls.insert((call.clone(), scope, via));
            }
        }
        for name in &mentions.operators {
            if self.seen_names.insert((name.clone(), scope, account)) {
                self.wants.operator_names.insert((name.clone(), scope, via));
            }
        }
        for name in &mentions.types {
            if self.seen_names.insert((type_key(name), scope, account)) {
                self.wants.type_names.insert((name.clone(), scope, via));
            }
        }
        for (names, reading) in [
            (&mentions.relations, Reading::Plain),
            (&mentions.targets, targets),
        ] {
            for name in names {
                self.wants
                    .relation_names
                    .insert((name.clone(), scope, reading, via));
            }
        }
    }

    /// Takes in the OIDs of a tree.
    pub(super) fn tree(&mut self, text: &str, when: When, reading: Reading, via: Via) {
        match references(text, when) {
            Ok(found) => self.references(&found, when, reading, via),
            Err(error) => self.doubt(
                Refusal::new(format!("What it would run cannot be told: {error}.")),
                true,
                via,
            ),
        }
    }

    pub(super) fn references(&mut self, found: &References, when: When, reading: Reading, via: Via) {
        if let Some(node) = &found.unknown {
            let refusal = Refusal::new(format!(
                "It holds something that this version does not know ({node})."
            ));
            self.doubt(refusal, true, via);
        }
        if found.builds_json {
            self.note("to-json", via);
        }
        let demand = match when {
            When::Runs => Demand::Called,
            When::Folds => Demand::Folded,
        };
        for oid in &found.functions {
            self.function(*oid, demand, via);
        }
        for oid in &found.operators {
            self.operator(*oid, demand, via);
        }
        for oid in &found.inlined_functions {
            self.function(*oid, Demand::Inlined, via);
        }
        for oid in &found.inlined_operators {
            self.operator(*oid, Demand::Inlined, via);
        }
        for oid in &found.types {
            self.type_(*oid, via);
        }
        for oid in &found.all_types {
            self.meet(*oid, via);
        }
        for oid in &found.relations {
            self.relation(*oid, reading, via);
        }
    }

    /// A function that is reached by its OID.
    pub(super) fn function(&mut self, oid: u32, demand: Demand, via: Via) {
        if oid == 0 || !self.seen_functions.insert((oid, demand, self.standpoint(via))) {
            return;
        }
        if let Some(function) = self.functions.get(&oid).cloned() {
            self.examine(&function, demand, via);
            return;
        }
        let builtins = Arc::clone(&self.builtins);
        match builtins.function(oid) {
            Some(standing) if demand == Demand::Called || !standing.volatile => {
                self.standing(standing, oid, None, demand, via);
            }
            Some(_) => {}
            None => self.wants.functions.entry(oid).or_default().push((demand, via)),
        }
    }

    /// A function that was found by its name.
    pub(super) fn called(&mut self, function: &Arc<super::rows::Function>, via: Via) {
        if self
            .seen_functions
            .insert((function.oid, Demand::Called, self.standpoint(via)))
        {
            self.examine(function, Demand::Called, via);
        }
    }

    /// A built-in function. `call` is how the statement names it, if it does.
    pub(super) fn standing(
        &mut self,
        standing: &Standing,
        oid: u32,
        call: Option<(&Call, bool)>,
        demand: Demand,
        via: Via,
    ) {
        for class in &standing.classes {
            self.note(class.name, via);
        }
        if let Some(mentions) = &standing.mentions {
            self.mentions(mentions, Scope::Session, via);
        }
        if standing.allowed() || demand == Demand::Inlined {
            return;
        }
        let by_constant = match call {
            Some((call, _)) => call.constant_type,
            None => via == STATEMENT && self.constant_types,
        };
        let name = self.builtins.name(oid);
        if by_constant && matches!(name.1, "pg_input_is_valid" | "pg_input_error_info") {
            return;
        }
        let refusal = Refusal::builtin(name, standing, self.target);
        let certain = call.is_none_or(|(_, only)| only);
        self.doubt(refusal, certain, via);
    }

    /// Remembers that the statement itself calls code of a class that does more than its
    /// arguments' types say.
    pub(super) fn note(&mut self, class: &str, via: Via) {
        if self.ways[via].account == Account::Statement {
            self.converts_to_json |= class == "to-json";
            self.searches_text |= class == "text-search";
            self.converts_text |= class == "encodings";
        }
    }

    /// An operator that is reached by its OID.
    pub(super) fn operator(&mut self, oid: u32, demand: Demand, via: Via) {
        if oid == 0 || !self.seen_operators.insert((oid, demand, self.standpoint(via))) {
            return;
        }
        match self.builtins.operator(oid) {
            Some(function) => self.function(function, demand, via),
            None => self.wants.operators.entry(oid).or_default().push((demand, via)),
        }
    }

    /// A type, unless it is built in.
    pub(super) fn type_(&mut self, oid: u32, via: Via) {
        if oid < FIRST_NORMAL_OID || !self.seen_types.insert((oid, self.standpoint(via))) {
            return;
        }
        self.meet(oid, via);
        self.wants.types.entry(oid).or_default().push(via);
    }

    /// Remembers that whatever is judged there deals with values of the type.
    pub(super) fn meet(&mut self, oid: u32, via: Via) {
        self.met(self.ways[via].account, oid);
    }

    pub(super) fn met(&mut self, account: Account, oid: u32) {
        if self.types_met.insert((account, oid)) {
            self.unopened.insert((account, oid));
        }
    }

    pub(super) fn has_met(&self, account: Account, oid: u32) -> bool {
        self.types_met.contains(&(account, oid))
    }

    /// Asks for the parts of the types that were met, if anything depends on it.
    pub(super) fn open_types(&mut self) -> bool {
        let matters = !self.deferred.is_empty()
            || self
                .doubts
                .iter()
                .any(|doubt| doubt.account != Account::Statement);
        if matters {
            self.wants.parts.append(&mut self.unopened);
        }
        !self.wants.parts.is_empty()
    }

    /// A relation that is reached by its OID.
    pub(super) fn relation(&mut self, oid: u32, reading: Reading, via: Via) {
        if oid != 0 && self.seen_relations.insert((oid, reading, self.standpoint(via))) {
            self.wants.relations.entry(oid).or_default().push((reading, via));
        }
    }

    /// The built-in functions that a call may mean.
    pub(super) fn builtin_candidates(&self, call: &Call, scope: Scope) -> Vec<Named> {
        let candidates = self.builtins.named(&call.name.name).iter();
        let meant = candidates.filter(|named| {
            self.is_visible(&named.schema, call.name.schema.as_deref(), scope)
                && call.args.is_none_or(|n| named.args.0 <= n && n <= named.args.1)
        });
        meant.cloned().collect()
    }

    /// Whether a name, bare or with a schema, may mean something in `schema`.
    pub(super) fn is_visible(&self, schema: &str, given: Option<&str>, scope: Scope) -> bool {
        match (given, scope) {
            // The alias of the session's own schema of temporary objects.
            (Some("pg_temp"), _) => schema.starts_with("pg_temp"),
            (Some(given), _) => given == schema,
            (None, Scope::Anywhere) => true,
            // Temporary relations and types come before all others.
            (None, Scope::Path(path)) => {
                schema.starts_with("pg_temp")
                    || self
                        .paths
                        .get(path)
                        .is_none_or(|path| path.iter().any(|visible| visible == schema))
            }
            (None, Scope::Session) => self.schemas.iter().any(|visible| visible == schema),
        }
    }

    /// Remembers how something further is reached.
    pub(super) fn way(&mut self, from: Via, what: impl Into<String>) -> Via {
        let way = &self.ways[from];
        self.add_way(Way {
            from,
            what: what.into(),
            account: way.account,
            scope: way.scope,
            behind: way.behind,
            run_by: way.run_by,
        })
    }

    /// To what is only run when the statement is: a body, or the expressions of a relation.
    pub(super) fn way_behind(&mut self, from: Via, what: impl Into<String>) -> Via {
        let way = self.way(from, what);
        self.ways[way].behind = true;
        way
    }

    pub(super) fn way_of_type(&mut self, from: Via, what: String, reader: Reader) -> Via {
        let way = self.way(from, what);
        if !self.ways[way].behind {
            self.ways[way].run_by = self.ways[way].run_by.max(Some(reader));
        }
        way
    }

    pub(super) fn way_on_account(&mut self, what: &str, account: Account, scope: Scope) -> Via {
        self.add_way(Way {
            from: STATEMENT,
            what: format!("through {what} that somebody added"),
            account,
            scope,
            behind: true,
            run_by: None,
        })
    }

    fn add_way(&mut self, way: Way) -> Via {
        self.ways.push(way);
        self.ways.len() - 1
    }

    pub(super) fn standpoint(&self, via: Via) -> Standpoint {
        let way = &self.ways[via];
        (way.account, way.behind, way.scope, way.run_by)
    }

    pub(super) fn doubt(&mut self, mut refusal: Refusal, certain: bool, via: Via) {
        let mut at = via;
        while at != STATEMENT {
            let way = &self.ways[at];
            refusal.path.insert(0, way.what.clone());
            at = way.from;
        }
        refusal.path.dedup();
        self.doubts.push(Doubt {
            refusal,
            account: self.ways[via].account,
            // Further away, it depends on which overload is meant, or whether a WITH hides a view.
            certain: certain && via == STATEMENT,
            run_by: self.ways[via].run_by,
        });
    }

    /// What speaks against the statement once everything was asked, the gravest first.
    pub(super) fn finish(&mut self) -> Vec<Doubt> {
        let doubts = std::mem::take(&mut self.doubts);
        let mut counting: Vec<Doubt> = doubts
            .into_iter()
            .filter(|doubt| match doubt.account {
                Account::Statement => true,
                Account::Cast(to, from) => {
                    let met = match (from >= FIRST_NORMAL_OID, to >= FIRST_NORMAL_OID) {
                        (true, _) => self.has_met(Account::Statement, from),
                        (false, true) => self.has_met(Account::Statement, to),
                        (false, false) => true,
                    };
                    met && (!self.exact
                        || self.bodies
                        || (self.converts_to_json && matches!(to, JSON | JSONB)))
                }
                Account::Class(left, right) => {
                    let mut added = [left, right].into_iter().filter(|oid| *oid >= FIRST_NORMAL_OID);
                    match left >= FIRST_NORMAL_OID || right >= FIRST_NORMAL_OID {
                        true => added.any(|oid| self.has_met(Account::Statement, oid)),
                        false => self.added_class_used,
                    }
                }
                Account::Order(left, right) => {
                    !self.exact
                        || self.bodies
                        || self.has_met(Account::Statement, left)
                        || self.has_met(Account::Statement, right)
                }
                Account::Search => self.searches_text,
                Account::Conversion => self.converts_text,
                Account::Modifier => true,
            })
            .collect();
        counting.sort_by_key(|doubt| (doubt.account != Account::Statement, !doubt.certain));
        counting
    }
}

const JSON: u32 = 114;
const JSONB: u32 = 3802;

/// Operators and types are remembered in one set.
fn type_key(name: &Name) -> Name {
    Name {
        schema: name.schema.clone(),
        name: format!("type {}", name.name),
    }
}
