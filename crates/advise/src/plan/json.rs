//! Reads what `EXPLAIN (FORMAT JSON)` and auto_explain print.
//!
//! Without recursion: a plan is as deep as its statement has joins, and each level is two of JSON.

use serde_json::Value;

use super::{Actual, Jit, Node, Plan, PlanError, Role, Trigger, label};

/// The plans of a JSON text: an array with one object for each statement, or such an object alone.
///
/// # Errors
/// Says what is wrong, and at which byte.
pub fn read_json(text: &str) -> Result<Vec<Plan>, PlanError> {
    let (plans, length) = read_first_json(text)?;
    let mut reader = Reader { text, at: length };
    match reader.peek() {
        None => Ok(plans),
        Some(_) => Err(reader.error("something follows the plan")),
    }
}

/// The plans of the JSON that a text begins with, and how long that is.
pub(super) fn read_first_json(text: &str) -> Result<(Vec<Plan>, usize), PlanError> {
    let mut reader = Reader { text, at: 0 };
    let mut plans = Vec::new();
    match reader.peek() {
        Some(b'[') => {
            reader.at += 1;
            while reader.peek() == Some(b'{') {
                plans.push(reader.statement()?);
                if reader.peek() == Some(b',') {
                    reader.at += 1;
                }
            }
            reader.expect(b']')?;
        }
        _ => plans.push(reader.statement()?),
    }
    Ok((plans, reader.at))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// What is being read, from the outside in.
enum Open {
    /// The members of a node.
    Node(usize),
    /// The nodes below one.
    Below(usize),
}

impl<'a> Reader<'a> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), PlanError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(&format!("{:?} is missing", char::from(byte))))
    }

    fn error(&self, what: &str) -> PlanError {
        PlanError(format!("The JSON is no plan: at byte {} {what}.", self.at))
    }

    /// `{"Plan": {…}, "Planning Time": …}`
    fn statement(&mut self) -> Result<Plan, PlanError> {
        let mut plan = Plan::default();
        // A node alone.
        let start = self.at;
        self.expect(b'{')?;
        let first = self.key().ok().flatten();
        self.at = start;
        if first.as_deref() == Some("Node Type") {
            self.nodes(&mut plan)?;
            return Ok(plan);
        }
        self.expect(b'{')?;
        while let Some(key) = self.key()? {
            if key == "Plan" && plan.nodes.is_empty() && self.peek() == Some(b'{') {
                self.nodes(&mut plan)?;
            } else {
                let value = self.value()?;
                footer(&mut plan, &key, value);
            }
        }
        if plan.nodes.is_empty() {
            return Err(self.error("there is no node"));
        }
        Ok(plan)
    }

    /// The next member's name; `None` at the end of the object, which is then behind.
    fn key(&mut self) -> Result<Option<String>, PlanError> {
        if self.peek() == Some(b',') {
            self.at += 1;
        }
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(None);
        }
        let raw = self.raw_string()?;
        let key = serde_json::from_str(raw).map_err(|_| self.error("a name cannot be read"))?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    fn nodes(&mut self, plan: &mut Plan) -> Result<(), PlanError> {
        self.expect(b'{')?;
        let mut open = vec![Open::Node(plan.add(None))];
        while let Some(innermost) = open.last() {
            match *innermost {
                Open::Node(node) => match self.key()? {
                    None => {
                        finish(&mut plan.nodes[node]);
                        open.pop();
                    }
                    Some(key) if key == "Plans" => {
                        self.expect(b'[')?;
                        open.push(Open::Below(node));
                    }
                    Some(key) => {
                        let value = self.value()?;
                        member(&mut plan.nodes[node], key, value);
                    }
                },
                Open::Below(parent) => match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        open.pop();
                    }
                    _ => {
                        self.expect(b'{')?;
                        open.push(Open::Node(plan.add(Some(parent))));
                    }
                },
            }
        }
        Ok(())
    }

    fn raw_string(&mut self) -> Result<&'a str, PlanError> {
        self.expect(b'"')?;
        let start = self.at - 1;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                b'"' => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at]);
                }
                _ => 1,
            };
        }
        self.at = start;
        Err(self.error("a string does not end"))
    }

    /// A value, whole.
    fn value(&mut self) -> Result<Value, PlanError> {
        self.peek();
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.raw_string()?;
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                Some(byte) if byte.is_ascii_alphanumeric() || byte == b'-' => {
                    let rest = &self.text.as_bytes()[self.at..];
                    let word = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                    self.at += rest.iter().take_while(word).count();
                }
                _ => return Err(self.error("a value is missing")),
            }
            if depth == 0 {
                break;
            }
        }
        let raw = &self.text[start..self.at];
        serde_json::from_str(raw).map_err(|_| self.error("a value cannot be read"))
    }
}

