//! One call to AWS and what may become of it.
//!
//! A call that only reads is repeated until it is answered. A call that changes something
//! is repeated only where it surely was not carried out (throttled, credentials expired);
//! where its reply was lost, its step is begun again, and looks first.

use std::error::Error as StdError;
use std::future::Future;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use howdah_core::{Error, ErrorKind, Result};
use howdah_jobs::JobCx;

use super::account::Account;

/// How often a throttled or unanswered call is repeated: with the waits between, about a minute.
const TRIES: u32 = 9;
/// How often where somebody waits for the answer.
const TRIES_FOR_SOMEBODY: u32 = 3;
/// The first wait; each is twice the one before, up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(15);

/// Who calls: an account, and the job that waits where it has to.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) account: &'a Account,
    pub(super) cx: Option<&'a JobCx>,
}

/// Why a call did not do what was asked.
#[derive(Debug)]
pub(super) struct Failure {
    /// The service's own name for it; empty where it did not answer.
    code: String,
    /// Boxed, so that results stay small.
    error: Box<Error>,
}

impl Failure {
    /// Whether the service said so; its names differ in an ending `Fault`.
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.trim_end_matches("Fault") == code.trim_end_matches("Fault")
    }

    /// The same; where it was denied, with the actions that the role has to be allowed.
    pub(super) fn allowing(mut self, actions: &str) -> Self {
        if DENIED.contains(&self.code.as_str()) {
            self.error.hint = Some(format!(
                "Let whoever looks after the account allow {actions} to the role, or use other credentials (AWS_PROFILE)."
            ));
        }
        self
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        *failure.error
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: String::new(),
            error: Box::new(error),
        }
    }
}

/// What a failed call means for what is done next.
enum Meaning {
    /// Not carried out; again later.
    Throttled,
    /// Not carried out; again with new credentials.
    Expired,
    /// Perhaps carried out.
    Lost,
    /// Not carried out, and never will be.
    Answered,
}

