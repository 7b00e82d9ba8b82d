//! A session on the target that a tool's arguments name.

use howdah_core::{Context, Result};
use howdah_pg::{Session, Targets};

/// A session on `target` (none: the default), in `database` (none: the target's own).
pub(crate) async fn open(cx: &Context, target: Option<&str>, database: Option<&str>) -> Result<Session> {
    let targets = cx.get::<Targets>()?;
    let mut target = targets.get(target)?;
    if let Some(database) = database {
        target = targets.database(&target, database);
    }
    Ok(target.session().await?)
}
