//! Which account is used, and how it is reached: as the tools of AWS do, but for what
//! `[clusters.aws]` says otherwise.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::tls;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use howdah_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::clusters::Method;

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long a call may take: the longest of the control plane answer within a few seconds.
const CALLING: Duration = Duration::from_secs(60);

/// `[clusters.aws]` of `howdah.toml`: the account, and what its operator has laid down for
/// every cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AwsSettings {
    /// The profile of `~/.aws/config`; `AWS_PROFILE` or `default` without it.
    profile: Option<String>,
    /// The region; that of the environment or the profile without it.
    region: Option<String>,
    /// Where calls go, in place of the region's own endpoint.
    endpoint_url: Option<String>,
    /// The subnet group of new clusters; the account's default one without it.
    pub(super) subnet_group: Option<String>,
    /// The security groups of new clusters.
    #[serde(default)]
    pub(super) security_groups: Vec<String>,
    /// The KMS key that new clusters are encrypted with; the account's default one without it.
    pub(super) kms_key: Option<String>,
    /// The role by which instances write their Enhanced Monitoring: its ARN.
    pub(super) monitoring_role: Option<String>,
    /// The role by which proxies read the secrets that they log in with: its ARN.
    pub(super) proxy_role: Option<String>,
    /// The database user that connections use with IAM tokens, in place of the master user and its secret.
    pub(super) iam_user: Option<String>,
    /// How clusters are connected to; `pgwire` without it.
    pub(super) method: Option<Method>,
    /// The secret that `rdsapi` connects with, in place of the one that RDS manages: its ARN. Which it is, is no secret.
    pub(super) rdsapi_secret: Option<String>,
    /// The certificates that servers are verified with; those of RDS that the program has without it.
    pub(super) ca_file: Option<PathBuf>,
    /// What this operator allows that is refused otherwise.
    #[serde(default)]
    pub(super) allow: Vec<Allowed>,
    /// Between two looks at what takes long; 10 without it.
    poll_seconds: Option<f64>,
    /// How long a job waits for expired credentials to be renewed; 12 hours without it.
    credentials_wait_seconds: Option<u64>,
}

/// What is refused unless the operator allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Allowed {
    /// Deleting a cluster whose data nobody keeps.
    DeleteWithoutSnapshot,
    /// Making a reader the writer while clients are connected.
    Failover,
    /// Giving a green environment the place of its cluster.
    SwitchOver,
    /// Letting everybody at a snapshot, or at the door of a cluster.
    PublicAccess,
}

impl Allowed {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::DeleteWithoutSnapshot => "delete-without-snapshot",
            Self::Failover => "failover",
            Self::SwitchOver => "switch-over",
            Self::PublicAccess => "public-access",
        }
    }
}

/// An AWS account in one region. Cheap to clone; nothing is read or asked before the first call.
#[derive(Debug, Clone)]
pub(crate) struct Account(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: AwsSettings,
    configured: bool,
    home: PathBuf,
    config: Mutex<Option<SdkConfig>>,
}

impl Account {
    pub(crate) fn new(home: &Path, settings: Option<AwsSettings>) -> Self {
        Self(Arc::new(Inner {
            configured: settings.is_some(),
            settings: settings.unwrap_or_default(),
            home: home.join("aws"),
            config: Mutex::new(None),
        }))
    }

    /// Whether it was configured, or a cluster was ever made in it: only then is it asked
    /// where no provider is named, so that nobody waits for an account that they do not have.
    pub(crate) fn is_used(&self) -> bool {
        self.0.configured || self.0.home.exists()
    }

    /// How its clusters are connected to, where that is configured.
    pub(crate) fn method(&self) -> Option<Method> {
        self.0.settings.method
    }

    /// From now on it is used.
    pub(super) fn note_use(&self) -> Result<()> {
        howdah_store::private_directory(&self.0.home).map_err(Error::from)
    }

    /// The directory for what this machine has to know of the account's clusters.
    pub(super) fn home(&self) -> &Path {
        &self.0.home
    }

    pub(super) fn settings(&self) -> &AwsSettings {
        &self.0.settings
    }

    /// Between two looks at what takes long.
    pub(super) fn poll(&self) -> Duration {
        let seconds = self.0.settings.poll_seconds.unwrap_or(10.0);
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(Duration::from_secs(10))
            .max(Duration::from_millis(10))
    }

    /// How long a job waits for credentials.
    pub(super) fn credentials_wait(&self) -> Duration {
        Duration::from_secs(self.0.settings.credentials_wait_seconds.unwrap_or(12 * 3600))
    }

    /// Forgets what was loaded, so that renewed credentials are found.
    pub(super) async fn reload(&self) {
        *self.0.config.lock().await = None;
    }

    /// The configuration, loaded once.
    pub(super) async fn config(&self) -> Result<SdkConfig> {
        let mut config = self.0.config.lock().await;
        if let Some(config) = &*config {
            return Ok(config.clone());
        }
        let loaded = Box::pin(load(&self.0.settings)).await;
        if loaded.region().is_none() {
            return Err(Error::new(ErrorKind::Invalid, "No AWS region is known.").hint(
                "Set AWS_REGION, a region in the profile (`aws configure`), or `region` in [clusters.aws] of howdah.toml.",
            ));
        }
        Ok(config.insert(loaded).clone())
    }
}

async fn load(settings: &AwsSettings) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https();
    // Repeating is ours: a call that changes something is never repeated before a look.
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECTING)
                .operation_attempt_timeout(CALLING)
                .build(),
        );
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}
