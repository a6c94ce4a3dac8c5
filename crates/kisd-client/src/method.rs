//! The methods, as one table: the daemon registers them by it, clients call by it, and the OpenRPC document tells of it.
//!
//! A new method is an entry here and a handler in the daemon; which parameters and results belong together, the compiler checks.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    codes::Kind,
    types::{
        self, AccountParams, BalanceParams, BalanceState, CallParams, Effect, Right, SubscribeBalanceParams,
        UnsubscribeParams,
    },
};

/// A method.
pub trait Method {
    /// Its name.
    const NAME: &'static str;
    /// What a caller needs for it, in the account that it is about, or else in any.
    const NEEDS: Right;
    /// What it does beyond answering: whether it may be called again when an answer was lost.
    const EFFECT: Effect;
    /// What it is, in a sentence.
    const ABOUT: &'static str;
    /// The daemon's own errors that it may answer with, beside those that any method may.
    const ERRORS: &'static [Kind];
    /// What it takes.
    type Params: Serialize + DeserializeOwned + JsonSchema;
    /// What it answers.
    type Result: Serialize + DeserializeOwned + JsonSchema;
}

/// A method that begins a subscription, which has a number.
pub trait Subscription: Method<Result = u64> {
    /// The method of its notifications.
    const NOTIFICATION: &'static str;
    /// The method that ends it.
    type End: Method<Params = UnsubscribeParams, Result = bool>;
    /// What its notifications tell.
    type Event: Serialize + DeserializeOwned + JsonSchema;
}

/// Parameters that say which account is meant.
pub trait OfAccount {
    /// Its name, if one is given.
    fn account(&self) -> Option<&str>;
}

macro_rules! of_account {
    ($($params:ty),*) => {
        $(impl OfAccount for $params {
            fn account(&self) -> Option<&str> {
                self.account.as_deref()
            }
        })*
    };
}

of_account!(
    types::OrderParams,
    types::PlaceParams,
    types::OrderAmendParams,
    types::OrderCancelParams,
    types::OrderGetParams,
    types::OrderListParams,
    types::OrderApproveParams,
    types::OrderResolveParams,
    AccountParams,
    BalanceParams,
    SubscribeBalanceParams,
    CallParams,
    types::QuoteParams,
    types::PricesParams,
    types::CandlesParams,
    types::AccountOrdersParams,
    types::BuyableParams,
    types::SellableParams,
    types::CalendarParams,
    types::IndexParams,
    types::RankingParams,
    types::SessionParams,
    types::AccountPeriodParams,
    types::OverseasBalanceParams,
    types::AssetsParams
);

macro_rules! methods {
    ($($(#[doc = $about:literal])+ $method:ident = $name:literal: $needs:ident, $effect:ident, ($params:ty) -> $result:ty,
        [$($error:ident),*];)*) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, Copy)]
            pub enum $method {}

            impl Method for $method {
                const NAME: &'static str = $name;
                const NEEDS: Right = Right::$needs;
                const EFFECT: Effect = Effect::$effect;
                const ABOUT: &'static str = concat!($($about),+).trim_ascii();
                const ERRORS: &'static [Kind] = &[$(Kind::$error),*];
                type Params = $params;
                type Result = $result;
            }
        )*

        /// The names of all methods.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

mod table;

pub use self::table::*;

impl Subscription for AccountSubscribeBalance {
    const NOTIFICATION: &'static str = AccountBalance::NAME;
    type End = AccountUnsubscribeBalance;
    type Event = BalanceState;
}

impl Subscription for TokenSubscribeStatus {
    const NOTIFICATION: &'static str = TokenStatus::NAME;
    type End = TokenUnsubscribeStatus;
    type Event = types::TokenStatus;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_is_named_once_and_says_what_it_is() {
        let mut names = ALL.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        assert!(AccountBalance::ABOUT.starts_with("Cash, ") && !AccountSubscribeBalance::ABOUT.contains("  "));
    }

    #[test]
    fn what_does_more_than_answer_needs_more_than_reading() {
        // Whoever may only read has nothing issued and nothing traded.
        assert_eq!((TokenRefresh::NEEDS, TokenRefresh::EFFECT), (Right::Refresh, Effect::Issue));
    }
}
