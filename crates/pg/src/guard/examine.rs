//! What is known once the catalog has answered: a function, an operator, a type, a relation.

use std::sync::Arc;

use super::allow;
use super::body;
use super::builtins::FIRST_NORMAL_OID;
use super::facts::{number, text};
use super::judge::{Account, Demand, Judge, Reader, Reading, Scope, Via};
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
        let what = format!("through function {}", function.signature);
        let here = self.way_behind(via, what.as_str());
        let scope = self.scope_of(function, via);
        self.ways[here].scope = scope;
        self.paths_differ |= scope != Scope::Session;
        match function.language.as_str() {
            "internal" | "c" => self.examine_code(function, via),
            "sql" | "plpgsql" => {
                self.bodies |= self.ways[via].account == Account::Statement;
                if let Some(tree) = &function.tree {
                    self.tree(tree, When::Runs, Reading::Plain, here);
                } else if !self.leave_to_analyser(function, here) {
                    self.body(function, here);
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
        self.type_(function.state.0, here);
        // An argument may be a literal, which becomes a value when the call is analysed.
        let signature = self.way(via, what);
        for oid in &function.types {
            self.type_(*oid, signature);
        }
    }

    /// Whether the body is left for the analyser.
    fn leave_to_analyser(&mut self, function: &Function, here: Via) -> bool {
        let way = &self.ways[here];
        let resolved_as_here =
            function.language == "sql" && way.scope == Scope::Session && way.account == Account::Statement;
        match &mut self.open_bodies {
            Some(open) if resolved_as_here => {
                open.push((Arc::new(function.clone()), here));
                true
            }
            _ => false,
        }
    }

    /// What a body names.
    pub(super) fn body(&mut self, function: &Function, here: Via) {
        match body::mentions(function) {
            Ok(found) => {
                self.mentions(&found.bare, self.ways[here].scope, here);
                self.mentions(&found.anywhere, Scope::Anywhere, here);
            }
            Err(refusal) => {
                let refusal = self.hinted(refusal, function);
                self.doubt(refusal, false, here);
            }
        }
    }

    /// Where the bare names of a body are looked up when it runs.
    fn scope_of(&mut self, function: &Function, via: Via) -> Scope {
        let Some(setting) = &function.search_path else {
            return match function.security_definer {
                // "$user" is somebody else then.
                true => Scope::Anywhere,
                false => self.ways[via].scope,
            };
        };
        let Some(mut path) = schemas(setting) else {
            return Scope::Anywhere;
        };
        path.push("pg_catalog".to_owned());
        let known = self.paths.iter().position(|known| *known == path);
        Scope::Path(known.unwrap_or_else(|| {
            self.paths.push(path);
            self.paths.len() - 1
        }))
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

    pub(super) fn examine_type(&mut self, type_: &Type, via: Via) {
        let what = format!("through type {}.{}", type_.schema, type_.name);
        if !type_.of_extension {
            let here = self.way_of_type(via, what.clone(), Reader::Analyser);
            for oid in &type_.analysed_with {
                self.function_of_type(*oid, here);
            }
        }
        let reader = match type_.functions.is_empty() {
            true => Reader::Parts,
            false => Reader::Own,
        };
        let here = self.way_of_type(via, what, reader);
        for check in &type_.checks {
            self.tree(check, When::Runs, Reading::Plain, here);
        }
        if !type_.of_extension {
            for oid in type_.functions.iter().chain(&type_.range_functions) {
                self.function_of_type(*oid, here);
            }
        }
        for oid in &type_.parts {
            self.type_(*oid, here);
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
            self.wants.children.insert(
                (relation.oid, self.ways[via].scope),
                (reading.max(Reading::Plain), via),
            );
        }
        if reading != Reading::Rewritten {
            let here = self.way(via, format!("through {} {name}", relation.noun()));
            for oid in &relation.types {
                self.type_(*oid, here);
            }
            self.meet(relation.row_type, via);
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
        let named =
            |judge: &mut Self, what: &str| judge.way_behind(via, format!("through the {what} of {owner}"));
        let when = match reading {
            Reading::Written => When::Runs,
            _ => When::Folds,
        };
        match kind {
            "rule" if extra == "1" => {
                let here = self.way_behind(via, format!("through {owner}"));
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

/// The schemas of a search path as `pg_proc.proconfig` holds it; None where it depends on who asks.
fn schemas(setting: &str) -> Option<Vec<String>> {
    let mut schemas = Vec::new();
    let mut rest = setting.trim();
    while !rest.is_empty() {
        let after = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut name = String::new();
                let mut parts = quoted.split('"');
                let mut read = parts.next()?.len() + 1;
                name.push_str(&quoted[..read - 1]);
                while quoted.get(read..)?.starts_with('"') {
                    let more = quoted[read + 1..].split('"').next()?;
                    name.push('"');
                    name.push_str(more);
                    read += 1 + more.len() + 1;
                }
                schemas.push(name);
                quoted.get(read..)?
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let name = rest[..end].trim();
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                if name.is_empty() || !name.chars().all(plain) {
                    return None;
                }
                schemas.push(name.to_owned());
                &rest[end..]
            }
        };
        rest = match after.trim_start().strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if after.trim().is_empty() => "",
            None => return None,
        };
    }
    (!schemas.iter().any(|schema| schema == "$user")).then_some(schemas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_path_of_a_function_is_read_or_distrusted() {
        let read = |setting: &str| schemas(setting).map(|found| found.join("|"));
        assert_eq!(read("pg_catalog, pg_temp").as_deref(), Some("pg_catalog|pg_temp"));
        assert_eq!(read("\"\"").as_deref(), Some(""));
        assert_eq!(read("\"A b\", x,\"c\"\"d\"").as_deref(), Some("A b|x|c\"d"));
        for doubtful in ["\"$user\", public", "$user", "A", "\"a", "a b", "a,,b"] {
            assert_eq!(read(doubtful), None, "{doubtful}");
        }
    }
}
