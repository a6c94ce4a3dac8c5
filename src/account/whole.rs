//! Whether the pages of a balance are a whole one, as pure functions over what KIS said.
//!
//! KIS calculates each page when it is asked for, with the prices of that moment, and loses up to a won of each row's purchase
//! amount. So the purchase amounts decide, to a won a row; they do not move with prices. Evaluation never decides alone.

use std::collections::HashSet;

use crate::kis::{
    Answer,
    balance::{Holding, Page, RowKey, SoldOut, Summary},
};

/// What contradicts what, so that the pages cannot be a whole balance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// A row came twice.
    #[error("{0} is listed twice")]
    RowTwice(String),
    /// Something was bought or sold between two pages.
    #[error("what was paid in all (pchs_amt_smtl_amt) changed between its pages from {0} to {1} won")]
    TotalMoved(i64, i64),
    /// The keys of the pages lead back to one that was read.
    #[error("its pages lead round in circles (ctx_area_nk100) after {0} of them")]
    Circle(usize),
    /// Nothing is held, and is worth something.
    #[error(
        "it lists no holdings for which {purchase} won were paid (pchs_amt_smtl_amt) and that are worth {evaluation} (evlu_amt_smtl_amt)"
    )]
    NoRows {
        /// `pchs_amt_smtl_amt`.
        purchase: i64,
        /// `evlu_amt_smtl_amt`.
        evaluation: i64,
    },
    /// The rows do not add up to the total.
    #[error(
        "what was paid for its {rows} holdings (pchs_amt) adds up to {sum} won, and in all it is {total} (pchs_amt_smtl_amt)"
    )]
    SumDiffers {
        /// Rows of at least one share.
        rows: usize,
        /// What they add up to.
        sum: i128,
        /// `pchs_amt_smtl_amt`.
        total: i64,
    },
    /// KIS says that the account has changed since the first page (SYDB0050).
    #[error("it has changed while KIS was listing it ({answer})")]
    Changed {
        /// KIS's words.
        answer: Answer,
        /// Whether the pages before are a whole balance by themselves.
        whole: bool,
    },
    /// Everything that was held a moment ago is gone, together with its totals.
    #[error("everything that was held is gone, and there was no time to look again")]
    Gone,
}

/// Whether the rows are worth what KIS's total says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationCheck {
    /// They are, to a won a row.
    Agrees,
    /// They are not, and were not when KIS was asked again.
    Differs,
    /// It cannot be said: the pages are of different moments, or prices are missing.
    NotMade,
}

/// What is no contradiction, and is looked at twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Doubts {
    /// The evaluation differs.
    pub(super) evaluation: bool,
    /// A holding is of less than no shares.
    pub(super) negative: bool,
    /// All rows are gone.
    pub(super) gone: bool,
}

impl Doubts {
    pub(super) fn any(self) -> bool {
        self != Self::default()
    }

    /// Whether there is none beyond those of `seen`.
    pub(super) fn are_among(self, seen: Self) -> bool {
        let new = |doubt: bool, seen: bool| doubt && !seen;
        !new(self.evaluation, seen.evaluation) && !new(self.negative, seen.negative) && !new(self.gone, seen.gone)
    }
}

/// The pages of one read, taken in one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages {
    pub(super) holdings: Vec<Holding>,
    pub(super) keys: HashSet<RowKey>,
    sold_out: SoldOut,
    /// The newest.
    pub(super) summary: Option<Summary>,
    /// KIS has said that there is nothing to show.
    pub(super) is_nothing: bool,
    pub(super) count: usize,
}

