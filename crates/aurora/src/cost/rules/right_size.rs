use howdah_core::Result;

use crate::cost::{Advice, Case, Class, Decimal, Figure, Rule, Size, Verdict};

pub(super) const RULE: Rule = Rule { code: "right-size", title: "Another class of the family", judge };

/// Rules of thumb: the use of processors that leaves room for what grows and fails over.
const MOST_P95: i64 = 70;
const MOST_AT_PEAK: i64 = 90;

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let Size::Provisioned(now) = &case.size else { return Ok(Vec::new()) };
    let given = case.given;
    let needs = [
        ("cpu_p95", given.cpu_p95.is_some()),
        ("cpu_max", given.cpu_max.is_some()),
        ("working_set_gib", given.working_set_gib.is_some()),
    ];
    if let Some(advice) = case.too_little(RULE.code, &needs) {
        return Ok(vec![advice]);
    }
    let (Some(p95), Some(peak), Some(set)) = (&given.cpu_p95, &given.cpu_max, &given.working_set_gib) else {
        return Ok(Vec::new());
    };
    let fits = |class: &Class| {
        let (old, new) = (Decimal::from(now.vcpus()), Decimal::from(class.vcpus()));
        *set <= class.memory_gib()
            && p95 * &old <= Decimal::new(MOST_P95, 0) * &new
            && peak * &old <= Decimal::new(MOST_AT_PEAK, 0) * &new
    };
    let by_price = case.prices.by_price();
    let of_family = by_price.iter().filter(|(class, _)| class.family() == now.family());
    let Some((best, _)) = of_family.into_iter().find(|(class, _)| fits(class)) else {
        return Ok(vec![Advice::new(
            RULE.code,
            Verdict::Needed,
            format!("No class of {} with a price is large enough for {p95} % of {} processors and {set} GiB.", now.family(), now.vcpus()),
        )]);
    };
    let io_optimized = given.io_optimized;
    let zero = Decimal::zero();
    let before = case.compute_of("now", &case.size, &zero, io_optimized)?;
    let after = case.compute_of("then", &Size::Provisioned(best.clone()), &zero, io_optimized)?;
    let (old, new) = (now.vcpus(), best.vcpus());
    let figures = [
        Figure::new("processors at the 95th percentile then, per cent", (p95 * &Decimal::from(old)).over(&Decimal::from(new), 1).unwrap_or_default(), format!("{p95} × {old} ÷ {new}, at most {MOST_P95}")),
        Figure::new("processors at the peak then, per cent", (peak * &Decimal::from(old)).over(&Decimal::from(new), 1).unwrap_or_default(), format!("{peak} × {old} ÷ {new}, at most {MOST_AT_PEAK}")),
        Figure::new("memory then, GiB", best.memory_gib(), format!("of {}, at least the working set of {set}", best.name())),
        before.clone(),
        after.clone(),
    ];
    let saves = &before.value - &after.value;
    let (name, worth) = (best.name(), case.worth());
    let advice = match (best == now, saves.is_positive()) {
        (true, _) => Advice::by_saving(RULE.code, Decimal::zero(), format!("{name} is right: the next smaller class would not carry the load.{worth}")),
        (false, true) => {
            let amount = saves.money();
            Advice::by_saving(RULE.code, saves, format!("{name} carries the load and saves {amount} a month. Changing the class restarts the instance.{worth}")).size(name)
        }
        (false, false) => Advice {
            saves: Some(saves),
            ..Advice::new(RULE.code, Verdict::Needed, format!("{} is too small for its load; {name} would carry it.{worth}", now.name()))
        }
        .size(name),
    };
    Ok(vec![advice.figures(figures)])
}
