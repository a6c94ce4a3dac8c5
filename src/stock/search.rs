//! Search: by code, standard code, name or a part of it, initials (초성), words in any order; with one wrong letter where nothing
//! else is found.

use memchr::memmem;

use super::{
    letters::{self, Fit},
    listed::{Marks, Stock},
    market::{Kind, Market},
    stocks::{END, Seen, Stocks},
};

/// Longest query that is looked at, in bytes of its key.
const LONGEST: usize = 120;

/// Words of a query that are looked for one by one.
const MOST_WORDS: usize = 6;

/// Shortest key in which a letter may be wrong: two syllables, or a word.
const LEAST_NEAR: usize = 4;

/// Korean readings of names that the files write in Latin letters.
const READINGS: [(&str, &str); 14] = [
    ("네이버", "naver"),
    ("에스케이", "sk"),
    ("엘지", "lg"),
    ("케이티", "kt"),
    ("포스코", "posco"),
    ("씨제이", "cj"),
    ("지에스", "gs"),
    ("에이치디", "hd"),
    ("케이비", "kb"),
    ("엔에이치", "nh"),
    ("디비", "db"),
    ("에스오일", "soil"),
    ("엘에스", "ls"),
    ("현대자동차", "현대차"),
];

/// How well a stock fits; the less the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Code,
    Name,
    NameStart,
    CodeStart,
    NamePart,
    Words,
    Near,
    NearStart,
}

impl Rank {
    const ALL: [Self; 8] = [
        Self::Code,
        Self::Name,
        Self::NameStart,
        Self::CodeStart,
        Self::NamePart,
        Self::Words,
        Self::Near,
        Self::NearStart,
    ];
}

/// A stock that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit<'a> {
    pub(super) seen: Seen<'a>,
    pub(super) rank: Rank,
}

impl Hit<'_> {
    /// What hits of one rank are ordered by: shares of companies first, common before preferred, the large before the small, the
    /// short name before the long.
    fn order(&self) -> (Rank, bool, bool, i64, usize, Market, usize) {
        let seen = &self.seen;
        let other = !matches!(seen.kind(), Kind::Stock | Kind::Reit | Kind::DepositaryReceipt);
        (
            self.rank,
            other,
            seen.marks().has(Marks::PREFERRED),
            -seen.market_cap(),
            seen.name().len(),
            seen.market(),
            seen.index,
        )
    }
}

impl Stocks {
    /// The stocks that fit a query, best first, at most `limit`, of one market or of all.
    pub fn search(&self, query: &str, market: Option<Market>, limit: usize) -> Vec<Stock> {
        self.hits(query, market, limit).iter().map(|hit| hit.seen.owned()).collect()
    }

