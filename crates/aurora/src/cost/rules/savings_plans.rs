use howdah_core::Result;

use crate::cost::{Advice, Case, Decimal, Figure, MONTH_HOURS, Rule, Size, Verdict};

pub(super) const RULE: Rule = Rule { code: "savings-plans", title: "Database Savings Plans", judge };

/// What they take off at most, in per cent.
const OF_SERVERLESS: i64 = 35;
const OF_PROVISIONED: i64 = 20;
/// The families that they cover.
const FAMILIES: [&str; 3] = ["r7g", "r7i", "r8g"];

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let given = case.given;
    let (off, acus, needs) = match &case.size {
        Size::Serverless { .. } => (OF_SERVERLESS, given.acu_steady.clone(), vec![("acu_steady", given.acu_steady.is_some())]),
        Size::Provisioned(class) if FAMILIES.contains(&class.family()) => (OF_PROVISIONED, Some(Decimal::zero()), Vec::new()),
        Size::Provisioned(class) => {
            return Ok(vec![Advice::new(
                RULE.code,
                Verdict::NotPossible,
                format!("Database Savings Plans are not for {}: they cover {} and Serverless v2. Reserved Instances are for it.", class.family(), FAMILIES.join(", ")),
            )]);
        }
    };
    if let Some(advice) = case.too_little(RULE.code, &needs) {
        return Ok(vec![advice]);
    }
    let acus = acus.unwrap_or_default();
    let steady = case.compute_of("the steady part on demand", &case.size, &acus, given.io_optimized)?;
    if steady.value.is_zero() {
        return Ok(vec![Advice::by_saving(
            RULE.code,
            Decimal::zero(),
            "There is no steady part to commit to: capacity falls to 0, and what is committed is paid while it is paused.",
        )
        .figures([steady])]);
    }
    let percent = Decimal::new(1, 2);
    let saves = &steady.value * &Decimal::new(off, 0) * &percent;
    let committed = &steady.value - &saves;
    let hour = committed.over(&Decimal::from(MONTH_HOURS), 4).unwrap_or_default();
    let says = format!(
        "1 year, paid by the month, saves up to {} a month on a commitment of {hour} dollars an hour: the steady part, never the peak. {off} % is the most that AWS gives; it is paid whether it is used or not.{}",
        saves.money(),
        case.worth()
    );
    let figures = [
        steady.clone(),
        Figure::new(format!("saved at {off} %, at most"), saves.clone(), format!("{} × {off} %", steady.value)),
        Figure::new("to commit to, dollars an hour", hour, format!("({} − {saves}) ÷ {MONTH_HOURS}", steady.value)),
    ];
    Ok(vec![Advice::by_saving(RULE.code, saves, says).figures(figures)])
}
