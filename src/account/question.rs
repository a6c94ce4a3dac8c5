//! The balance, as a question that a desk answers.

use std::{mem::discriminant, time::Duration};

use super::{AccountId, Balance, BalanceError, BalanceFault, Settings, error::is_supported, fetch::Fetch};
use crate::{
    desk::{Errand, Question, Size},
    kis::balance::PriceBasis,
};

/// What the balance of an account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceQuestion {
    pub(super) account: AccountId,
    /// Whose prices it is calculated with.
    pub(super) prices: PriceBasis,
    pub(super) accept_difference: bool,
}

impl BalanceQuestion {
    /// Of this account, so configured.
    pub fn new(account: AccountId, settings: &Settings) -> Self {
        Self { account, prices: settings.prices, accept_difference: settings.accept_difference }
    }
}

impl Question for BalanceQuestion {
    type Answer = Balance;
    type Fault = BalanceFault;

    fn name(&self) -> &'static str {
        "account.balance"
    }

    fn refusal(&self) -> Option<BalanceFault> {
        let product_code = self.account.product_code();
        (!is_supported(product_code)).then(|| BalanceFault::NotSupported { product_code: product_code.to_owned() })
    }

    fn takes_answers_of(&self, earlier: &Self) -> bool {
        // It was calculated with other prices.
        self.prices == earlier.prices
    }

    fn fetch(self, errand: Errand<Balance>) -> impl Future<Output = Result<Balance, BalanceError>> + Send {
        Fetch { question: self, errand }.run()
    }

    fn size(balance: &Balance) -> Size {
        let figure = balance.purchase_total();
        Size { figure, pages: balance.pages, expected: 0, too_short: Duration::ZERO }
    }

    fn says_the_same(one: &Balance, other: &Balance) -> bool {
        one.says_the_same(other)
    }

    fn is_alike(one: &BalanceFault, other: &BalanceFault) -> bool {
        match (one, other) {
            (
                BalanceFault::NotWhole { contradiction: one, settled, .. },
                BalanceFault::NotWhole { contradiction: other, settled: also, .. },
            ) => discriminant(one) == discriminant(other) && settled == also,
            (one, other) => discriminant(one) == discriminant(other),
        }
    }
}
