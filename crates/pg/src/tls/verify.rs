use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::Failure;
use super::certificate::Certificate;

/// What a server's certificate must stand up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checks {
    /// Nothing: encrypted, to whomever.
    Nothing,
    /// Signed by an authority that is trusted.
    Chain,
    /// And made out to the name of the host.
    ChainAndName,
}

/// Checks the server's certificate as libpq does, where webpki is stricter than
/// PostgreSQL's users are used to: a certificate that is itself listed as trusted is
/// trusted, and one without alternative names goes by its common name.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    checks: Checks,
    inner: Option<Arc<WebPkiServerVerifier>>,
    trusted: Vec<CertificateDer<'static>>,
}

impl Verifier {
    pub(super) fn unchecked(provider: Arc<CryptoProvider>) -> Self {
        Self {
            provider,
            checks: Checks::Nothing,
            inner: None,
            trusted: Vec::new(),
        }
    }

    pub(super) fn new(
        provider: Arc<CryptoProvider>,
        checks: Checks,
        roots: Arc<RootCertStore>,
        trusted: Vec<CertificateDer<'static>>,
        revoked: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<Self, String> {
        let inner = if roots.is_empty() {
            None
        } else {
            let built = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                .with_crls(revoked)
                .build()
                .map_err(|error| format!("the trusted certificates cannot be used: {error}"))?;
            Some(built)
        };
        Ok(Self {
            provider,
            checks,
            inner,
            trusted,
        })
    }

    /// A certificate that is byte for byte one of the trusted ones needs no chain.
    fn is_trusted_itself(&self, end_entity: &CertificateDer<'_>, now: UnixTime) -> bool {
        let listed = self
            .trusted
            .iter()
            .any(|trusted| trusted.as_ref() == end_entity.as_ref());
        let now = compact(now);
        listed
            && Certificate::parse(end_entity).is_some_and(|certificate| {
                let (from, until) = &certificate.validity;
                *from <= now && now <= *until
            })
    }
}

/// Whether a certificate without alternative names shows `name` as its common name.
fn common_name_fits(end_entity: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    let Some(certificate) = Certificate::parse(end_entity) else {
        return false;
    };
    let Some(shown) = certificate
        .common_name
        .filter(|_| !certificate.has_alternative_names)
    else {
        return false;
    };
    let wanted = name.to_str();
    if shown.eq_ignore_ascii_case(&wanted) {
        return true;
    }
    // One wildcard, for the whole first label, and never for an address.
    match (name, shown.strip_prefix("*."), wanted.split_once('.')) {
        (ServerName::DnsName(_), Some(suffix), Some((label, parent))) => {
            !label.is_empty() && parent.eq_ignore_ascii_case(suffix)
        }
        _ => false,
    }
}

/// `YYYYMMDDHHMMSS`, in UTC, by the civil calendar.
fn compact(now: UnixTime) -> String {
    let seconds = now.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01, then eras of 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let day = day - (153 * shifted + 2) / 5 + 1;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.checks == Checks::Nothing {
            return Ok(ServerCertVerified::assertion());
        }
        let outcome = if self.is_trusted_itself(end_entity, now) {
            rustls::server::ParsedCertificate::try_from(end_entity).and_then(|parsed| {
                rustls::client::verify_server_name(&parsed, server_name)
                    .map(|()| ServerCertVerified::assertion())
            })
        } else {
            match &self.inner {
                Some(inner) => {
                    inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                }
                None => Err(CertificateError::UnknownIssuer.into()),
            }
        };
        match outcome {
            // The name is looked at last: everything else has been found in order.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.checks == Checks::Chain || common_name_fits(end_entity, server_name) => {
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    /// Proof that the server holds the key, which channel binding relies on even where
    /// the certificate itself goes unchecked.
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match verify_tls13_signature(message, certificate, signature, algorithms) {
            // webpki reads no certificates of version 1, which `openssl x509 -req` makes:
            // where nobody asked for a check, the key in it is all that is needed.
            Err(Error::InvalidCertificate(_)) if self.checks == Checks::Nothing => {
                let parsed = Certificate::parse(certificate)
                    .ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
                rustls::crypto::verify_tls13_signature_with_raw_key(
                    message,
                    &SubjectPublicKeyInfoDer::from(parsed.public_key),
                    signature,
                    algorithms,
                )
            }
            outcome => outcome,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The certificates that an authority has revoked.
pub(super) fn revocations(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, Failure> {
    let unreadable =
        |error: &dyn std::fmt::Display| (format!("sslcrl {} cannot be read: {error}", path.display()), None);
    let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
    CertificateRevocationListDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(&error))
}

/// A failed handshake, said for a person.
pub(super) fn explain(error: &std::io::Error) -> Failure {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(tls) = tls else {
        return (format!("the handshake failed: {error}"), None);
    };
    let Error::InvalidCertificate(reason) = tls else {
        return (format!("the handshake failed: {tls}"), None);
    };
    let (reason, hint) = match reason {
        CertificateError::UnknownIssuer => (
            "the server's certificate is not signed by an authority that is trusted here".to_owned(),
            "Name the authority's certificate with sslrootcert.",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!("the server's certificate is for another name ({reason})"),
            "Connect by the name that the certificate shows, or use sslmode=verify-ca if the authority signs only your own servers.",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "the server's certificate has expired".to_owned(),
            "Renew it on the server.",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "the server's certificate is not valid yet".to_owned(),
            "Check the clocks of both machines.",
        ),
        CertificateError::Revoked => (
            "the server's certificate has been revoked".to_owned(),
            "Renew it on the server.",
        ),
        other => (
            format!("the server's certificate is not accepted: {other}"),
            "Make one of X.509 version 3 with the host's name among its alternative names.",
        ),
    };
    (reason, Some(hint.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn seconds_become_calendar_dates() {
        for (seconds, text) in [
            (0, "19700101000000"),
            (951_782_399, "20000228235959"),
            (951_782_400, "20000229000000"),
            (1_709_251_199, "20240229235959"),
            (4_107_542_399, "21000228235959"),
            (4_107_542_400, "21000301000000"),
        ] {
            let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            assert_eq!(compact(now), text);
        }
        let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        assert!(compact(UnixTime::since_unix_epoch(now.unwrap_or_default())).starts_with("20"));
    }
}
