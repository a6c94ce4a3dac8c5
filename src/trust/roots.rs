//! The system's roots, with one more: what a program reads that takes one file in the place of all roots.

use pem::{EncodeConfig, LineEnding, Pem};
use tracing::warn;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::issue::ORGANIZATION;

/// The roots of the system and this one, in PEM.
pub(super) fn with(authority: &Pem) -> String {
    let pem = |root: &Pem| pem::encode_config(root, EncodeConfig::new().set_line_ending(LineEnding::LF));
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        warn!(%error, "a root of the system cannot be read, and is not in the bundle");
    }
    // The system may have been told to take a bundle of ours for its roots; the authority in it is not renewed by copying it.
    let others = found.certs.iter().filter(|der| !is_ours(der));
    others.map(|der| pem(&Pem::new("CERTIFICATE", der.as_ref()))).chain([pem(authority)]).collect()
}

fn is_ours(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
        certificate.subject().iter_organization().any(|name| name.as_str() == Ok(ORGANIZATION))
    })
}
