//! Figures as people read them, and text as an address carries it.

use howdah_tools::job_view::{human_duration, timestamp};

/// `14:05`, in UTC.
pub(super) fn clock(at_s: i64) -> String {
    let minute = at_s.rem_euclid(86_400) / 60;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// `2026-11-28 14:05`, in UTC.
pub(super) fn moment(at_s: i64) -> String {
    let text = timestamp(at_s.saturating_mul(1000));
    text.get(..16).unwrap_or_default().replace('T', " ")
}

/// `2026-11-28`, in UTC.
pub(super) fn day(at_s: i64) -> String {
    let text = timestamp(at_s.saturating_mul(1000));
    text.get(..10).unwrap_or_default().to_owned()
}

/// `3 min 5 s ago`.
pub(super) fn ago(seconds: f64) -> String {
    format!("{} ago", human_duration(seconds.max(0.0)))
}

/// `0.04 ms`, `12 ms`, `3.4 s`.
pub(super) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => human_duration(ms / 1_000.0),
    }
}

/// A number with a comma at each thousand; one decimal where it is small and broken.
pub(super) fn count(number: f64) -> String {
    if number.abs() < 10.0 && number.fract().abs() > 0.05 {
        return format!("{number:.1}");
    }
    let digits = format!("{:.0}", number.abs());
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    if number < -0.5 {
        text.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text in one line, not longer than so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.chars().count() > most {
        true => line.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => line,
    }
}

/// The text as a value of an address.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// The names and values of an address or a form.
pub(super) fn decoded(bytes: &[u8]) -> Vec<(String, String)> {
    bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut sides = pair.splitn(2, |byte| *byte == b'=');
            let mut side = || plain(sides.next().unwrap_or_default());
            (side(), side())
        })
        .collect()
}

fn plain(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = bytes
            .get(at + 1..at + 3)
            .filter(|hex| *byte == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        let escaped = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (byte, escaped) {
            (_, Some(escaped)) => {
                plain.push(escaped);
                at += 2;
            }
            (b'+', None) => plain.push(b' '),
            (other, None) => plain.push(*other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_any_text() {
        for text in [
            "",
            "a b",
            "\"><script>",
            "100 %",
            "Größe 🐘",
            "a&b=c+d",
            "%41",
            "\r\nSet-Cookie: x",
        ] {
            let address = format!("x={}&y={}", encoded(text), encoded("z"));
            assert!(address.bytes().all(|byte| byte.is_ascii_graphic()), "{address}");
            assert_eq!(
                decoded(address.as_bytes()),
                [
                    ("x".to_owned(), text.to_owned()),
                    ("y".to_owned(), "z".to_owned())
                ]
            );
        }
        assert_eq!(
            decoded(b"a=1+2&b&%zz=%f"),
            [
                ("a".to_owned(), "1 2".to_owned()),
                ("b".to_owned(), String::new()),
                ("%zz".to_owned(), "%f".to_owned()),
            ]
        );
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(clock(1_700_000_000), "22:13");
        assert_eq!(moment(1_700_000_000), "2023-11-14 22:13");
        assert_eq!(day(1_700_000_000), "2023-11-14");
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(-1_000.0), "−1,000");
        assert_eq!(count(0.25), "0.2");
        assert_eq!(milliseconds(0.041), "0.04 ms");
        assert_eq!(shortened("SELECT\n  1", 8), "SELECT 1");
        assert_eq!(shortened("abcdef", 4), "abc…");
    }
}
