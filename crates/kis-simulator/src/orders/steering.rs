//! How the lists of orders lag and what they leave out: what a test decides, and what is usual.

use std::time::Duration;

use serde::Deserialize;

use super::{Desk, order::Order};
use crate::{Mode, clock::Instant, market::Market};

/// When lists show what was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lag {
    /// So long after.
    After(Duration),
    /// At some time up to this, which an order's number decides.
    UpTo(Duration),
    /// Never.
    Never,
}

/// When orders are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filling {
    /// When the market reaches them; market orders at once.
    Market,
    /// When a test says so.
    ByHand,
}

/// How lists write order numbers. Answers to orders always have ten digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// Ten digits.
    #[default]
    Zeros,
    /// No zero in front.
    Bare,
    /// Spaces in front, up to ten.
    SpacesBefore,
    /// Spaces behind, up to ten.
    SpacesAfter,
}

impl Numbers {
    pub(super) fn write(self, number: u64) -> String {
        match self {
            Self::Zeros => format!("{number:010}"),
            Self::Bare => number.to_string(),
            Self::SpacesBefore => format!("{number:>10}"),
            Self::SpacesAfter => format!("{number:<10}"),
        }
    }
}

/// What is steered of the orders of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steering {
    pub(super) filling: Filling,
    pub(super) lag: Lag,
    /// `None`: as recorded.
    pub(super) numbers: Option<Numbers>,
    /// After what time the exchange confirms a cancellation; `None`: when a test says so.
    pub(super) confirms_after: Option<Duration>,
    /// Whether the row of a cancelled order says so, in `cncl_yn` and `cncl_cfrm_qty`; KIS was recorded not to.
    pub(super) names_cancelled: bool,
    /// Whether a page begins with the last row of the one before.
    pub(super) repeats_rows: bool,
    /// Whether the row of an order that died with its day keeps its rest.
    pub(super) keeps_dead_rest: bool,
    /// Rows of a page, if not as many as KIS has.
    pub(super) page: Option<usize>,
}

impl Steering {
    /// What is usual in a market: one that stands still waits for a test, one that moves has the delays of the real one.
    pub(crate) fn of(market: &Market) -> Self {
        let still = market.is_still();
        Self {
            filling: if still { Filling::ByHand } else { Filling::Market },
            lag: if still { Lag::After(Duration::ZERO) } else { Lag::UpTo(Duration::from_secs(3)) },
            numbers: None,
            confirms_after: Some(if still { Duration::ZERO } else { Duration::from_secs(1) }),
            names_cancelled: false,
            repeats_rows: false,
            keeps_dead_rest: true,
            page: None,
        }
    }

    /// From when lists show an order that is accepted now.
    pub(super) fn shown_from(&self, number: u64, market: &Market, now: Instant) -> Option<Instant> {
        match self.lag {
            Lag::After(delay) => Some(now.saturating_add(delay)),
            Lag::UpTo(most) => {
                let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
                Some(now.saturating_add(Duration::from_millis(market.chance(number) % most.saturating_add(1).max(1))))
            }
            Lag::Never => None,
        }
    }
}

impl Desk {
    /// How lists at home write numbers.
    pub(super) fn numbers(&self) -> Numbers {
        self.steering.numbers.unwrap_or_default()
    }

    /// How lists abroad write numbers: those of paper accounts were seen without zeros.
    pub(super) fn numbers_abroad(&self, mode: Mode) -> Numbers {
        let usual = if mode == Mode::Paper { Numbers::Bare } else { Numbers::Zeros };
        self.steering.numbers.unwrap_or(usual)
    }
}

impl Order {
    /// Whether lists show it.
    pub(super) fn is_shown(&self, now: Instant) -> bool {
        self.shown_from.is_some_and(|from| from <= now)
    }
}
