//! The schema family, on real servers: what is found there, and what is not.

#![allow(clippy::unwrap_used)]

mod pages;
mod reviews;
mod scale;

use howdah_core::Config;
use howdah_lint::schema::{ReviewOptions, Reviewed, review};
use howdah_pg::{Session, Targets};

async fn session(url: &str) -> Session {
    let targets = Targets::load(&Config::default(), Some(url), None).unwrap();
    targets.get(None).unwrap().session().await.unwrap()
}

async fn reviewed(url: &str, options: &ReviewOptions) -> Reviewed {
    let mut session = session(url).await;
    review(&mut session, &[], options, true).await.unwrap()
}

/// Findings as lines that a failing test can show.
fn lines(reviewed: &Reviewed) -> Vec<String> {
    let line = |found: &howdah_lint::schema::SchemaFinding| {
        let finding = &found.finding;
        let object = finding.object.as_deref().unwrap_or("-");
        format!(
            "{:?} {} {object}: {} {:?}",
            finding.severity, finding.code, finding.message, finding.evidence
        )
    };
    reviewed.findings.iter().map(line).collect()
}
