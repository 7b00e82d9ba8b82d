//! The method `rdsapi`: statements by calls of the RDS Data API, for where no socket leads to a
//! cluster. [`howdah_pg::bridge`] makes of it what the rest of the program knows as a server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rds::types::DbCluster;
use aws_sdk_rdsdata::Client;
use aws_sdk_rdsdata::operation::execute_statement::ExecuteStatementOutput;
use aws_sdk_rdsdata::types::Field;
use futures::future::BoxFuture;
use howdah_core::{Error, ErrorKind, Result};
use howdah_pg::ConnInfo;
use howdah_pg::bridge::{Answer, Bridge, Call, Fault, StatementService};

use super::account::Account;
use super::call::{EXPIRED, THROTTLED};

/// How long a cluster that is paused at 0 ACU, or a service that is throttled, is waited for.
const PATIENCE: Duration = Duration::from_secs(75);
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// Bytes that are kept of the beginning and of the end of a message.
const SAID_MAX: usize = 16 * 1024;
/// How often a call is made of which no answer came, where making it again does no harm.
const TRIES: u32 = 3;

/// How a cluster is connected to by the Data API.
pub(super) fn conninfo(account: &Account, found: &DbCluster, classes: &[String]) -> Result<ConnInfo> {
    let (Some(cluster), Some(arn)) = (found.db_cluster_identifier(), found.db_cluster_arn()) else {
        return Err(Error::internal("AWS described a cluster without its ARN."));
    };
    if !found.http_endpoint_enabled().unwrap_or_default() {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("The Data API of the cluster {cluster} is not enabled."),
        )
        .hint(format!("Enable it: aws rds enable-http-endpoint --resource-arn {arn} (no restart), or connect with pgwire or pgwire_iam.")));
    }
    if let Some(class) = classes.iter().find(|class| class.starts_with("db.t")) {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("The Data API does not work on instances of the class {class}, such as the cluster {cluster} has."),
        )
        .hint("Choose another class or Serverless v2, or connect with pgwire or pgwire_iam."));
    }
    let secret = account
        .settings()
        .rdsapi_secret
        .clone()
        .or_else(|| found.master_user_secret()?.secret_arn().map(str::to_owned));
    let Some(secret) = secret else {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("The Data API of the cluster {cluster} needs a secret of Secrets Manager with a user and a password, and none is known."),
        )
        .hint("Let Secrets Manager manage the master password, or name a secret: rdsapi_secret in [clusters.aws] of howdah.toml."));
    };
    let user = match account.settings().rdsapi_secret {
        Some(_) => "(of the secret)",
        None => found.master_username().unwrap_or("postgres"),
    };
    let service = DataApi {
        account: account.clone(),
        label: format!("the Data API of {cluster}"),
        key: format!("{arn} {secret}"),
        cluster: arn.to_owned(),
        secret,
    };
    let database = found.database_name().unwrap_or("postgres");
    Ok(ConnInfo::bridged(Bridge::new(Arc::new(service)), user, database)?)
}

/// The calls to one cluster with one secret.
struct DataApi {
    account: Account,
    label: String,
    key: String,
    cluster: String,
    secret: String,
}

impl StatementService for DataApi {
    fn label(&self) -> &str {
        &self.label
    }

    fn key(&self) -> &str {
        &self.key
    }

    fn begin<'a>(&'a self, database: &'a str) -> BoxFuture<'a, Result<String, Fault>> {
        Box::pin(async move {
            // One whose answer was lost ends by itself.
            let begun = self.repeat(true, |client| {
                client
                    .begin_transaction()
                    .resource_arn(&self.cluster)
                    .secret_arn(&self.secret)
                    .database(database)
                    .send()
            });
            let begun = begun.await?;
            match begun.transaction_id() {
                Some(id) => Ok(id.to_owned()),
                None => Err(Fault::Lost(
                    "The Data API began a transaction and did not name it.".to_owned(),
                )),
            }
        })
    }

    fn execute<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Answer, Fault>> {
        Box::pin(async move {
            let done = self.repeat(call.repeatable, |client| {
                client
                    .execute_statement()
                    .resource_arn(&self.cluster)
                    .secret_arn(&self.secret)
                    .database(call.database)
                    .set_transaction_id(call.transaction.map(str::to_owned))
                    .sql(call.sql)
                    .include_result_metadata(call.describe)
                    .send()
            });
            answer(&done.await?)
        })
    }

