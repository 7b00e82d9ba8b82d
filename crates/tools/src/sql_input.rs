//! SQL and its parameters as they come in: an argument, a file, standard input.

use std::borrow::Cow;
use std::convert::Infallible;
use std::io::{IsTerminal, Read, Seek, SeekFrom};
use std::path::Path;
use std::str::FromStr;

use howdah_core::{Caller, Error, ErrorKind, Result};
use howdah_pg::guard;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Text from a file or a pipe that is longer is no statement.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The statements of a whole application: each is parsed, so that more would take minutes.
const WORKLOAD_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The statement that the caller sends: from where [`text`] takes it for a person; others have the argument alone.
/// What would only cost time to parse is turned away.
pub(crate) async fn statement(caller: &Caller, argument: &str, file: Option<&Path>) -> Result<String> {
    let sql = match caller {
        Caller::Person { .. } => text(argument, file).await?,
        _ if file.is_some() => {
            return Err(Error::refused(
                "Files are read for people at the command line only.",
            ));
        }
        _ => argument.to_owned(),
    };
    let first = sql.split_whitespace().next().unwrap_or_default();
    if first.starts_with('\\') {
        return Err(Error::invalid(format!("{first} is a command of psql, which a server does not know.")).hint(
            "`howdah search` (search_objects) lists what there is, `howdah describe NAME` (get_table_schema) describes one.",
        ));
    }
    if first.is_empty() && matches!(caller, Caller::Person { .. }) {
        return Err(Error::invalid("There is no statement.")
            .hint("Give it as an argument, with --file, or on standard input."));
    }
    guard::bounded(&sql)?;
    Ok(sql)
}

/// The statement: the argument; else the file; else, where it is no terminal, standard input.
pub(crate) async fn text(argument: &str, file: Option<&Path>) -> Result<String> {
    text_of(argument, file, MAX_BYTES).await
}

/// The statements of a workload, from a file or from standard input.
pub(crate) async fn workload(file: Option<&Path>) -> Result<String> {
    text_of("", file, WORKLOAD_MAX_BYTES).await
}

async fn text_of(argument: &str, file: Option<&Path>, most: u64) -> Result<String> {
    if !argument.is_empty() && argument != "-" {
        return Ok(argument.to_owned());
    }
    let file = file.map(Path::to_owned);
    let read = tokio::task::spawn_blocking(move || match file {
        Some(path) => {
            let opened = std::fs::File::open(&path);
            let text = opened.and_then(|file| bounded(file, most));
            text.map_err(|error| local(format!("{} cannot be read: {error}", path.display())))
        }
        None if std::io::stdin().is_terminal() => Err(Error::invalid("There is no statement.")
            .hint("Give it as an argument, with --file, or on standard input.")),
        None => bounded(std::io::stdin().lock(), most)
            .map_err(|error| local(format!("Standard input cannot be read: {error}"))),
    });
    read.await
        .map_err(|error| Error::internal(format!("Reading the statement failed: {error}")))?
}

/// Of a longer log the end is read: what happened last.
const LOG_MAX_BYTES: u64 = 128 * 1024 * 1024;

/// A server's log, of a file or of standard input, and a note where that is not all of it.
pub(crate) async fn log(file: Option<&Path>) -> Result<(String, Option<String>)> {
    let file = file.map(Path::to_owned);
    let read = tokio::task::spawn_blocking(move || match file {
        Some(path) => std::fs::File::open(&path)
            .and_then(end_of)
            .map_err(|error| local(format!("{} cannot be read: {error}", path.display()))),
        None => beginning_of(std::io::stdin().lock())
            .map_err(|error| local(format!("Standard input cannot be read: {error}"))),
    });
    read.await
        .map_err(|error| Error::internal(format!("Reading the log failed: {error}")))?
}

