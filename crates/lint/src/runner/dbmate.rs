use super::marks::{after, is_off, lines};
use super::{Migration, Run, Runner, Section, Sign};

crate::runner!(Runner::new("dbmate", recognises, sections));

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    if !migration.text.contains("migrate:up") {
        return None;
    }
    let marked = lines(migration.text).any(|line| after(line.text, "migrate:up").is_some());
    marked.then_some(Sign::Mark)
}

/// The part between `migrate:up` and `migrate:down`.
fn sections(migration: &Migration<'_>) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in lines(migration.text) {
        if after(line.text, "migrate:down").is_some() {
            if let Some(up) = sections.last_mut() {
                up.bytes.end = line.start;
            }
            break;
        }
        if let Some(options) = after(line.text, "migrate:up")
            && sections.is_empty()
        {
            let run = if is_off(options, "transaction") { Run::Message } else { Run::Transaction };
            let bytes = line.next..migration.text.len();
            sections.push(Section { bytes, run });
        }
    }
    sections
}
