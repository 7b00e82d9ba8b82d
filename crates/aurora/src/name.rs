use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AccountId, AuroraError};

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

/// What a copy may be made of: a snapshot by its name; at AWS also one that AWS took by itself
/// (`rds:shop-2026-05-01-03-04`), or one of another region or account by its ARN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotSource(String);

/// How the names of snapshots begin that AWS takes by itself.
pub(crate) const AUTOMATED: &str = "rds:";

impl SnapshotSource {
    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, where it is one that users give.
    pub fn name(&self) -> Option<SnapshotName> {
        self.0.parse().ok()
    }

    /// The parts of an ARN: its partition (`aws`) and its region.
    pub fn place(&self) -> Option<(&str, &str)> {
        let mut parts = self.0.strip_prefix("arn:")?.split(':');
        let partition = parts.next()?;
        Some((partition, parts.nth(1)?))
    }
}

impl FromStr for SnapshotSource {
    type Err = AuroraError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let checked = |name: &str| checked("snapshot", name);
        if let Some(name) = text.strip_prefix(AUTOMATED) {
            return Ok(Self(format!("{AUTOMATED}{}", checked(name)?)));
        }
        let Some(arn) = text.strip_prefix("arn:") else {
            return checked(text).map(Self);
        };
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let bad = || AuroraError::BadName {
            kind: "snapshot",
            name: text.chars().take(80).collect(),
            why: "an ARN of one is arn:aws:rds:REGION:ACCOUNT:cluster-snapshot:NAME",
        };
        let plain = |part: &str| {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !part.is_empty() && part.len() <= 32 && part.bytes().all(fits)
        };
        match parts.as_slice() {
            [partition, "rds", region, account, "cluster-snapshot", name]
                if plain(partition) && plain(region) && account.parse::<AccountId>().is_ok() =>
            {
                checked(name.strip_prefix(AUTOMATED).unwrap_or(name))?;
                Ok(Self(text.to_owned()))
            }
            _ => Err(bad()),
        }
    }
}

impl TryFrom<String> for SnapshotSource {
    type Error = AuroraError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SnapshotSource> for String {
    fn from(source: SnapshotSource) -> Self {
        source.0
    }
}

impl fmt::Display for SnapshotSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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

    #[test]
    fn a_copy_is_made_of_what_may_be_a_snapshot() {
        let arn = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:monday";
        let automated = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:rds:shop-2026-05-01-03-04";
        for good in ["monday", "rds:shop-2026-05-01-03-04", arn, automated] {
            assert_eq!(good.parse::<SnapshotSource>().unwrap().as_str(), good);
        }
        let source: SnapshotSource = arn.parse().unwrap();
        assert_eq!(
            (source.name(), source.place()),
            (None, Some(("aws", "us-east-1")))
        );
        let source: SnapshotSource = "Monday".parse().unwrap();
        assert_eq!(source.name().unwrap().as_str(), "monday");
        for bad in [
            "",
            "rds:",
            "rds:a:b",
            "arn:aws:rds:us-east-1:123456789012:snapshot:of-an-instance",
            "arn:aws:rds:us-east-1::cluster-snapshot:monday",
            "arn:aws:rds::123456789012:cluster-snapshot:monday",
            "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:a b",
            "monday&Action=Delete",
        ] {
            assert!(bad.parse::<SnapshotSource>().is_err(), "{bad}");
        }
    }
}
