use super::marks::{after, lines};
use super::{Migration, Run, Runner, Section, Sign};

crate::runner!(Runner::new("goose", recognises, sections));

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    if !migration.text.contains("+goose") {
        return None;
    }
    let marked = lines(migration.text).any(|line| is_mark(line.text, "up"));
    marked.then_some(Sign::Mark)
}

fn is_mark(line: &str, mark: &str) -> bool {
    after(line, "+goose").is_some_and(|rest| rest.eq_ignore_ascii_case(mark))
}

/// The parts behind `Up`, each up to the next `Down`.
fn sections(migration: &Migration<'_>) -> Vec<Section> {
    let without = lines(migration.text).any(|line| is_mark(line.text, "no transaction"));
    let run = if without { Run::Alone } else { Run::Transaction };
    let mut sections: Vec<Section> = Vec::new();
    let mut is_up = false;
    for line in lines(migration.text) {
        if is_mark(line.text, "up") && !is_up {
            is_up = true;
            let bytes = line.next..migration.text.len();
            sections.push(Section { bytes, run });
        } else if is_mark(line.text, "down") && is_up {
            is_up = false;
            if let Some(up) = sections.last_mut() {
                up.bytes.end = line.start;
            }
        }
    }
    sections
}

