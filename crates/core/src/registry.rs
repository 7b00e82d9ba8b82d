use clap::{ArgMatches, Args};
use futures::future::BoxFuture;
use serde_json::Value;

use crate::{Command, Context, Effect, Error, Output, Report, Result, Tool, Toolset};

/// A finished call. Each form of its result is made when a face asks for it:
/// none needs all of them.
pub struct Outcome {
    out: Box<dyn AnyOutput>,
    /// For the command line.
    pub exit_code: u8,
}

impl Outcome {
    fn of<T: Output>(out: T) -> Self {
        Self {
            exit_code: out.exit_code(),
            out: Box::new(out),
        }
    }

    /// The structured output.
    pub fn value(&self) -> Result<Value> {
        self.out.value()
    }

    /// For people.
    pub fn report(&self) -> Report {
        self.out.report()
    }

    /// For models, beside the structured output.
    pub fn summary(&self) -> String {
        self.out.summary()
    }

    /// The id of the job that was started.
    pub fn job(&self) -> Option<&str> {
        self.out.job()
    }
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outcome")
            .field("summary", &self.summary())
            .field("exit_code", &self.exit_code)
            .finish_non_exhaustive()
    }
}

/// An [`Output`] whose type is erased.
trait AnyOutput: Send {
    fn value(&self) -> Result<Value>;
    fn report(&self) -> Report;
    fn summary(&self) -> String;
    fn job(&self) -> Option<&str>;
}

impl<T: Output> AnyOutput for T {
    fn value(&self) -> Result<Value> {
        to_value(self)
    }

    fn report(&self) -> Report {
        Output::report(self)
    }

    fn summary(&self) -> String {
        Output::summary(self)
    }

    fn job(&self) -> Option<&str> {
        Output::job(self)
    }
}

/// A registered [`Tool`], with its types erased.
pub struct ToolEntry {
    /// See [`Tool::NAME`].
    pub name: &'static str,
    /// See [`Tool::TITLE`].
    pub title: &'static str,
    /// See [`Tool::TOOLSET`].
    pub toolset: Toolset,
    /// See [`Tool::EFFECT`].
    pub effect: Effect,
    /// See [`Tool::PERSON_ONLY`].
    pub person_only: bool,
    /// See [`Tool::ENDS_WHEN_TOLD`].
    pub ends_when_told: bool,
    /// JSON schema of the input, its `description` being the tool's doc comment.
    pub input_schema: fn() -> Value,
    /// JSON schema of the output.
    pub output_schema: fn() -> Value,
    /// Runs it on JSON arguments.
    pub run: for<'a> fn(Value, &'a Context) -> BoxFuture<'a, Result<Outcome>>,
}

/// A registered command line: a tool's own, or a further one over it.
pub struct CommandEntry {
    /// The words of the command.
    pub path: &'static [&'static str],
    /// See [`Tool::EXAMPLES`].
    pub examples: &'static str,
    /// The name of the tool behind it.
    pub tool: &'static str,
    /// Whether it is the tool's own command, with all of its arguments.
    pub is_of_tool: bool,
    /// Adds its arguments and description to a clap command.
    pub augment: fn(clap::Command) -> clap::Command,
    /// Parsed arguments as the tool's JSON input.
    pub to_input: fn(&ArgMatches) -> Result<Value>,
}

inventory::collect!(ToolEntry);
inventory::collect!(CommandEntry);

/// Every tool, sorted by name.
pub fn tools() -> Vec<&'static ToolEntry> {
    let mut all: Vec<_> = inventory::iter::<ToolEntry>().collect();
    all.sort_by_key(|tool| tool.name);
    all
}

/// The tool of that name.
pub fn find_tool(name: &str) -> Option<&'static ToolEntry> {
    inventory::iter::<ToolEntry>().find(|tool| tool.name == name)
}

/// Every command line, sorted by its words.
pub fn commands() -> Vec<&'static CommandEntry> {
    let mut all: Vec<_> = inventory::iter::<CommandEntry>().collect();
    all.sort_by_key(|command| command.path);
    all
}

