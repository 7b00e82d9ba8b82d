use howdah_core::Result;

use super::{Advice, Decimal, Description, Figure, MONTH_HOURS, Prices, Size, Verdict};

/// A description with its prices: what the rules judge.
pub struct Case<'a> {
    /// What was given.
    pub given: &'a Description,
    /// Its size, read.
    pub size: Size,
    /// The prices of its region.
    pub prices: &'a Prices,
}

/// Below this, nothing is advised: a week has working days and a weekend. Two are good.
pub(super) const LEAST_HOURS: u32 = 7 * 24;
/// What is good to go by.
const GOOD_HOURS: u32 = 14 * 24;

impl<'a> Case<'a> {
    /// An error where the size is none.
    pub fn new(given: &'a Description, prices: &'a Prices) -> Result<Self> {
        Ok(Self {
            given,
            size: given.size.parse()?,
            prices,
        })
    }

    /// `2 × db.r6g.large in us-east-1, Aurora Standard`.
    pub fn in_words(&self) -> String {
        let size = match &self.size {
            Size::Serverless { min, max } => format!("Serverless v2 of {min} to {max} ACU"),
            Size::Provisioned(class) => class.name().to_owned(),
        };
        let storage = if self.given.io_optimized {
            "I/O-Optimized"
        } else {
            "Standard"
        };
        format!(
            "{} × {size} in {}, Aurora {storage}",
            self.given.instances, self.given.region
        )
    }

    /// The bill for instances of a size with so many ACU, or of a class.
    pub(super) fn compute_of(
        &self,
        name: &str,
        size: &Size,
        acus: &Decimal,
        io_optimized: bool,
    ) -> Result<Figure> {
        let (hour, formula) = self.prices.unit_hour(size, io_optimized)?;
        let count = self.given.instances;
        let hours = Decimal::from(count) * Decimal::from(MONTH_HOURS);
        Ok(match size {
            Size::Serverless { .. } => Figure::new(
                name,
                hours * acus * &hour,
                format!("{count} instances × {MONTH_HOURS} h × {acus} ACU × {formula}"),
            ),
            Size::Provisioned(class) => Figure::new(
                name,
                hours * &hour,
                format!(
                    "{count} instances of {} × {MONTH_HOURS} h × {formula}",
                    class.name()
                ),
            ),
        })
    }

    /// The bill for instances; `None` where it is not known how much capacity was used.
    pub(super) fn compute(&self, io_optimized: bool) -> Result<Option<Figure>> {
        let acus = match (&self.size, &self.given.acu_avg) {
            (Size::Serverless { .. }, None) => return Ok(None),
            (Size::Serverless { .. }, Some(acus)) => acus.clone(),
            (Size::Provisioned(_), _) => Decimal::zero(),
        };
        self.compute_of("instances", &self.size, &acus, io_optimized)
            .map(Some)
    }

    /// The bill at either end of the range.
    pub(super) fn compute_range(&self, io_optimized: bool) -> Result<(Figure, Figure)> {
        let (min, max) = match &self.size {
            Size::Serverless { min, max } => (min.clone(), max.clone()),
            Size::Provisioned(_) => Default::default(),
        };
        Ok((
            self.compute_of("instances", &self.size, &min, io_optimized)?,
            self.compute_of("instances", &self.size, &max, io_optimized)?,
        ))
    }

    pub(super) fn storage(&self, io_optimized: bool) -> Option<Figure> {
        let (gib, price) = (
            self.given.storage_gib.as_ref()?,
            self.prices.storage(io_optimized),
        );
        Some(Figure::new(
            "storage",
            gib * price,
            format!("{gib} GiB × {price}"),
        ))
    }

    pub(super) fn io(&self, io_optimized: bool) -> Option<Figure> {
        let requests = self.given.io_requests.as_ref()?;
        if io_optimized {
            return Some(Figure::new(
                "I/O",
                Decimal::zero(),
                format!("{requests} requests × 0 with I/O-Optimized"),
            ));
        }
        let price = &self.prices.io_million;
        Some(Figure::new(
            "I/O",
            requests * price * Decimal::new(1, 6),
            format!("{requests} requests ÷ 1000000 × {price}"),
        ))
    }

    /// What is beyond the free part: as many GiB as the volume has.
    pub(super) fn backup(&self) -> Option<Figure> {
        let (backup, free) = (self.given.backup_gib.as_ref()?, self.given.storage_gib.as_ref()?);
        let price = &self.prices.backup_gib_month;
        Some(Figure::new(
            "backups",
            (backup - free).or_zero() * price,
            format!("max(0, {backup} GiB − {free} GiB free) × {price}"),
        ))
    }

    /// What is said in place of advice where figures are missing or too young.
    pub(super) fn too_little(&self, rule: &'static str, needs: &[(&str, bool)]) -> Option<Advice> {
        let mut missing: Vec<String> = needs
            .iter()
            .filter(|need| !need.1)
            .map(|need| need.0.to_owned())
            .collect();
        let hours = self.given.metrics_hours;
        let wait = LEAST_HOURS.saturating_sub(hours);
        if wait > 0 {
            missing.push("metrics_hours".to_owned());
        }
        if missing.is_empty() {
            return None;
        }
        let mut says = format!(
            "Nothing is advised: {} {} missing.",
            missing.join(", "),
            if missing.len() == 1 { "is" } else { "are" }
        );
        if wait > 0 {
            says = format!(
                "Nothing is advised: there are {hours} hours of metrics, and {LEAST_HOURS} (7 days) are the least, {GOOD_HOURS} good. Ask again in {wait} hours."
            );
            let others: Vec<&str> = missing
                .iter()
                .map(String::as_str)
                .filter(|one| *one != "metrics_hours")
                .collect();
            if !others.is_empty() {
                says.push_str(&format!(" Also missing: {}.", others.join(", ")));
            }
        }
        Some(Advice {
            missing,
            wait_hours: (wait > 0).then_some(wait),
            ..Advice::new(rule, Verdict::TooLittleData, says)
        })
    }

    /// A word on how much the figures are worth.
    pub(super) fn worth(&self) -> String {
        let hours = self.given.metrics_hours;
        match hours < GOOD_HOURS {
            true => format!(" From {hours} hours of metrics; {GOOD_HOURS} would be good."),
            false => String::new(),
        }
    }
}