impl Pages {
    /// Takes in the next page.
    pub(super) fn add(&mut self, page: Page) -> Result<(), Contradiction> {
        self.count += 1;
        self.is_nothing |= page.is_nothing;
        self.sold_out.rows += page.sold_out.rows;
        self.sold_out.purchase_amount += page.sold_out.purchase_amount;
        for holding in page.holdings {
            if !self.keys.insert(holding.key.clone()) {
                return Err(Contradiction::RowTwice(named(&holding.key.stock_code)));
            }
            self.holdings.push(holding);
        }
        let before = self.purchase_total();
        self.summary = page.summary.or(self.summary.take());
        match (before, self.purchase_total()) {
            // Nobody has recorded that KIS adds up before its last page; a page with rows and a total of 0 has said nothing.
            (Some(0), Some(_)) => Ok(()),
            (Some(before), Some(now)) if before != now => Err(Contradiction::TotalMoved(before, now)),
            _ => Ok(()),
        }
    }

    /// `pchs_amt_smtl_amt`, once a page has said it.
    pub(super) fn purchase_total(&self) -> Option<i64> {
        self.summary.as_ref().map(|summary| summary.purchase_amount)
    }

    /// Whether the pages, of which there are no more, are a whole balance.
    pub(super) fn judge(&self) -> Result<(), Contradiction> {
        let Some(summary) = &self.summary else { return Ok(()) };
        let (total, worth) = (summary.purchase_amount, summary.evaluation_amount);
        let adds_up = adds_up(self.purchase_sum(), self.holdings.len(), self.sold_out, total);
        if self.holdings.is_empty() && (worth != 0 || !adds_up) {
            return Err(Contradiction::NoRows { purchase: total, evaluation: worth });
        }
        if !adds_up {
            return Err(Contradiction::SumDiffers { rows: self.holdings.len(), sum: self.purchase_sum(), total });
        }
        Ok(())
    }

    /// Whether the rows are worth what KIS says that they are.
    pub(super) fn evaluation(&self) -> EvaluationCheck {
        let (Some(summary), Some(sum), 1) = (&self.summary, self.evaluation_sum(), self.count) else {
            return EvaluationCheck::NotMade;
        };
        match within(sum, summary.evaluation_amount, self.holdings.len() + self.sold_out.rows) {
            true => EvaluationCheck::Agrees,
            false => EvaluationCheck::Differs,
        }
    }

    /// What to look at twice, if something was `held` before.
    pub(super) fn doubts(&self, held: bool) -> Doubts {
        let nothing = self.holdings.is_empty() && self.sold_out.rows == 0;
        Doubts {
            evaluation: self.evaluation() == EvaluationCheck::Differs,
            negative: self.holdings.iter().any(|holding| holding.quantity < 0),
            gone: held && nothing,
        }
    }

    /// What was paid for the rows of at least one share.
    pub(super) fn purchase_sum(&self) -> i128 {
        self.holdings.iter().map(|holding| i128::from(holding.purchase_amount)).sum()
    }

    /// What the rows are worth; `None` if a price is missing.
    pub(super) fn evaluation_sum(&self) -> Option<i128> {
        self.holdings
            .iter()
            .map(|holding| holding.worth.as_ref().map(|worth| i128::from(worth.evaluation_amount)))
            .sum()
    }

    /// What the rows have gained; `None` if a price is missing.
    pub(super) fn profit_sum(&self) -> Option<i128> {
        self.holdings.iter().map(|holding| holding.worth.as_ref().map(|worth| i128::from(worth.profit_loss))).sum()
    }
}

/// Whether so many rows with this sum make up the total, with or without those of quantity 0.
fn adds_up(sum: i128, rows: usize, sold_out: SoldOut, total: i64) -> bool {
    within(sum, total, rows) || within(sum + sold_out.purchase_amount, total, rows + sold_out.rows)
}

/// Whether a sum is a total to a won a row.
fn within(sum: i128, total: i64, rows: usize) -> bool {
    let difference = (sum - i128::from(total)).unsigned_abs();
    u128::try_from(rows).is_ok_and(|rows| difference <= rows)
}

/// A stock code for a message; it comes from outside.
fn named(stock_code: &str) -> String {
    let is_code = stock_code.len() <= 12 && stock_code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_code { stock_code.to_owned() } else { "a holding".to_owned() }
}

#[cfg(test)]
pub(super) mod tests;
