use howdah_core::Result;

use crate::cost::{Advice, Case, Rule};

pub(super) const RULE: Rule = Rule { code: "backup", title: "Backups beyond what is free", judge };

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let Some(cost) = case.backup() else { return Ok(Vec::new()) };
    let says = match cost.value.is_positive() {
        true => format!(
            "{} a month are for backups beyond the size of the volume: old snapshots and long retention. Delete snapshots that nobody needs (`howdah cluster delete-snapshot`); keep 7 days of retention or more for production.",
            cost.value.money()
        ),
        false => "The backups are within what is free: the size of the volume.".to_owned(),
    };
    Ok(vec![Advice::by_saving(RULE.code, cost.value.clone(), says).figures([cost])])
}
