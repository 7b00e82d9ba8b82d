use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

use howdah_core::Error;
use num_bigint::{BigInt, Sign};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A decimal number without any rounding: sums and products are exact. As text and in JSON
/// `1234.5`; numbers of JSON are taken as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The value is `digits × 10^-places`; the last of the digits is not 0 where there are places.
    digits: BigInt,
    places: u32,
}

/// What is taken as input: far beyond any bill, and short enough to be read.
const MOST_DIGITS: usize = 15;
const MOST_PLACES: usize = 12;

impl Decimal {
    /// Nothing.
    pub fn zero() -> Self {
        Self::default()
    }

    /// `digits × 10^-places`: `new(26, 2)` is 0.26.
    pub fn new(digits: i64, places: u32) -> Self {
        Self::of(BigInt::from(digits), places)
    }

    /// A measured figure, to six places; 0 where it is below or is no number.
    pub fn measured(value: f64) -> Self {
        format!("{:.6}", value.max(0.0)).parse().unwrap_or_default()
    }

    fn of(mut digits: BigInt, mut places: u32) -> Self {
        let ten = BigInt::from(10);
        while places > 0 && (&digits % &ten).sign() == Sign::NoSign {
            digits /= &ten;
            places -= 1;
        }
        Self { digits, places }
    }

    /// Both with as many places.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt, u32) {
        let places = self.places.max(other.places);
        (self.widened(places), other.widened(places), places)
    }

    fn widened(&self, places: u32) -> BigInt {
        &self.digits * BigInt::from(10).pow(places.saturating_sub(self.places))
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        self.digits.sign() == Sign::Plus
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.sign() == Sign::NoSign
    }

    /// What is above zero of it.
    #[must_use]
    pub fn or_zero(self) -> Self {
        if self.is_positive() { self } else { Self::zero() }
    }

    /// The quotient, rounded to so many places, halves away from zero; `None` by zero. Nothing
    /// is decided by a quotient, as it may not be exact: it is only shown.
    pub fn over(&self, divisor: &Self, places: u32) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        let (above, below, _) = self.aligned(divisor);
        let negative = (above.sign() == Sign::Minus) != (below.sign() == Sign::Minus);
        let (above, below) = (above.magnitude().clone(), below.magnitude().clone());
        let twice = above * num_bigint::BigUint::from(10u32).pow(places) * 2u32 + &below;
        let rounded = BigInt::from(twice / (below * 2u32));
        Some(Self::of(if negative { -rounded } else { rounded }, places))
    }

    /// Rounded to so many places, halves away from zero.
    #[must_use]
    pub fn rounded(&self, places: u32) -> Self {
        self.over(&Self::new(1, 0), places).unwrap_or_default()
    }

    /// The smallest multiple of a half that is not below it; none of a negative number is.
    #[must_use]
    pub fn up_to_half(&self) -> Self {
        let doubled = self * &Self::new(2, 0);
        let unit = BigInt::from(10).pow(doubled.places);
        let halves = (&doubled.digits + &unit - 1) / &unit;
        Self::of(halves * 5, 1).or_zero()
    }

    /// As money: two places, thousands set apart.
    pub fn money(&self) -> String {
        let rounded = self.rounded(2);
        let cents = rounded.widened(2);
        let text = format!("{:0>3}", cents.magnitude().to_string());
        let (whole, cents) = text.split_at(text.len() - 2);
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if rounded.digits.sign() == Sign::Minus {
            "-"
        } else {
            ""
        };
        format!("{sign}${grouped}.{cents}")
    }
}

