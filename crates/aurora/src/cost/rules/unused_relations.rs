use howdah_core::Result;

use crate::cost::{Advice, Case, Figure, Rule};

pub(super) const RULE: Rule = Rule { code: "unused-relations", title: "Indexes and tables that nobody uses", judge };

fn judge(case: &Case<'_>) -> Result<Vec<Advice>> {
    let Some(unused) = &case.given.unused_gib else { return Ok(Vec::new()) };
    let price = case.prices.storage(case.given.io_optimized);
    let figure = Figure::new("storage of what is unused", unused * price, format!("{unused} GiB × {price}"));
    let says = match figure.value.is_positive() {
        true => format!(
            "What nobody uses takes {} a month of storage, and the writes to unused indexes come on top. `howdah index problems` names the indexes, with the statements that drop them and bring them back; `howdah review` names tables that nothing has read.",
            figure.value.money()
        ),
        false => "Nothing is unused.".to_owned(),
    };
    Ok(vec![Advice::by_saving(RULE.code, figure.value.clone(), says).figures([figure])])
}
