use super::json::write_string;

/// Writes a decimal number as PostgreSQL prints it: as a JSON number where a
/// double holds exactly these digits, else as a string (which is also what
/// becomes of `NaN` and the infinities).
pub(super) fn write_number(out: &mut Vec<u8>, text: &str) {
    if is_json_number(text.as_bytes()) && survives_double(text) {
        out.extend_from_slice(text.as_bytes());
    } else {
        write_string(out, text);
    }
}

/// Writes a number whose type fits into a double: only `NaN` and the infinities need quotes.
pub(super) fn write_exact_number(out: &mut Vec<u8>, text: &str) {
    if is_json_number(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        write_string(out, text);
    }
}

/// Whether the nearest double, printed in as few digits as identify it, shows
/// the same digits again. True for everything of up to 15 digits.
pub(super) fn survives_double(text: &str) -> bool {
    let plain = !text.bytes().any(|byte| byte == b'e' || byte == b'E');
    if plain && text.len() <= 15 {
        return true;
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            let printed = format!("{value:e}");
            Decimal::of(text) == Decimal::of(&printed)
        }
        _ => false,
    }
}

/// RFC 8259's `number`.
fn is_json_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent = exponent
            .strip_prefix(b"-")
            .or_else(|| exponent.strip_prefix(b"+"))
            .unwrap_or(exponent);
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = &exponent[count..];
    }
    rest.is_empty()
}

/// A decimal number without its writing: `1.50`, `15e-1` and `1.5` are equal.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// Without leading and trailing zeros; empty for zero.
    digits: Vec<u8>,
    /// The power of ten of the first digit.
    exponent: i64,
}

impl Decimal {
    fn of(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let negative = mantissa.starts_with('-');
        let mantissa = mantissa.trim_start_matches('-');
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits,
                exponent: 0,
            });
        }
        digits.drain(..leading);
        let exponent = exponent.checked_add(whole.len() as i64 - 1 - leading as i64)?;
        Some(Self {
            negative,
            digits,
            exponent,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write_number(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_that_a_double_holds_stay_numbers() {
        for text in [
            "0",
            "-0",
            "1",
            "-17",
            "1.50",
            "0.1",
            "0.30000000000000004",
            "9007199254740992",
            "100000000000000000000",
            "3.5000000000000000",
            "1e+300",
            "-1.7976931348623157e+308",
            "5e-324",
        ] {
            assert_eq!(written(text), text);
        }
    }

    #[test]
    fn all_others_become_strings_with_their_digits() {
        for text in [
            "9007199254740993",
            "9223372036854775807",
            "-9223372036854775808",
            "3.33333333333333333333",
            "1e400",
            "1e999999999999999999999",
            "0.1000000000000000055511151231257827",
            "NaN",
            "Infinity",
            "-Infinity",
            "",
            "-",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "0x10",
            "1 ",
        ] {
            assert_eq!(written(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn what_is_written_as_a_number_is_read_back_with_the_same_digits() {
        use proptest::prelude::*;
        proptest!(|(text in "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?(e[-+]?[0-9]{1,3})?")| {
            if !written(&text).starts_with('"') {
                let back: f64 = text.parse().unwrap();
                let printed = format!("{back:e}");
                prop_assert!(Decimal::of(&text) == Decimal::of(&printed));
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(value.as_f64().unwrap(), back);
            }
        });
    }
}
