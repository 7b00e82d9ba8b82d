use howdah_store::Store;

use crate::JobsError;

/// At least so much of an id must be given.
const SHORTEST: usize = 2;

/// The id that is meant: a whole one, or the beginning of exactly one. Capital
/// letters and the letters that ids leave out (o, i, l for 0, 1, 1) are forgiven.
pub(crate) async fn resolve(store: &Store, given: &str) -> Result<String, JobsError> {
    let wanted: String = given
        .trim()
        .chars()
        .map(|letter| match letter.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    // Asking for what cannot be there makes no store.
    let ids = if store.exists() {
        if store.job(&wanted).await?.is_some() {
            return Ok(wanted);
        }
        store.job_ids().await?
    } else {
        Vec::new()
    };
    let begin: Vec<&String> = ids.iter().filter(|id| id.starts_with(&wanted)).collect();
    match begin.as_slice() {
        [only] if wanted.len() >= SHORTEST => Ok((*only).clone()),
        [_, _, ..] if wanted.len() >= SHORTEST => Err(JobsError::Ambiguous {
            id: given.to_owned(),
            count: begin.len(),
            near: begin.iter().take(5).map(|id| (*id).clone()).collect(),
        }),
        _ => Err(JobsError::UnknownJob {
            id: given.to_owned(),
            near: near(&wanted, &ids),
        }),
    }
}

/// Ids that differ from what was given, or begin with something that differs
/// from it, by little.
fn near(wanted: &str, ids: &[String]) -> Vec<String> {
    let most = match wanted.len() {
        0..SHORTEST => return Vec::new(),
        SHORTEST..=5 => 1,
        _ => 2,
    };
    let mut near: Vec<(usize, &String)> = ids
        .iter()
        .map(|id| {
            let beginning = id.get(..wanted.len()).unwrap_or(id);
            (strsim::osa_distance(wanted, beginning), id)
        })
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, id)| id.clone()).collect()
}
