//! KIS's master files: which there are, and what is in them.
//!
//! A file is read whole or refused whole ([`Torn`]): a torn download, another encoding or a page of a proxy must not become a list
//! of stocks with a hole in it. What says that columns are where they belong is read strictly: codes, group, numbers of price and lot,
//! the marks of halt and administration. In the others a value that nobody has documented is no reason to have no stocks at all.

mod domestic;
mod overseas;
mod unpack;

use std::borrow::Cow;

use encoding_rs::EUC_KR;
use rust_decimal::Decimal;

use super::{
    listed::{Facts, Marks},
    market::{Board, Kind, Market},
};

pub use unpack::MOST_ZIPPED;

/// A master file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MasterFile {
    /// Of a board of the Korea Exchange.
    Domestic(Board),
    /// Of a market abroad.
    Overseas(Market),
}

impl MasterFile {
    /// All that are read. KIS has others, of bonds, futures and warrants.
    pub const ALL: [Self; 12] = [
        Self::Domestic(Board::Kospi),
        Self::Domestic(Board::Kosdaq),
        Self::Domestic(Board::Konex),
        Self::Overseas(Market::Nasdaq),
        Self::Overseas(Market::Nyse),
        Self::Overseas(Market::Amex),
        Self::Overseas(Market::Hkex),
        Self::Overseas(Market::Tse),
        Self::Overseas(Market::Sse),
        Self::Overseas(Market::Szse),
        Self::Overseas(Market::Hnx),
        Self::Overseas(Market::Hsx),
    ];

    /// Its name at KIS, and on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domestic(Board::Kospi) => "kospi_code.mst.zip",
            Self::Domestic(Board::Kosdaq) => "kosdaq_code.mst.zip",
            Self::Domestic(Board::Konex) => "konex_code.mst.zip",
            Self::Overseas(Market::Nasdaq) => "nasmst.cod.zip",
            Self::Overseas(Market::Nyse) => "nysmst.cod.zip",
            Self::Overseas(Market::Amex) => "amsmst.cod.zip",
            Self::Overseas(Market::Hkex) => "hksmst.cod.zip",
            Self::Overseas(Market::Tse) => "tsemst.cod.zip",
            Self::Overseas(Market::Sse) => "shsmst.cod.zip",
            Self::Overseas(Market::Szse) => "szsmst.cod.zip",
            Self::Overseas(Market::Hnx) => "hnxmst.cod.zip",
            Self::Overseas(Market::Hsx | Market::Krx) => "hsxmst.cod.zip",
        }
    }

    /// The market of its stocks.
    pub const fn market(self) -> Market {
        match self {
            Self::Domestic(_) => Market::Krx,
            Self::Overseas(market) => market,
        }
    }
}

/// A line of a master file.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) code: &'a str,
    /// Empty abroad.
    pub(super) standard_code: &'a str,
    pub(super) korean: Cow<'a, str>,
    /// Empty at home.
    pub(super) english: Cow<'a, str>,
    pub(super) market: Market,
    pub(super) kind: Kind,
    pub(super) currency: &'a str,
    pub(super) decimals: u8,
    /// 0: not said.
    pub(super) lot: u32,
    pub(super) sell_lot: u32,
    pub(super) base_price: Option<Decimal>,
    pub(super) marks: Marks,
    pub(super) facts: Option<Facts>,
}

/// Why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Torn {
    /// It is no zip file with one member, or the member does not agree with its checksum.
    #[error("is not a whole zip file: {0}")]
    Zip(String),
    /// It is larger than any master file.
    #[error("is larger than any master file ({0} MiB)")]
    TooLarge(u64),
    /// It has no stocks.
    #[error("is empty")]
    Empty,
    /// Its last line is not whole.
    #[error("breaks off in line {0}")]
    BreaksOff(usize),
    /// A line is not what it should be.
    #[error("line {line} {problem}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it; nothing of what it says.
        problem: &'static str,
    },
    /// It has far fewer stocks than the file before it.
    #[error("has {now} stocks, and the file before it had {before}")]
    Shrunk {
        /// How many it has.
        now: usize,
        /// How many there were.
        before: usize,
    },
}

/// Reads a file as it was downloaded, and tells of each stock; returns how many there are.
pub(super) fn read(file: MasterFile, zip: &[u8], mut row: impl FnMut(&Row<'_>)) -> Result<usize, Torn> {
    let text = unpack::unpack(zip)?;
    let mut stocks = 0;
    for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let ended = line.strip_suffix(b"\n");
        let line = ended.unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            continue;
        }
        stocks += 1;
        let told = match file {
            MasterFile::Domestic(board) => domestic::row(board, line, &mut row),
            MasterFile::Overseas(market) => overseas::row(market, line, &mut row),
        };
        told.map_err(|problem| match ended {
            Some(_) => Torn::Line { line: index + 1, problem },
            None => Torn::BreaksOff(index + 1),
        })?;
    }
    if stocks == 0 { Err(Torn::Empty) } else { Ok(stocks) }
}

/// Text in KIS's code page, trimmed.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, &'static str> {
    let text = EUC_KR
        .decode_without_bom_handling_and_without_replacement(bytes.trim_ascii())
        .ok_or("is not in KIS's encoding, CP949")?;
    match text.len() <= usize::from(u8::MAX) && !text.contains(char::is_control) {
        true => Ok(text),
        false => Err("has a name that is none"),
    }
}

/// A code: letters and digits, and what symbols abroad have besides.
fn code(bytes: &[u8]) -> Result<&str, &'static str> {
    let text = std::str::from_utf8(bytes.trim_ascii()).map_err(|_| "has a code that is none")?;
    match !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        true => Ok(text),
        false => Err("has a code that is none"),
    }
}

/// Digits, with blanks around them; none: nothing but blanks.
fn digits(bytes: &[u8]) -> Result<Option<i64>, &'static str> {
    match bytes.trim_ascii() {
        [] => Ok(None),
        digits if digits.iter().all(u8::is_ascii_digit) => {
            // Digits are ASCII.
            std::str::from_utf8(digits)
                .unwrap_or_default()
                .parse()
                .map(Some)
                .map_err(|_| "has a number that is too long")
        }
        _ => Err("has letters where a number belongs"),
    }
}

#[cfg(test)]
mod tests;
