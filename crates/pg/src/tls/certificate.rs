//! The few parts of an X.509 certificate that rustls does not tell: how it was signed,
//! its public key, until when it is valid, and the common name of old certificates.

use sha2::{Digest, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, the version, and `[3]`, the extensions.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// What we read of a certificate.
pub(super) struct Certificate<'a> {
    /// The object identifier of the signature's algorithm, and the bytes of its parameters.
    signature: (&'a [u8], &'a [u8]),
    /// SubjectPublicKeyInfo, with its header.
    pub(super) public_key: &'a [u8],
    /// From and until when it is valid, as `YYYYMMDDHHMMSS`.
    pub(super) validity: (String, String),
    /// The last common name of its subject.
    pub(super) common_name: Option<String>,
    /// Whether it lists alternative names, beside which the common name does not count.
    pub(super) has_alternative_names: bool,
}

/// A value in DER: its tag, its contents, and all of it.
#[derive(Clone, Copy)]
struct Value<'a> {
    tag: u8,
    contents: &'a [u8],
    whole: &'a [u8],
}

/// Takes the next value off `input`.
fn next<'a>(input: &mut &'a [u8]) -> Option<Value<'a>> {
    let all = *input;
    let (&tag, rest) = all.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, tail) = rest.split_at_checked(count)?;
        len = digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit));
        rest = tail;
    }
    let (contents, tail) = rest.split_at_checked(len)?;
    *input = tail;
    Some(Value {
        tag,
        contents,
        whole: &all[..all.len() - tail.len()],
    })
}

fn expect<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    next(input)
        .filter(|value| value.tag == tag)
        .map(|value| value.contents)
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut outer = der;
        let mut certificate = expect(&mut outer, SEQUENCE)?;
        let mut body = expect(&mut certificate, SEQUENCE)?;
        let mut algorithm = expect(&mut certificate, SEQUENCE)?;
        let oid = expect(&mut algorithm, OBJECT_IDENTIFIER)?;

        if body.first() == Some(&VERSION) {
            next(&mut body)?;
        }
        let (_serial, _algorithm, _issuer) = (next(&mut body)?, next(&mut body)?, next(&mut body)?);
        let mut validity = expect(&mut body, SEQUENCE)?;
        let subject = expect(&mut body, SEQUENCE)?;
        let public_key = next(&mut body)?.whole;
        let mut has_alternative_names = false;
        while let Some(value) = next(&mut body) {
            if value.tag == EXTENSIONS {
                has_alternative_names = lists_alternative_names(value.contents)?;
            }
        }
        Some(Self {
            signature: (oid, algorithm),
            public_key,
            validity: (time(next(&mut validity)?)?, time(next(&mut validity)?)?),
            common_name: common_name(subject),
            has_alternative_names,
        })
    }
}

fn lists_alternative_names(extensions: &[u8]) -> Option<bool> {
    let mut wrapper = extensions;
    let mut list = expect(&mut wrapper, SEQUENCE)?;
    while !list.is_empty() {
        let mut extension = expect(&mut list, SEQUENCE)?;
        if expect(&mut extension, OBJECT_IDENTIFIER)? == SUBJECT_ALT_NAME {
            return Some(true);
        }
    }
    Some(false)
}

fn common_name(mut subject: &[u8]) -> Option<String> {
    let mut found = None;
    while let Some(mut set) = expect(&mut subject, SET) {
        while let Some(mut attribute) = expect(&mut set, SEQUENCE) {
            if expect(&mut attribute, OBJECT_IDENTIFIER) == Some(COMMON_NAME) {
                let text = next(&mut attribute)?.contents;
                found = std::str::from_utf8(text).ok().map(str::to_owned);
            }
        }
    }
    found
}

/// A point in time as `YYYYMMDDHHMMSS` (UTC), which compares as text.
fn time(value: Value<'_>) -> Option<String> {
    let text = std::str::from_utf8(value.contents).ok()?.strip_suffix('Z')?;
    match value.tag {
        GENERALIZED_TIME => Some(text.to_owned()),
        // RFC 5280: 50 to 99 are of the last century.
        UTC_TIME => {
            let century = if text.get(..2)? >= "50" { "19" } else { "20" };
            Some(format!("{century}{text}"))
        }
        _ => None,
    }
}

/// The hash of the certificate, by the hash function of its signature; MD5 and SHA-1 are
/// replaced by SHA-256 (RFC 5929, section 4.1).
pub(super) fn end_point_binding(der: &[u8]) -> Option<Vec<u8>> {
    let (oid, parameters) = Certificate::parse(der)?.signature;
    let hash = match oid {
        // 1.2.840.113549.1.1: RSA with MD5 (4), SHA-1 (5), SHA-256 (11), SHA-384 (12), SHA-512 (13).
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last] => match last {
            4 | 5 | 11 => Hash::Sha256,
            12 => Hash::Sha384,
            13 => Hash::Sha512,
            10 => pss_hash(parameters)?,
            _ => return None,
        },
        // 1.2.840.10045.4: ECDSA with SHA-1 (1), and with SHA-2 (3).
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Hash::Sha256,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last] => match last {
            2 => Hash::Sha256,
            3 => Hash::Sha384,
            4 => Hash::Sha512,
            _ => return None,
        },
        _ => return None,
    };
    Some(match hash {
        Hash::Sha256 => Sha256::digest(der).to_vec(),
        Hash::Sha384 => Sha384::digest(der).to_vec(),
        Hash::Sha512 => Sha512::digest(der).to_vec(),
    })
}

enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The hash among the parameters of RSASSA-PSS; SHA-1 where they name none.
fn pss_hash(mut parameters: &[u8]) -> Option<Hash> {
    let mut fields = expect(&mut parameters, SEQUENCE)?;
    let Some(mut named) = expect(&mut fields, 0xa0) else {
        return Some(Hash::Sha256);
    };
    let mut algorithm = expect(&mut named, SEQUENCE)?;
    // 2.16.840.1.101.3.4.2
    match expect(&mut algorithm, OBJECT_IDENTIFIER)? {
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1] => Some(Hash::Sha256),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 2] => Some(Hash::Sha384),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 3] => Some(Hash::Sha512),
        _ => None,
    }
}
