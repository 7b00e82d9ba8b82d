//! What makes a database younger.

use crate::Seen;
use crate::words::remark;

/// Vacuums the oldest tables, or all of them where more are past the age than are known by name. Temporary tables of
/// a session only that session can vacuum.
pub(crate) fn oldest(seen: &Seen<'_>) -> String {
    let tables: Vec<_> = seen.lines().filter(|line| line.text("kind") == "table").collect();
    let past = tables.first().map_or(0, |line| line.integer("past"));
    let mut lines = Vec::new();
    for table in tables.iter().filter(|line| line.is_true("is_temporary")) {
        let name = table.text("name");
        let why = remark(&format!(
            "{name} is a session's temporary table, which nobody else can vacuum: end the session, or"
        ));
        lines.push(format!("{why}DROP TABLE {name};"));
    }
    if past > tables.len() as i64 {
        lines.push("VACUUM (FREEZE);".to_owned());
    } else {
        let own = tables.iter().filter(|line| !line.is_true("is_temporary"));
        lines.extend(own.map(|line| format!("VACUUM (FREEZE) {};", line.text("name"))));
    }
    lines.join("\n")
}
