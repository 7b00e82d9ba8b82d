use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{
    ChannelBinding as Binding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};
use postgres_protocol::message::frontend;

use super::backend::{self, Fields};
use super::connection::ERROR_MAX_BYTES;
use super::transport::Transport;
use crate::conninfo::{AuthMethod, ChannelBinding, ConnInfo, Host};
use crate::error::PgError;
use crate::secret::Secret;

/// The exchange between the startup packet and AuthenticationOk.
pub(super) struct Exchange<'a> {
    info: &'a ConnInfo,
    host: &'a Host,
    encrypted: bool,
    /// The `tls-server-end-point` data of the server's certificate.
    binding: Option<Vec<u8>>,
    scram: Option<ScramSha256>,
    bound: bool,
    method: Option<AuthMethod>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(info: &'a ConnInfo, host: &'a Host, encrypted: bool, binding: Option<Vec<u8>>) -> Self {
        Self {
            info,
            host,
            encrypted,
            binding,
            scram: None,
            bound: false,
            method: None,
        }
    }

    pub(super) async fn run(&mut self, transport: &mut Transport) -> Result<(), PgError> {
        loop {
            let header = transport.header().await?;
            // Whatever else listens on that port answers in some other way.
            if !matches!(header.tag, b'R' | b'E' | b'N' | b'v') || header.len > ERROR_MAX_BYTES {
                return Err(transport.protocol(format!(
                    "message '{}' of {} bytes answers the first packet",
                    char::from(header.tag),
                    header.len
                )));
            }
            let body = transport.body(header.len, ERROR_MAX_BYTES).await?;
            match header.tag {
                b'R' => {
                    let mut fields = Fields::new(&body);
                    let code = fields
                        .i32()
                        .ok_or_else(|| transport.protocol("an empty authentication request"))?;
                    if self.request(code, fields, transport)? {
                        return Ok(());
                    }
                }
                b'E' => {
                    let mut error = backend::server_error(&body);
                    error.at = Some(self.info.identity(self.host));
                    return Err(error.into());
                }
                b'N' | b'v' => {}
                tag => {
                    return Err(
                        transport.protocol(format!("message '{}' while authenticating", char::from(tag)))
                    );
                }
            }
        }
    }

    /// Answers one request; `true` once the server is content.
    fn request(
        &mut self,
        code: i32,
        mut fields: Fields<'_>,
        transport: &mut Transport,
    ) -> Result<bool, PgError> {
        match code {
            0 => {
                self.content()?;
                return Ok(true);
            }
            3 => {
                self.choose(AuthMethod::Password)?;
                let password = self.password()?;
                frontend::password_message(password.expose().as_bytes(), &mut transport.out)
                    .map_err(|_| self.failure("the password contains the character NUL"))?;
            }
            5 => {
                self.choose(AuthMethod::Md5)?;
                let salt = fields
                    .u32()
                    .ok_or_else(|| transport.protocol("an MD5 request without salt"))?;
                let password = self.password()?;
                let hash = md5_hash(
                    self.info.user.as_bytes(),
                    password.expose().as_bytes(),
                    salt.to_be_bytes(),
                );
                frontend::password_message(hash.as_bytes(), &mut transport.out)
                    .map_err(|_| self.failure("the password cannot be sent"))?;
            }
            10 => self.start_scram(fields, transport)?,
            11 => {
                let Some(scram) = &mut self.scram else {
                    return Err(transport.protocol("SASL goes on before it began"));
                };
                scram
                    .update(fields.rest())
                    .map_err(|error| scram_failure(self.info, self.host, &error))?;
                frontend::sasl_response(scram.message(), &mut transport.out)
                    .map_err(|_| self.failure("the SCRAM message cannot be sent"))?;
            }
            12 => {
                let Some(scram) = &mut self.scram else {
                    return Err(transport.protocol("SASL ends before it began"));
                };
                scram
                    .finish(fields.rest())
                    .map_err(|error| scram_failure(self.info, self.host, &error))?;
                self.bound = true;
            }
            other => {
                let name = match other {
                    2 => "Kerberos 5",
                    7 | 8 => "GSSAPI",
                    9 => "SSPI",
                    _ => "an unknown method",
                };
                return Err(self.failure(&format!(
                    "the server asks for authentication by {name}, which Howdah does not speak"
                )));
            }
        }
        Ok(false)
    }

    fn start_scram(&mut self, mut fields: Fields<'_>, transport: &mut Transport) -> Result<(), PgError> {
        self.choose(AuthMethod::ScramSha256)?;
        let (mut plain, mut plus) = (false, false);
        while let Some(mechanism) = fields.cstr() {
            plain |= mechanism == SCRAM_SHA_256;
            plus |= mechanism == SCRAM_SHA_256_PLUS;
        }
        let wish = self.info.channel_binding;
        let (mechanism, binding) = match self.binding.take() {
            Some(data) if plus && wish != ChannelBinding::Disable => {
                (SCRAM_SHA_256_PLUS, Binding::tls_server_end_point(data))
            }
            _ if wish == ChannelBinding::Require => return Err(self.unbound()),
            Some(_) if plain && wish != ChannelBinding::Disable => (SCRAM_SHA_256, Binding::unrequested()),
            _ if plain => (SCRAM_SHA_256, Binding::unsupported()),
            _ => return Err(self.failure("the server offers no SASL mechanism that Howdah speaks")),
        };
        let password = self.password()?;
        let scram = ScramSha256::new(password.expose().as_bytes(), binding);
        frontend::sasl_initial_response(mechanism, scram.message(), &mut transport.out)
            .map_err(|_| self.failure("the SCRAM message cannot be sent"))?;
        self.bound = false;
        self.scram = Some(scram);
        self.method = Some(if mechanism == SCRAM_SHA_256_PLUS {
            AuthMethod::ScramSha256Plus
        } else {
            AuthMethod::ScramSha256
        });
        Ok(())
    }

    /// The method, if the user's `require_auth` lets the server ask for it.
    fn choose(&mut self, method: AuthMethod) -> Result<(), PgError> {
        if self.info.channel_binding == ChannelBinding::Require && method != AuthMethod::ScramSha256 {
            return Err(self.unbound());
        }
        self.allow(method)?;
        self.method = Some(method);
        Ok(())
    }

    fn allow(&self, method: AuthMethod) -> Result<(), PgError> {
        match &self.info.require_auth {
            Some(required) if !required.allows(method) => Err(self.failure(&format!(
                "the server asks for the authentication method {method}, which require_auth does not allow"
            ))),
            _ => Ok(()),
        }
    }

    /// The server is content; are we?
    fn content(&self) -> Result<(), PgError> {
        if self.scram.is_some() && !self.bound {
            return Err(self.failure("the server did not prove that it knows the password"));
        }
        if self.info.channel_binding == ChannelBinding::Require
            && self.method != Some(AuthMethod::ScramSha256Plus)
        {
            return Err(self.unbound());
        }
        if self.method.is_none() {
            self.allow(AuthMethod::None)?;
        }
        Ok(())
    }

    fn password(&self) -> Result<Secret, PgError> {
        self.info
            .password_for(self.host)?
            .ok_or_else(|| {
                PgError::Connect {
            to: self.info.identity(self.host),
            reason: "the server asks for a password, and none was given".to_owned(),
            hint: Some(
                "Give it by password_env or password_file of the target, PGPASSWORD, ~/.pgpass or the URL."
                    .to_owned(),
            ),
        }
            })
    }

    fn unbound(&self) -> PgError {
        let reason = if self.encrypted {
            "channel_binding=require, and the server does not offer SCRAM-SHA-256-PLUS"
        } else {
            "channel_binding=require needs TLS, and the connection has none"
        };
        self.failure(reason)
    }

    fn failure(&self, reason: &str) -> PgError {
        PgError::Connect {
            to: self.info.identity(self.host),
            reason: reason.to_owned(),
            hint: None,
        }
    }
}

fn scram_failure(info: &ConnInfo, host: &Host, error: &std::io::Error) -> PgError {
    PgError::Connect {
        to: info.identity(host),
        reason: format!("SCRAM authentication failed: {error}"),
        hint: Some(
            "The server could not prove that it knows the password: check the password, and that this is the right server."
                .to_owned(),
        ),
    }
}
