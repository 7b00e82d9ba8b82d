use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use howdah_core::{Error, Result, ToolEntry};
use serde_json::{Map, Value};

/// The arguments, if the tool knows all of their names. A misspelt one that was
/// silently left out would change what is done.
///
/// Null stands for an argument that is left out: clients whose model must fill in every
/// property send it, and no argument of any tool means something else by it.
pub(super) fn checked(tool: &ToolEntry, arguments: Option<Map<String, Value>>) -> Result<Value> {
    let mut arguments = arguments.unwrap_or_default();
    let known = known(tool);
    arguments.retain(|name, value| !(value.is_null() && known.contains(name)));
    let Some(stranger) = arguments.keys().find(|name| !known.contains(name)) else {
        return Ok(Value::Object(arguments));
    };
    let error = Error::invalid(format!("{} has no argument {stranger}.", tool.name));
    Err(if known.is_empty() {
        error.hint("It takes none.")
    } else {
        error.hint(format!("It takes {}.", known.join(", ")))
    })
}

/// The names of a tool's arguments. The schema that they are taken from costs as
/// much as a small query, so it is made once.
fn known(tool: &ToolEntry) -> Arc<[String]> {
    static KNOWN: Mutex<BTreeMap<&str, Arc<[String]>>> = Mutex::new(BTreeMap::new());
    let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let names = all.entry(tool.name).or_insert_with(|| {
        let schema = (tool.input_schema)();
        let properties = schema["properties"].as_object();
        properties
            .map(|properties| properties.keys().cloned().collect())
            .unwrap_or_default()
    });
    Arc::clone(names)
}