/// A member of a node.
fn member(node: &mut Node, key: String, value: Value) {
    let number = value.as_f64().unwrap_or(0.0);
    match key.as_str() {
        "Node Type" => node.kind = plain(&value),
        "Parent Relationship" => {
            node.role = match value.as_str() {
                Some("InitPlan") => Role::InitPlan,
                Some("SubPlan") => Role::SubPlan,
                _ => Role::Input,
            };
        }
        "Subplan Name" => node.subplan = Some(plain(&value)),
        "Schema" => node.schema = Some(plain(&value)),
        "Relation Name" | "Function Name" | "CTE Name" | "Table Function Name" | "Tuplestore Name" => {
            node.relation = Some(plain(&value));
        }
        "Alias" => node.alias = Some(plain(&value)),
        "Index Name" => node.index = Some(plain(&value)),
        "Startup Cost" => node.cost.get_or_insert_default().0 = number,
        "Total Cost" => node.cost.get_or_insert_default().1 = number,
        "Plan Rows" => node.plan_rows = number,
        "Plan Width" => node.width = number,
        "Actual Startup Time" => actual(node).ms.get_or_insert_default().0 = number,
        "Actual Total Time" => actual(node).ms.get_or_insert_default().1 = number,
        "Actual Rows" => actual(node).rows = number,
        "Actual Loops" => actual(node).loops = number,
        "Workers" => {
            for worker in value.as_array().into_iter().flatten() {
                if worker["Sort Space Type"] == "Disk" {
                    node.worker_disk_kb += worker["Sort Space Used"].as_f64().unwrap_or(0.0);
                }
                for groups in ["Full-sort Groups", "Pre-sorted Groups"] {
                    let peak = &worker[groups]["Sort Space Disk"]["Peak Sort Space Used"];
                    node.worker_disk_kb += peak.as_f64().unwrap_or(0.0);
                }
                node.worker_disk_kb += worker["Disk Usage"].as_f64().unwrap_or(0.0);
                for (name, value) in worker.as_object().into_iter().flatten() {
                    node.did_in_worker(name, &plain(value));
                }
            }
        }
        // What is selected is the longest part of a verbose plan and says nothing of it.
        "Output" => {}
        "Full-sort Groups" | "Pre-sorted Groups" => {
            let disk = value["Sort Space Disk"]["Peak Sort Space Used"].as_f64();
            if let Some(kilobytes) = disk {
                node.details
                    .insert("Sort Space Type".to_owned(), "Disk".to_owned());
                node.details
                    .insert("Sort Space Used".to_owned(), kilobytes.to_string());
            }
        }
        "I/O Read Time" => {
            node.details
                .insert("Shared I/O Read Time".to_owned(), plain(&value));
        }
        _ => {
            node.details.insert(key, plain(&value));
        }
    }
}

fn actual(node: &mut Node) -> &mut Actual {
    node.actual.get_or_insert_default()
}

fn finish(node: &mut Node) {
    node.label = label::of_json(node);
    if node.alias.is_none() {
        node.alias.clone_from(&node.relation);
    }
}

/// A value as text, the items of a list joined by commas.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// A member beside the plan.
fn footer(plan: &mut Plan, key: &str, value: Value) {
    match key {
        "Planning Time" => plan.planning_ms = value.as_f64(),
        "Execution Time" => plan.execution_ms = value.as_f64(),
        "Query Text" => plan.query = value.as_str().map(str::to_owned),
        "Settings" => {
            let settings = value.as_object().into_iter().flatten();
            plan.settings = settings
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect();
        }
        "JIT" => {
            let timing = &value["Timing"];
            plan.jit = Some(Jit {
                functions: value["Functions"].as_f64().unwrap_or(0.0),
                ms: timing["Total"].as_f64().unwrap_or(0.0),
            });
        }
        "Triggers" => {
            for trigger in value.as_array().into_iter().flatten() {
                let constraint = trigger["Constraint Name"].as_str();
                plan.triggers.push(Trigger {
                    name: constraint
                        .or(trigger["Trigger Name"].as_str())
                        .unwrap_or_default()
                        .to_owned(),
                    is_constraint: constraint.is_some(),
                    relation: trigger["Relation"].as_str().map(str::to_owned),
                    ms: trigger["Time"].as_f64().unwrap_or(0.0),
                    calls: trigger["Calls"].as_f64().unwrap_or(0.0),
                });
            }
        }
        _ => {}
    }
}
