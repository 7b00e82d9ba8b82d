//! Statements that are slow for want of an index.

/// What the shop's clients ask again and again, with what it is for.
pub(super) const STATEMENTS: &[(&str, &str)] = &[
    (
        "A customer's last orders",
        "SELECT id, status, placed_at FROM shop.orders WHERE customer_id = 4711 ORDER BY placed_at DESC LIMIT 10",
    ),
    (
        "What was sold of a product",
        "SELECT sum(quantity) FROM shop.order_items WHERE product_id = 1234",
    ),
];

/// How often each is asked before anybody looks.
pub(super) const TIMES: usize = 10;

/// The same as a workload: what is written counts as well.
pub(super) fn workload() -> String {
    let mut text = String::new();
    for (_, sql) in STATEMENTS {
        text.push_str(&format!("-- weight: 20\n{sql};\n"));
    }
    text.push_str("-- weight: 5\nINSERT INTO shop.orders (customer_id, placed_at) VALUES (4711, now());\n");
    text
}