impl ToolEntry {
    /// The entry of a tool; see [`tool!`](crate::tool).
    pub const fn of<T: Tool>() -> Self {
        Self {
            name: T::NAME,
            title: T::TITLE,
            toolset: T::TOOLSET,
            effect: T::EFFECT,
            person_only: T::PERSON_ONLY,
            ends_when_told: T::ENDS_WHEN_TOLD,
            input_schema: || schemars::schema_for!(T).to_value(),
            output_schema: || schemars::schema_for!(T::Out).to_value(),
            run: |input, cx| Box::pin(run::<T>(input, cx)),
        }
    }

    /// The tool's doc comment.
    pub fn doc(&self) -> String {
        (self.input_schema)()["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

impl CommandEntry {
    /// The command of a tool itself; see [`tool!`](crate::tool).
    pub const fn of_tool<T: Tool>() -> Self {
        Self {
            path: T::COMMAND,
            examples: T::EXAMPLES,
            tool: T::NAME,
            is_of_tool: true,
            augment: T::augment_args,
            to_input: |matches| to_value(&T::from_arg_matches(matches).map_err(bad_arguments)?),
        }
    }

    /// A further command over a tool; see [`command!`](crate::command).
    pub const fn of<C: Command>() -> Self {
        Self {
            path: C::COMMAND,
            examples: C::EXAMPLES,
            tool: C::Tool::NAME,
            is_of_tool: false,
            augment: <C as Args>::augment_args,
            to_input: |matches| to_value(&C::from_arg_matches(matches).map_err(bad_arguments)?.into_tool()?),
        }
    }
}

/// Registers a [`Tool`] and its command.
#[macro_export]
macro_rules! tool {
    ($tool:ty) => {
        $crate::inventory::submit! { $crate::ToolEntry::of::<$tool>() }
        $crate::inventory::submit! { $crate::CommandEntry::of_tool::<$tool>() }
    };
}

/// Registers a further [`Command`] over a tool.
#[macro_export]
macro_rules! command {
    ($command:ty) => {
        $crate::inventory::submit! { $crate::CommandEntry::of::<$command>() }
    };
}

async fn run<T: Tool>(input: Value, cx: &Context) -> Result<Outcome> {
    // A client that has nothing to say may send null instead of an object.
    let input = if input.is_null() {
        Value::Object(Default::default())
    } else {
        input
    };
    let tool = T::deserialize(&input).map_err(|error| unfit::<T>(&input, &error))?;
    Ok(Outcome::of(tool.run(cx).await?))
}

/// Which argument does not fit, and how, in the words of JSON.
fn unfit<T: Tool>(input: &Value, error: &serde_json::Error) -> Error {
    let is_missing = |error: &serde_json::Error| error.to_string().starts_with("missing field");
    let mut first = serde_json::Map::new();
    let culprit = input.as_object().into_iter().flatten().find_map(|(name, value)| {
        first.insert(name.clone(), value.clone());
        let error = T::deserialize(&Value::Object(first.clone())).err()?;
        (!is_missing(&error)).then_some(name)
    });
    let how = in_words_of_json(&error.to_string());
    match culprit {
        Some(name) if !is_missing(error) => {
            Error::invalid(format!("The argument `{name}` does not fit: {how}"))
        }
        _ => Error::invalid(format!("The arguments do not fit the tool's schema: {how}")),
    }
}

/// The library names types as Rust does; a caller knows those of JSON.
fn in_words_of_json(error: &str) -> String {
    let Some((got, expected)) = error.rsplit_once(", expected ") else {
        return error.to_owned();
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more, that is not too large",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number that is not too large",
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
        "a map" => "an object",
        "path string" => "a string",
        other => other,
    };
    let got = got
        .replace("invalid type: map", "an object")
        .replace("invalid type: sequence", "an array");
    let got = got
        .trim_start_matches("invalid type: ")
        .trim_start_matches("invalid value: ");
    format!("{got} was given, and {expected} is expected")
}

fn to_value<T: serde::Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::internal(format!("A result could not be written as JSON: {error}")))
}

fn bad_arguments(error: clap::Error) -> Error {
    Error::invalid(error.to_string())
}
