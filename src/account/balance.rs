//! The whole balance of an account: every page, gathered with exact numbers.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};

use super::AccountId;
use crate::{
    clock::Instant,
    kis::{
        Environment, KisClient,
        balance::{self, Holding, PageKey, Summary},
        field::Place,
    },
    token::{CallError, TokenHandle},
};

/// Pages that a portfolio can have; a thousand holdings on a paper account are 50.
const MOST_PAGES: usize = 200;

/// A balance as KIS answered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: AccountId,
    /// Its environment.
    pub environment: Environment,
    /// Totals.
    pub summary: Summary,
    /// Profit or loss in percent of what was paid, to two decimals.
    pub profit_loss_rate: Decimal,
    /// Holdings of at least one share.
    pub holdings: Vec<Holding>,
    /// When KIS answered; for several pages, the last.
    pub as_of: DateTime<Utc>,
    /// Calls that it took.
    pub pages: usize,
}

impl Balance {
    /// Whether nothing but the time has changed.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        (&self.summary, &self.holdings) == (&other.summary, &other.holdings)
    }
}

/// Asks KIS for every page.
pub async fn gather(
    account: &AccountId,
    client: &KisClient,
    token: &TokenHandle,
    deadline: Instant,
) -> Result<Balance, CallError> {
    let mut asked: Vec<PageKey> = vec![PageKey::default()];
    let (mut holdings, mut summary) = (Vec::new(), None);
    loop {
        let page_no = asked.len();
        let key = &asked[page_no - 1];
        let query = balance::query(account.cano(), account.product_code(), key);
        let call = balance::call(&query, page_no > 1);
        let reply = token
            .authorized(deadline, |token| async move { client.read(&call, &token.access_token, deadline).await })
            .await?;
        let page = balance::parse(&reply).inspect_err(|error| client.totals().count_failure(error))?;
        holdings.extend(page.holdings);
        // Repeated on every page; the newest fits the newest prices.
        summary = page.summary.or(summary);
        let place = Place { tr_id: reply.tr_id, row: None };
        match page.next {
            None => {
                let summary = summary.ok_or_else(|| place.malformed("output2", "is missing or empty"))?;
                return Ok(Balance {
                    account: account.clone(),
                    environment: client.environment(),
                    profit_loss_rate: rate(summary.profit_loss, summary.purchase_amount),
                    summary,
                    holdings: held(holdings),
                    as_of: client.clock().now(),
                    pages: page_no,
                });
            }
            Some(next) if asked.contains(&next) || page_no == MOST_PAGES => {
                let problem = format!("leads round in circles after {page_no} pages");
                return Err(place.malformed("ctx_area_nk100", problem).into());
            }
            Some(next) => asked.push(next),
        }
    }
}

/// What was sold out today is still listed by KIS, with quantity 0.
fn held(mut rows: Vec<Holding>) -> Vec<Holding> {
    rows.retain(|row| row.quantity != 0);
    rows
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
