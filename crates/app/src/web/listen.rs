use std::net::SocketAddr;

use howdah_core::{Error, ErrorKind, Result};
use tokio::net::TcpListener;

/// Where the dashboard listens.
pub(super) struct Place {
    pub(super) listener: TcpListener,
    address: SocketAddr,
}

impl Place {
    /// Begins to listen on `address`: `host:port`.
    pub(super) async fn open(address: &str) -> Result<Self> {
        let failed = |error: std::io::Error| {
            let hint = match error.kind() {
                std::io::ErrorKind::AddrInUse => {
                    "Another program has that port, perhaps another howdah: choose one with --listen 127.0.0.1:7778."
                }
                _ => "Write it as 127.0.0.1:7777 or [::1]:7777.",
            };
            Error::new(
                ErrorKind::Local,
                format!("{address} cannot be listened on: {error}."),
            )
            .hint(hint)
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Whether only this machine reaches it.
    pub(super) fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// The address, as a browser of this machine takes it.
    pub(super) fn url(&self) -> String {
        let ip = self.address.ip();
        match ip.is_unspecified() {
            true => format!("http://127.0.0.1:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }

    /// The address that it listens on.
    pub(super) fn addresses(&self) -> SocketAddr {
        self.address
    }
}