impl Caller<'_> {
    /// A call that changes nothing.
    pub(super) async fn read<T, E, R, F>(&self, what: &str, call: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, R>>>,
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug + 'static,
    {
        self.repeat(what, true, |config| call(Client::new(config))).await
    }

    /// A call that changes something.
    pub(super) async fn write<T, E, R, F>(&self, what: &str, call: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, R>>>,
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug + 'static,
    {
        self.repeat(what, false, |config| call(Client::new(config))).await
    }

    /// A call to any service, with what its client is made of.
    pub(super) async fn repeat<T, E, R, F>(
        &self,
        what: &str,
        harmless: bool,
        call: impl Fn(&SdkConfig) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, R>>>,
        E: ProvideErrorMetadata + StdError + 'static,
        R: std::fmt::Debug + 'static,
    {
        let began = Instant::now();
        let (mut tries, mut wait) = (0, FIRST);
        let most = if self.cx.is_some() {
            TRIES
        } else {
            TRIES_FOR_SOMEBODY
        };
        loop {
            self.check_cancelled()?;
            // On the heap: the futures of the SDK are large, and every call of ours would hold one.
            let error = match Box::pin(call(&self.account.config().await?)).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            tries += 1;
            let (meaning, failure) = judge(what, &error);
            match meaning {
                Meaning::Answered => return Err(failure),
                Meaning::Lost if !harmless => return Err(failure),
                Meaning::Throttled | Meaning::Lost if tries < most => {}
                Meaning::Throttled | Meaning::Lost => return Err(failure),
                Meaning::Expired => {
                    // Credentials that were renewed meanwhile are found at once; for others only a job has time.
                    self.account.reload().await;
                    let patient = self.cx.is_some() && began.elapsed() < self.account.credentials_wait();
                    if tries > 1 && !patient {
                        return Err(failure);
                    }
                    if let Some(cx) = self.cx {
                        cx.progress(
                            "Waiting for AWS credentials: they have expired (`aws sso login` renews them)",
                            None,
                        );
                    }
                }
            }
            tracing::debug!(what, code = failure.code, "repeated");
            self.sleep(wait).await?;
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// The pause between two looks at what takes long; a job can be cancelled meanwhile.
    pub(super) async fn pause(&self) -> Result<()> {
        self.sleep(self.account.poll()).await
    }

    async fn sleep(&self, wait: Duration) -> Result<()> {
        match self.cx {
            Some(cx) => {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = cx.cancel.cancelled() => {}
                }
                cx.check_cancelled()
            }
            None => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
        }
    }

    fn check_cancelled(&self) -> Result<()> {
        self.cx.map_or(Ok(()), JobCx::check_cancelled)
    }
}

fn judge<E, R>(what: &str, error: &SdkError<E, R>) -> (Meaning, Failure)
where
    E: ProvideErrorMetadata + StdError + 'static,
    R: std::fmt::Debug + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let said = error
        .message()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned();
    let failure = |kind, message: String, hint: &str| Failure {
        code: code.clone(),
        error: Box::new(Error::new(kind, message).hint(hint)),
    };
    match (error, code.as_str()) {
        (SdkError::ServiceError(_), code) if THROTTLED.contains(&code) => (
            Meaning::Throttled,
            failure(
                ErrorKind::Unavailable,
                format!("AWS would not {what} yet: too many calls are made in this account ({code})."),
                "Try again in some minutes.",
            ),
        ),
        (SdkError::ServiceError(_), code) if EXPIRED.contains(&code) => (
            Meaning::Expired,
            failure(
                ErrorKind::Refused,
                format!("AWS would not {what}: the credentials have expired ({code})."),
                "Renew them (`aws sso login`), then run the command again, or let a job go on: `howdah job resume ID`.",
            ),
        ),
        // Without a code the reply was not the service's own, but a proxy's page or half of one.
        (SdkError::ServiceError(_), code) if code.is_empty() || BROKEN.contains(&code) => (
            Meaning::Lost,
            failure(
                ErrorKind::Unavailable,
                format!("AWS failed to {what}, or to say that it did{}.", named(code)),
                "Try again; a job looks first at what there is.",
            ),
        ),
        (SdkError::ServiceError(_), code) if DENIED.contains(&code) => (
            Meaning::Answered,
            failure(
                ErrorKind::Refused,
                format!("AWS would not {what}: {said} ({code})."),
                "Let whoever looks after the account allow that action to the role, or use other credentials (AWS_PROFILE).",
            ),
        ),
        (SdkError::ServiceError(_), code) => (
            Meaning::Answered,
            failure(
                if code.contains("NotFound") {
                    ErrorKind::NotFound
                } else {
                    ErrorKind::Refused
                },
                format!("AWS would not {what}: {said} ({code})."),
                "`howdah cluster list` shows what there is.",
            ),
        ),
        _ if mentions(error, "credential") || mentions(error, "identity") => (
            // A provider of credentials that has none any more is renewed by the same means.
            if mentions(error, "expired") {
                Meaning::Expired
            } else {
                Meaning::Answered
            },
            failure(
                ErrorKind::Refused,
                format!("AWS was not asked to {what}: no usable credentials were found."),
                "Give them as the AWS tools take them: `aws configure sso`, AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role.",
            ),
        ),
        (SdkError::ConstructionFailure(_), _) => (
            Meaning::Answered,
            Failure {
                code: code.clone(),
                error: Box::new(Error::internal(format!(
                    "The call to {what} could not be put together: {}",
                    chain(error)
                ))),
            },
        ),
        _ => (
            Meaning::Lost,
            failure(
                ErrorKind::Unavailable,
                format!("AWS did not answer when asked to {what}: {}.", chain(error)),
                "Is the network there, and the region right? A job looks first at what there is when it goes on.",
            ),
        ),
    }
}

pub(super) const THROTTLED: [&str; 6] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
];
pub(super) const EXPIRED: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];
const BROKEN: [&str; 4] = [
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
    "InternalServiceError",
];
const DENIED: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorizedException",
    "KMSKeyNotAccessibleFault",
];

fn named(code: &str) -> String {
    match code {
        "" => String::new(),
        code => format!(" ({code})"),
    }
}

fn mentions(error: &(dyn StdError + 'static), word: &str) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.to_string().to_lowercase().contains(word) {
            return true;
        }
        next = error.source();
    }
    false
}

/// The causes of an error, the outermost first.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        let part = error.to_string();
        if !parts.contains(&part) {
            parts.push(part);
        }
        next = error.source();
    }
    parts.join(": ")
}
