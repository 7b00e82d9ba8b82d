use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::authentication::Exchange;
use super::backend::{self, Fields};
use super::connection::{Connection, ERROR_MAX_BYTES, Notices, SMALL_MAX_BYTES};
use super::dial::{Endpoint, RawSocket};
use super::socket::Socket;
use super::transport::Transport;
use crate::cancel::{CancelKey, Canceller};
use crate::conninfo::{ConnInfo, Host, SslMode, SslNegotiation};
use crate::error::PgError;
use crate::tls::{self, TlsPlan};

/// How one attempt treats encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    None,
    /// Ask for it, go on without where the server has none.
    IfOffered,
    Required,
}

/// One attempt at one endpoint: everything from the socket to the first ReadyForQuery.
pub(super) struct Attempt<'a> {
    pub(super) info: &'a ConnInfo,
    pub(super) host: &'a Host,
    pub(super) endpoint: &'a Endpoint,
    pub(super) encryption: Encryption,
    /// What the startup packet carries as `options`, beyond what the user asked for.
    pub(super) options: &'a str,
}

impl Attempt<'_> {
    pub(super) async fn connect(&self) -> Result<Connection, PgError> {
        let at = self.host.to_string();
        let raw = self.endpoint.dial(&self.info.keepalives).await.map_err(|error| {
            let (reason, hint) = self.info.dial_failure(self.host, &error);
            PgError::Connect {
                to: at.clone(),
                reason,
                hint,
            }
        })?;
        let (socket, plan) = match raw {
            RawSocket::Unix(stream) => (Socket::Unix(stream), None),
            RawSocket::Tcp(stream) if self.encryption == Encryption::None => (Socket::Tcp(stream), None),
            RawSocket::Tcp(stream) => self.encrypt(stream).await?,
        };
        let binding = match &socket {
            Socket::Tls(stream) => tls::end_point_binding(stream.get_ref().1),
            _ => None,
        };
        let encrypted = socket.is_tls();
        let mut transport = Transport::new(socket, at);
        self.write_startup(&mut transport)?;
        let mut exchange = Exchange::new(self.info, self.host, encrypted, binding);
        exchange.run(&mut transport).await?;
        self.finish(transport, plan).await
    }

    async fn encrypt(&self, mut stream: TcpStream) -> Result<(Socket, Option<Arc<TlsPlan>>), PgError> {
        let at = self.host.to_string();
        let plan = Arc::new(TlsPlan::new(self.info, self.host)?);
        let closed = |error: std::io::Error| PgError::Closed {
            at: at.clone(),
            reason: error.to_string(),
        };
        if self.info.ssl.negotiation == SslNegotiation::Postgres {
            let mut request = BytesMut::new();
            frontend::ssl_request(&mut request);
            stream.write_all(&request).await.map_err(closed)?;
            // Exactly one byte: what follows it must come through TLS.
            match stream.read_u8().await.map_err(closed)? {
                b'S' => {}
                b'N' if self.encryption == Encryption::IfOffered => {
                    return Ok((Socket::Tcp(stream), None));
                }
                b'N' => {
                    return Err(PgError::Tls {
                        at,
                        reason: format!(
                            "the server offers no encryption, and sslmode={} demands it",
                            self.info.ssl.mode
                        ),
                        hint: Some(
                            "Turn on ssl in the server, or choose sslmode=prefer or disable for a network that you trust."
                                .to_owned(),
                        ),
                    });
                }
                // A server that cannot even start a process for us says so at once.
                b'E' => {
                    let mut transport = Transport::new(Socket::Tcp(stream), at);
                    transport.ensure(4).await?;
                    let len = Fields::new(transport.buffered()).u32().unwrap_or(4) as usize;
                    if len > ERROR_MAX_BYTES {
                        return Err(transport.protocol("no answer to the request for encryption"));
                    }
                    transport.consume(4);
                    let body = transport.body(len.saturating_sub(4), ERROR_MAX_BYTES).await?;
                    let mut error = backend::server_error(&body);
                    error.at = Some(self.info.identity(self.host));
                    return Err(error.into());
                }
                other => {
                    return Err(PgError::Protocol {
                        at,
                        reason: format!("byte {other:#04x} answers the request for encryption"),
                    });
                }
            }
        }
        let stream = plan.handshake(stream).await?;
        Ok((Socket::Tls(Box::new(stream)), Some(plan)))
    }

    fn write_startup(&self, transport: &mut Transport) -> Result<(), PgError> {
        let info = self.info;
        let options = match (&info.options, self.options) {
            (Some(user), "") => user.clone(),
            (Some(user), ours) => format!("{user} {ours}"),
            (None, ours) => ours.to_owned(),
        };
        let mut parameters = vec![
            ("user", info.user.as_str()),
            ("database", info.database.as_str()),
            ("client_encoding", "UTF8"),
            ("application_name", info.application_name.as_str()),
        ];
        if !options.is_empty() {
            parameters.push(("options", &options));
        }
        frontend::startup_message(parameters, &mut transport.out).map_err(|_| {
            PgError::Invalid("User, database and options cannot contain the character NUL".to_owned())
        })
    }

    /// From AuthenticationOk to ReadyForQuery.
    async fn finish(
        &self,
        mut transport: Transport,
        plan: Option<Arc<TlsPlan>>,
    ) -> Result<Connection, PgError> {
        let mut parameters = BTreeMap::new();
        let mut notices = Notices::default();
        let mut key = None;
        loop {
            let header = transport.header().await?;
            let body = transport.body(header.len, SMALL_MAX_BYTES).await?;
            let mut fields = Fields::new(&body);
            match header.tag {
                b'S' => {
                    if let (Some(name), Some(value)) = (fields.cstr(), fields.cstr()) {
                        parameters.insert(name, value);
                    }
                }
                b'K' => {
                    key = fields.i32().map(|pid| CancelKey {
                        pid,
                        secret: fields.rest().to_vec(),
                    });
                }
                b'N' => notices.push(backend::server_error(&body)),
                // The server speaks an older minor version, which is the one we speak.
                b'v' => {}
                b'E' => {
                    let mut error = backend::server_error(&body);
                    error.at = Some(self.info.identity(self.host));
                    return Err(error.into());
                }
                b'Z' => break,
                tag => {
                    return Err(
                        transport.protocol(format!("message '{}' while the session starts", char::from(tag)))
                    );
                }
            }
        }
        let canceller = Canceller::new(self.endpoint.clone(), self.info.keepalives.clone(), plan, key);
        Ok(Connection::new(transport, canceller, parameters, notices))
    }
}

/// The encryptions that `mode` tries in turn.
pub(super) fn encryptions(mode: SslMode, endpoint: &Endpoint) -> &'static [Encryption] {
    if !matches!(endpoint, Endpoint::Tcp(_)) {
        return &[Encryption::None];
    }
    match mode {
        SslMode::Disable => &[Encryption::None],
        SslMode::Allow => &[Encryption::None, Encryption::Required],
        SslMode::Prefer => &[Encryption::IfOffered, Encryption::None],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Encryption::Required],
    }
}
