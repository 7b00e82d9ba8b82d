//! What KMS says of a key.

use aws_sdk_kms::types::KeyManagerType;
use howdah_core::{Error, ErrorKind, Result};

use super::call::Caller;

/// Whether AWS manages the key for one of its services: then it is shared with nobody.
pub(super) async fn is_of_aws(caller: Caller<'_>, key: &str) -> Result<bool> {
    let found = caller
        .repeat(&format!("describe the key {key}"), true, |config| {
            aws_sdk_kms::Client::new(config).describe_key().key_id(key).send()
        })
        .await?;
    let manager = found.key_metadata().and_then(|key| key.key_manager());
    match manager {
        Some(KeyManagerType::Aws) => Ok(true),
        Some(_) => Ok(false),
        None => Err(Error::new(
            ErrorKind::Server,
            format!("KMS does not say who manages the key {key}."),
        )),
    }
}
