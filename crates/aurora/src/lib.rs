//! The control plane of clusters, and the provider that runs them on this machine.
