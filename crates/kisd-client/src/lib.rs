//! The contract of kisd, the local gateway to the Open API of Korea Investment & Securities: method names, parameters, results,
//! error codes, framing, and where its socket is; with a [`client`].
//!
//! ```no_run
//! use kisd_client::{client, method, place::{Places, User}, types::Balance};
//! use jsonrpsee::core::client::ClientT;
//!
//! # async fn balance() -> Result<Balance, Box<dyn std::error::Error>> {
//! let places = Places::usual(&User::new(|name| std::env::var_os(name)));
//! let client = client::first(&places).await.map_err(|tried| format!("no daemon: {tried:?}"))?;
//! let balance: Balance = client.request(method::ACCOUNT_BALANCE, client::RawParams(None)).await?;
//! # Ok(balance)
//! # }
//! ```
//!
//! The daemon and its client stand on it. It knows no domain, no secret and no configuration, so `kisctl` cannot hold a secret.

pub mod client;
pub mod codes;
pub mod frame;
pub mod number;
pub mod place;
pub mod raw;
pub mod text;
pub mod types;
pub mod whole;

/// Names of the methods.
pub mod method {
    /// The accounts.
    pub const ACCOUNT_LIST: &str = "account.list";
    /// The balance of the account.
    pub const ACCOUNT_BALANCE: &str = "account.balance";
    /// The balance, and then each change of it.
    pub const ACCOUNT_SUBSCRIBE_BALANCE: &str = "account.subscribeBalance";
    /// Ends a subscription to the balance.
    pub const ACCOUNT_UNSUBSCRIBE_BALANCE: &str = "account.unsubscribeBalance";
    /// The state of the token.
    pub const TOKEN_STATUS: &str = "token.status";
    /// The state of the token, and then each change of it.
    pub const TOKEN_SUBSCRIBE_STATUS: &str = "token.subscribeStatus";
    /// Ends a subscription to the state of the token.
    pub const TOKEN_UNSUBSCRIBE_STATUS: &str = "token.unsubscribeStatus";
    /// Renews the token.
    pub const TOKEN_REFRESH: &str = "token.refresh";
    /// Finds operations of KIS.
    pub const KIS_SEARCH: &str = "kis.search";
    /// Tells what is known of an operation of KIS.
    pub const KIS_DESCRIBE: &str = "kis.describe";
    /// Calls an operation of KIS that reads.
    pub const KIS_CALL: &str = "kis.call";
    /// The state of the daemon.
    pub const DAEMON_STATUS: &str = "daemon.status";
    /// What operators watch, as OpenMetrics text.
    pub const DAEMON_METRICS: &str = "daemon.metrics";
    /// The OpenRPC document.
    pub const RPC_DISCOVER: &str = "rpc.discover";
}
