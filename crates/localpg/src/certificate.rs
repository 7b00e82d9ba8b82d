use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};

use crate::{Account, LocalError, write_private};

/// The files with which servers on this machine prove who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authority that clients trust (`sslrootcert`).
    pub ca: PathBuf,
    /// The server's certificate: for `localhost`, 127.0.0.1 and ::1.
    pub certificate: PathBuf,
    /// The server's key; only the account that runs the server can read it.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Where the files are in `directory`, made or not.
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            ca: directory.join("ca.crt"),
            certificate: directory.join("server.crt"),
            key: directory.join("server.key"),
        }
    }

    /// Makes an authority and a certificate in `directory`, which exists. The
    /// authority's own key is forgotten: it can never sign another certificate.
    pub fn create(directory: &Path, account: &Account) -> Result<Self, LocalError> {
        let files = Self::in_directory(directory);
        let pem = sign().map_err(|error| LocalError::Certificate(error.to_string()))?;
        for (path, text) in [
            (&files.ca, pem.ca),
            (&files.certificate, pem.certificate),
            (&files.key, pem.key),
        ] {
            write_private(path, &text)?;
            account.own(path)?;
        }
        Ok(files)
    }

    /// Copies them to `directory`, which exists, for a server that takes another one's place.
    pub fn copy_to(&self, directory: &Path, account: &Account) -> Result<Self, LocalError> {
        let copies = Self::in_directory(directory);
        for (from, to) in [
            (&self.ca, &copies.ca),
            (&self.certificate, &copies.certificate),
            (&self.key, &copies.key),
        ] {
            let text = std::fs::read_to_string(from).map_err(LocalError::file("read", from))?;
            write_private(to, &text)?;
            account.own(to)?;
        }
        Ok(copies)
    }

    /// The settings with which a server uses them.
    pub fn settings(&self) -> [(String, String); 4] {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [
            ("ssl".into(), "on".into()),
            ("ssl_cert_file".into(), text(&self.certificate)),
            ("ssl_key_file".into(), text(&self.key)),
            ("ssl_min_protocol_version".into(), "TLSv1.2".into()),
        ]
    }
}

struct Pem {
    ca: String,
    certificate: String,
    key: String,
}

fn sign() -> Result<Pem, rcgen::Error> {
    // A cluster for development lives for years at the most; a certificate
    // that ran out would stop it for no gain.
    let (from, until) = (date_time_ymd(2024, 1, 1), date_time_ymd(2124, 1, 1));

    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "Howdah local cluster authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (ca.not_before, ca.not_after) = (from, until);
    let ca_key = KeyPair::generate()?;
    let ca_certificate = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, ca_key);

    let mut server = CertificateParams::default();
    server.distinguished_name.push(DnType::CommonName, "localhost");
    server.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()),
        SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
    ];
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    (server.not_before, server.not_after) = (from, until);
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &issuer)?;
    Ok(Pem {
        ca: ca_certificate.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}
