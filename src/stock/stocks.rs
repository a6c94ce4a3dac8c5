//! All stocks in memory: one arena for texts, one for what is searched, and rows of fixed size that point into them.
//!
//! A stock takes about 150 bytes, so that KIS's 29,000 are 4.5 MiB.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    letters,
    listed::{Facts, Marks, Stock},
    market::{Kind, Market},
    master::{MasterFile, Row},
};

/// What ends each key in the arena of keys.
pub(super) const END: u8 = 0;

/// One stock.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where its texts begin: code, standard code, Korean and English name.
    text: u32,
    lengths: [u8; 4],
    /// Where its keys begin: of the Korean name, and of the English one.
    key: u32,
    key_lengths: [u8; 2],
    market: Market,
    kind: Kind,
    /// Which of the currencies.
    currency: u8,
    decimals: u8,
    marks: Marks,
    lot: u32,
    sell_lot: u32,
    base_price: Option<Decimal>,
    /// Which of the facts; none abroad.
    facts: u32,
}

/// No facts.
const NONE: u32 = u32::MAX;

/// The state of a master file.
#[derive(Debug, Clone)]
pub struct FileState {
    /// Which.
    pub file: MasterFile,
    /// How many stocks it has; none if there is no good one.
    pub stocks: Option<usize>,
    /// Why there is none, or why it is not newer.
    pub problem: Option<Arc<str>>,
}

/// All stocks, by code.
#[derive(Debug, Default)]
pub struct Stocks {
    texts: Box<str>,
    keys: Box<[u8]>,
    entries: Box<[Entry]>,
    facts: Box<[Facts]>,
    currencies: Box<[String]>,
    /// The files that they come from.
    pub files: Vec<FileState>,
}

/// A stock in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    stocks: &'a Stocks,
    entry: &'a Entry,
    /// Which it is.
    pub(super) index: usize,
}

impl<'a> Seen<'a> {
    fn text(&self, which: usize) -> &'a str {
        let before: usize = self.entry.lengths.iter().take(which).map(|length| usize::from(*length)).sum();
        let from = self.entry.text as usize + before;
        let length = self.entry.lengths.get(which).copied().unwrap_or_default();
        self.stocks.texts.get(from..from + usize::from(length)).unwrap_or_default()
    }

    pub(super) fn code(&self) -> &'a str {
        self.text(0)
    }

    pub(super) fn standard_code(&self) -> &'a str {
        self.text(1)
    }

    /// The name as it is shown.
    pub(super) fn name(&self) -> &'a str {
        Some(self.text(2)).filter(|korean| !korean.is_empty()).unwrap_or_else(|| self.text(3))
    }

    pub(super) fn market(&self) -> Market {
        self.entry.market
    }

    pub(super) fn kind(&self) -> Kind {
        self.entry.kind
    }

    pub(super) fn marks(&self) -> Marks {
        self.entry.marks
    }

    /// What its names are compared by.
    pub(super) fn keys(&self) -> [&'a [u8]; 2] {
        let [korean, english] = self.entry.key_lengths.map(usize::from);
        let from = self.entry.key as usize;
        let middle = from + korean + 1;
        let part = |range| self.stocks.keys.get::<std::ops::Range<usize>>(range).unwrap_or_default();
        [part(from..from + korean), part(middle..middle + english)]
    }

    /// Where its keys end in the arena.
    pub(super) fn keys_end(&self) -> usize {
        let [korean, english] = self.entry.key_lengths.map(usize::from);
        self.entry.key as usize + korean + english + 2
    }

    /// Worth of all shares, to rank by.
    pub(super) fn market_cap(&self) -> i64 {
        self.facts().and_then(|facts| facts.market_cap).unwrap_or_default()
    }

    fn facts(&self) -> Option<&'a Facts> {
        self.stocks.facts.get(self.entry.facts as usize)
    }

    pub(super) fn owned(&self) -> Stock {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let Entry { market, kind, currency, decimals, marks, lot, sell_lot, base_price, .. } = *self.entry;
        Stock {
            code: self.code().to_owned(),
            standard_code: some(self.standard_code()),
            name: self.name().to_owned(),
            english_name: some(self.text(3)),
            market,
            kind,
            currency: self.stocks.currencies.get(usize::from(currency)).cloned().unwrap_or_default(),
            decimals,
            base_price,
            lot: (lot > 0).then_some(lot),
            sell_lot: (sell_lot > 0).then_some(sell_lot),
            marks,
            facts: self.facts().copied(),
        }
    }
}

