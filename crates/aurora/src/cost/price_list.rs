//! Prices out of the products of AWS's Price List.

use std::collections::BTreeMap;

use howdah_core::{Error, Result};
use serde_json::Value;

use super::{Decimal, Prices};

/// What each thing is called in the Price List; a region's own prefix (`EUC1-`) may stand before it.
const ACU: &str = "Aurora:ServerlessV2Usage";
const ACU_IO_OPTIMIZED: &str = "Aurora:ServerlessV2IOOptimizedUsage";
const STORAGE: &str = "Aurora:StorageUsage";
const STORAGE_IO_OPTIMIZED: &str = "Aurora:IO-OptimizedStorageUsage";
const IO: &str = "Aurora:StorageIOUsage";
const BACKUP: &str = "Aurora:BackupUsage";
const INSTANCE: &str = "InstanceUsage:";
const INSTANCE_IO_OPTIMIZED: &str = "InstanceUsageIOOptimized:";

impl Prices {
    /// From products as `GetProducts` gives them, a text of JSON each; `date` is when they were
    /// asked for. What is not Aurora PostgreSQL on demand is passed over.
    pub fn of_price_list<'a>(
        region: &str,
        date: String,
        products: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let mut found: BTreeMap<String, Decimal> = BTreeMap::new();
        for product in products {
            if let Some((usage, price)) = on_demand(product) {
                found.insert(usage, price);
            }
        }
        let one = |usage: &str| {
            found.get(usage).cloned().ok_or_else(|| {
                Error::not_found(format!(
                    "AWS's Price List has no {usage} for the region {region}."
                ))
                .hint("Is it the name of a region? Prices of your own are given with `--prices FILE`.")
            })
        };
        let classes = |beginning: &str| -> BTreeMap<String, Decimal> {
            found
                .iter()
                .filter_map(|(usage, price)| Some((usage.strip_prefix(beginning)?.to_owned(), price.clone())))
                .collect()
        };
        Ok(Self {
            region: region.to_owned(),
            date,
            source: "AWS Price List, asked now".to_owned(),
            acu_hour: one(ACU)?,
            acu_hour_io_optimized: one(ACU_IO_OPTIMIZED)?,
            storage_gib_month: one(STORAGE)?,
            storage_gib_month_io_optimized: one(STORAGE_IO_OPTIMIZED)?,
            io_million: one(IO)? * Decimal::new(1_000_000, 0),
            backup_gib_month: one(BACKUP)?,
            // For a class that is listed with Standard alone.
            io_optimized_compute_factor: Decimal::new(13, 1),
            classes: classes(INSTANCE),
            classes_io_optimized: classes(INSTANCE_IO_OPTIMIZED),
        })
    }
}

/// What a product is, without its region's prefix, and what one of it costs.
fn on_demand(product: &str) -> Option<(String, Decimal)> {
    let product: Value = serde_json::from_str(product).ok()?;
    let attributes = &product["product"]["attributes"];
    // Storage is listed for every engine.
    if !["Aurora PostgreSQL", "Any"].contains(&attributes["databaseEngine"].as_str()?) {
        return None;
    }
    let usage = attributes["usagetype"].as_str()?;
    let names = [ACU, ACU_IO_OPTIMIZED, STORAGE, STORAGE_IO_OPTIMIZED, IO, BACKUP];
    let begins = [INSTANCE, INSTANCE_IO_OPTIMIZED];
    let known = |usage: &str| names.contains(&usage) || begins.iter().any(|begin| usage.starts_with(begin));
    let usage = match known(usage) {
        true => usage,
        false => usage
            .split_once('-')
            .map(|(_, rest)| rest)
            .filter(|rest| known(rest))?,
    };
    let term = product["terms"]["OnDemand"].as_object()?.values().next()?;
    let dimension = term["priceDimensions"].as_object()?.values().next()?;
    let price: Decimal = dimension["pricePerUnit"]["USD"].as_str()?.parse().ok()?;
    price.is_positive().then(|| (usage.to_owned(), price))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn product(engine: &str, usage: &str, price: &str) -> String {
        json!({
            "product": {"attributes": {"databaseEngine": engine, "usagetype": usage, "regionCode": "eu-central-1"}},
            "terms": {
                "OnDemand": {"A.B": {"priceDimensions": {"A.B.C": {"unit": "x", "pricePerUnit": {"USD": price}}}}},
                "Reserved": {"A.D": {"priceDimensions": {"A.D.E": {"pricePerUnit": {"USD": "0.0100000000"}}}}},
            },
        })
        .to_string()
    }

    fn all() -> Vec<String> {
        vec![
            product(
                "Aurora PostgreSQL",
                "EUC1-Aurora:ServerlessV2Usage",
                "0.1400000000",
            ),
            product(
                "Aurora PostgreSQL",
                "EUC1-Aurora:ServerlessV2IOOptimizedUsage",
                "0.1900000000",
            ),
            product("Any", "EUC1-Aurora:StorageUsage", "0.1190000000"),
            product("Any", "EUC1-Aurora:IO-OptimizedStorageUsage", "0.2680000000"),
            product("Any", "EUC1-Aurora:StorageIOUsage", "0.0000002200"),
            product("Aurora PostgreSQL", "EUC1-Aurora:BackupUsage", "0.0230000000"),
            product(
                "Aurora PostgreSQL",
                "EUC1-InstanceUsage:db.r6g.large",
                "0.3130000000",
            ),
            product(
                "Aurora PostgreSQL",
                "EUC1-InstanceUsageIOOptimized:db.r6g.large",
                "0.4070000000",
            ),
            product("Aurora MySQL", "EUC1-InstanceUsage:db.r6g.xlarge", "0.6000000000"),
            product("Aurora PostgreSQL", "EUC1-Aurora:ServerlessUsage", "0.0700000000"),
            "not JSON".to_owned(),
            "{}".to_owned(),
        ]
    }

    #[test]
    fn the_price_list_is_read() {
        let products = all();
        let prices = Prices::of_price_list(
            "eu-central-1",
            "today".into(),
            products.iter().map(String::as_str),
        )
        .unwrap();
        assert_eq!(prices.acu_hour.to_string(), "0.14");
        assert_eq!(prices.acu_hour_io_optimized.to_string(), "0.19");
        assert_eq!(prices.io_million.to_string(), "0.22");
        assert_eq!(prices.storage_gib_month_io_optimized.to_string(), "0.268");
        assert_eq!(prices.classes.len(), 1);
        // The listed price, not the product with the factor.
        let size = "db.r6g.large".parse().unwrap();
        assert_eq!(prices.unit_hour(&size, false).unwrap().0.to_string(), "0.313");
        assert_eq!(prices.unit_hour(&size, true).unwrap().0.to_string(), "0.407");
    }

    #[test]
    fn a_region_that_lists_nothing_is_an_error_with_the_way_out() {
        let error = Prices::of_price_list("mars-1", "today".into(), []).unwrap_err();
        assert!(error.to_text().contains("--prices FILE"), "{error}");
    }
}
