//! Which stock is meant: by code or name, with or without a market.

use std::sync::Arc;

use super::{
    letters,
    listed::Stock,
    market::Market,
    search::Rank,
    stocks::{Seen, Stocks},
};

/// Names that are suggested at most.
const SUGGESTIONS: usize = 5;

/// Why no stock is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// There is none.
    #[error("there is no stock \"{asked}\"{}{}", of(*market), meant(suggestions))]
    Unknown {
        /// What was asked for, shortened.
        asked: String,
        /// Where it was looked for.
        market: Option<Market>,
        /// Codes that are near, with market and name.
        suggestions: Vec<String>,
    },
    /// There are several.
    #[error("\"{asked}\" is listed on several markets; say which: {}", candidates.join(", "))]
    Ambiguous {
        /// What was asked for, shortened.
        asked: String,
        /// The markets' names with code and name.
        candidates: Vec<String>,
    },
    /// A master file is missing, so it cannot be said.
    #[error("\"{asked}\" is in no master file that kisd has, and {file} is missing: {problem}")]
    Missing {
        /// What was asked for, shortened.
        asked: String,
        /// The file.
        file: &'static str,
        /// Why.
        problem: Arc<str>,
    },
}

fn of(market: Option<Market>) -> String {
    market.map(|market| format!(" on {}", market.name())).unwrap_or_default()
}

fn meant(suggestions: &[String]) -> String {
    match suggestions {
        [] => String::new(),
        all => format!("; near are {}", all.join(", ")),
    }
}

fn told(seen: &Seen<'_>) -> String {
    format!("{} {} ({})", seen.market().name(), seen.code(), seen.name())
}

impl Stocks {
    /// The stock with this code. Without a market it is the one of the Korea Exchange, else the only one there is.
    pub fn of_market(&self, code: &str, market: Option<Market>) -> Result<Stock, Unresolved> {
        self.by_code(code, market)?.map(|seen| seen.owned()).ok_or_else(|| self.unknown(code, market))
    }

    /// The stock with this code, standard code or name: a whole name, or a part that only one has.
    pub fn resolve(&self, text: &str, market: Option<Market>) -> Result<Stock, Unresolved> {
        if let Some(seen) = self.by_code(text, market)? {
            return Ok(seen.owned());
        }
        let hits = self.hits(text, market, SUGGESTIONS);
        let wholly: Vec<_> = hits.iter().filter(|hit| hit.rank <= Rank::Name).map(|hit| hit.seen).collect();
        match (&wholly[..], &hits[..]) {
            ([only], _) => return Ok(only.owned()),
            ([first, ..], _) if first.market() == Market::Krx => return Ok(first.owned()),
            ([_, ..], _) => {
                return Err(Unresolved::Ambiguous {
                    asked: shown(text),
                    candidates: wholly.iter().map(told).collect(),
                });
            }
            ([], [only]) if only.rank <= Rank::Words && !letters::key(text).is_empty() => {
                return Ok(only.seen.owned());
            }
            _ => {}
        }
        Err(self.unknown(text, market))
    }

    fn by_code(&self, code: &str, market: Option<Market>) -> Result<Option<Seen<'_>>, Unresolved> {
        let code = code.trim().to_ascii_uppercase();
        let known: Vec<Seen<'_>> =
            self.of_code(&code).filter(|seen| market.is_none_or(|market| market == seen.market())).collect();
        match &known[..] {
            [] => Ok(None),
            // Korea is first where it knows the code.
            [only] => match self.problem_of(Some(Market::Krx)) {
                // It might be Korea's as well.
                Some((file, problem)) if market.is_none() && only.market() != Market::Krx => {
                    Err(Unresolved::Missing { asked: shown(&code), file, problem })
                }
                _ => Ok(Some(*only)),
            },
            [first, ..] if first.market() == Market::Krx => Ok(Some(*first)),
            several => {
                Err(Unresolved::Ambiguous { asked: shown(&code), candidates: several.iter().map(told).collect() })
            }
        }
    }

    fn unknown(&self, asked: &str, market: Option<Market>) -> Unresolved {
        if let Some((file, problem)) = self.problem_of(market) {
            return Unresolved::Missing { asked: shown(asked), file, problem };
        }
        let mut near: Vec<String> = self.hits(asked, market, SUGGESTIONS).iter().map(|hit| told(&hit.seen)).collect();
        if near.is_empty() && market.is_some() {
            near = self.hits(asked, None, SUGGESTIONS).iter().map(|hit| told(&hit.seen)).collect();
        }
        if near.is_empty() {
            near = self.codes_near(asked, market);
        }
        Unresolved::Unknown { asked: shown(asked), market, suggestions: near }
    }

    /// Stocks whose codes differ in one letter.
    fn codes_near(&self, asked: &str, market: Option<Market>) -> Vec<String> {
        let asked = asked.trim().to_ascii_uppercase();
        if asked.len() < 3 {
            return Vec::new();
        }
        let is_near = |code: &str| letters::is_near(code.as_bytes(), asked.as_bytes()) == Some(letters::Fit::Whole);
        let fits = |seen: &Seen<'_>| market.is_none_or(|market| market == seen.market()) && is_near(seen.code());
        self.all().filter(fits).take(SUGGESTIONS).map(|seen| told(&seen)).collect()
    }
}

/// A text from outside, as it may be repeated.
fn shown(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(40).collect()
}
