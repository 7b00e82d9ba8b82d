use howdah_core::{Error, Result, ToolEntry};
use serde_json::{Map, Value};

/// The arguments, if the tool knows all of their names. A misspelt one that was
/// silently left out would change what is done.
pub(super) fn checked(tool: &ToolEntry, arguments: Option<Map<String, Value>>) -> Result<Value> {
    let arguments = arguments.unwrap_or_default();
    let schema = (tool.input_schema)();
    let known: Vec<&str> = schema["properties"]
        .as_object()
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    let Some(stranger) = arguments.keys().find(|name| !known.contains(&name.as_str())) else {
        return Ok(Value::Object(arguments));
    };
    let error = Error::invalid(format!("{} has no argument {stranger}.", tool.name));
    Err(if known.is_empty() {
        error.hint("It takes none.")
    } else {
        error.hint(format!("It takes {}.", known.join(", ")))
    })
}
