//! The settings that every session is pinned to: what decides how a statement is read,
//! how values are printed, and how long anything may take.

use crate::target::Limits;

/// A server setting and the value that it is pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name in `pg_settings`.
    pub name: &'static str,
    /// Its value, as `SET` takes it in a string.
    pub value: String,
}

/// Noticing that the client is gone, in milliseconds: half of what may pass until the backend is.
const CONNECTION_CHECK_MS: u32 = 1_000;
/// How dates are printed, whatever the order in which they are read.
pub(crate) const DATE_STYLE: &str = "ISO";
/// The first major version that has it.
pub(crate) const CONNECTION_CHECK_SINCE: u32 = 140_000;
pub(crate) const CONNECTION_CHECK: &str = "client_connection_check_interval";

/// The pinned settings, the version-bound one last. `date_style` is `ISO`, followed by the
/// order of day and month in what is read where that has to be said.
pub(crate) fn pinned(limits: &Limits, date_style: &str, connection_check: bool) -> Vec<Setting> {
    let milliseconds = |ms: u64| format!("{ms}ms");
    let mut settings = vec![
        // What the server reads as a string must be what our parser read as one.
        ("standard_conforming_strings", "on".to_owned()),
        ("backslash_quote", "safe_encoding".to_owned()),
        ("transform_null_equals", "off".to_owned()),
        // What is printed.
        ("datestyle", date_style.to_owned()),
        ("intervalstyle", "postgres".to_owned()),
        ("extra_float_digits", "1".to_owned()),
        ("bytea_output", "hex".to_owned()),
        ("xmlbinary", "base64".to_owned()),
        ("row_security", "on".to_owned()),
        // How long anything may take.
        ("statement_timeout", milliseconds(limits.statement_timeout_ms)),
        ("lock_timeout", milliseconds(limits.lock_timeout_ms)),
        (
            "idle_in_transaction_session_timeout",
            milliseconds(limits.idle_in_transaction_timeout_ms),
        ),
    ];
    if connection_check {
        settings.push((CONNECTION_CHECK, format!("{CONNECTION_CHECK_MS}ms")));
    }
    settings
        .into_iter()
        .map(|(name, value)| Setting { name, value })
        .collect()
}

/// The settings as the startup packet's `options`: they become the session's defaults,
/// which `DISCARD ALL` and `RESET` return to.
pub(crate) fn startup_options(settings: &[Setting]) -> String {
    let words: Vec<String> = settings
        .iter()
        // Alone it would hide the order of day and month that the database is set to.
        .filter(|setting| setting.value != DATE_STYLE)
        .map(|setting| format!("-c {}={}", setting.name, setting.value.replace(' ', "\\ ")))
        .collect();
    words.join(" ")
}

/// Whether the server's way to print a value means the one that was pinned.
pub(crate) fn means_the_same(pinned: &str, shown: &str) -> bool {
    if let (Some(pinned), Some(shown)) = (milliseconds(pinned), milliseconds(shown)) {
        return pinned == shown;
    }
    // DateStyle shows the order of day and month behind the style.
    let style = shown.split(',').next().unwrap_or_default();
    pinned.eq_ignore_ascii_case(shown) || pinned.eq_ignore_ascii_case(style)
}

fn milliseconds(text: &str) -> Option<u64> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..unit].parse().ok()?;
    let factor = match &text[unit..] {
        "" if number == 0 => 1,
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_by_meaning() {
        assert!(means_the_same("30000ms", "30s"));
        assert!(means_the_same("60000ms", "1min"));
        assert!(means_the_same("0ms", "0"));
        assert!(!means_the_same("30000ms", "30min"));
        assert!(means_the_same("ISO", "ISO, DMY"));
        assert!(means_the_same("1", "1"));
        assert!(!means_the_same("on", "off"));
    }
}
