//! Encryption: what sslmode asks for, done by rustls with ring.

mod certificate;
mod verify;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::conninfo::{ConnInfo, Host, HostName, RootCert, SslCertMode, SslMode, SslNegotiation, TlsVersion};
use crate::error::PgError;
use verify::{Checks, Verifier};

/// The name of PostgreSQL's protocol in ALPN, which direct negotiation demands.
const ALPN: &[u8] = b"postgresql";
/// The answer to a request for encryption is known; it is asked again for a CancelRequest.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// How one host's connections are encrypted.
pub(crate) struct TlsPlan {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    at: String,
    direct: bool,
}

impl TlsPlan {
    /// Reads the certificate files that `info` names.
    pub(crate) fn new(info: &ConnInfo, host: &Host) -> Result<Self, PgError> {
        let at = host.to_string();
        let failure = |(reason, hint): Failure| PgError::Tls {
            at: at.clone(),
            reason,
            hint,
        };
        let config = client_config(info).map_err(failure)?;
        let name = server_name(info, host).map_err(failure)?;
        Ok(Self {
            config: Arc::new(config),
            name,
            at,
            direct: info.ssl.negotiation == SslNegotiation::Direct,
        })
    }

    /// The TLS handshake, once the server has agreed to it.
    pub(crate) async fn handshake(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, PgError> {
        TlsConnector::from(Arc::clone(&self.config))
            .connect(self.name.clone(), stream)
            .await
            .map_err(|error| {
                let (reason, hint) = verify::explain(&error);
                PgError::Tls {
                    at: self.at.clone(),
                    reason,
                    hint,
                }
            })
    }

    /// Everything from the connected socket on, for a connection that cancels.
    pub(crate) async fn connect(&self, mut stream: TcpStream) -> Result<TlsStream<TcpStream>, PgError> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        if !self.direct {
            let lost = |error: std::io::Error| PgError::Closed {
                at: self.at.clone(),
                reason: error.to_string(),
            };
            stream.write_all(&SSL_REQUEST).await.map_err(lost)?;
            if stream.read_u8().await.map_err(lost)? != b'S' {
                return Err(PgError::Tls {
                    at: self.at.clone(),
                    reason: "the server no longer offers encryption".to_owned(),
                    hint: None,
                });
            }
        }
        self.handshake(stream).await
    }
}

/// The `tls-server-end-point` data (RFC 5929) of the server's certificate; `None` for
/// signature algorithms that have none.
pub(crate) fn end_point_binding(connection: &ClientConnection) -> Option<Vec<u8>> {
    let certificate = connection.peer_certificates()?.first()?;
    certificate::end_point_binding(certificate)
}

/// Reason and hint.
type Failure = (String, Option<String>);

fn plain(reason: impl Into<String>) -> Failure {
    (reason.into(), None)
}

/// Chosen here and not by a process-wide default, which another part of a program could have set.
fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

fn client_config(info: &ConnInfo) -> Result<ClientConfig, Failure> {
    let ssl = &info.ssl;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&versions(ssl.min, ssl.max))
        .map_err(|error| plain(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(info)?);
    let mut config = match client_certificate(info)? {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| plain(format!("the client certificate cannot be used: {error}")))?,
        None => builder.with_no_client_auth(),
    };
    config.enable_sni = ssl.sni;
    // Sessions are pooled above this layer; tickets would only cost memory.
    config.resumption = rustls::client::Resumption::disabled();
    if ssl.negotiation == SslNegotiation::Direct {
        config.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(config)
}

fn versions(min: TlsVersion, max: TlsVersion) -> Vec<&'static SupportedProtocolVersion> {
    let mut versions = Vec::with_capacity(2);
    if max == TlsVersion::V1_3 {
        versions.push(&rustls::version::TLS13);
    }
    if min != TlsVersion::V1_3 {
        versions.push(&rustls::version::TLS12);
    }
    versions
}

