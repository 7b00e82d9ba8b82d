use crate::StoreError;

/// Digits and letters that are not mistaken for each other.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A random id of eight characters (40 bits): short enough to be typed; the
/// tables' unique keys catch the rare repetition.
pub(crate) fn random() -> Result<String, StoreError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::io(
            std::path::Path::new("/dev/urandom"),
            std::io::Error::other(error.to_string()),
        )
    })?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}
