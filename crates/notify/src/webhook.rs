use howdah_core::{Error, ErrorKind, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use crate::{News, Phase};

/// News for a program.
pub(crate) fn json(news: &News) -> Result<String> {
    serde_json::to_string(news).map_err(|error| Error::internal(format!("News are no JSON: {error}")))
}

/// News for a chat. What a database wrote must neither call people nor become a link: the three
/// characters with a meaning are written out, as Slack asks for.
pub(crate) fn slack(news: &News) -> Result<String> {
    let sign = match (news.phase, news.status.as_str()) {
        (Phase::Over, _) => "✅",
        (Phase::Test, _) => "🔔",
        (_, "critical") => "🔴",
        _ => "🟠",
    };
    let text = news
        .text()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    Ok(json!({ "text": format!("{sign} {text}") }).to_string())
}

/// Posts JSON. Redirects are not followed: who receives news was decided by the operator.
pub(crate) async fn post(url: &str, body: &str) -> Result<()> {
    let uri: Uri = url.trim().parse().map_err(|_| wrong("is no address"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(wrong("begins with neither http:// nor https://"));
    }
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error.to_string()))?
        .with_native_roots()
        .map_err(|error| failed(&error.to_string()))?
        .with_no_client_auth();
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("howdah/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(Bytes::from(body.to_owned())))
        .map_err(|error| failed(&error.to_string()))?;
    let answer = client.request(request).await.map_err(|error| {
        // The innermost reason says most; none of them holds the path, in which the secret is.
        let mut reason: &dyn std::error::Error = &error;
        while let Some(source) = reason.source() {
            reason = source;
        }
        failed(&reason.to_string())
    })?;
    match answer.status().is_success() {
        true => Ok(()),
        false => Err(failed(&format!("it answered {}", answer.status()))),
    }
}

fn wrong(what: &str) -> Error {
    Error::invalid(format!("The address of a webhook {what}."))
}

fn failed(reason: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("The webhook was not reached: {reason}."),
    )
}
