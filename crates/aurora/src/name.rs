use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AuroraError;

/// What the names of clusters and snapshots share: 1 to 63 letters, digits and
/// hyphens, a letter first, no hyphen last or beside another; stored in lower
/// case. These are the rules of Amazon RDS, and make a name harmless in paths.
fn checked(kind: &'static str, text: &str) -> Result<String, AuroraError> {
    let bad = |why| AuroraError::BadName {
        kind,
        name: text.chars().take(80).collect(),
        why,
    };
    if text.is_empty() || text.len() > 63 {
        return Err(bad("it must have 1 to 63 characters"));
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err(bad("only letters, digits and hyphens are allowed"));
    }
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Err(bad("it must begin with a letter"));
    }
    if text.ends_with('-') || text.contains("--") {
        return Err(bad("a hyphen may not be last nor beside another"));
    }
    Ok(text.to_ascii_lowercase())
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = AuroraError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                checked($kind, text).map(Self)
            }
        }

        impl TryFrom<String> for $type {
            type Error = AuroraError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a cluster.
    ClusterName,
    "cluster"
);
name!(
    /// The name of a snapshot.
    SnapshotName,
    "snapshot"
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_of_rds_are_names() {
        for good in ["a", "shop", "Shop-2", &"x".repeat(63)] {
            assert_eq!(
                good.parse::<ClusterName>().unwrap().as_str(),
                good.to_ascii_lowercase()
            );
        }
    }

    #[test]
    fn hostile_names_are_refused() {
        let long = "x".repeat(64);
        let bad = [
            "",
            long.as_str(),
            "..",
            ".",
            "../../etc",
            "a/b",
            "a b",
            "1a",
            "-a",
            "a-",
            "a--b",
            "ä",
            "a\0",
            "a\n",
            "$(x)",
            "a;b",
            "a'b",
            "a\"b",
            "\u{202e}a",
            "-rf",
            "~",
        ];
        for bad in bad {
            let error = bad.parse::<ClusterName>().unwrap_err();
            assert!(error.to_string().len() < 300, "{error}");
            assert!(serde_json::from_value::<SnapshotName>(bad.into()).is_err());
        }
    }
}
