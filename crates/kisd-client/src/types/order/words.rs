//! The words of orders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $each:literal])+ $value:ident = $word:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[doc = $each])+ #[serde(rename = $word)] $value,)+
            /// One that this client does not know: the daemon is newer.
            #[serde(other)]
            #[schemars(skip)]
            Newer,
        }

        impl $name {
            /// All that a daemon knows.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)+
                    Self::Newer => "?",
                }
            }
        }
    };
}

words! {
    /// Which way an order goes.
    Side {
        /// It buys.
        Buy = "buy",
        /// It sells.
        Sell = "sell",
    }
}

words! {
    /// How the price of an order is found.
    OrderType {
        /// At the price of the order, or better (지정가).
        Limit = "limit",
        /// At whatever the market pays (시장가).
        Market = "market",
        /// A limit order that becomes a market order in the closing auction (조건부지정가).
        Conditional = "conditional",
        /// At the best price of the other side (최유리지정가).
        Best = "best",
        /// At the best price of the own side (최우선지정가).
        Priority = "priority",
        /// Between the best bid and the best ask (중간가).
        Mid = "mid",
        /// A limit order once `stop_price` is reached (스톱지정가).
        StopLimit = "stop_limit",
        /// Before the opening, at the close of the day before (장전 시간외).
        PreClose = "pre_close",
        /// After the close, at the close of the day (장후 시간외).
        PostClose = "post_close",
    }
}

impl OrderType {
    /// Whether an order of this type has a price of its own.
    pub const fn has_price(self) -> bool {
        matches!(self, Self::Limit | Self::Conditional | Self::StopLimit)
    }
}

words! {
    /// How long an order lives.
    TimeInForce {
        /// To the end of the day's last session of its route.
        Day = "day",
        /// What is not filled at once is cancelled.
        Ioc = "ioc",
        /// All of it is filled at once, or none.
        Fok = "fok",
    }
}

words! {
    /// By which exchange of Korea an order goes.
    Route {
        /// Korea Exchange.
        Krx = "krx",
        /// Nextrade.
        Nxt = "nxt",
        /// KIS chooses (smart order routing).
        Sor = "sor",
    }
}

words! {
    /// Where an order stands.
    OrderState {
        /// It waits for a person, and has not been sent.
        AwaitingApproval = "awaiting_approval",
        /// kisd has not sent it, and will not.
        Refused = "refused",
        /// It is on its way to KIS.
        Sending = "sending",
        /// KIS has it.
        Accepted = "accepted",
        /// KIS has refused it.
        Rejected = "rejected",
        /// Some of it is filled, and the rest lives.
        PartlyFilled = "partly_filled",
        /// All of it is filled.
        Filled = "filled",
        /// What was not filled is cancelled.
        Cancelled = "cancelled",
        /// What was not filled has died with its day.
        Expired = "expired",
        /// It was sent, and whether KIS has it is not known. It is never sent again.
        Unknown = "unknown",
        /// It was sent, and KIS does not have it.
        Absent = "absent",
    }
}

impl OrderState {
    /// Whether nothing more is expected of it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Refused | Self::Rejected | Self::Filled | Self::Cancelled | Self::Expired | Self::Absent)
    }
}

words! {
    /// What is looked at before an order is sent.
    CheckName {
        /// Orders are enabled for the account.
        Enabled = "enabled",
        /// Orders are not halted.
        Halt = "halt",
        /// The number of orders a minute.
        Rate = "rate",
        /// The stock is one that may be ordered.
        AllowStocks = "allow_stocks",
        /// The stock is none that may not.
        DenyStocks = "deny_stocks",
        /// The market, route and mode take this type of order.
        OrderType = "order_type",
        /// The market takes orders now.
        Session = "session",
        /// The stock is traded.
        HaltedStock = "halted_stock",
        /// The quantity is a multiple of the lot.
        Lot = "lot",
        /// The price is on a tick.
        Tick = "tick",
        /// The price is within the limits of the day.
        PriceLimit = "price_limit",
        /// The price is near the last one.
        Collar = "collar",
        /// The amount of one order.
        OrderAmount = "order_amount",
        /// The amount of a day.
        DailyAmount = "daily_amount",
        /// The account can pay for it.
        Buyable = "buyable",
        /// The account has it.
        Sellable = "sellable",
        /// No order of the same stock is lost.
        LostOrder = "lost_order",
    }
}

words! {
    /// What came of a check.
    CheckOutcome {
        /// It says yes.
        Passed = "passed",
        /// It says no: the order is not sent.
        Failed = "failed",
        /// It could not be made, and does not stand in the way; KIS decides.
        NotKnown = "not_known",
        /// It is not configured, or not about such an order.
        NotChecked = "not_checked",
    }
}
