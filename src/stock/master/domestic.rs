//! A line of KOSPI, KOSDAQ or KONEX: short code, standard code, a name of any length, and a tail of fixed width.

use std::borrow::Cow;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Row, code, decoded, digits};
use crate::stock::{
    listed::{Facts, Marks},
    market::{Board, Kind, Market},
};

/// Bytes of the short code.
const CODE: usize = 9;

/// Where the name begins: after the standard code.
const NAME: usize = 21;

const SHORT: &str = "is shorter than its columns";

/// Where the columns of a board are, from the beginning of the tail.
struct Columns {
    tail: usize,
    base: usize,
    halted: usize,
    /// KOSPI and KOSDAQ have more, and some of it in other places.
    more: Option<More>,
}

struct More {
    spac: usize,
    overheated: usize,
    /// KOSDAQ's own caution.
    caution: Option<usize>,
    /// The first of the columns that both have in one order: margin rate, credit, volume, par, date, shares.
    margin: usize,
    /// Preferred, short sales overheated, abnormal rise.
    preferred: usize,
    market_cap: usize,
}

fn columns(board: Board) -> Columns {
    match board {
        Board::Kospi => Columns {
            tail: 227,
            base: 41,
            halted: 60,
            more: Some(More { spac: 29, overheated: 32, caution: None, margin: 74, preferred: 158, market_cap: 212 }),
        },
        Board::Kosdaq => Columns {
            tail: 221,
            base: 36,
            halted: 55,
            more: Some(More {
                spac: 24,
                overheated: 27,
                caution: Some(30),
                margin: 69,
                preferred: 153,
                market_cap: 206,
            }),
        },
        Board::Konex => Columns { tail: 184, base: 2, halted: 21, more: None },
    }
}

/// The tail of a line.
struct Tail<'a>(&'a [u8]);

impl<'a> Tail<'a> {
    fn cut(&self, at: usize, width: usize) -> Result<&'a [u8], &'static str> {
        self.0.get(at..at + width).ok_or(SHORT)
    }

    fn number(&self, at: usize, width: usize) -> Result<Option<i64>, &'static str> {
        digits(self.cut(at, width)?)
    }

    /// The number, but for 0, with which KIS says that there is none.
    fn some(&self, at: usize, width: usize) -> Option<i64> {
        self.number(at, width).ok().flatten().filter(|number| *number > 0)
    }

    fn is(&self, at: usize, value: u8) -> bool {
        self.0.get(at) == Some(&value)
    }

    fn flag(&self, at: usize) -> Result<bool, &'static str> {
        match self.cut(at, 1)? {
            b"Y" => Ok(true),
            b"N" | b" " | b"0" => Ok(false),
            _ => Err("has something else where Y or N belongs"),
        }
    }
}

pub(super) fn row(board: Board, line: &[u8], told: &mut impl FnMut(&Row<'_>)) -> Result<(), &'static str> {
    let columns = columns(board);
    let at = line.len().checked_sub(columns.tail).filter(|at| *at > NAME).ok_or(SHORT)?;
    let (head, tail) = line.split_at_checked(at).ok_or(SHORT)?;
    let tail = Tail(tail);
    let group = tail.cut(0, 2)?;
    if !group.iter().all(u8::is_ascii_uppercase) {
        return Err("has no group where it belongs");
    }
    let standard_code = code(head.get(CODE..NAME).ok_or(SHORT)?)?;
    if standard_code.len() != NAME - CODE || !standard_code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("has a standard code that is none");
    }
    let korean = decoded(head.get(NAME..).ok_or(SHORT)?)?;
    if korean.is_empty() {
        return Err("has no name");
    }
    let lot = |at| tail.number(at, 5).map(|lot| lot.and_then(|lot| u32::try_from(lot).ok()).unwrap_or_default());
    let lot = lot(columns.base + 9)?;
    let base_price = tail.number(columns.base, 9)?.filter(|price| *price > 0);
    let mut marks = Marks::default()
        .when(tail.flag(columns.halted)?, Marks::HALTED)
        .when(tail.flag(columns.halted + 1)?, Marks::LIQUIDATION)
        .when(tail.flag(columns.halted + 2)?, Marks::ADMINISTRATIVE)
        .and(warning(tail.cut(columns.halted + 3, 2)?));
    let mut facts = Facts {
        board,
        par: None,
        listed: None,
        thousand_shares: None,
        previous_volume: None,
        market_cap: None,
        margin_rate: None,
    };
    if let Some(More { spac, overheated, caution, margin, preferred, market_cap }) = columns.more {
        marks = marks
            .when(tail.is(columns.halted + 5, b'Y'), Marks::WARNING_ANNOUNCED)
            .when(tail.is(spac, b'Y'), Marks::SPAC)
            .when(tail.is(overheated, b'1'), Marks::OVERHEATING)
            .when(tail.is(overheated, b'2') || tail.is(overheated, b'3'), Marks::OVERHEATED)
            .when(caution.is_some_and(|at| tail.is(at, b'Y')), Marks::INVESTOR_CAUTION)
            .when(tail.is(margin + 3, b'Y'), Marks::CREDIT)
            .when(tail.is(preferred, b'1') || tail.is(preferred, b'2'), Marks::PREFERRED)
            .when(tail.is(preferred + 1, b'Y'), Marks::SHORT_SALES_OVERHEATED)
            .when(tail.is(preferred + 2, b'Y'), Marks::ABNORMAL_RISE);
        facts = Facts {
            margin_rate: tail.number(margin, 3)?.and_then(|rate| u16::try_from(rate).ok()),
            previous_volume: tail.number(margin + 7, 12).ok().flatten(),
            par: tail.some(margin + 19, 12),
            listed: date(tail.cut(margin + 31, 8)?),
            thousand_shares: tail.some(margin + 39, 15),
            market_cap: tail.some(market_cap, 9),
            ..facts
        };
    }
    told(&Row {
        code: code(head.get(..CODE).ok_or(SHORT)?)?,
        standard_code,
        korean,
        english: Cow::Borrowed(""),
        market: Market::Krx,
        kind: kind(group),
        currency: Market::Krx.currency(),
        decimals: 0,
        lot,
        // Sold as it is bought: the second column is for after hours.
        sell_lot: lot,
        base_price: base_price.map(Decimal::from),
        marks,
        facts: Some(facts),
    });
    Ok(())
}

fn kind(group: &[u8]) -> Kind {
    match group {
        b"ST" | b"KN" | b"FS" => Kind::Stock,
        b"EF" | b"FE" => Kind::Etf,
        b"EN" => Kind::Etn,
        b"EW" => Kind::Elw,
        b"RT" => Kind::Reit,
        b"DR" => Kind::DepositaryReceipt,
        b"MF" | b"SC" | b"IF" | b"BC" => Kind::Fund,
        b"SW" | b"SR" => Kind::Warrant,
        _ => Kind::Other,
    }
}

fn warning(level: &[u8]) -> Marks {
    match level {
        b"01" => Marks::CAUTION,
        b"02" => Marks::WARNING,
        b"03" => Marks::RISK,
        _ => Marks::default(),
    }
}

/// A date; none where there are zeros or blanks.
fn date(bytes: &[u8]) -> Option<NaiveDate> {
    let number = digits(bytes).ok().flatten()?;
    let part = |by: i64, of: i64| u32::try_from(number / by % of).unwrap_or_default();
    NaiveDate::from_ymd_opt(i32::try_from(number / 10_000).ok()?, part(100, 100), part(1, 100))
}
