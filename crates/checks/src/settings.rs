use std::collections::BTreeMap;

use howdah_core::Error;
use serde::{Deserialize, Serialize};

use crate::check::{Check, TO_MAJOR, Threshold, check_named, upgrade_checks};

/// Section `[health]` of `howdah.toml`.
///
/// ```toml
/// [health]
/// ignore = ["superuser-sessions"]
/// [health.thresholds.connections]
/// warn_percent = 70
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Codes of checks that are not made.
    pub ignore: Vec<String>,
    /// Thresholds other than the checks' own, by code and name.
    pub thresholds: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Settings {
    /// Refuses names that mean nothing: most are slips of the pen, and would leave a check as it was.
    pub fn known(&self) -> Result<(), Error> {
        for code in &self.ignore {
            known_code(code)?;
        }
        for (code, thresholds) in &self.thresholds {
            let check = known_code(code)?;
            for name in thresholds.keys() {
                if !check.thresholds.iter().any(|threshold| threshold.name == name) {
                    let names: Vec<&str> = check.thresholds.iter().map(|threshold| threshold.name).collect();
                    return Err(
                        Error::invalid(format!("The check {code} has no threshold {name:?}.")).hint(
                            match names.is_empty() {
                                true => "It has none at all.".to_owned(),
                                false => format!("Its thresholds are {}.", names.join(", ")),
                            },
                        ),
                    );
                }
            }
        }
        Ok(())
    }

    /// The value of a threshold.
    pub(crate) fn threshold(&self, code: &str, threshold: &Threshold) -> f64 {
        let chosen = self.thresholds.get(code).and_then(|of| of.get(threshold.name));
        chosen.copied().unwrap_or(threshold.default)
    }

    /// For an upgrade to that major version.
    #[must_use]
    pub fn upgrading_to(mut self, major: u16) -> Self {
        for check in upgrade_checks() {
            if check.thresholds.iter().any(|one| one.name == TO_MAJOR.name) {
                self.set(check.code, TO_MAJOR.name, f64::from(major));
            }
        }
        self
    }

    /// Sets a threshold.
    pub fn set(&mut self, code: &str, name: &str, value: f64) {
        self.thresholds
            .entry(code.to_owned())
            .or_default()
            .insert(name.to_owned(), value);
    }
}

/// The check of that code, or an error that lists them.
pub(crate) fn known_code(code: &str) -> Result<&'static Check, Error> {
    check_named(code).ok_or_else(|| {
        let codes: Vec<&str> = crate::check::health_checks()
            .iter()
            .map(|check| check.code)
            .collect();
        Error::invalid(format!("There is no check {code:?}."))
            .hint(format!("The checks are {}.", codes.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_told() {
        let read = |text: &str| toml::from_str::<Settings>(text);
        assert!(
            read("thresholds.connections.warn_percent = 70")
                .unwrap()
                .known()
                .is_ok()
        );
        assert!(read("ignore = ['conections']").unwrap().known().is_err());
        assert!(read("thresholds.connections.warn = 70").unwrap().known().is_err());
        assert!(read("threshold.connections.warn_percent = 70").is_err());
    }
}
