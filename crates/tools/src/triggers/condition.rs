use howdah_checks::Status;
use howdah_core::{Context, Error, ErrorKind, Result, Tool};

use super::rule::{On, Rule};
use crate::check_health::{CheckHealth, Health};
use crate::find_regressions::{FindRegressions, headline};
use crate::forecast_growth::ForecastGrowth;
use crate::show_load::{Part, ShowLoad};
use crate::watched::{now_s, one_line};

/// What a rule saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `ok`, `warn` or `critical`.
    pub status: String,
    /// In a sentence.
    pub message: String,
    /// What else is known.
    pub details: Vec<String>,
}

/// Lines that are told beside the first one.
const DETAILS: usize = 10;

impl Seen {
    /// Whether people are to be told.
    pub fn is_wrong(&self) -> bool {
        self.status != "ok"
    }

    fn well(message: impl Into<String>) -> Self {
        Self {
            status: "ok".to_owned(),
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The first line is the message.
    fn wrong(status: &str, mut lines: Vec<String>) -> Self {
        lines.truncate(DETAILS + 1);
        let message = if lines.is_empty() { String::new() } else { lines.remove(0) };
        Self {
            status: status.to_owned(),
            message,
            details: lines,
        }
    }
}

/// What tools say of a target in this minute; each is asked once.
pub(crate) struct Asked<'a> {
    cx: &'a Context,
    target: &'a str,
    health: Option<Result<Health>>,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(cx: &'a Context, target: &'a str) -> Self {
        Self {
            cx,
            target,
            health: None,
        }
    }

    /// How it is, as a rule sees it; an error where it cannot be known.
    pub(crate) async fn see(&mut self, rule: &Rule) -> Result<Seen> {
        match rule.on {
            On::Check => self.checks(rule).await,
            On::Lost => self.lost().await,
            On::Load => self.load(rule).await,
            On::Regression => self.regressions().await,
            On::Growth => self.growth(rule).await,
        }
    }

    async fn health(&mut self) -> &Result<Health> {
        if self.health.is_none() {
            let tool = CheckHealth {
                target: Some(self.target.to_owned()),
                ..CheckHealth::default()
            };
            self.health = Some(tool.look(self.cx).await);
        }
        self.health.get_or_insert_with(|| Err(Error::internal("Health was not looked at.")))
    }

    async fn checks(&mut self, rule: &Rule) -> Result<Seen> {
        let health = self.health().await.as_ref().map_err(Clone::clone)?;
        let checks = health.each().flat_map(|one| &one.checks);
        let wrong: Vec<_> = checks
            .filter(|check| check.status >= rule.least())
            .filter(|check| rule.checks.is_empty() || rule.checks.contains(&check.code))
            .collect();
        let Some(worst) = wrong.iter().map(|check| check.status).max() else {
            return Ok(Seen::well("The checks are well again."));
        };
        let status = if worst == Status::Critical { "critical" } else { "warn" };
        let lines = wrong.iter().map(|check| format!("{}: {}", check.code, check.message));
        Ok(Seen::wrong(status, lines.collect()))
    }

    async fn lost(&mut self) -> Result<Seen> {
        match self.health().await {
            Ok(_) => Ok(Seen::well("The server answers again.")),
            Err(error) if matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout) => {
                let lines = [Some(error.message.clone()), error.hint.clone()];
                Ok(Seen::wrong("critical", lines.into_iter().flatten().collect()))
            }
            // It answered, and said something else.
            Err(_) => Ok(Seen::well("The server answers again.")),
        }
    }

    async fn load(&self, rule: &Rule) -> Result<Seen> {
        let tool = ShowLoad {
            last: rule.over.clone(),
            ago: None,
            by: Part::Wait,
            target: Some(self.target.to_owned()),
            database: None,
        };
        let load = tool.run(self.cx).await?.load;
        let above = rule.above.unwrap_or(f64::MAX);
        if load.looks == 0 {
            return Err(Error::not_found("Nobody watched in that time."));
        }
        if load.average <= above {
            return Ok(Seen::well(format!("{:.1} sessions are at work on average.", load.average)));
        }
        let first = format!("{:.1} sessions at work on average over {}, more than {above}.", load.average, rule.over);
        let shares = load.shares.iter().map(|share| format!("{}: {:.1}", share.of, share.average));
        Ok(Seen::wrong("warn", [first].into_iter().chain(shares).collect()))
    }

    async fn regressions(&self) -> Result<Seen> {
        let tool = FindRegressions {
            last: "6h".to_owned(),
            ago: None,
            factor: 2.0,
            target: Some(self.target.to_owned()),
            database: None,
        };
        let found = tool.run(self.cx).await?.regressions;
        if found.is_empty() {
            return Ok(Seen::well("No statement is slower than it was."));
        }
        let line = |one: &crate::find_regressions::Regression| format!("{}: {}", headline(one), one_line(&one.statement, 200));
        Ok(Seen::wrong("warn", found.iter().map(line).collect()))
    }

    async fn growth(&self, rule: &Rule) -> Result<Seen> {
        let tool = ForecastGrowth {
            last: "4w".to_owned(),
            limit: None,
            target: Some(self.target.to_owned()),
            database: None,
        };
        let found = tool.run(self.cx).await?.growth;
        let until_s = now_s() + rule.days * 86_400;
        let near = found.iter().filter_map(|one| Some((one, one.limit_at_s.filter(|at_s| *at_s < until_s)?)));
        let lines: Vec<String> = near
            .map(|(one, at_s)| format!("{} reaches its limit on {}.", one.of, &howdah_watch::at(at_s)[..10]))
            .collect();
        match lines.is_empty() {
            true => Ok(Seen::well("No limit is near.")),
            false => Ok(Seen::wrong("warn", lines)),
        }
    }
}
