use howdah_core::{Error, Result};
use time::{OffsetDateTime, Weekday};

/// Times at which nobody wants to be told: `22:00-06:00`, `sat`, `sun 08:00-20:00`, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    day: Option<Weekday>,
    /// Minutes of the day: from, and the first one behind.
    minutes: (u32, u32),
}

const DAY: u32 = 24 * 60;

impl Silence {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!("{text:?} is no time of silence."))
                .hint("Write it as 22:00-06:00, sat, or sun 08:00-20:00, in UTC.")
        };
        let mut words = text.split_whitespace().peekable();
        let day = match words.peek().and_then(|word| weekday(word)) {
            Some(day) => {
                words.next();
                Some(day)
            }
            None => None,
        };
        let minutes = match (words.next(), words.next()) {
            (None, _) if day.is_some() => (0, DAY),
            (Some(range), None) => {
                let (from, to) = range.split_once('-').ok_or_else(wrong)?;
                (minute(from).ok_or_else(wrong)?, minute(to).ok_or_else(wrong)?)
            }
            _ => return Err(wrong()),
        };
        Ok(Self { day, minutes })
    }

    /// Whether that moment, in seconds since 1970, is in it. What begins in the evening of a day and
    /// ends in the morning belongs to the day on which it began.
    pub fn covers(&self, at_s: i64) -> bool {
        let Ok(at) = OffsetDateTime::from_unix_timestamp(at_s) else {
            return false;
        };
        let minute = u32::from(at.hour()) * 60 + u32::from(at.minute());
        let (from, to) = self.minutes;
        let is_day = |day: Weekday| self.day.is_none_or(|own| own == day);
        if from < to {
            return is_day(at.weekday()) && (from..to).contains(&minute);
        }
        is_day(at.weekday()) && minute >= from || is_day(at.weekday().previous()) && minute < to
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    let days = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    let word = word.to_ascii_lowercase();
    days.iter().find(|(name, _)| *name == word).map(|(_, day)| *day)
}

fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60 || hours == 24 && minutes == 0).then_some(hours * 60 + minutes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Saturday, 28 November 2026, in minutes from its midnight.
    fn saturday(minute: i64) -> i64 {
        1_795_824_000 + minute * 60
    }

    #[test]
    fn nights_go_over_midnight_and_belong_to_their_evening() {
        let night = Silence::parse("22:00-06:00").unwrap();
        for (minute, is_silent) in [(0, true), (359, true), (360, false), (1319, false), (1320, true)] {
            assert_eq!(night.covers(saturday(minute)), is_silent, "{minute}");
        }
        let saturdays = Silence::parse("Sat 22:00-06:00").unwrap();
        assert!(!saturdays.covers(saturday(60)), "that is the night from Friday");
        assert!(saturdays.covers(saturday(1400)) && saturdays.covers(saturday(1440 + 60)));
        let whole = Silence::parse("sat").unwrap();
        assert!(whole.covers(saturday(0)) && whole.covers(saturday(1439)) && !whole.covers(saturday(1440)));
        assert!(Silence::parse("00:00-24:00").unwrap().covers(saturday(1439)));
        for wrong in ["", "22:00", "25:00-06:00", "someday", "sat sun", "10:00-11:00 x"] {
            assert!(Silence::parse(wrong).is_err(), "{wrong}");
        }
    }
}
