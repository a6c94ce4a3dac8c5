//! The balance in pieces: clients cut off what is too long for a model, and a balance that is cut off looks whole.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::wire::{
    types::{Balance, BalanceParams},
    whole,
};

/// Holdings of one result, unless it is said, and at most. The most that they can be are some 60 KB, which is less than the 25,000
/// tokens that are the least limit of the known clients; the usual ones are a third of it.
const USUAL: usize = 50;
const MOST: usize = 100;

/// Characters of a text in a holding. KIS's names have up to 60 bytes.
pub(super) const LONGEST: usize = 60;

/// A balance in pieces may be this old, so that its pieces are of one balance.
const ONE_READING_MS: u64 = 60_000;

/// Arguments of the tool: those of the method, and which holdings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct BalanceArguments {
    /// Name of the account; daemon_status lists them. Left out: the default one.
    account: Option<String>,
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked now. Left out: about a second; a minute with an offset,
    /// so that all pieces are of one balance.
    #[serde(deserialize_with = "whole::optional")]
    max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000; many holdings of a paper account need more than the
    /// usual half a minute. Left out: as the daemon is configured.
    #[serde(deserialize_with = "whole::optional")]
    pub(super) timeout_ms: Option<u64>,
    /// Holdings to leave out before the first that is returned. Left out: 0.
    #[serde(deserialize_with = "whole::optional")]
    offset: Option<u64>,
    /// Holdings to return, from 0 (totals only) to 100. Left out: 50.
    #[serde(deserialize_with = "whole::optional")]
    limit: Option<u64>,
}

/// The result of the tool: a balance with some of its holdings.
#[derive(Debug, JsonSchema)]
pub(super) struct BalancePiece {
    #[schemars(flatten)]
    pub(super) balance: Balance,
    #[schemars(flatten)]
    pub(super) place: Place,
}

/// Which of the holdings there are.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Place {
    /// Everything held, in rows; the totals are about all of them.
    pub(super) holdings_count: usize,
    /// Rows before the first in holdings.
    pub(super) holdings_offset: usize,
    /// The offset to call again with for the rows after these; null if there are none. They are of the same balance if as_of is the same.
    pub(super) next_offset: Option<usize>,
}

/// By hand, since what serde flattens it cannot read exact numbers from.
impl<'de> Deserialize<'de> for BalancePiece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let piece = Value::deserialize(deserializer)?;
        let balance = Balance::deserialize(&piece).map_err(D::Error::custom)?;
        Ok(Self { balance, place: Place::deserialize(&piece).map_err(D::Error::custom)? })
    }
}

impl BalanceArguments {
    pub(super) fn params(&self, account: Option<&str>) -> BalanceParams {
        let in_pieces = self.offset.is_some_and(|offset| offset > 0).then_some(ONE_READING_MS);
        let account = self.account.as_deref().or(account).map(str::to_owned);
        BalanceParams { account, max_age_ms: self.max_age_ms.or(in_pieces), timeout_ms: self.timeout_ms }
    }

    /// Cuts the daemon's answer to the holdings that are asked for.
    pub(super) fn cut(&self, balance: &mut Value) {
        let Some(members) = balance.as_object_mut() else { return };
        let Some(holdings) = members.get_mut("holdings").and_then(Value::as_array_mut) else { return };
        let count = holdings.len();
        let number =
            |asked: Option<u64>, usual| asked.map_or(usual, |asked| usize::try_from(asked).unwrap_or(usize::MAX));
        let begin = number(self.offset, 0).min(count);
        let end = begin.saturating_add(number(self.limit, USUAL).min(MOST)).min(count);
        holdings.truncate(end);
        holdings.drain(..begin);
        members.insert("holdings_count".to_owned(), count.into());
        members.insert("holdings_offset".to_owned(), begin.into());
        members.insert("next_offset".to_owned(), if end < count { end.into() } else { Value::Null });
    }
}
