//! What was written, as written: every key optional, texts not yet understood, unknown keys refused.

use std::{collections::BTreeMap, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) default_account: Option<String>,
    pub(super) kis: Option<RawAccount>,
    pub(super) accounts: BTreeMap<String, RawAccount>,
    pub(super) token: RawToken,
    pub(super) balance: RawBalance,
    pub(super) rpc: RawRpc,
    pub(super) grants: Vec<RawGrant>,
    pub(super) gateway: RawGateway,
    pub(super) stocks: RawStocks,
    pub(super) orders: RawOrdersOfAll,
    pub(super) quotes: RawQuotes,
    pub(super) log: RawLog,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAccount {
    pub(super) key_of: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) app_key: Option<SecretString>,
    pub(super) app_key_file: Option<PathBuf>,
    pub(super) app_secret: Option<SecretString>,
    pub(super) app_secret_file: Option<PathBuf>,
    pub(super) account_no: Option<String>,
    pub(super) account_product_code: Option<String>,
    pub(super) hts_id: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) calls_per_second: Option<i64>,
    pub(super) request_timeout: Option<String>,
    pub(super) accept_difference: Option<bool>,
    pub(super) key_expires_on: Option<String>,
    pub(super) orders: RawOrders,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawToken {
    pub(super) file: Option<PathBuf>,
    pub(super) refresh_before: Option<String>,
    pub(super) issue_interval: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBalance {
    pub(super) max_age: Option<String>,
    pub(super) prices: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRpc {
    pub(super) socket: Option<PathBuf>,
    pub(super) socket_mode: Option<String>,
    pub(super) allow_uids: Option<Vec<u32>>,
    pub(super) allow_gids: Option<Vec<u32>>,
    pub(super) allow_refresh_uids: Option<Vec<u32>>,
    pub(super) max_connections: Option<i64>,
    pub(super) max_request_bytes: Option<i64>,
    pub(super) call_timeout: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGrant {
    pub(super) uids: Option<Vec<u32>>,
    pub(super) gids: Option<Vec<u32>>,
    pub(super) rights: Option<Vec<String>>,
    pub(super) accounts: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGateway {
    pub(super) listen: Option<String>,
    pub(super) allow_remote: Option<bool>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) private_key: Option<PathBuf>,
    pub(super) hosts: Option<String>,
    pub(super) resolver: Option<String>,
    pub(super) allow_hosts: Option<Vec<String>>,
    pub(super) unknown: Option<bool>,
    pub(super) patience: Option<String>,
    pub(super) max_connections: Option<i64>,
    pub(super) max_age: RawMaxAge,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawMaxAge {
    pub(super) quotations: Option<String>,
    pub(super) accounts: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStocks {
    pub(super) master_url: Option<String>,
    pub(super) master_max_age: Option<String>,
}

/// The keys of one account. Those of all accounts stand beside others, where unknown ones are refused too.
macro_rules! orders {
    ($(#[$about:meta])* $name:ident { $($key:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct $name {
            pub(super) enabled: Option<bool>,
            pub(super) max_order_amount: Option<i64>,
            pub(super) max_daily_amount: Option<i64>,
            pub(super) max_sell_amount: Option<i64>,
            pub(super) max_daily_sell_amount: Option<i64>,
            pub(super) max_orders_per_minute: Option<i64>,
            pub(super) price_collar: Option<String>,
            pub(super) allow_stocks: Option<Vec<String>>,
            pub(super) deny_stocks: Option<Vec<String>>,
            pub(super) allow_margin: Option<bool>,
            pub(super) sessions: Option<String>,
            pub(super) approve: Option<String>,
            pub(super) approve_within: Option<String>,
            pub(super) assume_absent_after: Option<String>,
            pub(super) fee_rate: Option<String>,
            $(pub(super) $key: $type,)*
        }
    };
}

orders! {
    /// `[accounts.NAME.orders]`.
    RawOrders {
        same_user: Option<bool>,
    }
}

orders! {
    /// `[orders]`.
    RawOrdersOfAll {
        ledger: Option<PathBuf>,
        read_only: Option<bool>,
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawQuotes {
    pub(super) candles_file: Option<PathBuf>,
    pub(super) candles_max_mb: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLog {
    pub(super) level: Option<String>,
    pub(super) format: Option<String>,
    pub(super) dir: Option<PathBuf>,
}

impl RawOrdersOfAll {
    /// What every paper account has that does not say otherwise.
    pub(super) fn usual(&self) -> RawOrders {
        let Self { enabled, max_order_amount, max_daily_amount, max_sell_amount, max_daily_sell_amount, .. } = *self;
        let Self { max_orders_per_minute, allow_margin, .. } = *self;
        RawOrders {
            enabled,
            max_order_amount,
            max_daily_amount,
            max_sell_amount,
            max_daily_sell_amount,
            max_orders_per_minute,
            price_collar: self.price_collar.clone(),
            allow_stocks: self.allow_stocks.clone(),
            deny_stocks: self.deny_stocks.clone(),
            allow_margin,
            sessions: self.sessions.clone(),
            approve: self.approve.clone(),
            approve_within: self.approve_within.clone(),
            assume_absent_after: self.assume_absent_after.clone(),
            fee_rate: self.fee_rate.clone(),
            same_user: None,
        }
    }
}

/// Keys whose values are not texts; in an environment variable they are written as in TOML. All others are taken as they
/// stand: an account number of digits would otherwise become a number and lose its zeros.
const NOT_TEXT: &[&str] = &[
    "rpc.allow_uids",
    "rpc.allow_gids",
    "rpc.allow_refresh_uids",
    "rpc.max_connections",
    "rpc.max_request_bytes",
    "gateway.allow_hosts",
    "gateway.allow_remote",
    "gateway.max_connections",
    "gateway.unknown",
    "quotes.candles_max_mb",
];

/// The same for the keys of `[kis]` and of each account.
const NOT_TEXT_OF_ACCOUNT: &[&str] = &["calls_per_second", "accept_difference"];

/// The same for the keys of orders.
const NOT_TEXT_OF_ORDERS: &[&str] = &[
    "enabled",
    "max_order_amount",
    "max_daily_amount",
    "max_sell_amount",
    "max_daily_sell_amount",
    "max_orders_per_minute",
    "allow_stocks",
    "deny_stocks",
    "allow_margin",
    "same_user",
    "read_only",
];

/// Keys of `[kis]` and of each account whose value is a secret.
pub(super) const SECRET: &[&str] = &["app_key", "app_secret"];

/// Whether the value of a key is not a text.
pub(super) fn is_not_text(key: &str) -> bool {
    match key.rsplit_once('.') {
        Some((table, name)) if table == "orders" || table.ends_with(".orders") => NOT_TEXT_OF_ORDERS.contains(&name),
        Some((table, name)) if table == "kis" || table.starts_with("accounts.") => NOT_TEXT_OF_ACCOUNT.contains(&name),
        _ => NOT_TEXT.contains(&key),
    }
}
