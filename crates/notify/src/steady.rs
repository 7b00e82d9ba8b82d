/// When a state is told. One that comes and goes is not told each time: it counts once it has lasted
/// for `after_s`, and is over once it has been away for `over_after_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// Seconds that it must last.
    pub after_s: i64,
    /// Seconds that it must have been away.
    pub over_after_s: i64,
    /// Seconds after which it is told again while it lasts; 0 for never.
    pub again_s: i64,
    since_s: Option<i64>,
    away_since_s: Option<i64>,
    told_s: Option<i64>,
}

/// What is to be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// That it began.
    Began,
    /// That it lasts.
    Lasts,
    /// That it is over.
    Over,
}

impl Steady {
    /// Nothing is wrong so far.
    pub fn new(after_s: i64, over_after_s: i64, again_s: i64) -> Self {
        Self {
            after_s,
            over_after_s,
            again_s,
            since_s: None,
            away_since_s: None,
            told_s: None,
        }
    }

    /// Takes note of how it is at that moment, in seconds of any clock that goes on.
    pub fn see(&mut self, at_s: i64, is_wrong: bool) -> Option<Told> {
        if is_wrong {
            self.away_since_s = None;
            let since_s = *self.since_s.get_or_insert(at_s);
            let told = match self.told_s {
                None if at_s - since_s >= self.after_s => Some(Told::Began),
                Some(told_s) if self.again_s > 0 && at_s - told_s >= self.again_s => Some(Told::Lasts),
                _ => None,
            };
            if told.is_some() {
                self.told_s = Some(at_s);
            }
            return told;
        }
        if self.told_s.is_none() {
            // What was not told need not be taken back.
            self.since_s = None;
            return None;
        }
        let away_since_s = *self.away_since_s.get_or_insert(at_s);
        if at_s - away_since_s < self.over_after_s {
            return None;
        }
        *self = Self::new(self.after_s, self.over_after_s, self.again_s);
        Some(Told::Over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_is_told_once() {
        let mut steady = Steady::new(120, 300, 3600);
        let mut told = Vec::new();
        for minute in 0..200 {
            let at_s = minute * 60;
            // Wrong for a minute at 5, from 20 to 120 with gaps of two minutes now and then.
            let is_wrong = minute == 5 || (20..120).contains(&minute) && minute % 10 > 1;
            if let Some(what) = steady.see(at_s, is_wrong) {
                told.push((minute, what));
            }
        }
        assert_eq!(
            told,
            [(24, Told::Began), (84, Told::Lasts), (125, Told::Over)],
            "not for the minute at 5, not for gaps that are shorter than five minutes"
        );
    }

    #[test]
    fn at_once_and_never_again() {
        let mut steady = Steady::new(0, 0, 0);
        assert_eq!(steady.see(0, true), Some(Told::Began));
        assert_eq!(steady.see(100_000, true), None);
        assert_eq!(steady.see(100_001, false), Some(Told::Over));
        assert_eq!(steady.see(100_002, false), None);
    }
}
