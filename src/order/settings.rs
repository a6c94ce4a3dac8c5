//! What an account's owner allows.

use std::time::Duration;

use rust_decimal::Decimal;

/// Which sessions of a market are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sessions {
    /// The regular one, with its auctions.
    #[default]
    Regular,
    /// All that there are.
    All,
}

/// Which orders wait for a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Approve {
    /// Every one.
    Always,
    /// None.
    #[default]
    Never,
    /// Those of more than so many won.
    Above(u64),
}

/// What an account's owner allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Orders are taken at all.
    pub enabled: bool,
    /// Most won of one buy.
    pub max_order_amount: Option<u64>,
    /// Most won of the buys of a day.
    pub max_daily_amount: Option<u64>,
    /// Most won of one sale.
    pub max_sell_amount: Option<u64>,
    /// Most won of the sales of a day.
    pub max_daily_sell_amount: Option<u64>,
    /// Orders in any minute.
    pub max_orders_per_minute: Option<usize>,
    /// A price farther from the last one than this, in percent, is refused.
    pub price_collar: Option<Decimal>,
    /// The only stocks; empty: all.
    pub allow_stocks: Vec<String>,
    /// Not these.
    pub deny_stocks: Vec<String>,
    /// Buys may use what KIS lends (미수).
    pub allow_margin: bool,
    /// Which sessions are used.
    pub sessions: Sessions,
    /// Which orders wait for a person.
    pub approve: Approve,
    /// How long they do.
    pub approve_within: Duration,
    /// An order that KIS's list does not show for so long was not taken; `None`: only the next business day's list says so.
    pub assume_absent_after: Option<Duration>,
    /// KIS's fee, in percent.
    pub fee_rate: Option<Decimal>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: false,
            max_order_amount: None,
            max_daily_amount: None,
            max_sell_amount: None,
            max_daily_sell_amount: None,
            max_orders_per_minute: None,
            price_collar: None,
            allow_stocks: Vec::new(),
            deny_stocks: Vec::new(),
            allow_margin: false,
            sessions: Sessions::Regular,
            approve: Approve::Never,
            approve_within: Duration::from_secs(300),
            assume_absent_after: None,
            fee_rate: None,
        }
    }
}
