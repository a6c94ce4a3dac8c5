//! Accounts: what can be asked about one, over the token and the client of its app key.
//!
//! Everything that belongs to one account hangs on one [`Account`], so that several can live in one daemon. Must never: know
//! JSON-RPC or a socket, or call KIS past the quota.

pub mod balance;
pub mod calls;
mod error;
mod fetch;
mod looks;
mod question;
pub mod relay;
pub mod together;
mod whole;

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    desk::{self, Desks, Handle},
    kis::balance::PriceBasis,
    token::KeySession,
};

pub use self::{
    balance::Balance,
    calls::Calls,
    error::{BalanceError, BalanceFault},
    question::BalanceQuestion,
    relay::{RelayQuestion, Target},
    together::Together,
    whole::{Contradiction, EvaluationCheck},
};

/// The owner's name for an account: up to 32 of a-z, 0-9 and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(Arc<str>);

impl AccountName {
    /// Longest name.
    const LONGEST: usize = 32;

    /// From a text that is a name.
    pub fn try_new(text: &str) -> Option<Self> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ((1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(is_letter)).then(|| Self(text.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An account number that never prints whole.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountId {
    cano: String,
    product_code: String,
}

/// Why a text is not an account number; never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    /// `CANO`.
    #[error("must be the first 8 digits of the account number")]
    Number,
    /// `ACNT_PRDT_CD`.
    #[error("must be the last 2 digits of the account number (01 for a brokerage account)")]
    ProductCode,
}

impl AccountId {
    /// From the eight digits of `CANO` and the two of `ACNT_PRDT_CD`.
    pub fn try_new(cano: &str, product_code: &str) -> Result<Self, AccountFault> {
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(cano, 8) {
            return Err(AccountFault::Number);
        }
        if !digits(product_code, 2) {
            return Err(AccountFault::ProductCode);
        }
        Ok(Self { cano: cano.to_owned(), product_code: product_code.to_owned() })
    }

    /// `CANO`, for KIS only.
    pub fn cano(&self) -> &str {
        &self.cano
    }

    /// `ACNT_PRDT_CD`.
    pub fn product_code(&self) -> &str {
        &self.product_code
    }
}

/// With the middle hidden: `12****78-01`.
impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}****{}-{}", &self.cano[..2], &self.cano[6..], self.product_code)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The id with which the owner logs in to KIS's programs; some operations ask for it. It never prints.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HtsId(Arc<str>);

impl HtsId {
    /// Longest id.
    pub const LONGEST: usize = 20;

    /// From a text that can be one.
    pub fn try_new(text: &str) -> Option<Self> {
        let is_id = (1..=Self::LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| Self(text.into()))
    }

    /// The id, for KIS only.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HtsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HtsId(…)")
    }
}

/// How an account is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// An answer this young is served again from memory.
    pub max_age: Duration,
    /// Longest time that one call may take, waiting for token and quota included, unless the caller says otherwise.
    pub call_timeout: Duration,
    /// Whose prices it is calculated with.
    pub prices: PriceBasis,
    /// Whether a balance is served whose rows do not add up to KIS's total, marked as such.
    pub accept_difference: bool,
}

impl Settings {
    /// How the desk of its balance answers.
    pub fn of_the_desk(&self) -> desk::Settings {
        desk::Settings { max_age: self.max_age, call_timeout: self.call_timeout }
    }
}

/// One account with everything that serves it; a clone is a handle.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub name: AccountName,
    /// Its number.
    pub id: AccountId,
    /// Its owner's HTS id, where it is known.
    pub hts_id: Option<HtsId>,
    /// Its app key, which other accounts may share.
    pub key: Arc<KeySession>,
    /// Its balance.
    pub balance: Handle<BalanceQuestion>,
    /// Whatever else is asked with its app key.
    pub calls: Arc<Calls>,
    /// Stocks whose prices are asked together with it.
    pub together: Arc<Together<(&'static str, String)>>,
    /// What clients of the gateway ask with it.
    pub relays: Arc<Desks<RelayQuestion>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_number_never_prints_whole() {
        let id = AccountId::try_new("12345678", "01").unwrap();
        assert_eq!(format!("{id} {id:?}"), "12****78-01 12****78-01");
    }

    #[test]
    fn anything_but_eight_and_two_digits_is_refused() {
        assert_eq!(AccountId::try_new("1234567８", "01"), Err(AccountFault::Number));
        assert_eq!(AccountId::try_new("12345678", "1"), Err(AccountFault::ProductCode));
    }
}
