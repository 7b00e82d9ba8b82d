use std::collections::BTreeMap;

use howdah_core::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, Decimal, Size};

/// What Aurora PostgreSQL costs on demand in one region, in US dollars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The region: `us-east-1`.
    pub region: String,
    /// The day on which they held.
    pub date: String,
    /// Where they were found.
    pub source: String,
    /// An ACU for an hour.
    pub acu_hour: Decimal,
    /// The same with I/O-Optimized.
    pub acu_hour_io_optimized: Decimal,
    /// A GiB of storage for a month.
    pub storage_gib_month: Decimal,
    /// The same with I/O-Optimized.
    pub storage_gib_month_io_optimized: Decimal,
    /// A million requests of I/O; none are charged with I/O-Optimized.
    pub io_million: Decimal,
    /// A GiB of backups for a month, beyond what is free.
    pub backup_gib_month: Decimal,
    /// By what the price of an instance is multiplied with I/O-Optimized.
    pub io_optimized_compute_factor: Decimal,
    /// An hour of an instance, by class.
    pub classes: BTreeMap<String, Decimal>,
    /// The same with I/O-Optimized, for classes whose price is not that times the factor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes_io_optimized: BTreeMap<String, Decimal>,
}

const BUILT_IN: &str = include_str!("prices.json");

impl Prices {
    /// Those that are built in, dated; an error with the way out for a region without.
    pub fn built_in(region: &str) -> Result<Self> {
        let all: Vec<Self> = serde_json::from_str(BUILT_IN).map_err(|error| {
            Error::internal(format!("The prices that are built in cannot be read: {error}"))
        })?;
        Self::among(all, region, "built in")
    }

    /// Those of a file: one region, or a list of regions.
    pub fn of_file(text: &str, region: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum File {
            One(Box<Prices>),
            Several(Vec<Prices>),
        }
        let all = match serde_json::from_str(text) {
            Ok(File::One(one)) => vec![*one],
            Ok(File::Several(several)) => several,
            // The untagged form does not say what is wrong; one of them read by itself does.
            Err(_) => {
                let why = match text.trim_start().starts_with('[') {
                    true => serde_json::from_str::<Vec<Self>>(text).err(),
                    false => serde_json::from_str::<Self>(text).err(),
                };
                let why = why.map_or_else(String::new, |why| format!(": {why}"));
                return Err(Error::invalid(format!("The file of prices cannot be read{why}."))
                    .hint("`howdah cost --example-prices` prints one to begin with."));
            }
        };
        Self::among(all, region, "in the file")
    }

    fn among(all: Vec<Self>, region: &str, wherein: &str) -> Result<Self> {
        let known: Vec<String> = all.iter().map(|prices| prices.region.clone()).collect();
        all.into_iter()
            .find(|prices| prices.region == region)
            .ok_or_else(|| {
                Error::not_found(format!(
                "There are no prices {wherein} for the region {:?}; there are for {}.",
                region.chars().take(40).collect::<String>(),
                known.join(", ")
            ))
            .hint("Give them with `--prices FILE`: `howdah cost --example-prices` prints one to begin with.")
            })
    }

    /// The file of prices that is built in, to begin one's own with.
    pub fn example() -> &'static str {
        BUILT_IN
    }

    /// An hour of an instance of a class.
    pub fn class_hour(&self, class: &Class) -> Result<Decimal> {
        self.classes.get(class.name()).cloned().ok_or_else(|| {
            Error::not_found(format!("There is no price for {} in {} ({}).", class.name(), self.region, self.source))
                .hint(format!(
                    "There are prices for: {}. Others are given with `--prices FILE` (`--example-prices` prints one to begin with).",
                    self.classes.keys().cloned().collect::<Vec<_>>().join(", ")
                ))
        })
    }

    /// The classes that there is a price for, the cheapest first.
    pub fn by_price(&self) -> Vec<(Class, &Decimal)> {
        let mut all: Vec<(Class, &Decimal)> = self
            .classes
            .iter()
            .filter_map(|(name, price)| Some((name.parse().ok()?, price)))
            .collect();
        all.sort_by(|a, b| a.1.cmp(b.1).then_with(|| a.0.name().cmp(b.0.name())));
        all
    }

    /// An hour of an instance, or of an ACU, with its formula.
    pub fn unit_hour(&self, size: &Size, io_optimized: bool) -> Result<(Decimal, String)> {
        match (size, io_optimized) {
            (Size::Serverless { .. }, false) => Ok((self.acu_hour.clone(), self.acu_hour.to_string())),
            (Size::Serverless { .. }, true) => Ok((
                self.acu_hour_io_optimized.clone(),
                self.acu_hour_io_optimized.to_string(),
            )),
            (Size::Provisioned(class), false) => {
                let hour = self.class_hour(class)?;
                Ok((hour.clone(), hour.to_string()))
            }
            (Size::Provisioned(class), true) => {
                if let Some(hour) = self.classes_io_optimized.get(class.name()) {
                    return Ok((hour.clone(), hour.to_string()));
                }
                let (hour, factor) = (self.class_hour(class)?, &self.io_optimized_compute_factor);
                Ok((&hour * factor, format!("{hour} × {factor}")))
            }
        }
    }

    /// A GiB of storage for a month.
    pub fn storage(&self, io_optimized: bool) -> &Decimal {
        match io_optimized {
            true => &self.storage_gib_month_io_optimized,
            false => &self.storage_gib_month,
        }
    }
}