impl FromStr for Decimal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || {
            Error::invalid(format!(
                "{:?} is no figure.",
                text.chars().take(40).collect::<String>()
            ))
            .hint("Write a number of at least 0 in digits: 1200, 0.26.")
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() > MOST_DIGITS || fraction.len() > MOST_PLACES {
            return Err(bad());
        }
        let places = u32::try_from(fraction.len()).map_err(|_| bad())?;
        let all = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
        Ok(Self::of(all, places))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places as usize;
        let text = format!(
            "{:0>width$}",
            self.digits.magnitude().to_string(),
            width = places + 1
        );
        let (whole, fraction) = text.split_at(text.len() - places);
        let sign = if self.digits.sign() == Sign::Minus {
            "-"
        } else {
            ""
        };
        match fraction {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b, _) = self.aligned(other);
        a.cmp(&b)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<u32> for Decimal {
    fn from(whole: u32) -> Self {
        Self::new(i64::from(whole), 0)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, |$a:ident, $b:ident| $result:expr) => {
        impl $trait<&Decimal> for &Decimal {
            type Output = Decimal;

            fn $method(self, other: &Decimal) -> Decimal {
                let ($a, $b) = (self, other);
                $result
            }
        }

        impl $trait<Decimal> for Decimal {
            type Output = Decimal;

            fn $method(self, other: Decimal) -> Decimal {
                $trait::$method(&self, &other)
            }
        }

        impl $trait<&Decimal> for Decimal {
            type Output = Decimal;

            fn $method(self, other: &Decimal) -> Decimal {
                $trait::$method(&self, other)
            }
        }
    };
}

operator!(Add, add, |a, b| {
    let (a, b, places) = a.aligned(b);
    Decimal::of(a + b, places)
});
operator!(Sub, sub, |a, b| {
    let (a, b, places) = a.aligned(b);
    Decimal::of(a - b, places)
});
operator!(Mul, mul, |a, b| {
    Decimal::of(&a.digits * &b.digits, a.places + b.places)
});

impl<'a> Sum<&'a Decimal> for Decimal {
    fn sum<I: Iterator<Item = &'a Decimal>>(all: I) -> Self {
        all.fold(Self::zero(), |sum, one| &sum + one)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            // Doubles print as the shortest text that reads back as they are: what was written.
            serde_json::Value::Number(number) => number.to_string(),
            other => return Err(de::Error::custom(format!("{other} is no figure"))),
        };
        text.parse()
            .map_err(|error: Error| de::Error::custom(error.message))
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"] })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_written_is_what_is_meant() {
        for (given, shown) in [
            ("0.10", "0.1"),
            ("007", "7"),
            ("0", "0"),
            ("12.000", "12"),
            ("0.000001", "0.000001"),
        ] {
            assert_eq!(decimal(given).to_string(), shown);
        }
        for bad in [
            "",
            "-1",
            "1e3",
            ".5",
            "5.",
            "1,000",
            "0x1",
            "NaN",
            "1.1.1",
            "٣",
            "1234567890123456",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
        assert_eq!(serde_json::from_str::<Decimal>("0.1").unwrap(), decimal("0.1"));
        assert_eq!(
            serde_json::from_str::<Decimal>("\"0.30\"").unwrap(),
            decimal("0.3")
        );
        assert_eq!(
            serde_json::from_str::<Decimal>("5000000000").unwrap(),
            decimal("5000000000")
        );
        assert!(serde_json::from_str::<Decimal>("-0.5").is_err());
    }

    #[test]
    fn nothing_is_lost_where_doubles_lose() {
        assert_eq!(decimal("0.1") + decimal("0.2"), decimal("0.3"));
        assert_eq!(
            (decimal("0.000001") * decimal("0.0000001")).to_string(),
            "0.0000000000001"
        );
        assert_eq!((decimal("1") - decimal("1.25")).to_string(), "-0.25");
    }

    #[test]
    fn money_is_rounded_where_it_is_shown_alone() {
        for (exact, shown) in [
            ("0", "$0.00"),
            ("0.005", "$0.01"),
            ("0.0049", "$0.00"),
            ("1234567.895", "$1,234,567.90"),
            ("999.995", "$1,000.00"),
        ] {
            assert_eq!(decimal(exact).money(), shown);
        }
        assert_eq!((decimal("0") - decimal("1234.5")).money(), "-$1,234.50");
    }

    #[test]
    fn capacities_go_up_to_halves() {
        for (exact, half) in [
            ("0", "0"),
            ("0.1", "0.5"),
            ("0.5", "0.5"),
            ("6", "6"),
            ("6.05", "6.5"),
            ("6.500001", "7"),
        ] {
            assert_eq!(decimal(exact).up_to_half(), decimal(half), "{exact}");
        }
    }

    #[test]
    fn quotients_round_halves_away_from_zero() {
        assert_eq!(decimal("1").over(&decimal("3"), 4).unwrap(), decimal("0.3333"));
        assert_eq!(decimal("1").over(&decimal("8"), 2).unwrap(), decimal("0.13"));
        assert_eq!(
            (decimal("0") - decimal("1"))
                .over(&decimal("8"), 2)
                .unwrap()
                .to_string(),
            "-0.13"
        );
        assert!(decimal("1").over(&Decimal::zero(), 2).is_none());
    }

    fn a_decimal() -> impl Strategy<Value = Decimal> {
        (any::<i64>(), 0u32..12).prop_map(|(digits, places)| Decimal::new(digits, places))
    }

    proptest! {
        #[test]
        fn the_laws_of_arithmetic_hold(a in a_decimal(), b in a_decimal(), c in a_decimal()) {
            prop_assert_eq!(&a + &b, &b + &a);
            prop_assert_eq!(&a * &b, &b * &a);
            prop_assert_eq!((&a + &b) + &c, &a + &(&b + &c));
            prop_assert_eq!((&a * &b) * &c, &a * &(&b * &c));
            prop_assert_eq!(&a * &(&b + &c), &(&a * &b) + &(&a * &c));
            prop_assert_eq!((&a + &b) - &b, a.clone());
            prop_assert_eq!((&a - &b).is_positive(), a > b);
        }

        #[test]
        fn text_and_json_read_back(digits in 0i64..i64::pow(10, 15), places in 0u32..12) {
            let one = Decimal::new(digits, places);
            prop_assert_eq!(one.to_string().parse::<Decimal>().unwrap(), one.clone());
            let json = serde_json::to_string(&one).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decimal>(&json).unwrap(), one);
        }

        #[test]
        fn a_half_step_is_the_next_one(digits in 0i64..1_000_000, places in 0u32..6) {
            let one = Decimal::new(digits, places);
            let half = one.up_to_half();
            prop_assert!(half >= one && &half - &one < Decimal::new(5, 1));
            prop_assert_eq!((&half * &Decimal::new(2, 0)).places, 0);
        }
    }
}
