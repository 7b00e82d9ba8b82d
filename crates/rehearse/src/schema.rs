mod build;
mod capture;
mod order;

use serde::{Deserialize, Serialize};

pub(crate) use build::{BUILDER, Built};

/// Everything that is needed to build a target's schema elsewhere, read from
/// its catalogs only: no row of a table, no lock but those of reading catalogs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The server's version as one number, such as 150004.
    pub server_version_num: u32,
    /// The database's name.
    pub database: String,
    /// The role that the target is used as: a script runs as it.
    pub role: String,
    /// Whether that role may do anything there (a superuser, or what a
    /// provider of managed servers gives in its place).
    pub superuser: bool,
    /// Roles that clients may be: they log in, and are no superusers.
    pub(crate) clients: Vec<String>,
    /// Roles, memberships, settings, schemas: what comes before all else.
    pub(crate) before: Vec<Piece>,
    /// Extensions.
    pub(crate) extensions: Vec<Extension>,
    /// Objects in an order in which they can be created.
    pub(crate) objects: Vec<Piece>,
    /// Publications, owners, privileges.
    pub(crate) after: Vec<Piece>,
    /// What could not be read in full, or is replaced by something similar.
    pub notes: Vec<String>,
}

/// Statements that make one object, or one property of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// What it is, for a note where it cannot be made: `view "shop"."sold"`.
    pub(crate) what: String,
    /// One or several statements, without a semicolon at the end.
    pub(crate) sql: String,
}

/// An extension of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) sql: String,
    /// The types that it brings, qualified and quoted.
    pub(crate) types: Vec<String>,
}

impl Schema {
    /// The major version of the target.
    pub fn major(&self) -> u16 {
        u16::try_from(self.server_version_num / 10_000).unwrap_or_default()
    }

    /// The whole schema as a script for people to read; the order is that of creation.
    pub fn to_sql(&self) -> String {
        let extensions = self.extensions.iter().map(|extension| &extension.sql);
        let before = self.before.iter().map(|piece| &piece.sql);
        let rest = self.objects.iter().chain(&self.after).map(|piece| &piece.sql);
        before
            .chain(extensions)
            .chain(rest)
            .map(|sql| format!("{sql};\n"))
            .collect()
    }
}