impl Stocks {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.texts)
            + size_of_val(&*self.keys)
            + size_of_val(&*self.entries)
            + size_of_val(&*self.facts)
            + size_of_val(&*self.currencies)
    }

    /// Whether the files of a market are there; without them nothing can be said of a code that is not found.
    pub fn problem_of(&self, market: Option<Market>) -> Option<(&'static str, Arc<str>)> {
        let missing = |state: &&FileState| state.stocks.is_none() && market.is_none_or(|m| m == state.file.market());
        let state = self.files.iter().find(missing)?;
        Some((state.file.name(), state.problem.clone().unwrap_or_else(|| "not downloaded".into())))
    }

    pub(super) fn keys(&self) -> &[u8] {
        &self.keys
    }

    pub(super) fn get(&self, index: usize) -> Option<Seen<'_>> {
        Some(Seen { stocks: self, entry: self.entries.get(index)?, index })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Seen<'_>> {
        self.entries.iter().enumerate().map(|(index, entry)| Seen { stocks: self, entry, index })
    }

    /// Those with this code, in capitals as KIS has them; Korea first.
    pub(super) fn of_code(&self, code: &str) -> impl Iterator<Item = Seen<'_>> {
        let code_at = |index: usize| self.get(index).map(|seen| seen.code()).unwrap_or_default();
        let mut from = 0;
        let mut size = self.entries.len();
        // The rows are sorted by code; their texts are elsewhere, so this is written out.
        while size > 0 {
            let half = size / 2;
            if code_at(from + half) < code {
                from += half + 1;
                size -= half + 1;
            } else {
                size = half;
            }
        }
        let code = code.to_owned();
        (from..self.entries.len()).map_while(move |index| self.get(index).filter(|seen| seen.code() == code))
    }
}

/// Stocks as they are read.
#[derive(Debug, Default)]
pub(super) struct Builder {
    texts: String,
    entries: Vec<Entry>,
    facts: Vec<Facts>,
    currencies: Vec<String>,
    files: Vec<FileState>,
}

impl Builder {
    /// Adds a stock. Texts have at most 255 bytes: the reader of the files sees to it.
    pub(super) fn push(&mut self, row: &Row<'_>) {
        let texts = [row.code, row.standard_code, &row.korean, &row.english];
        let text = index(self.texts.len());
        texts.iter().for_each(|text| self.texts.push_str(text));
        let currency = self.currencies.iter().position(|known| *known == row.currency).unwrap_or_else(|| {
            self.currencies.push(row.currency.to_owned());
            self.currencies.len() - 1
        });
        let facts = row.facts.map_or(NONE, |facts| {
            self.facts.push(facts);
            index(self.facts.len() - 1)
        });
        self.entries.push(Entry {
            text,
            lengths: texts.map(|text| short(text.len())),
            key: 0,
            key_lengths: [0; 2],
            market: row.market,
            kind: row.kind,
            currency: short(currency),
            decimals: row.decimals,
            marks: row.marks,
            lot: row.lot,
            sell_lot: row.sell_lot,
            base_price: row.base_price,
            facts,
        });
    }

    pub(super) fn file(&mut self, state: FileState) {
        self.files.push(state);
    }

    /// Sorts them by code and market, and makes what is searched.
    pub(super) fn finish(self) -> Stocks {
        let Self { texts, entries, facts, currencies, files } = self;
        let mut stocks = Stocks {
            texts: texts.into_boxed_str(),
            keys: Box::default(),
            entries: entries.into_boxed_slice(),
            facts: facts.into_boxed_slice(),
            currencies: currencies.into_boxed_slice(),
            files,
        };
        let mut order: Vec<u32> = (0..index(stocks.entries.len())).collect();
        order.sort_by_key(|at| stocks.get(*at as usize).map(|seen| (seen.code(), seen.market())));
        // A file that lists a code twice means the same stock.
        order.dedup_by_key(|at| stocks.get(*at as usize).map(|seen| (seen.code(), seen.market())));
        let mut keys = Vec::with_capacity(stocks.texts.len());
        let mut sorted = Vec::with_capacity(order.len());
        for at in order {
            let Some(seen) = stocks.get(at as usize) else { continue };
            let mut entry = *seen.entry;
            entry.key = index(keys.len());
            for (which, length) in [2, 3].into_iter().zip(&mut entry.key_lengths) {
                let from = keys.len();
                letters::push(&mut keys, seen.text(which));
                keys.truncate(from + usize::from(u8::MAX));
                *length = short(keys.len() - from);
                keys.push(END);
            }
            sorted.push(entry);
        }
        stocks.keys = keys.into_boxed_slice();
        stocks.entries = sorted.into_boxed_slice();
        stocks
    }
}

// 4 GiB of names are more than all files may have.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn short(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}
