//! TLS of an entrance: a certificate with its key, and the handshake.

use std::{fmt, io, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        Error, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::pem::PemObject,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
    server::TlsStream,
};

use crate::trust;

/// A certificate, ready for connections. Those that are open keep theirs when it is replaced.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    chain: Vec<CertificateDer<'static>>,
    ends_at: DateTime<Utc>,
}

/// What is wrong with a certificate or its key; never what is in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// It is no certificate.
    #[error("is not a certificate in PEM")]
    Certificate,
    /// It is no key.
    #[error("is not a private key in PEM without a password")]
    PrivateKey,
    /// Each is something, and they are not of each other.
    #[error("is not the private key of the certificate")]
    Mismatch,
}

impl Tls {
    /// Of a chain and a private key in PEM.
    pub fn of_pem(certificate: &[u8], private_key: &[u8]) -> Result<Self, TlsFault> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsFault::Certificate)?;
        let ends_at = trust::end_of(certificate).map_err(|_| TlsFault::Certificate)?;
        let key = PrivateKeyDer::from_pem_slice(private_key).map_err(|_| TlsFault::PrivateKey)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsFault::Certificate)?;
        let mut config =
            builder.with_no_client_auth().with_single_cert(chain.clone(), key).map_err(|error| match error {
                Error::InconsistentKeys(_) => TlsFault::Mismatch,
                Error::InvalidCertificate(_) => TlsFault::Certificate,
                _ => TlsFault::PrivateKey,
            })?;
        // Nothing else is spoken here.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), chain, ends_at })
    }

    /// When the certificate ends.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.config.clone()).accept(stream).await
    }
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
    }
}

impl Eq for Tls {}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}
