//! What names of tables and columns say: their words, singular and plural.

/// The words of a name, in lower case: `customerId`, `customer_id` and `Customer ID` are the same.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_is_lower = false;
    for character in name.chars() {
        let starts = character.is_uppercase() && before_is_lower;
        if (starts || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        before_is_lower = character.is_lowercase() || character.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// An English noun in the singular, as far as its ending tells.
pub(crate) fn singular(word: &str) -> String {
    const SAME: [&str; 12] = [
        "status", "address", "series", "news", "data", "media", "analysis", "basis", "bonus", "bus",
        "access", "process",
    ];
    const IRREGULAR: [(&str, &str); 7] = [
        ("people", "person"),
        ("children", "child"),
        ("men", "man"),
        ("women", "woman"),
        ("indices", "index"),
        ("analyses", "analysis"),
        ("statuses", "status"),
    ];
    if SAME.contains(&word) {
        return word.to_owned();
    }
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem)
            if stem.len() > 1 && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is") =>
        {
            stem.to_owned()
        }
        _ => word.to_owned(),
    }
}

/// Whether a noun stands in the plural; `None` where it could be either.
pub(crate) fn is_plural(word: &str) -> Option<bool> {
    const EITHER: [&str; 11] = [
        "status",
        "data",
        "media",
        "series",
        "news",
        "metadata",
        "history",
        "inventory",
        "staff",
        "equipment",
        "information",
    ];
    if EITHER.contains(&word) || !word.is_ascii() {
        return None;
    }
    Some(singular(word) != word)
}

/// The words of a name with the last in the singular, joined: `order_items` is `order_item`.
pub(crate) fn stem(name: &str) -> String {
    let mut words = words(name);
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_into_words() {
        assert_eq!(words("customerId"), ["customer", "id"]);
        assert_eq!(words("Order Items"), ["order", "items"]);
        assert_eq!(words("__a1_b"), ["a1", "b"]);
        assert!(words("").is_empty());
    }

    #[test]
    fn endings_tell_the_singular() {
        for (many, one) in [
            ("orders", "order"),
            ("categories", "category"),
            ("boxes", "box"),
            ("addresses", "address"),
            ("status", "status"),
            ("statuses", "status"),
            ("houses", "house"),
            ("people", "person"),
            ("glass", "glass"),
            ("address", "address"),
        ] {
            assert_eq!(singular(many), one);
        }
        assert_eq!(stem("orderItems"), "order_item");
        assert_eq!(is_plural("orders"), Some(true));
        assert_eq!(is_plural("order"), Some(false));
        assert_eq!(is_plural("data"), None);
    }
}
