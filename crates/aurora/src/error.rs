use howdah_core::{Error, ErrorKind};

/// What can be wrong with a request about clusters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuroraError {
    /// Not usable as a name.
    #[error("{name:?} is no name for a {kind}: {why}.")]
    BadName {
        /// `cluster` or `snapshot`.
        kind: &'static str,
        /// As given, cut.
        name: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// This build has no such provider.
    #[error("This howdah has no provider {name:?} for clusters; it has: {known}.")]
    UnknownProvider {
        /// As given, cut.
        name: String,
        /// Those it has.
        known: String,
    },
    /// The provider cannot do this.
    #[error("The provider {provider} cannot {what}.")]
    Unsupported {
        /// The provider.
        provider: &'static str,
        /// As a verb: `change the size of an instance`.
        what: String,
    },
    /// The name is taken.
    #[error("There is a cluster {name} already (created {created}, by job {job}).")]
    ClusterExists {
        /// The name.
        name: String,
        /// When the first one was created.
        created: String,
        /// The job that created it.
        job: String,
    },
    /// No such cluster.
    #[error("There is no cluster {name}.")]
    NoCluster {
        /// As asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The name is taken.
    #[error("There is a snapshot {name} already (of cluster {cluster}, taken {created}).")]
    SnapshotExists {
        /// The name.
        name: String,
        /// What it was taken of.
        cluster: String,
        /// When.
        created: String,
    },
    /// No such snapshot.
    #[error("There is no snapshot {name}.")]
    NoSnapshot {
        /// As asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// More than a cluster can have.
    #[error("A cluster has at most {most} readers; {wanted} were asked for.")]
    TooManyReaders {
        /// Asked for.
        wanted: u8,
        /// Possible.
        most: u8,
    },
    /// Needs a cluster that takes connections.
    #[error("The cluster {name} is {status}.")]
    NotAvailable {
        /// The cluster.
        name: String,
        /// What it is instead.
        status: String,
    },
    /// A file of Howdah's about a cluster cannot be understood.
    #[error("{file} cannot be read: {why}.")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
}

impl AuroraError {
    fn kind_and_hint(&self) -> (ErrorKind, String) {
        let among = |known: &[String], what: &str| match known.is_empty() {
            true => format!("There are none yet; {what}."),
            false => format!("There are: {}.", known.join(", ")),
        };
        match self {
            Self::BadName { .. } => (
                ErrorKind::Invalid,
                "Names have 1 to 63 letters, digits and single hyphens, and begin with a letter.".into(),
            ),
            Self::UnknownProvider { name, .. } if name == "aws" => (
                ErrorKind::Invalid,
                "This build was made without the feature aws, so that it cannot create Aurora itself. Use --provider local (provider: \"local\"): real PostgreSQL on this machine.".into(),
            ),
            Self::UnknownProvider { .. } => (ErrorKind::Invalid, "Name one of these, or none.".into()),
            Self::Unsupported { .. } => (ErrorKind::Invalid, "Another provider may be able to.".into()),
            Self::ClusterExists { name, .. } => (
                ErrorKind::Refused,
                format!("Choose another name, use it as it is (`howdah cluster show {name}`), or delete it first."),
            ),
            Self::NoCluster { known, .. } => {
                (ErrorKind::NotFound, among(known, "`howdah cluster create NAME` (start_create_cluster_job) makes one"))
            }
            Self::SnapshotExists { .. } => (ErrorKind::Refused, "Choose another name for the snapshot.".into()),
            Self::NoSnapshot { known, .. } => {
                (ErrorKind::NotFound, among(known, "`howdah cluster snapshot CLUSTER NAME` takes one"))
            }
            Self::TooManyReaders { most, .. } => (ErrorKind::Invalid, format!("Ask for 0 to {most}.")),
            Self::NotAvailable { name, status } => (
                ErrorKind::Unavailable,
                match status.as_str() {
                    "stopped" | "down" => format!("Start it: `howdah cluster start {name}` (start_cluster_job, action start)."),
                    _ => format!("`howdah cluster show {name}` (describe_clusters) says more, `howdah job list` what is under way."),
                },
            ),
            Self::Damaged { .. } => (
                ErrorKind::Local,
                "It was written by another version of howdah, or changed by hand. What belongs to the cluster is in the same directory.".into(),
            ),
        }
    }
}

impl From<AuroraError> for Error {
    fn from(error: AuroraError) -> Self {
        let (kind, hint) = error.kind_and_hint();
        Self::new(kind, error.to_string()).hint(hint)
    }
}
