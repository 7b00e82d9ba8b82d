//! What the tour says and asks.

use howdah_core::{Error, Outcome, Report, Result};
use serde_json::json;

use crate::output::Output;

/// What is asked of the sample shop.
pub(super) const QUESTIONS: &[(&str, &str)] = &[
    (
        "Which customers bought most, and where are they?",
        "SELECT c.name, c.country, count(DISTINCT o.id) AS orders, sum(i.quantity * i.unit_price) AS spent\n\
         FROM shop.customers AS c\n\
         JOIN shop.orders AS o ON o.customer_id = c.id\n\
         JOIN shop.order_items AS i ON i.order_id = o.id\n\
         WHERE c.deleted_at IS NULL AND o.status <> 'cancelled'\n\
         GROUP BY c.id\n\
         ORDER BY spent DESC\n\
         LIMIT 5",
    ),
    (
        "How does revenue move?",
        "SELECT month::date, orders, revenue, round(100 * revenue / lag(revenue) OVER (ORDER BY month) - 100, 1) AS growth_pct\n\
         FROM shop.revenue_by_month ORDER BY month LIMIT 6",
    ),
    (
        "What does the planner do for one customer's last orders?",
        "EXPLAIN SELECT id, placed_at FROM shop.orders WHERE customer_id = 17 ORDER BY placed_at DESC LIMIT 10",
    ),
];

/// What is tried against it. Each would work in a plain READ ONLY transaction's
/// absence, or in spite of one.
pub(super) const ATTACKS: &[(&str, &str)] = &[
    (
        "Read a file of the server",
        "SELECT pg_read_file('postgresql.conf')",
    ),
    (
        "Delete in the middle of a SELECT",
        "WITH gone AS (DELETE FROM shop.orders RETURNING id) SELECT count(*) FROM gone",
    ),
    (
        "Use a view that calls a function that deletes",
        "SELECT count(*) FROM shop.open_orders",
    ),
];

/// A migration as it is often written: it works on a laptop.
pub(super) const MIGRATION: &str = "\
ALTER TABLE shop.orders ADD COLUMN public_id uuid NOT NULL DEFAULT gen_random_uuid();
CREATE INDEX orders_public_id ON shop.orders (public_id);
ALTER TABLE shop.customers RENAME COLUMN name TO full_name;";

/// Prints the tour.
pub(super) struct Narrator<'a> {
    output: &'a Output,
}

impl<'a> Narrator<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self { output }
    }

    pub(super) fn chapter(&self, title: &str) {
        self.output.print(&Report::new().text("").heading(title));
    }

    pub(super) fn command(&self, command: &str) {
        self.output.print(&Report::new().text(format!("$ {command}")));
    }

    pub(super) fn question(&self, question: &str, sql: &str) {
        self.output
            .print(&Report::new().text(format!("\n{question}")).code(sql));
    }

    pub(super) fn result(&self, outcome: &Outcome) {
        self.output.print(&outcome.report());
    }

    pub(super) fn refusal(&self, error: &Error) {
        self.output.print(&Report::new().text(error.to_text()));
    }

    pub(super) fn say(&self, text: &str) {
        self.output.print(&Report::new().text(text));
    }

    /// The client configuration that serves the cluster.
    pub(super) fn configuration(&self, cluster: &str) -> Result<()> {
        let program =
            std::env::current_exe().map_or_else(|_| "howdah".to_owned(), |path| path.display().to_string());
        let server = json!({ "command": program, "args": ["--target", cluster, "mcp"] });
        let configuration = json!({ "mcpServers": { "howdah": server } });
        let text = serde_json::to_string_pretty(&configuration)?;
        self.output.print(
            &Report::new()
                .text("For the configuration of an MCP client; reads are free, every write asks you first:")
                .code(text),
        );
        Ok(())
    }
}
