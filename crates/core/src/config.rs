use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// The text of `howdah.toml`, parsed once. Each crate reads the section it
/// owns, so that a new section touches nothing here.
#[derive(Debug, Clone, Default)]
pub struct Config {
    table: toml::Table,
    origin: String,
}

impl Config {
    /// Parses the text; `origin` is the file's name for messages.
    pub fn parse(text: &str, origin: impl Into<String>) -> Result<Self> {
        let origin = origin.into();
        let table = text.parse().map_err(|error: toml::de::Error| {
            Error::invalid(format!("{origin} is not valid TOML: {error}"))
                .hint("Correct the file, or name another one with --config.")
        })?;
        Ok(Self { table, origin })
    }

    /// The file this came from; empty without one.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The section `name` as `T`; `T::default()` where the file has none.
    pub fn section<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T> {
        match self.table.get(name) {
            None => Ok(T::default()),
            Some(value) => value.clone().try_into().map_err(|error| {
                Error::invalid(format!("Section [{name}] of {}: {error}", self.origin))
                    .hint("`howdah doctor` checks the whole file.")
            }),
        }
    }

    /// The names of what is directly in the section `name`; none where it is no table.
    pub fn keys(&self, name: &str) -> impl Iterator<Item = &str> {
        let section = self.table.get(name).and_then(toml::Value::as_table);
        section
            .into_iter()
            .flat_map(|table| table.keys())
            .map(String::as_str)
    }

    /// The names of all sections in the file.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(String::as_str)
    }
}
