use std::collections::{BTreeMap, HashMap, HashSet};

use howdah_pg::PgError;
use howdah_store::samples::{Activity, Level, Seen, id_of_text};

use crate::ask::{Asking, Question, number, text};
use crate::statements::is_ours;

/// Sessions at work, added up until they are recorded.
#[derive(Default)]
pub(crate) struct Sessions {
    /// By the beginning of the span.
    spans: BTreeMap<i64, Span>,
    /// Ids of statements that the server gave none, by their texts as they were sent.
    own_ids: HashMap<String, (i64, String)>,
    /// Texts that came with them, by id, until they are recorded.
    pub(crate) texts: BTreeMap<i64, String>,
}

#[derive(Default)]
struct Span {
    ticks: u32,
    seen: BTreeMap<(String, Option<i64>, String), u32>,
}

/// Texts whose ids are remembered at most: an application that puts constants into its
/// statements has a new text for each.
const TEXTS: usize = 2_000;

impl Sessions {
    /// Looks at who is at work now. The ids of statements whose texts are not known are returned.
    pub(crate) async fn look(
        &mut self,
        asking: &mut Asking,
        at_s: i64,
        known: &HashSet<i64>,
    ) -> Result<Vec<i64>, PgError> {
        let question = Question {
            name: "activity",
            sql: include_str!("questions/activity.sql"),
            params: vec![asking.place.database.clone()],
        };
        let Some(rows) = asking.one(question).await? else {
            return Ok(Vec::new());
        };
        let mut unknown = Vec::new();
        let start = at_s - at_s.rem_euclid(Level::ACTIVITY_S);
        let mut seen = Vec::new();
        for row in rows.iter() {
            let id = match row.named("query_id").and_then(|id| id.parse().ok()) {
                Some(id) => {
                    if !known.contains(&id) && !self.texts.contains_key(&id) {
                        unknown.push(id);
                    }
                    Some(id)
                }
                None => row.named("text").and_then(|text| self.own_id(text)),
            };
            let key = (text(row, "wait").to_owned(), id, text(row, "role").to_owned());
            seen.push((key, number::<u32>(row, "count")));
        }
        let span = self.spans.entry(start).or_default();
        span.ticks += 1;
        for (key, count) in seen {
            *span.seen.entry(key).or_default() += count;
        }
        Ok(unknown)
    }

    /// Learns the texts of statements that run now.
    pub(crate) async fn learn(&mut self, asking: &mut Asking, ids: &[i64]) -> Result<(), PgError> {
        let question = Question {
            name: "running texts",
            sql: include_str!("questions/running_texts.sql"),
            params: vec![array(ids), asking.place.database.clone()],
        };
        let rows = asking.one(question).await?.unwrap_or_default();
        for row in rows.iter() {
            let sent = text(row, "text");
            if !is_ours(sent) {
                self.texts
                    .insert(number(row, "query_id"), howdah_sql::normalize(sent));
            }
        }
        Ok(())
    }

    /// Takes what was added up, to be recorded.
    pub(crate) fn take(&mut self) -> Vec<Activity> {
        std::mem::take(&mut self.spans)
            .into_iter()
            .map(|(at_s, span)| Activity {
                at_s,
                ticks: span.ticks,
                seen: span
                    .seen
                    .into_iter()
                    .map(|((wait, query_id, role), count)| Seen {
                        wait,
                        query_id,
                        role,
                        count,
                    })
                    .collect(),
            })
            .collect()
    }

    fn own_id(&mut self, sent: &str) -> Option<i64> {
        if sent.is_empty() || sent == "<insufficient privilege>" {
            return None;
        }
        if let Some((id, text)) = self.own_ids.get(sent) {
            let text = text.clone();
            let id = *id;
            self.texts.entry(id).or_insert(text);
            return Some(id);
        }
        let masked = howdah_sql::normalize(sent);
        let fingerprint = howdah_sql::fingerprint(sent).unwrap_or_else(|_| masked.clone());
        let id = id_of_text(&fingerprint);
        if self.own_ids.len() >= TEXTS {
            self.own_ids.clear();
        }
        self.own_ids.insert(sent.to_owned(), (id, masked.clone()));
        self.texts.insert(id, masked);
        Some(id)
    }
}

/// Numbers as the server reads an array.
pub(crate) fn array(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!("{{{}}}", ids.join(","))
}
