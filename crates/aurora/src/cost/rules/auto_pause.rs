use howdah_core::Result;

use crate::cost::{Advice, Case, Decimal, Figure, Rule, Size, Verdict};

pub(super) const RULE: Rule = Rule { code: "auto-pause", title: "A least of 0 ACU, with auto-pause", judge };

/// The first minor version of each major one that pauses; later major versions all do.
const FIRST: [(u32, u32); 4] = [(13, 15), (14, 12), (15, 7), (16, 3)];

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let Size::Serverless { min, max } = &case.size else { return Ok(Vec::new()) };
    if min.is_zero() {
        return Ok(Vec::new());
    }
    let given = case.given;
    let no = |why: String| Ok(vec![Advice::new(RULE.code, Verdict::NotPossible, why)]);
    if !given.kept_awake_by.is_empty() {
        return no(format!("It would not pause beside {}.", given.kept_awake_by.join(", ")));
    }
    let pauses = given.version.as_deref().and_then(pauses);
    if pauses == Some(false) {
        return no(format!(
            "Version {} does not pause: 13.15, 14.12, 15.7, 16.3 and later do.",
            given.version.as_deref().unwrap_or_default()
        ));
    }
    let needs = [("version", pauses.is_some()), ("idle_hours", given.idle_hours.is_some())];
    if let Some(advice) = case.too_little(RULE.code, &needs) {
        return Ok(vec![advice]);
    }
    let Some(idle) = &given.idle_hours else { return Ok(Vec::new()) };
    let (hour, price) = case.prices.unit_hour(&case.size, given.io_optimized)?;
    let saves = idle * min * Decimal::from(given.instances) * &hour;
    let figure = Figure::new(
        "resting while nobody is connected",
        saves.clone(),
        format!("{idle} h × {min} ACU × {} instances × {price}", given.instances),
    );
    let amount = saves.money();
    let worth = case.worth();
    let says = match saves.is_positive() {
        true => format!(
            "0-{max} ACU pauses while nobody is connected, and saves up to {amount} a month. The first connection then waits about 15 seconds, 30 after a day; readers of failover priority 0 and 1 pause with the writer, others by themselves.{worth}"
        ),
        false => format!("Somebody is always connected: it would never pause.{worth}"),
    };
    Ok(vec![Advice::by_saving(RULE.code, saves, says).size(format!("0-{max}")).figures([figure])])
}

/// Whether a version pauses; `None` where it is none.
fn pauses(version: &str) -> Option<bool> {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let major = parts.next()??;
    let minor = parts.next().unwrap_or(Some(0))?;
    let last = FIRST.last()?;
    Some(match FIRST.iter().find(|(known, _)| *known == major) {
        Some((_, first)) => minor >= *first,
        None => major > last.0,
    })
}
