use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::conninfo::{ConnInfoError, Host, HostName};
use crate::secret::Secret;

/// The password that the file at `path` holds for this host, port, database and user.
/// A file that does not exist holds none; one that others can read is refused.
pub(crate) fn lookup(
    path: &Path,
    host: &Host,
    database: &str,
    user: &str,
) -> Result<Option<Secret>, ConnInfoError> {
    let Ok(metadata) = std::fs::metadata(path) else {
        return Ok(None);
    };
    if !metadata.is_file() {
        return Ok(None);
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(ConnInfoError::new(format!(
            "A password is needed, and the password file {} is not used: others than its owner can read it",
            path.display()
        ))
        .hint(format!("chmod 600 {}", path.display())));
    }
    let text = std::fs::read(path).map_err(|error| {
        ConnInfoError::new(format!(
            "The password file {} cannot be read: {error}",
            path.display()
        ))
    })?;
    let text = String::from_utf8_lossy(&text);
    Ok(find(&text, &names(host), host.port, database, user).map(Secret::new))
}

/// What a line may call this host: sockets are `localhost`, or their directory.
fn names(host: &Host) -> Vec<String> {
    match (&host.name, host.hostaddr) {
        (HostName::Tcp(name), Some(address)) if name.is_empty() => vec![address.to_string()],
        (HostName::Tcp(name), _) => vec![name.clone()],
        (HostName::Directory(_) | HostName::Abstract(_), _) => {
            vec!["localhost".to_owned(), host.name()]
        }
        (HostName::Bridge(_), _) => Vec::new(),
    }
}

fn find(text: &str, hosts: &[String], port: u16, database: &str, user: &str) -> Option<String> {
    let port = port.to_string();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let mut rest = line;
            let mut matches = |wanted: &[&str]| -> Option<bool> {
                let (field, after) = field(rest)?;
                rest = after;
                Some(field.is_wildcard || wanted.contains(&field.text.as_str()))
            };
            let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
            let fits =
                matches(&hosts)? & matches(&[port.as_str()])? & matches(&[database])? & matches(&[user])?;
            fits.then(|| unescape(rest.strip_suffix('\r').unwrap_or(rest)))
        })
}

struct Field {
    text: String,
    is_wildcard: bool,
}

/// A field up to the next bare colon, and what follows the colon.
fn field(text: &str) -> Option<(Field, &str)> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b':' => {
                let raw = &text[..at];
                let field = Field {
                    text: unescape(raw),
                    is_wildcard: raw == "*",
                };
                return Some((field, &text[at + 1..]));
            }
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &str = "# comment\n\
        db.example.com:5432:shop:alice:first\n\
        *:*:we\\:ird:bo\\\\b:pa\\:ss\\\\word\n\
        localhost:*:*:carol:socket\r\n\
        broken line\n\
        *:*:*:alice:fallback\n";

    fn ask(host: &str, port: u16, database: &str, user: &str) -> Option<String> {
        find(FILE, &[host.to_owned()], port, database, user)
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        assert_eq!(ask("db.example.com", 5432, "shop", "alice").unwrap(), "first");
        assert_eq!(ask("db.example.com", 5433, "shop", "alice").unwrap(), "fallback");
        assert_eq!(ask("other", 1, "we:ird", "bo\\b").unwrap(), "pa:ss\\word");
        assert_eq!(ask("localhost", 1, "x", "carol").unwrap(), "socket");
        assert_eq!(ask("elsewhere", 1, "x", "carol"), None);
    }

    #[test]
    fn sockets_are_localhost_or_their_directory() {
        let host = Host {
            name: HostName::Directory("/run/pg".into()),
            hostaddr: None,
            port: 5432,
        };
        assert_eq!(names(&host), ["localhost", "/run/pg"]);
    }
}
