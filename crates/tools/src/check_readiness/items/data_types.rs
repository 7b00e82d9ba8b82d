use howdah_core::Severity;

use crate::check_readiness::gathered::Gathered;
use crate::check_readiness::item::{Answer, Item, Section};

pub(super) const ITEM: Item = Item {
    code: "data-types",
    title: "Columns have the types of what they hold",
    section: Section::Schema,
    guide: "Pre-Production Checklist: Schema",
    judge,
};

/// What the schema review knows of types that are wrong whatever the profile.
const TYPES: [&str; 10] = [
    "schema/char-type",
    "schema/comma-list",
    "schema/float-for-money",
    "schema/foreign-key-type-mismatch",
    "schema/json-not-jsonb",
    "schema/money-type",
    "schema/object-identifier-column",
    "schema/text-holds-typed-values",
    "schema/time-with-zone",
    "schema/timestamp-without-zone",
];

fn judge(gathered: &Gathered) -> Answer {
    gathered.of_schema(&TYPES, Severity::Danger, "No column has a type that surprises.")
}