fn verifier(info: &ConnInfo) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    let ssl = &info.ssl;
    let checks = match (ssl.mode, &ssl.root) {
        (SslMode::VerifyFull, _) => Checks::ChainAndName,
        (SslMode::VerifyCa, _) => Checks::Chain,
        // As libpq: a root certificate that is there is used.
        (SslMode::Require, RootCert::File(_)) => Checks::Chain,
        _ => Checks::Nothing,
    };
    if checks == Checks::Nothing {
        return Ok(Arc::new(Verifier::unchecked(provider())));
    }
    let (roots, trusted) = match &ssl.root {
        RootCert::File(path) => {
            let certificates = certificates(path, "sslrootcert")?;
            let mut roots = RootCertStore::empty();
            // One that cannot be an authority may still be the server's own; see `Verifier`.
            roots.add_parsable_certificates(certificates.iter().cloned());
            (Arc::new(roots), certificates)
        }
        RootCert::System | RootCert::None => (system_roots()?, Vec::new()),
    };
    let revoked = match &ssl.crl {
        Some(path) => verify::revocations(path)?,
        None => Vec::new(),
    };
    Verifier::new(provider(), checks, roots, trusted, revoked)
        .map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
        .map_err(plain)
}

/// The operating system's authorities, read when they are first needed: it takes milliseconds.
fn system_roots() -> Result<Arc<RootCertStore>, Failure> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err((
            format!(
                "the system's trusted certificates were not found {}",
                reasons.join("; ")
            )
            .trim_end()
            .to_owned(),
            Some("Install the package ca-certificates, or name the authority with sslrootcert.".to_owned()),
        ));
    }
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(roots))))
}

fn certificates(path: &Path, parameter: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        plain(format!("{parameter} {} cannot be read: {error}", path.display()))
    };
    let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|error| unreadable(&error))?;
    if found.is_empty() {
        return Err(unreadable(&"there is no certificate in it"));
    }
    Ok(found)
}

type ClientCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client_certificate(info: &ConnInfo) -> Result<Option<ClientCertificate>, Failure> {
    let ssl = &info.ssl;
    if ssl.cert_mode == SslCertMode::Disable {
        return Ok(None);
    }
    let (Some(cert), Some(key)) = (&ssl.cert, &ssl.key) else {
        return match (&ssl.cert, &ssl.key) {
            (Some(_), None) => Err((
                "sslcert is given without sslkey".to_owned(),
                Some("Name the key's file with sslkey.".to_owned()),
            )),
            _ if ssl.cert_mode == SslCertMode::Require => Err((
                "sslcertmode=require needs a client certificate".to_owned(),
                Some("Name it with sslcert and sslkey.".to_owned()),
            )),
            _ => Ok(None),
        };
    };
    let chain = certificates(cert, "sslcert")?;
    private(key)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| {
        (
            format!("sslkey {} cannot be read: {error}", key.display()),
            Some("It has to be a PEM file that is not encrypted with a passphrase.".to_owned()),
        )
    })?;
    Ok(Some((chain, key)))
}

/// As libpq: a key is the owner's alone, or root's and readable for a group.
fn private(key: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::metadata(key)
        .map_err(|error| plain(format!("sslkey {} cannot be read: {error}", key.display())))?;
    let allowed = if metadata.uid() == 0 { 0o740 } else { 0o700 };
    if metadata.mode() & 0o777 & !allowed != 0 {
        return Err((
            format!(
                "sslkey {} is not used: others than its owner can read it",
                key.display()
            ),
            Some(format!("chmod 600 {}", key.display())),
        ));
    }
    Ok(())
}

/// The name that goes into SNI and is looked for in the certificate.
fn server_name(info: &ConnInfo, host: &Host) -> Result<ServerName<'static>, Failure> {
    let name = match &host.name {
        HostName::Tcp(name) if !name.is_empty() => Some(name.trim_end_matches('.').to_owned()),
        _ => None,
    };
    if name.is_none() && info.ssl.mode == SslMode::VerifyFull {
        return Err((
            "sslmode=verify-full needs the host's name".to_owned(),
            Some("Give host beside hostaddr.".to_owned()),
        ));
    }
    let text = name
        .or_else(|| host.hostaddr.map(|address| address.to_string()))
        .unwrap_or_default();
    match ServerName::try_from(text.clone()) {
        Ok(name) => Ok(name),
        Err(_) if info.ssl.mode == SslMode::VerifyFull => Err(plain(format!(
            "\"{text}\" is no name that a certificate could show"
        ))),
        // Nothing compares it then; an address is not sent as SNI.
        Err(_) => Ok(ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into())),
    }
}
