//! The certificate under KIS's host names. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::GatewayStatus;

/// Result of `gateway.trust`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayTrust {
    /// KIS's host names, for which the certificate is.
    pub hosts: Vec<String>,
    /// When it ends, Korean time.
    pub ends_at: DateTime<FixedOffset>,
    /// The file of the certificate.
    pub certificate: String,
    /// The file of its private key, which the daemon alone may read.
    pub private_key: String,
    /// The file with the system's roots and the one of this certificate.
    pub bundle: String,
    /// How the gateway stands.
    pub gateway: GatewayStatus,
}

/// Result of `gateway.untrust`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayUntrusted {
    /// Whether there was a certificate.
    pub removed: bool,
    /// KIS's host names, which the hosts file must not lead to the gateway any more.
    pub hosts: Vec<String>,
}

/// Result of `gateway.bundle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GatewayBundle {
    /// The system's roots and that of the certificate under KIS's host names, in PEM.
    pub pem: String,
    /// When that certificate ends, Korean time.
    pub ends_at: DateTime<FixedOffset>,
}
