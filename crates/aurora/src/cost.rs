//! What a cluster of Aurora costs, and what it would cost otherwise: pure functions of a
//! description, figures measured of it, and prices. All arithmetic is in exact decimals.
//!
//! A month has 730 hours, as AWS reckons. Every figure comes with its formula. What would be
//! cheaper is a rule each in `rules/`; a rule without enough to go by says what it lacks and for how long to wait.

mod advice;
mod case;
mod class;
mod decimal;
mod description;
mod price_list;
mod prices;
mod rules;

use howdah_core::Result;
use schemars::JsonSchema;
use serde::Serialize;

pub use advice::{Advice, Figure, Verdict};
pub use case::Case;
pub use class::{Class, Size};
pub use decimal::Decimal;
pub use description::Description;
pub use prices::Prices;
pub use rules::{Rule, pages, rules};

/// Hours of a month, as AWS's own calculator has it.
pub const MONTH_HOURS: u32 = 730;

/// What a cluster costs in a month, and what would be cheaper.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Estimate {
    /// The cluster in words: `2 × db.r6g.large in us-east-1, Aurora Standard`.
    pub of: String,
    /// Always `USD`; without taxes, support and transfer of data.
    pub currency: &'static str,
    /// The day on which the prices held.
    pub prices_of: String,
    /// Where the prices come from.
    pub prices_from: String,
    /// Each part of the bill.
    pub items: Vec<Figure>,
    /// Their sum.
    pub monthly: Decimal,
    /// The sum at the upper end of the range, where it is not known how much capacity was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_at_most: Option<Decimal>,
    /// What each rule says, in the order of their codes.
    pub advice: Vec<Advice>,
    /// What is not in the figures.
    pub notes: Vec<String>,
}

/// The estimate of a description by these prices; an error where it cannot be.
pub fn estimate(given: &Description, prices: &Prices) -> Result<Estimate> {
    given.check()?;
    let case = Case::new(given, prices)?;
    let io_optimized = given.io_optimized;
    let mut items = Vec::new();
    let mut notes = Vec::new();
    let mut more = None;
    match case.compute(io_optimized)? {
        Some(compute) => items.push(compute),
        None => {
            let (least, most) = case.compute_range(io_optimized)?;
            more = Some(&most.value - &least.value);
            notes.push(format!(
                "The capacity that is used is not known (acu_avg): at least {}, at most {} for it ({}).",
                least.value.money(),
                most.value.money(),
                most.formula
            ));
            items.push(least);
        }
    }
    for (part, name) in [
        (case.storage(io_optimized), "storage_gib"),
        (case.io(io_optimized), "io_requests"),
        (case.backup(), "backup_gib"),
    ] {
        match part {
            Some(item) => items.push(item),
            None => notes.push(format!("Not in the sum, as it was not given: {name}.")),
        }
    }
    let monthly: Decimal = items.iter().map(|item| &item.value).sum();
    let mut advice = Vec::new();
    for rule in rules() {
        advice.extend((rule.judge)(&case)?);
    }
    Ok(Estimate {
        of: case.in_words(),
        currency: "USD",
        prices_of: prices.date.clone(),
        prices_from: prices.source.clone(),
        items,
        monthly_at_most: more.map(|more| &monthly + &more),
        monthly,
        advice,
        notes,
    })
}
