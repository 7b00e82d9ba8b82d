use std::fmt;
use std::str::FromStr;

use howdah_core::Error;
use serde::{Deserialize, Serialize};

/// An account of AWS: 12 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

impl AccountId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::invalid(format!(
                "{:?} is no account of AWS.",
                text.chars().take(40).collect::<String>()
            ))
            .hint("Give its 12 digits, without hyphens: 123456789012.")),
        }
    }
}

impl TryFrom<String> for AccountId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(account: AccountId) -> Self {
        account.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// With whom a snapshot is shared, or no longer is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sharing {
    /// These accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountId>,
    /// Everybody who has an account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
}

impl Sharing {
    /// What stands for everybody.
    pub const EVERYBODY: &str = "all";

    /// As RDS takes it: the accounts in order, each once, and `all` for everybody.
    pub fn values(&self) -> Vec<String> {
        let mut values: Vec<String> = self.accounts.iter().cloned().map(String::from).collect();
        if self.public {
            values.push(Self::EVERYBODY.to_owned());
        }
        values.sort();
        values.dedup();
        values
    }

    /// Within a sentence: `the account 123456789012`, `everybody`.
    pub fn in_words(&self) -> String {
        let accounts: Vec<&str> = self.accounts.iter().map(AccountId::as_str).collect();
        let accounts = match accounts.as_slice() {
            [] => String::new(),
            [one] => format!("the account {one}"),
            several => format!("the accounts {}", several.join(", ")),
        };
        match (self.public, accounts.is_empty()) {
            (true, true) => "everybody".to_owned(),
            (true, false) => format!("{accounts} and everybody"),
            (false, _) => accounts,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn accounts_are_twelve_digits() {
        assert_eq!(
            "123456789012".parse::<AccountId>().unwrap().as_str(),
            "123456789012"
        );
        for bad in [
            "",
            "12345678901",
            "1234567890123",
            "1234-5678-9012",
            "all",
            "12345678901a",
            "١٢٣٤٥٦٧٨٩٠١٢",
        ] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn whom_is_said_once() {
        let sharing = Sharing {
            accounts: ["222222222222", "111111111111", "222222222222"]
                .map(|id| id.parse().unwrap())
                .into(),
            public: true,
        };
        assert_eq!(sharing.values(), ["111111111111", "222222222222", "all"]);
        assert_eq!(
            Sharing {
                accounts: Vec::new(),
                public: true
            }
            .in_words(),
            "everybody"
        );
    }
}
