use howdah_core::Result;

use crate::cost::{Advice, Case, Decimal, Figure, Rule, Size, Verdict};

pub(super) const RULE: Rule = Rule { code: "acu-range", title: "Another range of ACU", judge };

/// The least that does not pause, and the most that there is.
const LEAST: (i64, u32) = (5, 1);
const MOST: i64 = 256;

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let Size::Serverless { min, max } = &case.size else { return Ok(Vec::new()) };
    let given = case.given;
    let needs = [("acu_max", given.acu_max.is_some()), ("working_set_gib", given.working_set_gib.is_some())];
    if let Some(advice) = case.too_little(RULE.code, &needs) {
        return Ok(vec![advice]);
    }
    let (Some(peak), Some(set)) = (&given.acu_max, &given.working_set_gib) else { return Ok(Vec::new()) };
    let half = Decimal::new(5, 1);
    let most = Decimal::new(MOST, 0);
    let holds_the_set = (set * &half).up_to_half().max(Decimal::new(LEAST.0, LEAST.1)).min(most.clone());
    // One that pauses is meant to lose its memory.
    let new_min = if min.is_zero() { min.clone() } else { holds_the_set };
    let at_limit = peak >= max;
    let (wanted, formula) = match at_limit {
        true => (max * &Decimal::new(2, 0), format!("the limit of {max} was reached: 2 × {max}")),
        false => ((peak * &Decimal::new(125, 2)).up_to_half(), format!("{peak} × 1.25 in steps of 0.5")),
    };
    let new_max = wanted.max(Decimal::new(1, 0)).max(new_min.clone()).min(most);
    let (hour, price) = case.prices.unit_hour(&case.size, given.io_optimized)?;
    let hours = Decimal::from(given.instances) * Decimal::from(crate::cost::MONTH_HOURS);
    let saves = (min - &new_min) * hours * &hour;
    let figures = [
        Figure::new("least ACU", new_min.clone(), match min.is_zero() {
            true => "stays 0, so that it pauses".to_owned(),
            false => format!("max(0.5, {set} GiB ÷ 2 in steps of 0.5)"),
        }),
        Figure::new("most ACU", new_max.clone(), formula),
        Figure::new(
            "the difference of the least, at most",
            saves.clone(),
            format!("({min} − {new_min}) ACU × {} instances × {} h × {price}", given.instances, crate::cost::MONTH_HOURS),
        ),
    ];
    let (range, worth) = (format!("{new_min}-{new_max}"), case.worth());
    if at_limit && *max >= Decimal::new(MOST, 0) {
        let says = format!("The limit of {MOST} ACU was reached, and there are no more: let readers take a part of the load, or make it less.{worth}");
        return Ok(vec![Advice::new(RULE.code, Verdict::Needed, says).figures(figures)]);
    }
    let advice = match (new_min < *min, new_min > *min || at_limit) {
        (true, _) => {
            let amount = saves.money();
            Advice::by_saving(RULE.code, saves, format!("{range} ACU would do: it saves up to {amount} a month, where the cluster rests at its least.{worth}")).size(range)
        }
        (false, true) => Advice {
            saves: Some(saves),
            ..Advice::new(RULE.code, Verdict::Needed, match at_limit {
                true => format!("The limit of {max} ACU was reached: what more was asked for is not known. Try {range} ACU and look again.{worth}"),
                false => format!("The least of {min} ACU does not hold the working set of {set} GiB in memory: {range} ACU.{worth}"),
            })
        }
        .size(range),
        (false, false) => Advice::by_saving(RULE.code, saves, format!("The least is right; {range} ACU would leave a quarter above the peak, and what is not used costs nothing.{worth}")).size(range),
    };
    Ok(vec![advice.figures(figures)])
}