    fn commit<'a>(&'a self, transaction: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let done = self.repeat(false, |client| {
                client
                    .commit_transaction()
                    .resource_arn(&self.cluster)
                    .secret_arn(&self.secret)
                    .transaction_id(transaction)
                    .send()
            });
            done.await.map(|_| ())
        })
    }

    fn rollback<'a>(&'a self, transaction: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let done = self.repeat(true, |client| {
                client
                    .rollback_transaction()
                    .resource_arn(&self.cluster)
                    .secret_arn(&self.secret)
                    .transaction_id(transaction)
                    .send()
            });
            match done.await {
                // It was over already.
                Err(Fault::Gone(_)) => Ok(()),
                other => other.map(|_| ()),
            }
        })
    }
}

/// What a failed call means for what is done next.
enum Meaning {
    /// Not carried out; again later.
    Later,
    /// Not carried out; again with new credentials.
    Expired,
    /// Perhaps carried out.
    Lost,
    /// Not carried out, and never will be.
    Final,
}

impl DataApi {
    async fn repeat<T, E, R, F>(&self, harmless: bool, call: impl Fn(Client) -> F) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, SdkError<E, R>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let began = Instant::now();
        let (mut lost, mut renewed, mut pause) = (0, false, PAUSE);
        loop {
            let config: SdkConfig = self.account.config().await.map_err(|error| {
                let hint = error.hint.clone().unwrap_or_default();
                refused("08001", error.message, hint)
            })?;
            let error = match Box::pin(call(Client::new(&config))).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let (meaning, fault) = self.judge(&error);
            match meaning {
                Meaning::Final => return Err(fault),
                Meaning::Later if began.elapsed() < PATIENCE => {}
                Meaning::Lost if harmless && lost + 1 < TRIES => lost += 1,
                Meaning::Later | Meaning::Lost => return Err(fault),
                Meaning::Expired if renewed => return Err(fault),
                Meaning::Expired => {
                    renewed = true;
                    self.account.reload().await;
                }
            }
            tracing::debug!(?fault, "a call of the Data API is made again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn judge<E, R>(&self, error: &SdkError<E, R>) -> (Meaning, Fault)
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        let label = &self.label;
        let code = error.code().unwrap_or_default();
        let said = error.message().unwrap_or_default().trim_end_matches('.');
        // A server's own message may have megabytes; its end has the SQLSTATE.
        let shortened = shortened(said);
        let said = shortened.as_str();
        let no_answer = || {
            let why = match code {
                "" => "no answer came",
                code => code,
            };
            (
                Meaning::Lost,
                Fault::Lost(format!(
                    "A call of {label} failed on its way ({why}): it may or may not have been carried out."
                )),
            )
        };
        let stop = |sqlstate, hint: &str| {
            (
                Meaning::Final,
                refused(sqlstate, format!("{label} refused: {said} ({code})."), hint),
            )
        };
        if !matches!(error, SdkError::ServiceError(_)) {
            let text = chain(error).to_lowercase();
            if text.contains("credential") || text.contains("identity") {
                return (
                    if text.contains("expired") {
                        Meaning::Expired
                    } else {
                        Meaning::Final
                    },
                    refused(
                        "28000",
                        format!("{label} was not asked: no usable AWS credentials were found."),
                        "Give them as the AWS tools take them: `aws sso login`, AWS_PROFILE, or the machine's role.",
                    ),
                );
            }
            return no_answer();
        }
        match code {
            code if THROTTLED.contains(&code) => (
                Meaning::Later,
                refused(
                    "53400",
                    format!(
                        "{label} would not run it yet: too many calls are made in this account ({code})."
                    ),
                    "Nothing was done. Try again in some minutes.",
                ),
            ),
            "DatabaseResumingException" => (
                Meaning::Later,
                refused(
                    "57P03",
                    format!(
                        "The cluster behind {label} was paused, and did not resume within {} s.",
                        PATIENCE.as_secs()
                    ),
                    "Try again: it goes on resuming.",
                ),
            ),
            "DatabaseUnavailableException" => (
                Meaning::Lost,
                refused(
                    "57P03",
                    format!("The writer behind {label} is not available ({code})."),
                    "Try again in a moment.",
                ),
            ),
            code if EXPIRED.contains(&code) => (
                Meaning::Expired,
                refused(
                    "28000",
                    format!("{label} refused: the credentials have expired ({code})."),
                    "Renew them (`aws sso login`), then run it again.",
                ),
            ),
            ""
            | "InternalServerErrorException"
            | "InternalServerError"
            | "InternalFailure"
            | "ServiceUnavailableError"
            | "ServiceUnavailable" => no_answer(),
            "StatementTimeoutException" => (
                Meaning::Final,
                Fault::Timeout("canceling statement due to the timeout of the Data API".to_owned()),
            ),
            "TransactionNotFoundException" => (
                Meaning::Final,
                Fault::Gone(format!("The transaction is not there any more ({said}).")),
            ),
            "DatabaseErrorException"
            | "BadRequestException"
            | "NotFoundException"
            | "UnsupportedResultException" => {
                if let Some(fault) = Fault::of_text(said) {
                    return (Meaning::Final, fault);
                }
                let lower = said.to_lowercase();
                if lower.contains("size") || lower.contains("too large") {
                    return (
                        Meaning::Final,
                        Fault::TooLarge(format!("The answer is too large for {label}: {said}.")),
                    );
                }
                if lower.contains("transaction") && lower.contains("not found") {
                    return (
                        Meaning::Final,
                        Fault::Gone(format!("The transaction is not there any more ({said}).")),
                    );
                }
                match code {
                    "UnsupportedResultException" => stop(
                        "0A000",
                        "Cast the column to text in the statement, or connect with pgwire or pgwire_iam.",
                    ),
                    "NotFoundException" => stop(
                        "08001",
                        "Is the cluster still there, and the secret? `howdah cluster show` tells.",
                    ),
                    _ => stop(
                        "XX000",
                        "The service gives no SQLSTATE for this; its message says what it is about.",
                    ),
                }
            }
            "HttpEndpointNotEnabledException" => stop(
                "08001",
                "Enable it: aws rds enable-http-endpoint --resource-arn ARN, or connect with pgwire or pgwire_iam.",
            ),
            "InvalidSecretException" | "SecretsErrorException" => stop(
                "28P01",
                "Look at the secret: it needs username and password, and the caller secretsmanager:GetSecretValue on it.",
            ),
            "AccessDeniedException" | "ForbiddenException" | "AccessDenied" => stop(
                "28000",
                "The caller needs rds-data:* on the cluster and secretsmanager:GetSecretValue on the secret (the policy AmazonRDSDataFullAccess shows how).",
            ),
            "DatabaseNotFoundException" => stop(
                "3D000",
                "The cluster has no writer instance: `howdah cluster show` tells.",
            ),
            "InvalidResourceStateException" => stop(
                "57P03",
                "`howdah cluster show` tells in what state the cluster is.",
            ),
            _ => stop(
                "XX000",
                "`howdah cluster show` tells in what state the cluster is.",
            ),
        }
    }
}

fn refused(sqlstate: &'static str, message: String, hint: impl Into<String>) -> Fault {
    Fault::Refused {
        sqlstate,
        message,
        hint: hint.into(),
    }
}

/// Beginning and end of a text that is too long to be shown.
fn shortened(text: &str) -> String {
    if text.len() <= 2 * SAID_MAX {
        return text.to_owned();
    }
    let head: String = text.chars().take(SAID_MAX / 4).collect();
    let tail: Vec<char> = text.chars().rev().take(SAID_MAX / 4).collect();
    let tail: String = tail.into_iter().rev().collect();
    format!("{head} … {tail}")
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

fn answer(done: &ExecuteStatementOutput) -> Result<Answer, Fault> {
    let columns = done.column_metadata().iter().map(|column| {
        let name = column.label().or(column.name()).unwrap_or_default();
        (name.to_owned(), column.type_name().unwrap_or_default().to_owned())
    });
    let mut rows = Vec::with_capacity(done.records().len());
    for record in done.records() {
        rows.push(record.iter().map(text).collect::<Result<Vec<_>, Fault>>()?);
    }
    Ok(Answer {
        columns: columns.collect(),
        rows,
        updated: u64::try_from(done.number_of_records_updated()).unwrap_or_default(),
    })
}

/// A value as the server would print it.
fn text(field: &Field) -> Result<Option<String>, Fault> {
    Ok(match field {
        Field::IsNull(_) => None,
        Field::StringValue(text) => Some(text.clone()),
        Field::LongValue(number) => Some(number.to_string()),
        Field::DoubleValue(number) => Some(number.to_string()),
        Field::BooleanValue(is) => Some(if *is { "t" } else { "f" }.to_owned()),
        _ => {
            return Err(refused(
                "0A000",
                "The Data API gave a value of a type that is not read.".to_owned(),
                "Cast the column to text in the statement.",
            ));
        }
    })
}
