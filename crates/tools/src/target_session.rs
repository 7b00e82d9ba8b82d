//! The target that a tool's arguments name, and a session on it. A cluster that
//! Howdah created is a target by its name.

use std::sync::Arc;

use howdah_aurora::Clusters;
use howdah_core::{Context, Error, ErrorKind, Result};
use howdah_pg::{Origin, Session, Target, Targets};

/// From here on a name is so much like another that it may be meant.
const ALIKE: f64 = 0.5;

/// A session on `target` (none: the default), in `database` (none: the target's own).
///
/// A cluster may have been started again on another port since it became a
/// target, or its password may have been one for minutes only: where it cannot be
/// reached or does not let us in, it is looked up anew and tried once more.
pub(crate) async fn open(cx: &Context, target: Option<&str>, database: Option<&str>) -> Result<Session> {
    let target = resolve(cx, target, database).await?;
    let error = match target.session().await {
        Ok(session) => return Ok(session),
        Err(error) => Error::from(error),
    };
    let refused = error.sqlstate.as_deref().is_some_and(|state| state.starts_with("28"));
    if target.origin != Origin::Cluster || (error.kind != ErrorKind::Unavailable && !refused) {
        return Err(error);
    }
    match moved(cx, &target).await? {
        Some(target) => Ok(target.session().await?),
        None => Err(error),
    }
}

/// The target of that name (none: the default), in `database` (none: its own).
pub async fn resolve(cx: &Context, name: Option<&str>, database: Option<&str>) -> Result<Arc<Target>> {
    let targets = cx.get::<Targets>()?;
    // The configuration may have chosen a cluster as well.
    let found = match (targets.get(name), name.or(targets.chosen())) {
        (Err(error), Some(name)) if error.kind == ErrorKind::NotFound => {
            let cluster = name.split('/').next().unwrap_or(name);
            match Box::pin(cx.get::<Clusters>()?.target(cluster)).await {
                Ok(target) => {
                    targets.add(target);
                    targets.get(Some(name))
                }
                Err(other) if matches!(other.kind, ErrorKind::NotFound | ErrorKind::Invalid) => {
                    // What more can be said is no reason for another error.
                    let clusters = cx.get::<Clusters>()?.names().await.unwrap_or_default();
                    Err(neither(error, &clusters, &targets, cluster))
                }
                Err(other) => Err(other),
            }
        }
        (found, _) => found,
    }?;
    Ok(match database {
        Some(database) => targets.database(&found, database),
        None => found,
    })
}

/// The clusters of this machine, which are targets by their names as well; none where that cannot be told.
pub(crate) async fn clusters_here(cx: &Context) -> Vec<String> {
    match cx.get::<Clusters>() {
        Ok(clusters) => clusters.on_this_machine().await.unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

/// Neither a target nor a cluster: those that there are, and the one that may have been meant.
fn neither(error: Error, clusters: &[String], targets: &Targets, name: &str) -> Error {
    let listed = targets.list();
    let known = listed.iter().map(|target| target.name.as_str()).chain(clusters.iter().map(String::as_str));
    let near = known
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), known))
        // Nobody mistypes a name into a page.
        .filter(|(alike, _)| *alike >= ALIKE && name.len() <= 100)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let mut hints: Vec<String> = near.map(|(_, near)| format!("Did you mean {near}?")).into_iter().collect();
    if !clusters.is_empty() {
        hints.push(format!("Clusters, which are targets too: {}.", clusters.join(", ")));
    }
    // That no target is known is not worth saying where a cluster is.
    if clusters.is_empty() || !listed.is_empty() {
        hints.extend(error.hint.clone());
    }
    error.hint(hints.join(" "))
}

/// The cluster's target where it is now, if that is elsewhere than before.
async fn moved(cx: &Context, target: &Target) -> Result<Option<Arc<Target>>> {
    let targets = cx.get::<Targets>()?;
    let (cluster, database) = match target.name.split_once('/') {
        Some((cluster, database)) => (cluster, Some(database)),
        None => (target.name.as_str(), None),
    };
    let now = match cx.get::<Clusters>()?.target(cluster).await {
        Ok(now) => now,
        Err(error) => {
            if error.kind == ErrorKind::NotFound {
                targets.forget(cluster);
            }
            return Err(error);
        }
    };
    let before = now.conninfo.with_database(target.conninfo.database());
    if before == target.conninfo {
        return Ok(None);
    }
    let now = targets.add(now);
    Ok(Some(match database {
        Some(database) => targets.database(&now, database),
        None => now,
    }))
}
