use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::schema::{Found, Review, words::words};

crate::schema_rule!("schema/float-for-money", "Schema Design: Design Rules");

const MONEY: [&str; 24] = [
    "price", "amount", "cost", "total", "subtotal", "balance", "fee", "salary", "wage", "tax", "vat",
    "revenue", "money", "payment", "budget", "charge", "income", "debit", "credit", "refund", "deposit",
    "payout", "invoice", "discount",
];
/// With one of these a name speaks of a measurement.
const MEASURE: [&str; 16] = [
    "rate",
    "percent",
    "pct",
    "ratio",
    "score",
    "count",
    "ms",
    "seconds",
    "time",
    "weight",
    "hours",
    "factor",
    "share",
    "distance",
    "probability",
    "quantity",
];

fn check(review: &Review<'_>, found: &mut Found) {
    for (table, column) in review
        .columns()
        .filter(|(_, column)| column.is_a(&["float4", "float8"]))
    {
        let words = words(&column.name);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        if !has(&MONEY) || has(&MEASURE) {
            continue;
        }
        let name = quote_ident(&column.name);
        found
            .add(
                Severity::Warning,
                format!(
                    "{}.{name} seems to be an amount of money in {}: sums of binary fractions do not come out even. Use numeric.",
                    table.name, column.type_name
                ),
            )
            .column(table, column)
            .unsafe_fix(format!(
                "ALTER TABLE {} ALTER COLUMN {name} TYPE numeric(19, 4);",
                table.name
            ));
    }
}
