use howdah_sql::quote_ident;

use crate::place::Place;
use crate::verdict::Skip;

/// What a check cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To see what the sessions of other roles do: `pg_read_all_stats`, which `pg_monitor` brings.
    AllSessions,
    /// To see the values of settings that only superusers see: `pg_read_all_settings`, which `pg_monitor` brings.
    AllSettings,
    /// A function of pg_catalog, by which Aurora is known.
    AuroraFunction(&'static str),
    /// An extension in this database.
    Extension(&'static str),
    /// A server that takes writes.
    Primary,
    /// At least this major version.
    Since(u32),
}

impl Need {
    /// Why a check that needs this is skipped there; `None` where it is met.
    pub(crate) fn unmet(self, place: &Place) -> Option<Skip> {
        let role = quote_ident(&place.role);
        match self {
            Self::AllSessions if !place.sees_all_sessions => Some(Skip::new(
                format!("The role {role} does not see what the sessions of other roles do."),
                place.superuser_runs(&format!("GRANT pg_monitor TO {role};")),
            )),
            Self::AllSettings if !place.sees_all_settings => Some(Skip::new(
                format!("The role {role} does not see all settings."),
                place.superuser_runs(&format!("GRANT pg_monitor TO {role};")),
            )),
            Self::AuroraFunction(name) if !place.has_aurora_function(name) => Some(Skip::new(
                format!("This server has no function {name}(): it is not Aurora, or its version lacks it."),
                "nobody: there is nothing to look at",
            )),
            Self::Extension(name) if place.extension_schema(name).is_none() => Some(Skip::new(
                format!("The extension {name} is not in this database."),
                place.superuser_runs(&format!("CREATE EXTENSION {};", quote_ident(name))),
            )),
            Self::Primary if place.is_standby => Some(Skip::new(
                "This server is a standby, whose tables are its primary's.",
                "you: ask the primary",
            )),
            Self::Since(major) if place.major() < major => Some(Skip::new(
                format!("Servers before {major} do not tell it."),
                "nobody on this version",
            )),
            _ => None,
        }
    }
}
