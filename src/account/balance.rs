//! The balance of an account as it is served: holdings, and totals that say where they are from.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    AccountId,
    looks::Excuse,
    whole::{EvaluationCheck, Pages},
};
use crate::kis::{
    Environment,
    balance::{Holding, PriceBasis, Summary},
};

/// A balance, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: AccountId,
    /// Its environment.
    pub environment: Environment,
    /// Whose prices it is calculated with.
    pub price_basis: PriceBasis,
    /// Totals.
    pub totals: Totals,
    /// Holdings of at least one share.
    pub holdings: Vec<Holding>,
    /// Whether the rows are worth what KIS's total says.
    pub evaluation_check: EvaluationCheck,
    /// What it was served in spite of.
    pub(super) excuse: Option<Excuse>,
    /// When KIS answered; for several pages, the last.
    pub as_of: DateTime<Utc>,
    /// Calls that it took.
    pub pages: usize,
}

/// The account as a whole, in won. `None`: KIS has not said it, or prices are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Securities and D+2 cash.
    pub total_evaluation: Option<i64>,
    /// Net assets.
    pub net_assets: Option<i64>,
    /// Cash today.
    pub deposit: Option<i64>,
    /// Cash on D+1.
    pub deposit_d1: Option<i64>,
    /// Cash on D+2.
    pub deposit_d2: Option<i64>,
    /// What was paid for everything held.
    pub purchase_amount: i64,
    /// What it is worth.
    pub evaluation_amount: Option<i64>,
    /// What it has gained.
    pub profit_loss: Option<i64>,
    /// The same in percent of what was paid, to two decimals.
    pub profit_loss_rate: Option<Decimal>,
    /// Who added them up.
    pub from: TotalsFrom,
    /// KIS's own, where those above are others.
    pub kis: Option<Summary>,
}

/// Who added up the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalsFrom {
    /// KIS.
    Kis,
    /// kisd, from the rows: KIS calculates each page with the prices of its moment, so its totals are of the last page's.
    Rows,
}

impl Balance {
    /// Whether nothing but the time has changed.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let said = |balance: &Self| (balance.price_basis, balance.evaluation_check, balance.reconciled());
        (&self.totals, &self.holdings, said(self)) == (&other.totals, &other.holdings, said(other))
    }

    /// `pchs_amt_smtl_amt`, if KIS has said it.
    pub(super) fn purchase_total(&self) -> Option<i64> {
        let kis = self.totals.kis.as_ref().map(|kis| kis.purchase_amount);
        kis.or((self.totals.from == TotalsFrom::Kis).then_some(self.totals.purchase_amount))
    }

    /// Whether the rows add up to what KIS says was paid in all; if not, the owner accepts it.
    pub fn reconciled(&self) -> bool {
        !matches!(self.excuse, Some(Excuse::Difference(_)))
    }
}

impl Totals {
    /// The totals of whole pages; `None` if they are more than a number can hold.
    pub(super) fn of(pages: &Pages) -> Option<Self> {
        let sums = (pages.evaluation_sum(), pages.profit_sum());
        let (evaluation, profit) = (narrow(sums.0)?, narrow(sums.1)?);
        let Some(kis) = &pages.summary else {
            return Some(Self {
                total_evaluation: None,
                net_assets: None,
                deposit: None,
                deposit_d1: None,
                deposit_d2: None,
                purchase_amount: 0,
                evaluation_amount: Some(0),
                profit_loss: Some(0),
                profit_loss_rate: Some(Decimal::ZERO),
                from: TotalsFrom::Rows,
                kis: None,
            });
        };
        let (from, purchase_amount, evaluation, profit) = match pages.count {
            1 => (
                TotalsFrom::Kis,
                kis.purchase_amount,
                evaluation.and(Some(kis.evaluation_amount)),
                profit.and(Some(kis.profit_loss)),
            ),
            _ => (TotalsFrom::Rows, narrow(Some(pages.purchase_sum()))??, evaluation, profit),
        };
        // What is not in the rows, as cash, stays as KIS has added it up.
        let with_rows = |total: i64| match evaluation {
            None => Some(None),
            Some(worth) => narrow(Some(i128::from(total) + i128::from(worth) - i128::from(kis.evaluation_amount))),
        };
        Some(Self {
            total_evaluation: with_rows(kis.total_evaluation)?,
            net_assets: with_rows(kis.net_assets)?,
            deposit: Some(kis.deposit),
            deposit_d1: Some(kis.deposit_d1),
            deposit_d2: Some(kis.deposit_d2),
            purchase_amount,
            evaluation_amount: evaluation,
            profit_loss: profit,
            profit_loss_rate: profit.map(|profit| rate(profit, purchase_amount)),
            from,
            kis: (from == TotalsFrom::Rows || evaluation.is_none()).then(|| kis.clone()),
        })
    }
}

/// `None` if the sum does not fit; nothing stays nothing.
fn narrow(sum: Option<i128>) -> Option<Option<i64>> {
    sum.map(i64::try_from).transpose().ok()
}

/// `part` in percent of `whole`, to two decimals, half away from zero; 0 of nothing is 0.
fn rate(part: i64, whole: i64) -> Decimal {
    let percent = Decimal::from(part) * Decimal::ONE_HUNDRED;
    percent.checked_div(Decimal::from(whole)).map_or(Decimal::ZERO, two_decimals)
}

/// Rounded as KIS shows rates: two decimals, half away from zero.
pub fn two_decimals(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rate_is_rounded_half_away_from_zero_and_is_zero_when_nothing_was_bought() {
        for (part, whole, expected) in [
            (500_000, 9_500_000, "5.26"),
            (125, 100_000, "0.13"),
            (-125, 100_000, "-0.13"),
            (0, 0, "0"),
            (7, 0, "0"),
            (i64::MAX, 1, "922337203685477580700"),
        ] {
            assert_eq!(rate(part, whole).normalize().to_string(), expected, "{part}/{whole}");
        }
    }

    proptest! {
        #[test]
        fn a_rate_is_within_half_a_hundredth_of_the_truth(part in -1_000_000_000_000_i64..1_000_000_000_000, whole in 1_i64..1_000_000_000_000) {
            // |rate · whole − 100 · part| ≤ whole / 200, in integers.
            let hundredths = (rate(part, whole) * Decimal::ONE_HUNDRED).to_string().parse::<Decimal>().unwrap();
            let difference = (hundredths * Decimal::from(whole) - Decimal::from(part) * Decimal::from(10_000)).abs();
            prop_assert!(difference * Decimal::from(2) <= Decimal::from(whole));
        }
    }
}
