//! Upgrades in place to another version: what is asked for.

use std::fmt;
use std::str::FromStr;

use howdah_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::SnapshotName;

/// A version of PostgreSQL as providers count them: `17`, `17.4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EngineVersion {
    /// The major version.
    pub major: u16,
    /// The minor one; whichever is the newest without it.
    pub minor: Option<u16>,
}

impl FromStr for EngineVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| digits)
        };
        let read = match text.split_once('.') {
            Some((major, minor)) => number(major).zip(number(minor).map(Some)),
            None => number(text).map(|major| (major, None)),
        };
        match read {
            Some((major, minor)) => Ok(Self { major, minor }),
            None => {
                let text: String = text.chars().take(40).collect();
                Err(Error::invalid(format!("{text:?} is no version of PostgreSQL."))
                    .hint("Give a major version, such as 17, or one with its minor version: 17.4."))
            }
        }
    }
}

impl fmt::Display for EngineVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}

impl TryFrom<String> for EngineVersion {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<EngineVersion> for String {
    fn from(version: EngineVersion) -> Self {
        version.to_string()
    }
}

/// An upgrade in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// The version that it was asked for with.
    pub from: EngineVersion,
    /// The version that the cluster gets.
    pub to: EngineVersion,
    /// Taken before, and kept.
    pub snapshot: SnapshotName,
    /// Wait for the weekly maintenance window.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_window: bool,
    /// Somebody said to go on without a look into the databases.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
}

impl Upgrade {
    /// Whether it is to another major version.
    pub fn is_major(&self) -> bool {
        self.from.major != self.to.major
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn versions_are_read_and_written_alike() {
        for text in ["13", "17.4", "16.10"] {
            assert_eq!(text.parse::<EngineVersion>().unwrap().to_string(), text);
        }
        for bad in ["", "x", "17.", ".4", "17.4.1", "+17", "16.8-limitless", "99999"] {
            assert!(bad.parse::<EngineVersion>().is_err(), "{bad}");
        }
        let version = |text: &str| text.parse::<EngineVersion>().unwrap();
        assert!(version("16.9") < version("16.10") && version("16.10") < version("17.1"));
        assert_eq!(serde_json::to_string(&version("17.4")).unwrap(), "\"17.4\"");
    }
}
