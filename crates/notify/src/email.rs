use howdah_core::{Error, ErrorKind, Result};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::News;
use crate::channel::{Email, WITHIN};

/// Sends a letter to everyone.
pub(crate) async fn send(email: &Email, news: &News) -> Result<()> {
    let mut letter = Message::builder().from(mailbox(&email.from)?);
    if email.to.is_empty() {
        return Err(Error::invalid(
            "A letter needs recipients: to = [\"ops@example.com\"].",
        ));
    }
    for to in &email.to {
        letter = letter.to(mailbox(to)?);
    }
    let letter = letter
        // A line end in a name of the database would begin a header of its own; the library refuses it.
        .subject(format!("[howdah] {}", one_line(&news.headline())))
        .header(ContentType::TEXT_PLAIN)
        .body(news.text())
        .map_err(|error| Error::invalid(format!("The letter cannot be written: {error}.")))?;
    let (scheme, place) = email.server.split_once("://").ok_or_else(no_server)?;
    let (host, port) = match place.trim_end_matches('/').rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| no_server())?)),
        None => (place.trim_end_matches('/'), None),
    };
    let failed = |error: lettre::transport::smtp::Error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("The letter was not sent by {host}: {error}."),
        )
    };
    let mut server = match scheme {
        "smtps" => AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(failed)?,
        "smtp" => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host).map_err(failed)?,
        "smtp+plain" => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
        _ => return Err(no_server()),
    };
    if let Some(port) = port {
        server = server.port(port);
    }
    if let Some(user) = &email.user {
        if scheme == "smtp+plain" {
            return Err(Error::invalid(
                "A password is not sent without encryption: use smtps:// or smtp://.",
            ));
        }
        server = server.credentials(Credentials::new(
            user.clone(),
            email.password()?.unwrap_or_default(),
        ));
    }
    server
        .timeout(Some(WITHIN))
        .build()
        .send(letter)
        .await
        .map_err(failed)?;
    Ok(())
}

fn mailbox(text: &str) -> Result<Mailbox> {
    text.parse()
        .map_err(|error| Error::invalid(format!("{text:?} is no address for letters: {error}.")))
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}

fn no_server() -> Error {
    Error::invalid("The server for letters is not understood.")
        .hint("Write server = \"smtps://mail.example.com\" or \"smtp://mail.example.com:587\".")
}
