use std::fmt;
use std::str::FromStr;

use howdah_core::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a cluster is made of and how it is guarded, where the provider offers a choice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// How it is guarded.
    #[serde(default)]
    pub preset: Preset,
    /// What its instances are; the preset's, or those of the cluster that it is a copy of, without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<Compute>,
}

/// How a cluster is guarded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Small, encrypted, a week of backups.
    #[default]
    Dev,
    /// The guide's list for production: a reader beside the writer, 14 days of backups, deletion
    /// protection, IAM authentication, insights, Enhanced Monitoring, its log exported.
    Production,
    /// At AWS there in seconds, in no network of the account: reached over the internet by IAM tokens alone, 0 to 16
    /// ACU, a day of backups; without blue/green deployments, RDS Proxy, Global Database and zero-ETL integrations.
    Express,
}

impl Preset {
    /// As users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Production => "production",
            Self::Express => "express",
        }
    }

    /// Readers beside the writer where nobody says how many.
    pub fn readers(self) -> u8 {
        match self {
            Self::Dev | Self::Express => 0,
            Self::Production => 1,
        }
    }
}

impl FromStr for Preset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "dev" => Ok(Self::Dev),
            "production" => Ok(Self::Production),
            "express" => Ok(Self::Express),
            other => Err(Error::invalid(format!("There is no preset {other:?}."))
                .hint("There are dev, production and express.")),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Aurora capacity units, in halves: each half is about 1 GiB of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Acu(u16);

impl Acu {
    /// The most that Aurora has.
    pub const MOST: Self = Self(512);

    /// So many halves; see [`Acu::MOST`].
    pub const fn halves(halves: u16) -> Self {
        Self(halves)
    }

    /// How many halves it is.
    pub const fn in_halves(self) -> u16 {
        self.0
    }

    /// In units.
    pub fn units(self) -> f64 {
        f64::from(self.0) / 2.0
    }
}

/// `max_connections` of Serverless v2 goes by its maximum (AWS: 1 → 189, 4 → 823, 8 → 1669, 16 → 3360, 32 → 5000),
/// and is 2000 at most where it may go down to half an ACU or less.
pub(crate) fn connections_of_acu(min: Acu, max: Acu) -> u32 {
    /// Halves of an ACU, and what they take.
    const KNOWN: [(u32, u32); 5] = [(2, 189), (8, 823), (16, 1669), (32, 3360), (64, 5000)];
    let halves = u32::from(max.0).max(KNOWN[0].0);
    let between = KNOWN.windows(2).find_map(|two| match two {
        [(from, low), (to, high)] if (*from..=*to).contains(&halves) => {
            Some(low + (high - low) * (halves - from) / (to - from))
        }
        _ => None,
    });
    let by_most = between.unwrap_or(5000);
    match min <= Acu(1) {
        true => by_most.min(2000),
        false => by_most,
    }
}

impl FromStr for Acu {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::invalid(format!("{text:?} is no capacity."))
                .hint("Capacities are 0 to 256 ACU in steps of 0.5: 0.5, 4, 16.")
        };
        let (whole, half) = match text.split_once('.') {
            None => (text, 0),
            Some((whole, "0")) => (whole, 0),
            Some((whole, "5")) => (whole, 1),
            Some(_) => return Err(bad()),
        };
        if whole.is_empty() || whole.len() > 3 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad());
        }
        let whole: u16 = whole.parse().map_err(|_| bad())?;
        Some(Self(whole * 2 + half))
            .filter(|acu| *acu <= Self::MOST)
            .ok_or_else(bad)
    }
}

impl fmt::Display for Acu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.units())
    }
}

/// What the instances of a cluster are. As text: `0.5-4` (a range of ACU) or `db.r8g.large`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compute {
    /// Serverless v2: memory and processors follow the load.
    Serverless {
        /// At rest; 0 pauses.
        min: Acu,
        /// Under load.
        max: Acu,
    },
    /// A class of fixed size.
    Provisioned {
        /// `db.r8g.large`.
        class: String,
    },
}

