//! One round of questions to the catalog, and what the answers lead to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::builtins::FIRST_NORMAL_OID;
use super::facts::{Table, fetch, is_true, number, oid_array, text, text_array};
use super::judge::{Account, Demand, Judge, ROUNDS_MAX, Reading, STATEMENT, Scope, Via, Wants};
use super::mention::Name;
use super::refusal::Refusal;
use super::rows::{Function, Operator, Relation, Type};
use crate::{Connection, PgError, Step};

/// A query of `queries/guard/` and what it is asked for.
struct Question {
    kind: Kind,
    sql: String,
    params: Vec<Option<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Probe,
    Unnamed,
    Functions,
    Operators,
    Types,
    Relations,
    Attached,
    Children,
}

/// How rows are chosen; put for `{which}`.
const BY_OID: &str = "$1::pg_catalog.oid[]";
/// Objects of the names in $1, in a schema of the session or of $2.
macro_rules! in_session {
    ($table:literal, $name:literal, $schema:literal, $extra:literal) => {
        concat!(
            "ARRAY(SELECT x.oid FROM pg_catalog.", $table, " AS x WHERE x.", $name,
            " OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.name[]) AND x.", $schema,
            " OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT s.oid FROM pg_catalog.pg_namespace AS s WHERE s.nspname",
            " OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(true))",
            " OR s.nspname OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.name[])))", $extra, ")"
        )
    };
}
macro_rules! anywhere {
    ($table:literal, $name:literal, $extra:literal) => {
        concat!(
            "ARRAY(SELECT x.oid FROM pg_catalog.",
            $table,
            " AS x WHERE x.",
            $name,
            " OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.name[])",
            $extra,
            ")"
        )
    };
}
const FUNCTIONS_IN_SESSION: &str = in_session!(
    "pg_proc",
    "proname",
    "pronamespace",
    " AND (x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid \
      OR x.xmin::pg_catalog.text OPERATOR(pg_catalog.<>) ALL ($3::pg_catalog.text[]))"
);
const FUNCTIONS_ANYWHERE: &str = anywhere!(
    "pg_proc",
    "proname",
    " AND (x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid \
      OR x.xmin::pg_catalog.text OPERATOR(pg_catalog.<>) ALL ($2::pg_catalog.text[]))"
);
const OPERATORS_IN_SESSION: &str = in_session!(
    "pg_operator",
    "oprname",
    "oprnamespace",
    " AND x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid"
);
const OPERATORS_ANYWHERE: &str = anywhere!(
    "pg_operator",
    "oprname",
    " AND x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid"
);
const TYPES_IN_SESSION: &str = in_session!(
    "pg_type",
    "typname",
    "typnamespace",
    " AND x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid"
);
const TYPES_ANYWHERE: &str = anywhere!(
    "pg_type",
    "typname",
    " AND x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid"
);
const RELATIONS_IN_SESSION: &str = "ARRAY(SELECT pg_catalog.to_regclass(x)::pg_catalog.oid FROM pg_catalog.unnest($1::pg_catalog.text[]) AS x)";
const RELATIONS_ANYWHERE: &str = anywhere!(
    "pg_class",
    "relname",
    " AND x.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f', 'S']::pg_catalog.\"char\"[])"
);

