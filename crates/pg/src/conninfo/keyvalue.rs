use super::ConnInfoError;
use super::settings::Settings;

/// Parses `key = value` pairs, values in single quotes where they have spaces, with `\` as escape.
pub(super) fn parse(text: &str) -> Result<Settings, ConnInfoError> {
    let mut settings = Settings::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let key = &rest[..end];
        let Some(after) = rest[end..].trim_start().strip_prefix('=') else {
            return Err(missing_equals(key, text));
        };
        let (value, after) = value(after.trim_start(), key)?;
        settings.set(key, value)?;
        rest = after.trim_start();
    }
    Ok(settings)
}

fn missing_equals(key: &str, text: &str) -> ConnInfoError {
    // The word may be part of a password: only one that stands alone is shown.
    let error = if key == text.trim() && key.len() < 64 && !key.contains(['@', ':']) {
        ConnInfoError::new(format!(
            "\"{key}\" is no connection string: there is no \"=\" in it"
        ))
    } else {
        ConnInfoError::new("The connection string is neither a URL nor key=value pairs")
    };
    error.hint("Write postgres://user@host:5432/dbname, or host=… port=… dbname=… user=….")
}

/// A value, quoted or not, and what follows it.
fn value<'a>(text: &'a str, key: &str) -> Result<(String, &'a str), ConnInfoError> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices();
    if quoted {
        chars.next();
    }
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, escaped)) => value.push(escaped),
                None if quoted => break,
                None => return Ok((value, "")),
            },
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if c.is_whitespace() && !quoted => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if quoted {
        return Err(ConnInfoError::new(format!(
            "The quoted value of \"{}\" does not end",
            key.chars().take(60).collect::<String>()
        )));
    }
    Ok((value, ""))
}
