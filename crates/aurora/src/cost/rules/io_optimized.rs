use howdah_core::Result;

use crate::cost::{Advice, Case, Decimal, Figure, Rule, Verdict};

pub(super) const RULE: Rule = Rule { code: "io-optimized", title: "I/O-Optimized against Standard", judge };

/// A cluster may be switched to I/O-Optimized once in so many days, and back at any time.
const COOL_DOWN_DAYS: u32 = 30;

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let given = case.given;
    let (plain, optimized) = (case.compute(false)?, case.compute(true)?);
    let needs = [
        ("storage_gib", given.storage_gib.is_some()),
        ("io_requests", given.io_requests.is_some()),
        ("acu_avg", plain.is_some()),
    ];
    if let Some(advice) = case.too_little(RULE.code, &needs) {
        return Ok(vec![advice]);
    }
    let (Some(plain), Some(optimized)) = (plain, optimized) else { return Ok(Vec::new()) };
    let (Some(storage), Some(dearer)) = (case.storage(false), case.storage(true)) else { return Ok(Vec::new()) };
    let Some(io) = case.io(false) else { return Ok(Vec::new()) };
    let more_compute = &optimized.value - &plain.value;
    let more_storage = &dearer.value - &storage.value;
    let even = &more_compute + &more_storage;
    let even_requests = (&even * &Decimal::new(1_000_000, 0)).over(&case.prices.io_million, 0);
    let figures = [
        Figure::new("I/O with Standard", io.value.clone(), io.formula),
        Figure::new("more for instances with I/O-Optimized", more_compute.clone(), format!("({}) − ({})", optimized.formula, plain.formula)),
        Figure::new("more for storage with I/O-Optimized", more_storage.clone(), format!("({}) − ({})", dearer.formula, storage.formula)),
        Figure::new("I/O at the break-even", even.clone(), format!("{more_compute} + {more_storage}")),
        Figure::new(
            "requests a month at the break-even",
            even_requests.unwrap_or_default(),
            format!("{even} ÷ {} × 1000000", case.prices.io_million),
        ),
    ];
    let worth = case.worth();
    let saves = if given.io_optimized { &even - &io.value } else { &io.value - &even };
    let amount = saves.money();
    let advice = match (given.io_optimized, saves.is_positive()) {
        (true, true) => Advice::by_saving(
            RULE.code,
            saves,
            format!("Back to Standard saves {amount} a month. It can be done at any time; to I/O-Optimized again only {COOL_DOWN_DAYS} days after the last switch to it.{worth}"),
        ),
        (true, false) => Advice::by_saving(RULE.code, saves, format!("I/O-Optimized is right: its I/O would cost at least as much as it adds elsewhere.{worth}")),
        (false, true) => match given.days_since_io_optimized.map(|days| COOL_DOWN_DAYS.saturating_sub(days)) {
            Some(days @ 1..) => Advice {
                saves: Some(saves),
                wait_hours: Some(days * 24),
                ..Advice::new(
                    RULE.code,
                    Verdict::NotPossible,
                    format!("I/O-Optimized would save {amount} a month, and was switched to less than {COOL_DOWN_DAYS} days ago: it can be again in {days} days.{worth}"),
                )
            },
            _ => Advice::by_saving(
                RULE.code,
                saves,
                format!("I/O-Optimized saves {amount} a month. It can be switched to once in {COOL_DOWN_DAYS} days, and back at any time.{worth}"),
            ),
        },
        (false, false) => Advice::by_saving(RULE.code, saves, format!("Standard is right: the I/O does not cost more than what I/O-Optimized adds elsewhere.{worth}")),
    };
    Ok(vec![advice.figures(figures)])
}
