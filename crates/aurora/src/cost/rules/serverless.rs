use howdah_core::Result;

use crate::cost::{Advice, Case, Class, Decimal, Figure, Rule, Size, Verdict};

pub(super) const RULE: Rule = Rule { code: "serverless", title: "Serverless v2 against instances of a class", judge };

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    match &case.size {
        Size::Provisioned(class) => to_serverless(case, class),
        Size::Serverless { .. } => to_provisioned(case),
    }
}

fn to_serverless(case: &Case<'_>, class: &Class) -> Result<Vec<Advice>> {
    let given = case.given;
    let needs = [
        ("cpu_avg", given.cpu_avg.is_some()),
        ("cpu_max", given.cpu_max.is_some()),
        ("working_set_gib", given.working_set_gib.is_some()),
    ];
    if let Some(advice) = case.too_little(RULE.code, &needs) {
        return Ok(vec![advice]);
    }
    let (Some(mean), Some(peak), Some(set)) = (&given.cpu_avg, &given.cpu_max, &given.working_set_gib) else {
        return Ok(Vec::new());
    };
    let (acus, percent, half) = (class.acus(), Decimal::new(1, 2), Decimal::new(5, 1));
    let least = (set * &half).up_to_half().max(half);
    let by_load = mean * &percent * &acus;
    let used = by_load.clone().max(least.clone());
    let most = (peak * &percent * &acus).up_to_half().max(least.clone()).max(Decimal::new(1, 0));
    if most > Decimal::new(256, 0) {
        return Ok(vec![Advice::new(RULE.code, Verdict::NotPossible, format!("Its peak is like {most} ACU, and there are 256 at most."))]);
    }
    let serverless = Size::Serverless { min: least.clone(), max: most.clone() };
    let io_optimized = given.io_optimized;
    let before = case.compute_of("instances now", &case.size, &Decimal::zero(), io_optimized)?;
    let after = case.compute_of("Serverless v2", &serverless, &used, io_optimized)?;
    let (class_hour, _) = case.prices.unit_hour(&case.size, io_optimized)?;
    let (acu_hour, _) = case.prices.unit_hour(&serverless, io_optimized)?;
    let figures = [
        Figure::new("ACU that the load is like", by_load, format!("{mean} % × {} GiB ÷ 2", class.memory_gib())),
        Figure::new("ACU for the working set", least.clone(), format!("max(0.5, {set} GiB ÷ 2 in steps of 0.5)")),
        Figure::new("ACU at the break-even", class_hour.over(&acu_hour, 3).unwrap_or_default(), format!("{class_hour} ÷ {acu_hour}")),
        before.clone(),
        after.clone(),
    ];
    let saves = &before.value - &after.value;
    let (range, worth) = (format!("{least}-{most}"), case.worth());
    let says = match (saves.is_positive(), saves.is_zero()) {
        (true, _) => format!("Serverless v2 of {range} ACU would use {used} on average, and saves about {} a month.{worth}", saves.money()),
        (_, true) => format!("Serverless v2 of {range} ACU would cost the same.{worth}"),
        _ => format!("The load is too steady for Serverless v2: {range} ACU would cost about {} a month more.{worth}", (Decimal::zero() - &saves).money()),
    };
    Ok(vec![Advice::by_saving(RULE.code, saves, says).size(range).figures(figures)])
}

fn to_provisioned(case: &Case<'_>) -> Result<Vec<Advice>> {
    let given = case.given;
    let needs = [("acu_avg", given.acu_avg.is_some()), ("acu_max", given.acu_max.is_some())];
    if let Some(advice) = case.too_little(RULE.code, &needs) {
        return Ok(vec![advice]);
    }
    let (Some(mean), Some(peak)) = (&given.acu_avg, &given.acu_max) else { return Ok(Vec::new()) };
    let by_price = case.prices.by_price();
    let Some((class, _)) = by_price.into_iter().find(|(class, _)| !class.is_burstable() && class.acus() >= *peak) else {
        return Ok(vec![Advice::new(RULE.code, Verdict::NotPossible, format!("No class with a price has the memory of {peak} ACU."))]);
    };
    let io_optimized = given.io_optimized;
    let provisioned = Size::Provisioned(class.clone());
    let before = case.compute_of("Serverless v2 now", &case.size, mean, io_optimized)?;
    let after = case.compute_of("instances of a class", &provisioned, &Decimal::zero(), io_optimized)?;
    let (class_hour, _) = case.prices.unit_hour(&provisioned, io_optimized)?;
    let (acu_hour, _) = case.prices.unit_hour(&case.size, io_optimized)?;
    let figures = [
        Figure::new("ACU with as much memory", class.acus(), format!("{} GiB of {} ÷ 2, at least the peak of {peak}", class.memory_gib(), class.name())),
        Figure::new("ACU at the break-even", class_hour.over(&acu_hour, 3).unwrap_or_default(), format!("{class_hour} ÷ {acu_hour}")),
        before.clone(),
        after.clone(),
    ];
    let saves = &before.value - &after.value;
    let (name, worth) = (class.name(), case.worth());
    let says = match (saves.is_positive(), saves.is_zero()) {
        (true, _) => format!("{name} has the memory of the peak and saves {} a month; what it cannot do is to grow by itself.{worth}", saves.money()),
        (_, true) => format!("{name} would cost the same.{worth}"),
        _ => format!("Serverless v2 is right: {name}, the cheapest class with the memory of the peak, would cost {} a month more.{worth}", (Decimal::zero() - &saves).money()),
    };
    Ok(vec![Advice::by_saving(RULE.code, saves, says).size(name).figures(figures)])
}
