//! The password of a cluster: from Secrets Manager, or made anew as an IAM token.

use howdah_core::{Error, ErrorKind, Result};
use howdah_pg::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::Caller;
use super::{express, token};
use crate::Connection;

/// What RDS keeps in a secret that it manages.
#[derive(Deserialize)]
struct Managed {
    password: String,
}

/// What a proxy takes from a secret.
#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

/// The password for the role of the connection.
pub(super) async fn password(caller: Caller<'_>, connection: &Connection) -> Result<Secret> {
    let Some(secret) = &connection.secret else {
        return match caller.account.settings().iam_user {
            Some(_) => token::for_connection(caller, connection).await,
            None if is_express(caller, connection).await? => token::for_connection(caller, connection).await,
            None => Err(Error::new(
                ErrorKind::Refused,
                format!("The cluster {} has no password that Secrets Manager manages.", connection.target),
            )
            .hint("Let Secrets Manager manage it, or connect with IAM tokens: iam_user in [clusters.aws] of howdah.toml.")),
        };
    };
    let what = format!("the password of the cluster {}", connection.target);
    match read::<Managed>(caller, &what, secret).await? {
        Some(managed) => Ok(Secret::new(managed.password)),
        // What was read is not shown: it may be a password in another form.
        None => Err(Error::new(
            ErrorKind::Server,
            format!(
                "The secret of the cluster {} is not in the form that RDS gives it.",
                connection.target
            ),
        )
        .hint("Was it changed by hand? `howdah cluster show` names it; let RDS manage it again, or connect with IAM tokens.")),
    }
}

/// Whether the cluster has no password at all.
async fn is_express(caller: Caller<'_>, connection: &Connection) -> Result<bool> {
    let found = caller.cluster(&connection.target).await?;
    Ok(found.is_some_and(|found| express::is_one(&found)))
}

/// User and password of a secret in the form that proxies take.
pub(super) async fn login(caller: Caller<'_>, secret: &str) -> Result<(String, Secret)> {
    match read::<Login>(caller, &format!("the secret {secret}"), secret).await? {
        Some(login) => Ok((login.username, Secret::new(login.password))),
        None => Err(Error::new(
            ErrorKind::Server,
            format!("The secret {secret} is not in the form that a proxy takes."),
        )
        .hint("Make it JSON with the members username and password.")),
    }
}

/// What a secret says; none where that is not in the form.
async fn read<T: DeserializeOwned>(caller: Caller<'_>, what: &str, secret: &str) -> Result<Option<T>> {
    let found = caller
        .repeat(&format!("read {what}"), true, |config| {
            aws_sdk_secretsmanager::Client::new(config)
                .get_secret_value()
                .secret_id(secret)
                .send()
        })
        .await?;
    Ok(found
        .secret_string()
        .and_then(|text| serde_json::from_str(text).ok()))
}