/// Families that run Aurora PostgreSQL, by the beginning of their names.
const FAMILIES: [&str; 13] = [
    "t3",
    "t4g",
    "r5",
    "r6g",
    "r6i",
    "r7g",
    "r7i",
    "r8g",
    "r6gd",
    "r6id",
    "r8gd",
    "x2g",
    "serverless",
];

impl Compute {
    /// Whether it rests at no cost while nobody needs it.
    pub fn pauses(&self) -> bool {
        matches!(self, Self::Serverless { min, .. } if *min == Acu::halves(0))
    }

    /// The class of its instances.
    pub fn class(&self) -> &str {
        match self {
            Self::Serverless { .. } => "db.serverless",
            Self::Provisioned { class } => class,
        }
    }

    /// As it is given: `0.5-4`, `db.r8g.large`.
    pub fn as_argument(&self) -> String {
        match self {
            Self::Serverless { min, max } => format!("{min}-{max}"),
            Self::Provisioned { class } => class.clone(),
        }
    }

    /// Whether the class gathers credits for short bursts: for development alone, as the guide says.
    pub fn is_burstable(&self) -> bool {
        self.class().starts_with("db.t")
    }
}

impl FromStr for Compute {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            Error::invalid(format!(
                "{:?} is no size of instances: {why}.",
                text.chars().take(40).collect::<String>()
            ))
            .hint("Give a range of ACU for Serverless v2 (0.5-4) or an instance class (db.r8g.large).")
        };
        if let Some(class) = text.strip_prefix("db.") {
            let known = class.split_once('.').is_some_and(|(family, size)| {
                FAMILIES.contains(&family)
                    && !size.is_empty()
                    && size
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            return match known {
                true => Ok(Self::Provisioned {
                    class: text.to_owned(),
                }),
                false => Err(bad(
                    "Aurora PostgreSQL runs on classes such as db.t4g.medium, db.r6g.large, db.r8g.2xlarge",
                )),
            };
        }
        let (min, max) = text
            .split_once('-')
            .ok_or_else(|| bad("it is neither a range nor a class"))?;
        let (min, max): (Acu, Acu) = (min.parse()?, max.parse()?);
        if max < Acu::halves(2) || min > max {
            return Err(bad(
                "the range ends at 1 ACU or more, and not below its beginning",
            ));
        }
        Ok(Self::Serverless { min, max })
    }
}

impl fmt::Display for Compute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serverless { min, max } => write!(f, "Serverless v2, {min} to {max} ACU"),
            Self::Provisioned { class } => f.write_str(class),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ranges_and_classes_are_read() {
        let range: Compute = "0.5-4".parse().unwrap();
        assert_eq!(
            range,
            Compute::Serverless {
                min: Acu(1),
                max: Acu(8)
            }
        );
        assert_eq!(range.to_string(), "Serverless v2, 0.5 to 4 ACU");
        assert_eq!(
            "0-256".parse::<Compute>().unwrap(),
            Compute::Serverless {
                min: Acu(0),
                max: Acu::MOST
            }
        );
        assert_eq!(
            "db.r8g.2xlarge".parse::<Compute>().unwrap().class(),
            "db.r8g.2xlarge"
        );
        assert!("db.t4g.medium".parse::<Compute>().unwrap().is_burstable());
    }

    #[test]
    fn what_aurora_refuses_is_refused() {
        for bad in [
            "",
            "4",
            "4-",
            "-4",
            "4-2",
            "0-0.5",
            "0.25-4",
            "1-256.5",
            "1-9999",
            "1e2-4",
            "db.r8g",
            "db.m5.large",
            "db.r8g.",
            "db.r8g.large; x",
            "r8g.large",
            "0.5-4-8",
            "\u{202e}1-2",
        ] {
            assert!(bad.parse::<Compute>().is_err(), "{bad}");
        }
    }
}
