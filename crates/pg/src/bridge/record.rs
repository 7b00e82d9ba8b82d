//! Rows and columns as the server prints them in a text.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};

/// Takes a row's text apart: `(1,,"a ""b""")`. `None` if it is no such text of `count` values.
pub(super) fn values(text: &str, count: usize) -> Option<Vec<Option<String>>> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let mut values = Vec::with_capacity(count);
    if count == 0 {
        return inner.is_empty().then_some(values);
    }
    let mut chars = inner.chars().peekable();
    loop {
        let value = match chars.peek() {
            None | Some(',') => None,
            Some('"') => {
                chars.next();
                let mut value = String::new();
                loop {
                    match chars.next()? {
                        '"' if chars.peek() == Some(&'"') => value.extend(chars.next()),
                        '"' => break,
                        '\\' => value.push(chars.next()?),
                        c => value.push(c),
                    }
                }
                Some(value)
            }
            Some(_) => {
                let mut value = String::new();
                while let Some(c) = chars.next_if(|c| *c != ',') {
                    value.push(c);
                }
                Some(value)
            }
        };
        values.push(value);
        match chars.next() {
            None => break,
            Some(',') => {}
            Some(_) => return None,
        }
    }
    (values.len() == count).then_some(values)
}

/// The keys of a JSON object in their order, each as often as it is there.
pub(super) fn names(json: &str) -> Option<Vec<String>> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde::Deserializer::deserialize_map(&mut deserializer, Keys).ok()
}

/// The types of a row of NULLs, as `record_send` writes it, in hexadecimal digits.
pub(super) fn types(hex: &str) -> Option<Vec<u32>> {
    let words: Option<Vec<u32>> = (0..hex.len())
        .step_by(8)
        .map(|at| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok())
        .collect();
    let words = words?;
    let (&count, rest) = words.split_first()?;
    let types: Vec<u32> = rest.chunks(2).map(|column| column[0]).collect();
    (types.len() == usize::try_from(count).ok()? && rest.len() == 2 * types.len()).then_some(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_apart() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(values("()", 0), Some(vec![]));
        assert_eq!(values("()", 1), Some(vec![None]));
        assert_eq!(values("(,)", 2), Some(vec![None, None]));
        assert_eq!(
            values(r#"(1,"",a b,"x ""y"" \\ , )","{1,2}")"#, 5),
            Some(vec![
                some("1"),
                some(""),
                some("a b"),
                some(r#"x "y" \ , )"#),
                some("{1,2}")
            ])
        );
        assert_eq!(values("(1,2)", 3), None);
        assert_eq!(values("1,2", 2), None);
    }

    #[test]
    fn columns_are_read() {
        assert_eq!(
            names(r#"{"a":null,"a":null,"b \"c\"":null}"#),
            Some(vec!["a".to_owned(), "a".to_owned(), "b \"c\"".to_owned()])
        );
        assert_eq!(
            types("0000000200000017ffffffff00000019ffffffff"),
            Some(vec![23, 25])
        );
        assert_eq!(types("00000000"), Some(vec![]));
        assert_eq!(types("0000"), None);
    }
}
