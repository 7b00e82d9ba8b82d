//! The schema family: a database's tables as the catalog, the statistics and a sample of the rows
//! know them, and what the rules find in them.

mod dependency;
mod forecast;
mod model;
mod read;
pub(crate) mod reference;
mod review;
mod sample;
mod statistics;
pub(crate) mod words;

use howdah_pg::{Connection, PgError};

pub use dependency::{Dependency, SampledColumn, dependencies};
pub use forecast::forecast;
pub use model::{
    Activity, Column, Constraint, ConstraintKind, Context, DefinerFunction, Index, SchemaModel, Sequence,
    Table, TableKind, grouped,
};
pub use review::{
    Counted, Draft, Found, Review, ReviewOptions, SchemaFinding, SchemaRule, Skipped, beside, schema_rules,
};
pub use sample::{Observations, Orphans};
pub use statistics::ColumnStatistics;

/// What a review of a database found.
#[derive(Debug)]
pub struct Reviewed {
    /// The worst first, then by table; at most `most_findings` of the options.
    pub findings: Vec<SchemaFinding>,
    /// How many there are in all.
    pub counted: Counted,
    /// What could not be looked at.
    pub skipped: Vec<Skipped>,
    /// What was reviewed.
    pub model: SchemaModel,
}

/// The schema of the database of a connection alone, for rules that want to know its tables.
pub async fn read(connection: &mut Connection) -> Result<SchemaModel, PgError> {
    read::read_schema(connection, &[], &mut Vec::new()).await
}

/// Reviews the database of a connection; `schemas` narrows it down.
///
/// It reads the catalog and, where the options say so, samples of rows, all in read-only
/// transactions with time limits. Any role may do it; what it may not read is among `skipped`.
pub async fn review(
    connection: &mut Connection,
    schemas: &[String],
    options: &ReviewOptions,
    is_populated: bool,
) -> Result<Reviewed, PgError> {
    let mut skipped = Vec::new();
    let mut model = read::read_schema(connection, schemas, &mut skipped).await?;
    model.context.is_populated = is_populated;
    if !is_populated {
        model.forget_rows();
    }
    let observed = sample::observe(connection, &model, options, &mut skipped).await?;
    let (findings, counted) = review::judge(&Review {
        model: &model,
        options,
        observed: &observed,
    });
    Ok(Reviewed {
        findings,
        counted,
        skipped,
        model,
    })
}
