//! A row of KIS's lists of orders, at home and abroad alike, and all rows of an answer.

use std::{
    cmp::Ordering,
    collections::HashMap,
    hash::{Hash, Hasher},
};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;

use crate::{account::calls::Called, wire::types::TradeRegion};

/// The number of an order as KIS wrote it. KIS pads it with zeros, with blanks or not at all, by the list: numbers are compared without.
#[derive(Debug, Clone)]
pub struct OrderNo(Box<str>);

impl OrderNo {
    /// From a text of KIS; `None`: it names no order, as where KIS writes zeros for the original of a new one.
    pub fn of(written: &str) -> Option<Self> {
        let number = Self(written.into());
        (!number.bare().is_empty()).then_some(number)
    }

    /// As KIS wrote it.
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// Without what it is padded with.
    pub fn bare(&self) -> &str {
        self.0.trim().trim_start_matches('0')
    }
}

impl PartialEq for OrderNo {
    fn eq(&self, other: &Self) -> bool {
        self.bare() == other.bare()
    }
}

impl Eq for OrderNo {}

impl Hash for OrderNo {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bare().hash(state);
    }
}

impl Ord for OrderNo {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (self.bare(), other.bare());
        (one.len(), one).cmp(&(other.len(), other))
    }
}

impl PartialOrd for OrderNo {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Buying or selling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Buying.
    Buy,
    /// Selling.
    Sell,
}

impl Side {
    /// By KIS's code.
    pub(super) fn of(code: Option<&str>) -> Option<Self> {
        match code {
            Some("01") => Some(Self::Sell),
            Some("02") => Some(Self::Buy),
            _ => None,
        }
    }
}

/// What a row asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An order.
    New,
    /// Another price or type for the rest of the original.
    Amend {
        /// Whether it has been carried out.
        confirmed: bool,
    },
    /// The end of the rest of the original.
    Cancel {
        /// Whether it has been carried out.
        confirmed: bool,
    },
}

/// A row of KIS's list. What KIS does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// At home or abroad.
    pub region: TradeRegion,
    /// The day on the market (`ord_dt`).
    pub order_date: NaiveDate,
    /// The day in Korea; at home the same.
    pub korean_date: Option<NaiveDate>,
    /// The Korean time of the order. There is no time of a fill in KIS's lists.
    pub order_time: Option<NaiveTime>,
    /// The branch that gave the number (`ord_gno_brno`).
    pub branch: Option<String>,
    /// The number.
    pub number: OrderNo,
    /// The number of the order that it amends or cancels.
    pub original: Option<OrderNo>,
    /// Buying or selling.
    pub side: Option<Side>,
    /// What it asks for.
    pub kind: Kind,
    /// The code of the stock.
    pub stock_code: String,
    /// Its name.
    pub stock_name: Option<String>,
    /// KIS's code of the type (`ord_dvsn_cd`); at home only.
    pub type_code: Option<String>,
    /// Its name.
    pub type_name: Option<String>,
    /// Shares ordered.
    pub quantity: Decimal,
    /// The price; none at the market.
    pub price: Option<Decimal>,
    /// The price at which a stop becomes an order.
    pub stop_price: Option<Decimal>,
    /// Shares filled.
    pub filled: Decimal,
    /// What they cost on average, which may have a fraction.
    pub average: Option<Decimal>,
    /// What they cost together.
    pub filled_amount: Option<Decimal>,
    /// Shares that wait (`rmn_qty`, `nccs_qty`).
    pub remaining: Decimal,
    /// Shares that were refused after KIS had taken the order; at home only.
    pub rejected: Option<Decimal>,
    /// Where it was sent: `KRX`, `NXT`, `SOR`; abroad `NASD` and others.
    pub exchange: Option<String>,
    /// What prices are in, abroad.
    pub currency: Option<String>,
    /// Who or what gave it: `ordr_empno`, `mdia_dvsn_name`.
    pub placed_with: Option<String>,
    /// The day of the loan, of a margin order.
    pub loan_date: Option<NaiveDate>,
    /// KIS's word for how far it has come, abroad.
    pub status: Option<String>,
    /// Why it was refused or ended, abroad.
    pub reason: Option<String>,
}

/// What tells a row from every other: KIS numbers orders by day and branch.
type Key<'a> = (NaiveDate, Option<&'a str>, &'a OrderNo, Option<&'a str>, &'a str, Option<Side>);

impl OrderRow {
    fn key(&self) -> Key<'_> {
        let (branch, exchange) = (self.branch.as_deref(), self.exchange.as_deref());
        (self.order_date, branch, &self.number, exchange, &self.stock_code, self.side)
    }

    /// Whether it is about what was left of another.
    pub fn is_about(&self, other: &Self) -> bool {
        self.original.as_ref() == Some(&other.number)
            && (self.region, self.order_date) == (other.region, other.order_date)
            && self.stock_code == other.stock_code
    }
}

/// All rows of a list, oldest first, none twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderList {
    /// The rows.
    pub rows: Vec<OrderRow>,
    /// Whether the chain of pages ended: otherwise there are rows that were not read, and a missing one says nothing.
    pub ended: bool,
    /// Pages that were read.
    pub pages: usize,
    /// When KIS answered; of several answers the first.
    pub as_of: DateTime<Utc>,
}

impl OrderList {
    /// The rows of several answers.
    pub(super) fn of<'a>(answers: impl Iterator<Item = (&'a Called, Vec<OrderRow>)>) -> Self {
        let mut list = Self { ended: true, as_of: DateTime::<Utc>::MAX_UTC, ..Self::default() };
        let mut rows: Vec<OrderRow> = Vec::new();
        for (called, read) in answers {
            list.ended &= called.next.is_none();
            list.pages += called.pages;
            list.as_of = list.as_of.min(called.as_of);
            rows.extend(read);
        }
        list.rows = once_each(rows);
        list
    }

    /// Both lists together.
    pub fn and(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        let Self { ended, pages, as_of, .. } = other;
        let whole = Self {
            rows: self.rows,
            ended: self.ended && ended,
            pages: self.pages + pages,
            as_of: self.as_of.min(as_of),
        };
        Self { rows: once_each(whole.rows), ..whole }
    }
}

/// In their order, each once. A list that moves while it is read has a row on two pages; the later reading counts.
fn once_each(rows: Vec<OrderRow>) -> Vec<OrderRow> {
    let last: HashMap<Key<'_>, usize> = rows.iter().enumerate().map(|(at, row)| (row.key(), at)).collect();
    let mut is_kept = vec![false; rows.len()];
    for at in last.into_values() {
        is_kept[at] = true;
    }
    let mut rows: Vec<OrderRow> = rows.into_iter().zip(is_kept).filter(|(_, kept)| *kept).map(|(row, _)| row).collect();
    rows.sort_by(|one, other| {
        let when = |row: &OrderRow| (row.korean_date.unwrap_or(row.order_date), row.order_time, row.order_date);
        when(one).cmp(&when(other)).then_with(|| one.number.cmp(&other.number))
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_without_what_kis_pads_them_with_and_kept_as_it_wrote_them() {
        let number = |text| OrderNo::of(text).unwrap();
        for padded in ["0000037508", "37508", "     37508", "37508  "] {
            assert_eq!(number(padded), number("37508"));
            assert_eq!(number(padded).as_written(), padded);
        }
        assert!(number("0000009999") < number("10000"));
        for none in ["", "0000000000", "         0"] {
            assert_eq!(OrderNo::of(none), None);
        }
    }
}
