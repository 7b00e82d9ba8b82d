use howdah_core::Result;

use crate::cost::{Advice, Case, Decimal, Figure, Rule, Size, Verdict};

pub(super) const RULE: Rule = Rule { code: "reserved-instances", title: "Reserved Instances of one and three years", judge };

/// Years, and what they take off: from, to, in per cent. What AWS offers for a class is between.
const TERMS: [(&str, i64, i64); 2] = [("1 year", 20, 30), ("3 years", 45, 55)];

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let Size::Provisioned(class) = &case.size else {
        return Ok(vec![Advice::new(
            RULE.code,
            Verdict::NotPossible,
            "Reserved Instances are not for Serverless v2: Database Savings Plans are.",
        )]);
    };
    if let Some(advice) = case.too_little(RULE.code, &[]) {
        return Ok(vec![advice]);
    }
    let given = case.given;
    let now = case.compute_of("on demand", &case.size, &Decimal::zero(), given.io_optimized)?;
    let count = Decimal::from(given.instances) * Decimal::from(class.units());
    let (units, formula) = match given.io_optimized {
        false => (count, format!("{} instances × {} of {}", given.instances, class.units(), class.name())),
        true => {
            let factor = &case.prices.io_optimized_compute_factor;
            (count * factor, format!("{} instances × {} of {} × {factor} for I/O-Optimized", given.instances, class.units(), class.name()))
        }
    };
    let percent = Decimal::new(1, 2);
    Ok(TERMS
        .iter()
        .map(|(term, from, to)| {
            let saved = |off: i64| &now.value * &Decimal::new(off, 0) * &percent;
            let (least, most) = (saved(*from), saved(*to));
            let figures = [
                now.clone(),
                Figure::new(format!("saved at {from} %"), least.clone(), format!("{} × {from} %", now.value)),
                Figure::new(format!("saved at {to} %"), most.clone(), format!("{} × {to} %", now.value)),
                Figure::new("normalised units to reserve", units.clone(), formula.clone()),
                Figure::new("hours of a month that it must run to pay, in per cent", Decimal::new(100 - from, 0), format!("100 − {from}")),
            ];
            let says = format!(
                "{term}: saves {} to {} a month. It covers every size of {} in {} by normalised units, no other family, no storage; reserve what runs all the time, after it has the right size.{}",
                least.money(),
                most.money(),
                class.family(),
                given.region,
                case.worth()
            );
            Advice::by_saving(RULE.code, least, says).figures(figures)
        })
        .collect())
}
