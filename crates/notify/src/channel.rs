use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use howdah_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::{News, command, email, webhook};

/// How long one of them may take.
pub(crate) const WITHIN: Duration = Duration::from_secs(20);

/// A way to people: a section `[notify.NAME]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Channel {
    /// News as JSON, posted to an address.
    Webhook(Address),
    /// A line of text as Slack takes it, and Mattermost and others.
    Slack(Address),
    /// A letter.
    Email(Email),
    /// A program and its arguments; news come as JSON on its standard input.
    Command(Vec<String>),
}

/// An address, which may be a secret in itself.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address.
    pub url: Option<String>,
    /// The environment variable that holds it.
    pub url_env: Option<String>,
}

/// How letters are sent.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// `smtps://host`, `smtp://host` (STARTTLS is required), with a port if it is not the usual one;
    /// `smtp+plain://host` without encryption, for a server of this machine.
    pub server: String,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// The account, where the server asks for one.
    pub user: Option<String>,
    /// The environment variable that holds its password.
    pub password_env: Option<String>,
    /// The file that holds it.
    pub password_file: Option<PathBuf>,
}

/// The section `[notify]`.
pub type Channels = BTreeMap<String, Channel>;

impl Channel {
    /// Tells it. An error names no address: it may be a secret.
    pub async fn tell(&self, news: &News) -> Result<()> {
        let told = async {
            match self {
                Self::Webhook(address) => webhook::post(&address.get()?, &webhook::json(news)?).await,
                Self::Slack(address) => webhook::post(&address.get()?, &webhook::slack(news)?).await,
                Self::Email(letters) => email::send(letters, news).await,
                Self::Command(words) => command::run(words, news).await,
            }
        };
        tokio::time::timeout(WITHIN, told).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!("It took longer than {} seconds.", WITHIN.as_secs()),
            ))
        })
    }

    /// What it is, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
            Self::Command(_) => "command",
        }
    }
}

impl Address {
    fn get(&self) -> Result<String> {
        match (&self.url, &self.url_env) {
            (Some(url), None) => Ok(url.clone()),
            (None, Some(name)) => std::env::var(name)
                .map_err(|_| Error::invalid(format!("The environment variable {name} holds no address."))),
            _ => Err(Error::invalid("A webhook needs either url or url_env.")),
        }
    }
}

impl Email {
    pub(crate) fn password(&self) -> Result<Option<String>> {
        match (&self.password_env, &self.password_file) {
            (Some(name), _) => std::env::var(name)
                .map(Some)
                .map_err(|_| Error::invalid(format!("The environment variable {name} holds no password."))),
            (None, Some(file)) => std::fs::read_to_string(file)
                .map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
                .map_err(|error| {
                    Error::new(
                        ErrorKind::Local,
                        format!("The password cannot be read from {}: {error}.", file.display()),
                    )
                }),
            (None, None) => Ok(None),
        }
    }
}
