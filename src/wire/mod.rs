//! What crosses the socket: method names, parameters, results, error codes, framing. Shared by both programs.
//!
//! Must never: know a domain, a secret or the configuration. `kisctl` is built on this alone, so it cannot hold a secret.

pub mod client;
pub mod codes;
pub mod frame;
pub mod number;
pub mod place;
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
    /// The state of the daemon.
    pub const DAEMON_STATUS: &str = "daemon.status";
    /// What operators watch, as OpenMetrics text.
    pub const DAEMON_METRICS: &str = "daemon.metrics";
    /// The OpenRPC document.
    pub const RPC_DISCOVER: &str = "rpc.discover";
}
