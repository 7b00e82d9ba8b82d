use sha2::{Digest, Sha256};

/// Bytes that PostgreSQL keeps of a name.
const NAME_MAX_BYTES: usize = 63;

/// A name for something that a change makes beside `of`: `howdah_<role>_<of>`, or, where
/// that is longer than the server keeps, its beginning and eight digits that tell it apart.
/// The same for the same arguments.
pub fn derived_name(role: &str, of: &str) -> String {
    bounded(&format!("howdah_{role}_{of}"))
}

/// `name` as it is, or shortened to what the server keeps, told apart by a hash of the whole.
pub(crate) fn bounded(name: &str) -> String {
    if name.len() <= NAME_MAX_BYTES {
        return name.to_owned();
    }
    let tail = hash(name);
    let mut end = NAME_MAX_BYTES - 9;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{}", &name[..end], &tail[..8])
}

/// The name that PostgreSQL would choose for an index or constraint: table, columns and label
/// joined by underscores, table and columns shortened (the longer one first) to fit.
/// Whether it is taken is not looked into.
pub(crate) fn chosen_name(table: &str, columns: &str, label: &str) -> String {
    let separators = if columns.is_empty() { 1 } else { 2 };
    let room = NAME_MAX_BYTES.saturating_sub(label.len() + separators);
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let clip = |text: &str, mut end: usize| {
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].to_owned()
    };
    if columns.is_empty() {
        format!("{}_{label}", clip(table, first))
    } else {
        format!("{}_{}_{label}", clip(table, first), clip(columns, second))
    }
}

/// SHA-256 in hexadecimal digits.
pub(crate) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::derived_name;

    #[test]
    fn names_fit_and_differ() {
        assert_eq!(derived_name("new", "id"), "howdah_new_id");
        let (a, b) = ("ä".repeat(31) + "a", "ä".repeat(31) + "b");
        assert!(derived_name("new", &a).len() <= 63);
        assert_ne!(derived_name("new", &a), derived_name("new", &b));
    }
}
