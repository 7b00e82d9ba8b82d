//! What is known once the catalog has answered: a function, an operator, a type, a relation.

use super::allow;
use super::body;
use super::builtins::FIRST_NORMAL_OID;
use super::facts::{number, text};
use super::judge::{Account, Demand, Judge, Reading, Scope, TypeUse, Via};
use super::refusal::Refusal;
use super::rows::{Function, Operator, Relation, Type};
use super::stored::When;

impl Judge<'_> {
    /// A function by its code.
    pub(super) fn examine(&mut self, function: &Function, demand: Demand, via: Via) {
        if function.procedure || self.is_allowed_by_operator(function) {
            return;
        }
        let in_sql = function.language == "sql";
        if demand == Demand::Folded && function.volatile && !in_sql {
            return;
        }
        self.function(function.support, Demand::Called, via);
        if demand == Demand::Inlined && !in_sql {
            return;
        }
        let here = self.way(via, format!("through function {}", function.signature));
        match function.language.as_str() {
            "internal" | "c" => self.examine_code(function, via),
            "sql" | "plpgsql" => {
                self.bodies |= self.ways[via].account == Account::Statement;
                if let Some(tree) = &function.tree {
                    self.tree(tree, When::Runs, Reading::Plain, here);
                } else {
                    match body::mentions(function) {
                        Ok(mentions) => self.mentions(&mentions, Scope::Anywhere, here),
                        Err(refusal) => {
                            let refusal = self.hinted(refusal, function);
                            self.doubt(refusal, false, here);
                        }
                    }
                }
            }
            other => {
                let refusal = Refusal::new(format!(
                    "The function {} is written in {other}, which cannot be looked into.",
                    function.signature
                ));
                let refusal = self.hinted(refusal, function);
                self.doubt(refusal, false, via);
            }
        }
        if let Some(defaults) = &function.defaults {
            self.tree(defaults, When::Runs, Reading::Plain, here);
        }
        for oid in &function.parts {
            self.function(*oid, Demand::Called, here);
        }
        self.operator(function.state.1, Demand::Called, here);
        for oid in function.types.iter().chain([&function.state.0]) {
            self.type_(*oid, TypeUse::Made, here);
        }
    }

    fn examine_code(&mut self, function: &Function, via: Via) {
        let class = match function.language.as_str() {
            "internal" => allow::internal(&function.source),
            _ => allow::library(&function.library, &function.source),
        };
        match class {
            Some(class) if class.allowed => {
                self.note(class.name, via);
            }
            Some(class) => {
                let refusal = Refusal::new(format!("The function {} {}.", function.signature, class.does));
                self.doubt(refusal.object(&function.signature), false, via);
            }
            None => {
                let whose = match &function.extension {
                    Some(extension) => format!("of the extension \"{extension}\""),
                    None => format!("of {}", function.library),
                };
                let refusal = Refusal::new(format!(
                    "The function {} runs C code {whose} that is not known to be harmless.",
                    function.signature
                ));
                let refusal = self.hinted(refusal, function);
                self.doubt(refusal, false, via);
            }
        }
    }

    /// With the line of `howdah.toml` that allows the function.
    fn hinted(&self, refusal: Refusal, function: &Function) -> Refusal {
        let line = match &function.extension {
            Some(extension) => format!("allow_extensions = [{extension:?}]"),
            None => format!("allow_functions = [{:?}]", function.signature.replace("\"", "")),
        };
        refusal.object(&function.signature).hint(format!(
            "If it is harmless, the operator can allow it in howdah.toml under [targets.{}]: {line}",
            self.target
        ))
    }

    /// Whether the operator's list has it, by `schema.name`, by its signature, or by its extension.
    fn is_allowed_by_operator(&self, function: &Function) -> bool {
        let squeeze = |text: &str| text.replace([' ', '"'], "");
        let name = squeeze(&format!("{}.{}", function.schema, function.name));
        let signature = squeeze(&function.signature);
        let functions = self.policy.allow_functions.iter().map(|entry| squeeze(entry));
        let extension = function.extension.as_ref();
        functions
            .into_iter()
            .any(|entry| entry == name || entry == signature)
            || extension.is_some_and(|extension| self.policy.allow_extensions.contains(extension))
    }

    pub(super) fn examine_operator(&mut self, operator: &Operator, demand: Demand, via: Via) {
        let here = self.way(
            via,
            format!("through operator {}.{}", operator.schema, operator.name),
        );
        for oid in &operator.functions {
            self.function(*oid, demand, here);
        }
        for oid in &operator.relatives {
            self.operator(*oid, demand, here);
        }
    }

    pub(super) fn examine_type(&mut self, type_: &Type, usage: TypeUse, via: Via) {
        let what = format!("through type {}.{}", type_.schema, type_.name);
        let usage = match type_.kind.as_str() {
            "d" => usage,
            _ => TypeUse::Made,
        };
        let here = self.way_of_type(via, what, usage);
        for check in &type_.checks {
            self.tree(check, When::Runs, Reading::Plain, here);
        }
        if !type_.of_extension {
            for oid in type_.functions.iter().chain(&type_.range_functions) {
                self.function_of_type(*oid, here);
            }
        }
        for oid in &type_.parts {
            self.type_(*oid, TypeUse::Made, here);
        }
    }

    /// Built-in input and output functions are made for it, also those that nobody may call.
    fn function_of_type(&mut self, oid: u32, via: Via) {
        if oid >= FIRST_NORMAL_OID {
            self.function(oid, Demand::Called, via);
        }
    }

    pub(super) fn examine_relation(&mut self, relation: &Relation, reading: Reading, via: Via) {
        let name = format!("{}.{}", relation.schema, relation.name);
        if relation.kind == "f" {
            let server = relation.server.clone().unwrap_or_default();
            if !self.policy.allow_foreign_servers.contains(&server) {
                let refusal = Refusal::new(format!(
                    "The foreign table {name} is read from another server (\"{server}\"), outside of this transaction."
                ))
                .object(&name)
                .hint(format!(
                    "The operator can allow it in howdah.toml under [targets.{}]: allow_foreign_servers = [{server:?}]",
                    self.target
                ));
                self.doubt(refusal, false, via);
            }
        }
        if relation.has_children {
            self.wants
                .children
                .insert(relation.oid, (reading.max(Reading::Plain), via));
        }
        if reading != Reading::Rewritten {
            let here = self.way(via, format!("through {} {name}", relation.noun()));
            for oid in &relation.types {
                self.type_(*oid, TypeUse::Column, here);
            }
        }
    }

    /// A row of `attached.sql`, of a relation that was just examined.
    pub(super) fn examine_attached(
        &mut self,
        row: &[Option<String>],
        relation: &Relation,
        reading: Reading,
        via: Via,
    ) {
        let [kind, name, tree, extra] = [1, 2, 3, 4].map(|at| text(row, at));
        let owner = format!("{} {}.{}", relation.noun(), relation.schema, relation.name);
        let named = |judge: &mut Self, what: &str| judge.way(via, format!("through the {what} of {owner}"));
        let when = match reading {
            Reading::Written => When::Runs,
            _ => When::Folds,
        };
        match kind {
            "rule" if extra == "1" => {
                let here = self.way(via, format!("through {owner}"));
                self.tree(tree, When::Runs, Reading::Plain, here);
            }
            "rule" if reading >= Reading::Planned => {
                let here = named(self, &format!("rule {name}"));
                self.tree(tree, When::Runs, reading, here);
            }
            "trigger" if reading == Reading::Written => {
                let here = named(self, &format!("trigger {name}"));
                self.trigger(tree, extra, here);
            }
            "policy" if reading != Reading::Rewritten => {
                let here = named(self, &format!("policy {name}"));
                self.tree(tree, When::Runs, Reading::Plain, here);
            }
            "generated" => {
                let here = named(self, &format!("generated column {name}"));
                self.tree(tree, When::Runs, Reading::Plain, here);
            }
            "stored" if reading >= Reading::Planned => {
                let here = named(self, &format!("generated column {name}"));
                self.tree(tree, when, Reading::Plain, here);
            }
            "default" if reading >= Reading::Planned && self.defaults => {
                let here = named(self, &format!("default of column {name}"));
                self.tree(tree, when, Reading::Plain, here);
            }
            "index" | "check" | "statistics" | "partition key" => {
                let here = named(self, format!("{kind} {name}").trim());
                self.tree(tree, when, Reading::Plain, here);
                self.added_class_used |= !extra.is_empty();
            }
            _ => {}
        }
    }

    /// A trigger's condition and function. Those of foreign keys are the server's own,
    /// and lead to the table at the other end.
    fn trigger(&mut self, condition: &str, function_and_other_end: &str, via: Via) {
        self.tree(condition, When::Runs, Reading::Plain, via);
        let mut oids = function_and_other_end
            .split(' ')
            .map(|oid| oid.parse().unwrap_or(0));
        let function = oids.next().unwrap_or(0);
        let builtin = self.builtins.name(function).1;
        if builtin.starts_with("RI_FKey_setdefault") {
            let refusal = Refusal::new("A foreign key sets columns to their default.");
            self.doubt(refusal, false, via);
        } else if builtin.starts_with("RI_FKey_") {
            self.relation(oids.next().unwrap_or(0), Reading::Written, via);
        } else {
            self.function(function, Demand::Called, via);
        }
    }

    /// A row of `children.sql`.
    pub(super) fn examine_child(&mut self, row: &[Option<String>], reading: Reading, via: Via) {
        self.relation(number(row, 0), reading, via);
    }
}
