use std::borrow::Cow;

use howdah_pg::{Rows, ServerError};

use crate::check::Check;
use crate::line::Line;
use crate::place::Place;
use crate::settings::Settings;

/// A statement that an answer gave rise to.
#[derive(Debug, Clone)]
pub struct Further {
    /// As [`Check::sql`].
    pub sql: Cow<'static, str>,
    /// The values of its `$1`… in text.
    pub params: Vec<String>,
}

/// What a check has to judge.
pub struct Seen<'a> {
    /// The server, the database and the role.
    pub place: &'a Place,
    pub(crate) check: &'a Check,
    pub(crate) settings: &'a Settings,
    pub(crate) rows: &'a Rows,
    pub(crate) further: &'a [Result<Rows, ServerError>],
}

impl<'a> Seen<'a> {
    /// The rows of the answer.
    pub fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        self.rows.iter().map(Line::new)
    }

    /// The first row.
    pub fn first(&self) -> Option<Line<'a>> {
        self.rows.first().map(Line::new)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of all further statements that succeeded.
    pub fn further_lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        self.further
            .iter()
            .filter_map(|answer| answer.as_ref().ok())
            .flat_map(|rows| rows.iter().map(Line::new))
    }

    /// The errors of further statements.
    pub fn further_errors(&self) -> impl Iterator<Item = &'a ServerError> + use<'a> {
        self.further.iter().filter_map(|answer| answer.as_ref().err())
    }

    /// A threshold: the operator's, else the check's own.
    pub fn limit(&self, name: &str) -> f64 {
        let own = self
            .check
            .thresholds
            .iter()
            .find(|threshold| threshold.name == name);
        own.map_or(f64::INFINITY, |threshold| {
            self.settings.threshold(self.check.code, threshold)
        })
    }
}
