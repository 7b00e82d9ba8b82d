use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::LocalError;

/// A fresh password of 192 random bits, in letters, digits, `-` and `_`: fit
/// for URLs, shells and password files as it is.
pub fn generate_password() -> Result<String, LocalError> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|error| LocalError::Random(error.to_string()))?;
    Ok(random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]))
        .collect())
}

/// Writes a file that only its owner can read, whole or not at all: a crash
/// leaves the old one or the new one.
pub fn write_private(path: &Path, content: &str) -> Result<(), LocalError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut suffix = [0_u8; 8];
    getrandom::fill(&mut suffix).map_err(|error| LocalError::Random(error.to_string()))?;
    let temporary = directory.join(format!(".new-{:016x}", u64::from_ne_bytes(suffix)));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(content.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // What could not be written is worth nothing; the error is what counts.
        drop(std::fs::remove_file(&temporary));
    }
    written.map_err(LocalError::file("write", path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn passwords_differ_and_need_no_quoting() {
        let one = generate_password().unwrap();
        let two = generate_password().unwrap();
        assert_ne!(one, two);
        assert_eq!(one.len(), 32);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
    }

    #[test]
    fn a_private_file_is_private_and_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        write_private(&path, "first").unwrap();
        write_private(&path, "second").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(write_private(&directory.path().join("none/password"), "x").is_err());
    }
}