impl Judge<'_> {
    /// Asks until nothing is left to ask. `first` goes out ahead, in the same round trip
    /// as the first questions.
    pub(super) async fn settle(
        &mut self,
        connection: &mut Connection,
        mut first: Vec<String>,
    ) -> Result<(), PgError> {
        let mut probe = true;
        for _ in 0..ROUNDS_MAX {
            let done = self.wants.is_empty() && !probe && first.is_empty();
            if done && !self.open_types() && !self.take_up_deferred() && !self.take_unnamed_elsewhere() {
                return Ok(());
            }
            let wants = std::mem::take(&mut self.wants);
            let questions = self.questions(&wants, std::mem::take(&mut probe));
            let params: Vec<Vec<Option<&str>>> = questions
                .iter()
                .map(|question| question.params.iter().map(Option::as_deref).collect())
                .collect();
            let steps: Vec<Step<'_>> = first
                .iter()
                .map(|sql| Step::silent(sql))
                .chain(
                    questions
                        .iter()
                        .zip(&params)
                        .map(|(question, params)| Step::new(&question.sql).params(params)),
                )
                .collect();
            let mut tables = fetch(connection, &steps).await?;
            let answers = tables.split_off(first.len());
            drop(steps);
            first.clear();
            self.answers(
                &wants,
                questions.iter().map(|question| question.kind).zip(answers),
            );
        }
        let refusal = Refusal::new("What it would run leads too far to be followed.");
        self.doubt(refusal, true, STATEMENT);
        Ok(())
    }

    fn questions(&self, wants: &Wants, probe: bool) -> Vec<Question> {
        let mut questions = Vec::new();
        let mut ask = |kind, sql: &str, which: &str, params: Vec<String>| {
            questions.push(Question {
                kind,
                sql: sql.replace("{which}", which),
                params: params.into_iter().map(Some).collect(),
            });
        };
        if probe {
            ask(
                Kind::Probe,
                include_str!("../../queries/guard/probe.sql"),
                "",
                self.probe(wants),
            );
        }
        if wants.unnamed {
            let libraries = text_array(super::allow::whole_libraries());
            ask(
                Kind::Unnamed,
                include_str!("../../queries/guard/unnamed.sql"),
                "",
                vec![libraries],
            );
        }
        let functions = include_str!("../../queries/guard/functions.sql");
        let calls = wants.calls.iter().map(|(call, scope, _)| (&call.name, *scope));
        let (session, anywhere) = by_scope(calls, probe);
        if let Some((names, schemas)) = session {
            let xmins = self.builtins.xmins.clone();
            ask(
                Kind::Functions,
                functions,
                FUNCTIONS_IN_SESSION,
                vec![names, schemas, xmins],
            );
        }
        if let Some((names, _)) = anywhere {
            ask(
                Kind::Functions,
                functions,
                FUNCTIONS_ANYWHERE,
                vec![names, self.builtins.xmins.clone()],
            );
        }
        if !wants.functions.is_empty() {
            ask(
                Kind::Functions,
                functions,
                BY_OID,
                vec![oid_array(wants.functions.keys().copied())],
            );
        }
        let operators = include_str!("../../queries/guard/operators.sql");
        let (session, anywhere) = by_scope(
            wants.operator_names.iter().map(|(name, scope, _)| (name, *scope)),
            probe,
        );
        if let Some((names, schemas)) = session {
            ask(
                Kind::Operators,
                operators,
                OPERATORS_IN_SESSION,
                vec![names, schemas],
            );
        }
        if let Some((names, _)) = anywhere {
            ask(Kind::Operators, operators, OPERATORS_ANYWHERE, vec![names]);
        }
        if !wants.operators.is_empty() {
            ask(
                Kind::Operators,
                operators,
                BY_OID,
                vec![oid_array(wants.operators.keys().copied())],
            );
        }
        let types = include_str!("../../queries/guard/types.sql");
        let (session, anywhere) = by_scope(
            wants.type_names.iter().map(|(name, scope, _)| (name, *scope)),
            probe,
        );
        if let Some((names, schemas)) = session {
            ask(Kind::Types, types, TYPES_IN_SESSION, vec![names, schemas]);
        }
        if let Some((names, _)) = anywhere {
            ask(Kind::Types, types, TYPES_ANYWHERE, vec![names]);
        }
        if !wants.types.is_empty() || !wants.parts.is_empty() {
            let parts = wants.parts.iter().map(|(_, oid)| oid);
            let oids = wants.types.keys().chain(parts).copied();
            ask(Kind::Types, types, BY_OID, vec![oid_array(oids)]);
        }
        let relations = include_str!("../../queries/guard/relations.sql");
        let mut ask_relations = |which: &str, param: String, planned: bool| {
            let attached = include_str!("../../queries/guard/attached.sql")
                .replace("{planned}", if planned { "true" } else { "false" });
            ask(Kind::Relations, relations, which, vec![param.clone()]);
            ask(Kind::Attached, &attached, which, vec![param]);
        };
        let planned = wants
            .relation_names
            .iter()
            .any(|(_, _, reading, _)| *reading >= Reading::Planned);
        // What only may be a name must not make the server complain of a schema.
        let names = |direct: bool| {
            wants
                .relation_names
                .iter()
                .filter(move |want| (want.3 == STATEMENT) == direct && !want.0.name.is_empty())
        };
        let session: BTreeSet<String> = names(true).map(|(name, ..)| quoted(name)).collect();
        if !session.is_empty() {
            ask_relations(
                RELATIONS_IN_SESSION,
                text_array(session.iter().map(String::as_str)),
                planned,
            );
        }
        let anywhere: BTreeSet<&str> = names(false).map(|(name, ..)| name.name.as_str()).collect();
        if !anywhere.is_empty() {
            ask_relations(RELATIONS_ANYWHERE, text_array(anywhere), planned);
        }
        if !wants.relations.is_empty() {
            let planned = wants
                .relations
                .values()
                .flatten()
                .any(|(reading, _)| *reading >= Reading::Planned);
            ask_relations(BY_OID, oid_array(wants.relations.keys().copied()), planned);
        }
        if !wants.children.is_empty() {
            let children = include_str!("../../queries/guard/children.sql");
            ask(
                Kind::Children,
                children,
                "",
                vec![oid_array(wants.children.keys().map(|(oid, _)| *oid))],
            );
        }
        questions
    }

    /// The parameters of `probe.sql`.
    fn probe(&self, wants: &Wants) -> Vec<String> {
        fn names<'a>(names: impl Iterator<Item = &'a Name>) -> String {
            text_array(names.map(|name| name.name.as_str()).collect::<BTreeSet<_>>())
        }
        vec![
            names(wants.calls.iter().map(|(call, ..)| &call.name)),
            self.builtins.xmins.clone(),
            names(wants.operator_names.iter().map(|(name, ..)| name)),
            names(wants.type_names.iter().map(|(name, ..)| name)),
        ]
    }

    /// Takes in the probe: what it found something for is asked in the next round.
    fn take_probe(&mut self, probe: &Table, wants: &Wants) {
        let Some(row) = probe.first() else { return };
        self.schemas = serde_json::from_str(text(row, 0)).unwrap_or_default();
        if is_true(row, 1) {
            self.wants.calls.extend(wants.calls.iter().cloned());
        } else {
            self.take_calls(wants, &BTreeMap::new());
        }
        if is_true(row, 2) {
            self.wants
                .operator_names
                .extend(wants.operator_names.iter().cloned());
        }
        if is_true(row, 3) {
            self.wants.type_names.extend(wants.type_names.iter().cloned());
        }
        self.wants.unnamed |= is_true(row, 4);
    }

    fn answers(&mut self, wants: &Wants, answers: impl Iterator<Item = (Kind, Table)>) {
        let mut functions: BTreeMap<u32, Arc<Function>> = BTreeMap::new();
        let mut operators: BTreeMap<u32, Operator> = BTreeMap::new();
        let mut types: BTreeMap<u32, Type> = BTreeMap::new();
        let mut relations: BTreeMap<u32, Relation> = BTreeMap::new();
        let mut attached: HashMap<u32, Table> = HashMap::new();
        let mut unnamed = Table::new();
        let mut probe = None;
        let mut children = Table::new();
        for (kind, table) in answers {
            match kind {
                Kind::Probe => probe = Some(table),
                Kind::Unnamed => unnamed = table,
                Kind::Functions => functions.extend(
                    table
                        .iter()
                        .map(|row| Function::read(row))
                        .map(|f| (f.oid, Arc::new(f))),
                ),
                Kind::Operators => {
                    operators.extend(table.iter().map(|row| Operator::read(row)).map(|o| (o.oid, o)))
                }
                Kind::Types => types.extend(table.iter().map(|row| Type::read(row)).map(|t| (t.oid, t))),
                Kind::Relations => {
                    relations.extend(table.iter().map(|row| Relation::read(row)).map(|r| (r.oid, r)))
                }
                Kind::Attached => {
                    let mut fresh: HashMap<u32, Table> = HashMap::new();
                    for row in table {
                        fresh.entry(number(&row, 0)).or_default().push(row);
                    }
                    attached.extend(fresh);
                }
                Kind::Children => children = table,
            }
        }
        self.functions.extend(
            functions
                .iter()
                .map(|(oid, function)| (*oid, Arc::clone(function))),
        );
        match &probe {
            Some(probe) => self.take_probe(probe, wants),
            None => self.take_calls(wants, &functions),
        }
        self.take_unnamed(&unnamed);
        for (oid, asked) in &wants.functions {
            for (demand, via) in asked {
                match functions.get(oid) {
                    Some(function) => self.examine(&Arc::clone(function), *demand, *via),
                    None => self.vanished("function", *oid, *via),
                }
            }
        }
        for (name, scope, via) in &wants.operator_names {
            for operator in operators.values().filter(|operator| operator.name == name.name) {
                if self.is_visible(&operator.schema, name.schema.as_deref(), *scope) {
                    self.named_operator(operator, *via);
                }
            }
        }
        for (oid, asked) in &wants.operators {
            for (demand, via) in asked {
                match operators.get(oid) {
                    Some(operator) => self.examine_operator(operator, *demand, *via),
                    None => self.vanished("operator", *oid, *via),
                }
            }
        }
        for (name, scope, via) in &wants.type_names {
            for type_ in types.values().filter(|type_| type_.name == name.name) {
                if self.is_visible(&type_.schema, name.schema.as_deref(), *scope) {
                    self.meet(type_.oid, *via);
                    self.examine_type(type_, *via);
                }
            }
        }
        for (account, oid) in &wants.parts {
            for part in types.get(oid).map_or(&[][..], |type_| &type_.parts) {
                self.met(*account, *part);
            }
        }
        for (oid, asked) in &wants.types {
            for via in asked {
                match types.get(oid) {
                    Some(type_) => self.examine_type(type_, *via),
                    None => self.vanished("type", *oid, *via),
                }
            }
        }
        for (name, scope, reading, via) in &wants.relation_names {
            let standpoint = self.standpoint(*via);
            for relation in relations.values().filter(|relation| relation.name == name.name) {
                if self.is_visible(&relation.schema, name.schema.as_deref(), *scope)
                    && self.seen_relations.insert((relation.oid, *reading, standpoint))
                {
                    self.take_relation(relation, *reading, *via, &attached);
                }
            }
        }
        for (oid, asked) in &wants.relations {
            for (reading, via) in asked {
                if let Some(relation) = relations.get(oid) {
                    self.take_relation(relation, *reading, *via, &attached);
                }
            }
        }
        // Which parent a child belongs to is of no matter: the gravest use of any counts.
        if let Some((reading, _)) = wants.children.values().max() {
            for (_, via) in wants.children.values() {
                for row in &children {
                    self.examine_child(row, *reading, *via);
                }
            }
        }
    }

    fn take_relation(
        &mut self,
        relation: &Relation,
        reading: Reading,
        via: Via,
        attached: &HashMap<u32, Table>,
    ) {
        self.examine_relation(relation, reading, via);
        for row in attached.get(&relation.oid).map_or(&[][..], Vec::as_slice) {
            self.examine_attached(row, relation, reading, via);
        }
    }

    fn take_unnamed(&mut self, unnamed: &Table) {
        for row in unnamed {
            let (oid, left, right) = (number(row, 1), number(row, 2), number(row, 3));
            let (what, account) = match text(row, 0) {
                "cast" => ("a cast", Account::Cast(left, right)),
                "class" => ("an operator class", Account::Class(left, right)),
                "order" => ("an order of a built-in type", Account::Order(left, right)),
                "conversion" => ("a conversion", Account::Conversion),
                "modifier" => ("the modifier of a type", Account::Modifier),
                _ => ("a text search template or parser", Account::Search),
            };
            let via = self.way_on_account(what, account, Scope::Session);
            self.function(oid, Demand::Called, via);
            self.unnamed.push((what, account, oid));
        }
    }

    /// The same once more, where names in their bodies may mean something else.
    fn take_unnamed_elsewhere(&mut self) -> bool {
        if !self.paths_differ {
            return false;
        }
        for (what, account, oid) in std::mem::take(&mut self.unnamed) {
            let via = self.way_on_account(what, account, Scope::Anywhere);
            self.function(oid, Demand::Called, via);
        }
        !self.wants.is_empty()
    }

    /// Everything that the names of functions may mean.
    fn take_calls(&mut self, wants: &Wants, functions: &BTreeMap<u32, Arc<Function>>) {
        for (call, scope, via) in &wants.calls {
            let added: Vec<Arc<Function>> = functions
                .values()
                .filter(|function| {
                    function.name == call.name.name
                        && self.is_visible(&function.schema, call.name.schema.as_deref(), *scope)
                        && call
                            .args
                            .is_none_or(|n| function.args.0 <= n && n <= function.args.1)
                })
                .cloned()
                .collect();
            let builtin = self.builtin_candidates(call, *scope);
            let only = !call.projection
                && added.is_empty()
                && builtin.iter().all(|named| {
                    self.builtins
                        .function(named.oid)
                        .is_none_or(|standing| !standing.allowed())
                });
            for named in builtin {
                // One that was replaced is among those that were fetched.
                if functions.contains_key(&named.oid) {
                    continue;
                }
                let builtins = Arc::clone(&self.builtins);
                if let Some(standing) = builtins.function(named.oid) {
                    self.standing(standing, named.oid, Some((call, only)), Demand::Called, *via);
                }
            }
            for function in added {
                self.called(&function, *via);
            }
        }
    }

    /// An operator that a name may mean. The server prefers its own comparisons of text and of
    /// rows for whatever is not of an added operator's own types, so that one stands back
    /// until something of its types is met.
    fn named_operator(&mut self, operator: &Operator, via: Via) {
        let comparison = matches!(operator.name.as_str(), "=" | "<>" | "<" | "<=" | ">" | ">=");
        let stands_back = comparison && !operator.only_for.is_empty() && !self.has_met_operand(operator, via);
        if stands_back {
            self.deferred.push((operator.clone(), via));
        } else {
            self.examine_operator(operator, Demand::Called, via);
        }
    }

    fn has_met_operand(&self, operator: &Operator, via: Via) -> bool {
        let account = self.ways[via].account;
        operator.only_for.iter().any(|oid| self.has_met(account, *oid))
    }

    /// Examines what stood back and does so no longer; tells whether there was any.
    fn take_up_deferred(&mut self) -> bool {
        let (met, deferred): (Vec<_>, Vec<_>) = std::mem::take(&mut self.deferred)
            .into_iter()
            .partition(|(operator, via)| self.has_met_operand(operator, *via));
        self.deferred = deferred;
        for (operator, via) in &met {
            self.examine_operator(operator, Demand::Called, *via);
        }
        !self.wants.is_empty()
    }

    fn vanished(&mut self, what: &str, oid: u32, via: Via) {
        // A built-in object of a kind that is not read ahead has nothing to it.
        if oid >= FIRST_NORMAL_OID {
            let refusal = Refusal::new(format!("The {what} with OID {oid} is gone."));
            self.doubt(refusal, false, via);
        }
    }
}

type NamesAndSchemas = Option<(String, String)>;

/// Names and schemas as arrays: those of the session, and those looked up anywhere.
/// None while they are only probed.
fn by_scope<'a>(
    names: impl Iterator<Item = (&'a Name, Scope)>,
    probe: bool,
) -> (NamesAndSchemas, NamesAndSchemas) {
    if probe {
        return (None, None);
    }
    let mut session = (BTreeSet::new(), BTreeSet::new());
    let mut anywhere = BTreeSet::new();
    for (name, scope) in names {
        match (scope, &name.schema) {
            (Scope::Anywhere | Scope::Path(_), None) => {
                anywhere.insert(name.name.as_str());
            }
            (_, schema) => {
                session.0.insert(name.name.as_str());
                session.1.extend(schema.as_deref());
            }
        }
    }
    let array = |set: BTreeSet<&str>| text_array(set);
    (
        (!session.0.is_empty()).then(|| (array(session.0), array(session.1))),
        (!anywhere.is_empty()).then(|| (array(anywhere), "{}".to_owned())),
    )
}

fn quoted(name: &Name) -> String {
    let quote = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
    match &name.schema {
        Some(schema) => format!("{}.{}", quote(schema), quote(&name.name)),
        None => quote(&name.name),
    }
}
