use async_trait::async_trait;

use crate::{ChangeError, Form, Planning};

/// The online form of one sort of statement.
///
/// One file in `rewrites/`, with an `.md` beside it of the same name that documents it and
/// whose examples are its tests. A unit struct implements it under `#[async_trait]` and is
/// registered with [`rewrite!`](crate::rewrite!).
///
/// A rewrite reads the facts, adds steps, notes or a refusal to `planning`, and records in
/// the facts what later statements of the script will find. What it cannot get right it refuses.
#[async_trait]
pub trait Rewrite: Send + Sync {
    /// Stable: the name of its file.
    fn code(&self) -> &'static str;

    /// Whether the form is its business. Exactly one rewrite takes a form: those with a
    /// higher [`rank`](Self::rank) are asked first.
    fn takes(&self, form: &Form<'_>) -> bool;

    /// Who is asked first; only a catch-all is below 0.
    fn rank(&self) -> i32 {
        0
    }

    /// Plans it.
    async fn plan(&self, form: &Form<'_>, planning: &mut Planning<'_>) -> Result<(), ChangeError>;
}

/// A registered [`Rewrite`].
pub(crate) struct RewriteEntry(pub &'static dyn Rewrite);

inventory::collect!(RewriteEntry);

/// Every rewrite, in the order in which they are asked.
pub fn rewrites() -> Vec<&'static dyn Rewrite> {
    let mut all: Vec<_> = inventory::iter::<RewriteEntry>().map(|entry| entry.0).collect();
    all.sort_by_key(|rewrite| (-rewrite.rank(), rewrite.code()));
    all
}

/// Registers a unit struct that implements [`Rewrite`].
macro_rules! rewrite {
    ($rewrite:ident) => {
        inventory::submit! { $crate::rewrite::RewriteEntry(&$rewrite) }
    };
}
pub(crate) use rewrite;