    pub(super) fn hits(&self, query: &str, market: Option<Market>, limit: usize) -> Vec<Hit<'_>> {
        let mut hits = self.exact(query, market);
        if hits.is_empty() {
            hits = READINGS
                .iter()
                .filter(|(reading, _)| query.contains(reading))
                .flat_map(|(reading, written)| self.exact(&query.replace(reading, written), market))
                .collect();
        }
        if hits.is_empty() {
            hits = self.words(query, market);
        }
        if hits.is_empty() {
            hits = self.near(query, market);
        }
        // A name may fit in two ways; the better one counts. There are two runs by index, which a stable sort merges.
        hits.sort_by_key(|hit| (hit.seen.index, hit.rank));
        hits.dedup_by_key(|hit| hit.seen.index);
        best(hits, limit)
    }

    fn of(&self, market: Option<Market>) -> impl Iterator<Item = Seen<'_>> {
        self.all().filter(move |seen| market.is_none_or(|market| market == seen.market()))
    }

    /// By code and by name without a fault.
    fn exact(&self, query: &str, market: Option<Market>) -> Vec<Hit<'_>> {
        let code = query.trim().to_ascii_uppercase();
        let key = letters::key(query);
        let mut hits = Vec::new();
        if key.is_empty() || key.len() > LONGEST {
            return hits;
        }
        if code.is_ascii() {
            for seen in self.of(market) {
                if seen.code() == code || seen.standard_code() == code {
                    hits.push(Hit { seen, rank: Rank::Code });
                } else if seen.code().starts_with(&code) {
                    hits.push(Hit { seen, rank: Rank::CodeStart });
                }
            }
        }
        match letters::is_initials(&key) {
            true => {
                let mut room = Vec::new();
                hits.extend(self.of(market).filter_map(|seen| {
                    let [korean, _] = seen.keys();
                    let fit = letters::fits_initials(korean, &key, &mut room)?;
                    Some(Hit { seen, rank: rank(fit) })
                }));
            }
            false => self.by_name(&key, |hit| {
                if market.is_none_or(|market| market == hit.seen.market()) {
                    hits.push(hit);
                }
            }),
        }
        hits
    }

    /// Runs through all names at once, which is quicker than through one after another.
    fn by_name<'a>(&'a self, key: &[u8], mut found: impl FnMut(Hit<'a>)) {
        let mut index = 0;
        for at in memmem::find_iter(self.keys(), key) {
            let Some(seen) = (index..).map_while(|index| self.get(index)).find(|seen| at < seen.keys_end()) else {
                return;
            };
            index = seen.index;
            let byte = |at: usize| self.keys().get(at).copied().unwrap_or(END);
            let fit = match (at == 0 || byte(at - 1) == END, byte(at + key.len()) == END) {
                (true, true) => Fit::Whole,
                (true, false) => Fit::Start,
                (false, _) => Fit::Within,
            };
            found(Hit { seen, rank: rank(fit) });
        }
    }

    /// All words, in any order.
    fn words(&self, query: &str, market: Option<Market>) -> Vec<Hit<'_>> {
        let words: Vec<Vec<u8>> = query.split_whitespace().map(letters::key).filter(|word| !word.is_empty()).collect();
        if !(2..=MOST_WORDS).contains(&words.len()) {
            return Vec::new();
        }
        let finders: Vec<_> = words.iter().map(memmem::Finder::new).collect();
        let has_all = |name: &[u8]| finders.iter().all(|word| word.find(name).is_some());
        self.of(market)
            .filter(|seen| seen.keys().into_iter().any(has_all))
            .map(|seen| Hit { seen, rank: Rank::Words })
            .collect()
    }

    /// By name with one letter wrong.
    fn near(&self, query: &str, market: Option<Market>) -> Vec<Hit<'_>> {
        let key = letters::key(query);
        if !(LEAST_NEAR..=LONGEST).contains(&key.len()) {
            return Vec::new();
        }
        let near = |seen: Seen<'_>| seen.keys().into_iter().filter_map(|name| letters::is_near(name, &key)).min();
        self.of(market)
            .filter_map(|seen| {
                let rank = match near(seen)? {
                    Fit::Whole => Rank::Near,
                    Fit::Start | Fit::Within => Rank::NearStart,
                };
                Some(Hit { seen, rank })
            })
            .collect()
    }
}

/// The best of them, in order. One letter is found in nearly every name, so the others are not even looked at.
fn best(mut hits: Vec<Hit<'_>>, limit: usize) -> Vec<Hit<'_>> {
    let mut better = 0;
    let last = Rank::ALL.into_iter().find(|rank| {
        better += hits.iter().filter(|hit| hit.rank == *rank).count();
        better >= limit
    });
    if let Some(last) = last {
        hits.retain(|hit| hit.rank <= last);
    }
    let mut keyed: Vec<_> = hits.into_iter().map(|hit| (hit.order(), hit)).collect();
    if (1..keyed.len()).contains(&limit) {
        keyed.select_nth_unstable_by_key(limit - 1, |(order, _)| *order);
    }
    keyed.truncate(limit);
    keyed.sort_unstable_by_key(|(order, _)| *order);
    keyed.into_iter().map(|(_, hit)| hit).collect()
}

fn rank(fit: Fit) -> Rank {
    match fit {
        Fit::Whole => Rank::Name,
        Fit::Start => Rank::NameStart,
        Fit::Within => Rank::NamePart,
    }
}

#[cfg(test)]
mod tests;
