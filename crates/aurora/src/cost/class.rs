use std::str::FromStr;

use howdah_core::Error;

use super::Decimal;
use crate::{Acu, Compute};

/// A class of instances by its parts: `db.r6g.xlarge`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    name: String,
    family: String,
    /// In eighths of an `xlarge`, which are AWS's normalised units: `large` is 4.
    units: u32,
}

impl Class {
    /// `db.r6g.xlarge`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `r6g`.
    pub fn family(&self) -> &str {
        &self.family
    }

    /// The units by which Reserved Instances of a family cover its sizes: `medium` 2, `large` 4,
    /// `xlarge` 8, `2xlarge` 16.
    pub fn units(&self) -> u32 {
        self.units
    }

    /// Whether it gathers credits for short bursts.
    pub fn is_burstable(&self) -> bool {
        self.family.starts_with('t')
    }

    /// Memory in GiB. Of `large`: 16 in the families r, 32 in x, 8 in t, whose `medium` has 4.
    pub fn memory_gib(&self) -> Decimal {
        let of_large = match self.family.chars().next() {
            Some('x') => 32,
            Some('t') => 8,
            _ => 16,
        };
        Decimal::new(i64::from(self.units * of_large * 25), 2)
    }

    /// Processors: 2 of `medium` and `large`, twice as many with each size above.
    pub fn vcpus(&self) -> u32 {
        (self.units / 2).max(2)
    }

    /// The capacity of Serverless v2 with as much memory: an ACU has 2 GiB.
    pub fn acus(&self) -> Decimal {
        self.memory_gib() * Decimal::new(5, 1)
    }
}

impl FromStr for Class {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::invalid(format!(
                "{:?} is no class of instances that can be reckoned with.",
                text.chars().take(40).collect::<String>()
            ))
            .hint("Give one as AWS names it: db.r8g.large, db.t4g.medium.")
        };
        // The rules for names are those that clusters are made by.
        text.parse::<Compute>().map_err(|_| bad())?;
        let (family, size) = text
            .strip_prefix("db.")
            .and_then(|rest| rest.split_once('.'))
            .ok_or_else(bad)?;
        let units = match size {
            "small" => 1,
            "medium" => 2,
            "large" => 4,
            "xlarge" => 8,
            size => {
                let times: u32 = size
                    .strip_suffix("xlarge")
                    .and_then(|times| times.parse().ok())
                    .filter(|times| (2..=64).contains(times))
                    .ok_or_else(bad)?;
                times * 8
            }
        };
        Ok(Self {
            name: text.to_owned(),
            family: family.to_owned(),
            units,
        })
    }
}

/// What a cluster's instances are, as costs see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Size {
    /// Serverless v2, in ACU.
    Serverless {
        /// At rest; 0 pauses.
        min: Decimal,
        /// Under load.
        max: Decimal,
    },
    /// A class of fixed size.
    Provisioned(Class),
}

impl FromStr for Size {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.parse::<Compute>()? {
            Compute::Serverless { min, max } => Ok(Self::Serverless {
                min: exact(min),
                max: exact(max),
            }),
            Compute::Provisioned { class } => Ok(Self::Provisioned(class.parse()?)),
        }
    }
}

fn exact(acu: Acu) -> Decimal {
    // Halves are exact as doubles, and below 1000.
    Decimal::new((acu.units() * 2.0) as i64 * 5, 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn classes_have_the_memory_that_aws_gives_them() {
        for (name, vcpus, memory, units, acus) in [
            ("db.t4g.medium", 2, "4", 2, "2"),
            ("db.t3.large", 2, "8", 4, "4"),
            ("db.r6g.large", 2, "16", 4, "8"),
            ("db.r7g.xlarge", 4, "32", 8, "16"),
            ("db.r8g.12xlarge", 48, "384", 96, "192"),
            ("db.r8g.48xlarge", 192, "1536", 384, "768"),
            ("db.x2g.large", 2, "32", 4, "16"),
        ] {
            let class: Class = name.parse().unwrap();
            assert_eq!(class.vcpus(), vcpus, "{name}");
            assert_eq!(class.memory_gib().to_string(), memory, "{name}");
            assert_eq!(class.units(), units, "{name}");
            assert_eq!(class.acus().to_string(), acus, "{name}");
        }
    }

    #[test]
    fn sizes_are_ranges_or_classes() {
        assert_eq!(
            "0.5-16".parse::<Size>().unwrap(),
            Size::Serverless {
                min: Decimal::new(5, 1),
                max: Decimal::new(16, 0)
            }
        );
        for bad in [
            "",
            "large",
            "db.r8g",
            "db.r8g.huge",
            "db.q9.large",
            "4-0.5",
            "0.3-4",
            "db.serverless",
        ] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}
