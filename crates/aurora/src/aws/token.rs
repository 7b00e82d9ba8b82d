//! IAM tokens: passwords for fifteen minutes, made on this machine out of credentials.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use howdah_core::{Error, ErrorKind, Result};
use howdah_pg::Secret;

use super::call::Caller;
use crate::Connection;

/// As long as RDS takes a token for.
const VALID: Duration = Duration::from_secs(900);

/// A token for the role of the connection, with the credentials at hand.
pub(super) async fn for_connection(caller: Caller<'_>, connection: &Connection) -> Result<Secret> {
    let config = caller.account.config().await?;
    let lacking = || {
        Error::new(
            ErrorKind::Refused,
            "No usable AWS credentials were found to make an IAM token with.",
        )
        .hint("Give them as the AWS tools take them: `aws sso login`, AWS_PROFILE, or the machine's role.")
    };
    let provider = config.credentials_provider().ok_or_else(lacking)?;
    let credentials = provider.provide_credentials().await.map_err(|_| lacking())?;
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    token(
        &connection.endpoint,
        connection.port,
        &region,
        &connection.user,
        &credentials,
        SystemTime::now(),
    )
    .map(Secret::new)
}

/// The token with which `user` may connect to a server for fifteen minutes from `now` on.
///
/// # Errors
/// When the host is no host.
pub fn token(
    host: &str,
    port: u16,
    region: &str,
    user: &str,
    credentials: &Credentials,
    now: SystemTime,
) -> Result<String> {
    let bad =
        |error: String| Error::invalid(format!("No IAM token can be made for the host {host:?}: {error}"));
    // A name may hold what would end it or begin another parameter: `@`, a space, `&`.
    let uri = format!(
        "https://{host}:{port}/?Action=connect&DBUser={}",
        percent_encoded(user)
    );
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(VALID);
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("rds-db")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| bad(error.to_string()))?
        .into();
    let request = SignableRequest::new("GET", &uri, std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(|error| bad(error.to_string()))?;
    let (signed, _) = sign(request, &params)
        .map_err(|error| bad(error.to_string()))?
        .into_parts();
    let (_, mut query) = signed.into_parts();
    // As other makers of tokens have it: what was signed, then the signature.
    query.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
    let mut token = uri.trim_start_matches("https://").to_owned();
    for (name, value) in query {
        token.push('&');
        token.push_str(name);
        token.push('=');
        token.push_str(&percent_encoded(&value));
    }
    Ok(token)
}

/// All but letters, digits and `-._~`, as RFC 3986 and SigV4 have it.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