fn end_of(mut file: std::fs::File) -> std::io::Result<(String, Option<String>)> {
    let length = file.metadata()?.len();
    if length <= LOG_MAX_BYTES {
        return beginning_of(file);
    }
    file.seek(SeekFrom::Start(length - LOG_MAX_BYTES))?;
    let (text, _) = beginning_of(file)?;
    // It begins anywhere in a line.
    let text = text.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_owned());
    Ok((text, Some(cut("last", length))))
}

fn beginning_of(from: impl Read) -> std::io::Result<(String, Option<String>)> {
    let mut bytes = Vec::new();
    from.take(LOG_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    let length = bytes.len() as u64;
    // Each database writes in its own encoding.
    let text = match marked(&bytes) {
        Some(text) => text?,
        None => String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    };
    Ok((text, (length > LOG_MAX_BYTES).then(|| cut("first", length))))
}

fn cut(which: &str, length: u64) -> String {
    format!(
        "Of the log, which has {} MB or more, the {which} {} MB were read.",
        length / 1024 / 1024,
        LOG_MAX_BYTES / 1024 / 1024
    )
}

fn bounded(from: impl Read, most: u64) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most = most / 1024 / 1024;
        return Err(std::io::Error::other(format!("it has more than {most} MB, which are the most")));
    }
    if let Some(text) = marked(&bytes) {
        return text;
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(std::io::Error::other(format!("it is no text: byte {at} is zero")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        std::io::Error::other(format!("it is no text in UTF-8, from byte {at} on"))
    })
}

/// The text of what begins with the mark of its encoding, as editors on Windows write it; the mark is no part of it.
fn marked(bytes: &[u8]) -> Option<std::io::Result<String>> {
    let of_pairs = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        let text: Result<String, _> = char::decode_utf16(pairs).collect();
        text.map_err(|_| std::io::Error::other("it begins as a text in UTF-16 and is none"))
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => Some(String::from_utf8(rest.to_vec()).map_err(|error| {
            let at = error.utf8_error().valid_up_to() + 3;
            std::io::Error::other(format!("it is no text in UTF-8, from byte {at} on"))
        })),
        [0xff, 0xfe, rest @ ..] => Some(of_pairs(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Some(of_pairs(rest, u16::from_be_bytes)),
        _ => None,
    }
}

fn local(message: String) -> Error {
    Error::new(ErrorKind::Local, message)
}

/// A bound value: text, a number, true, false or null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Param(Value);

impl Param {
    /// As the server reads it; `None` is NULL. Arrays and objects are sent as JSON.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.0 {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

impl FromStr for Param {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Value::String(text.to_owned())))
    }
}

impl JsonSchema for Param {
    fn schema_name() -> Cow<'static, str> {
        "Param".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean", "null"] })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_text_may_begin_with_the_mark_of_its_encoding() {
        let read = |bytes: &[u8]| bounded(bytes, 40).map_err(|error| error.to_string());
        let text = "SELECT 'ü'";
        let pairs = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(order).collect()
        };
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()).unwrap(), text);
        assert_eq!(read(&pairs(u16::to_le_bytes)).unwrap(), text);
        assert_eq!(read(&pairs(u16::to_be_bytes)).unwrap(), text);
        assert!(read(&[0xff, 0xfe, 0x00, 0xd8]).unwrap_err().contains("UTF-16"));
        assert!(read(b"SEL\0ECT").unwrap_err().contains("byte 3"));
        assert!(read(b"SEL\xff").unwrap_err().contains("UTF-8"));
        // What is too long is not cut: its end would be missing unseen.
        assert_eq!(read(&[b'a'; 40]).unwrap().len(), 40);
        assert!(read(&[b'a'; 41]).unwrap_err().contains("the most"));
    }

    #[test]
    fn values_are_sent_as_text() {
        let params: Vec<Param> = serde_json::from_str(r#"["a'b", 1, 1.50, true, null, [1, 2]]"#).unwrap();
        let texts: Vec<Option<String>> = params.iter().map(Param::text).collect();
        let expected = [
            Some("a'b"),
            Some("1"),
            Some("1.5"),
            Some("true"),
            None,
            Some("[1,2]"),
        ];
        assert_eq!(texts.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    }
}
