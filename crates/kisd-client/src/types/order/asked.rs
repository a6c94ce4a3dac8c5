//! What is asked of orders.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{OrderType, Route, Side, TimeInForce};
use crate::{number::Number, types::stock::Market, whole};

macro_rules! wanted {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[$more:meta])+ $field:ident: $type:ty,)* }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// The name of the account. Left out: the default one.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub account: Option<String>,
            /// The stock by its exact code. Needed, unless a preview is given.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub stock_code: Option<String>,
            /// The market by which the stock is known: KRX for one of Korea, however the order goes. Left out: KRX for a code of KRX's form.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub market: Option<Market>,
            /// Which way it goes. Needed, unless a preview is given.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub side: Option<Side>,
            /// How many shares. Needed, unless a preview is given.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
            pub quantity: Option<u64>,
            /// How the price is found. Left out: limit.
            #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
            pub order_type: Option<OrderType>,
            /// The price a share, for the types that have one.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub price: Option<Number>,
            /// The price that has to be reached first, of a stop_limit order.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub stop_price: Option<Number>,
            /// How long it lives. Left out: day.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub time_in_force: Option<TimeInForce>,
            /// By which exchange of Korea. Left out: krx.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub route: Option<Route>,
            $($(#[$more])+ pub $field: $type,)*
        }
    };
}

wanted! {
    /// Parameters of `order.preview`: an order as it is wanted.
    OrderParams {}
}

wanted! {
    /// Parameters of `order.place`: an order as it is wanted with an id of the caller's own, or a preview.
    PlaceParams {
        /// The caller's own id of the order, up to 64 printable characters, unique for ever per account and caller. The same id with the
        /// same contents gives the same order again and sends nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_order_id: Option<String>,
        /// A preview of the same caller that is not three minutes old, in place of everything else.
        #[serde(skip_serializing_if = "Option::is_none")]
        preview_id: Option<String>,
    }
}

/// Parameters of `order.get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderGetParams {
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// kisd's id of it. Either this or `client_order_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The caller's own id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
}

/// Parameters of `order.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderListParams {
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only those that are not over.
    pub open: bool,
    /// Only those of this stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_code: Option<String>,
    /// Only those asked for on this day or later, Korean time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Only those asked for on this day or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// Orders at most, the newest first, up to 1000. Left out: 100.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u64>,
    /// Where to go on: `next` of the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Parameters of `order.cancel`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderCancelParams {
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The order.
    pub order_id: String,
    /// The caller's own id of the cancellation, unique for ever per account and caller: the same again sends nothing.
    pub client_order_id: String,
    /// How many shares are not wanted any more. Left out: all that are not filled. Refused abroad, where KIS ignores it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub quantity: Option<u64>,
}

/// Parameters of `order.amend`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderAmendParams {
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The order, of which all that is not filled gets another price or type.
    pub order_id: String,
    /// The caller's own id of the change, unique for ever per account and caller: the same again sends nothing.
    pub client_order_id: String,
    /// The new price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Number>,
    /// The new type. Left out: as it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub order_type: Option<OrderType>,
}

/// Parameters of `order.approve` and `order.deny`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderApproveParams {
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The order.
    pub order_id: String,
}

/// Parameters of `order.resolve`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderResolveParams {
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The order whose outcome is not known.
    pub order_id: String,
    /// What a person has seen at KIS: `absent`, or KIS's number of the order.
    #[serde(rename = "as")]
    pub seen: String,
}

/// Parameters of `order.halt`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderHaltParams {
    /// The name of the account. Left out: every account that the caller may trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Whether open orders are cancelled as well.
    pub cancel_open: bool,
    /// Why, for those who read it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Parameters of `order.resume`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderResumeParams {
    /// The name of the account. Left out: every account in which the caller may approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}
