//! Advice where the target has no hypopg: on a server of this machine that has it, in a copy of the target's schema whose
//! planner knows what the target's does. Of the target's rows nothing is read but how wide the widest values are.

use std::sync::Arc;

use howdah_advise::indexes::{Advice, AdviseOptions, Workload, advise, widths};
use howdah_core::{Error, Result};
use howdah_localpg::Installation;
use howdah_pg::{ConnInfo, NoEnvironment, Origin, PgError, Session, Target};
use howdah_rehearse::{Knowledge, Schema, Scratch};

/// Advises in a copy. `refusal` says why not on the target.
///
/// # Errors
/// `refusal` itself, with what is missing here too, where no server of this machine has hypopg; else as the copy fails.
pub(super) async fn advise_elsewhere(
    session: &mut Session,
    workload: &Workload,
    options: &AdviseOptions,
    progress: &(dyn Fn(&str) + Sync),
    refusal: Error,
) -> Result<Advice> {
    let able = tokio::task::spawn_blocking(|| {
        let all = Installation::all().into_iter();
        all.filter(|found| found.has_extension("hypopg")).collect::<Vec<_>>()
    })
    .await
    .map_err(|error| Error::internal(format!("Looking for servers failed: {error}")))?;
    if able.is_empty() {
        let detail = "No PostgreSQL of this machine has it either: with one that has (the package postgresql-NN-hypopg), advice \
                      is made here, from the schema and the statistics of the target alone.";
        let detail = match &refusal.detail {
            Some(before) => format!("{before} {detail}"),
            None => detail.to_owned(),
        };
        return Err(refusal.detail(detail));
    }
    progress("copying the schema and its statistics");
    let schema = Schema::capture(session).await?;
    let knowledge = Knowledge::capture(session).await?;
    let options = AdviseOptions { widths: Some(widths(session).await?), ..options.clone() };
    let major = schema.major();
    let scratch = Scratch::among(move || able, Some(major)).await?;
    let mut database = scratch.database(&schema.database).await?;
    database.build(&schema).await?;
    database.impart(&knowledge).await?;
    let conninfo =
        ConnInfo::parse_with(&database.superuser_url(), &NoEnvironment).map_err(PgError::from)?;
    let copy = Arc::new(Target::new("scratch", conninfo, Origin::CommandLine));
    let mut pretending = copy.session().await?;
    let found = pretending.batch("CREATE SCHEMA IF NOT EXISTS \"howdah hypopg\"; CREATE EXTENSION IF NOT EXISTS hypopg SCHEMA \"howdah hypopg\"");
    found.await?;
    let mut advice = advise(&mut pretending, workload, &options, progress).await?;
    let mut note = format!(
        "The target has no hypopg: this was reckoned on PostgreSQL {} of this machine, from the schema and the statistics of the \
         target alone, as its own planner would within a little.",
        scratch.major()
    );
    if scratch.major() != major {
        note.push_str(&format!(" The target is of version {major}, whose planner may differ."));
    }
    advice.notes.insert(0, note);
    advice.notes.extend(database.notes().iter().cloned());
    drop(pretending);
    Ok(advice)
}
