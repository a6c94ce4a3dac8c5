//! What is simulated: keys, their accounts, and how slow it all is; and how a client is told of it.

use std::time::Duration;

use serde::Serialize;

use super::{Hours, Mode, Options, Portfolio};

/// What every app key of the simulator begins with. KIS's own keys are 36 random letters and digits, so none looks like this: a
/// program can refuse such a key for KIS's hosts, and warn of any other for a simulator's.
pub const KEY_MARK: &str = "PSkisdSimulator";

/// One more account of an app key.
#[derive(Debug, Clone)]
pub struct Account {
    /// `CANO`.
    pub cano: String,
    /// `ACNT_PRDT_CD`.
    pub product_code: String,
    /// What it holds.
    pub portfolio: Portfolio,
}

/// How the market is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarketSetup {
    /// What all prices are made of, together with issue and time.
    pub seed: u64,
    /// How fast prices walk: 1 is a quiet day.
    pub speed: u32,
    /// No price ever moves, unless it is steered.
    pub still: bool,
    /// When it is open.
    pub hours: Hours,
}

impl MarketSetup {
    /// A market in which nothing moves: for tests that say which price they mean.
    pub const STILL: Self = Self { seed: 1, speed: 1, still: true, hours: Hours::Always };
    /// A market that moves.
    pub const MOVING: Self = Self { still: false, ..Self::STILL };
}

/// Everything that is simulated.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The app keys, each in its environment. A call belongs to the one that it carries.
    pub keys: Vec<Options>,
    /// By how much every answer is late.
    pub latency: Duration,
    /// Whether it can be steered over HTTP.
    pub control: bool,
    /// The market; it stands still unless something else is said.
    pub market: MarketSetup,
}

impl From<Options> for Setup {
    fn from(key: Options) -> Self {
        Self { keys: vec![key], latency: Duration::ZERO, control: true, market: MarketSetup::STILL }
    }
}

impl Setup {
    /// A real key with two accounts, and a paper key with one.
    pub fn both() -> Self {
        let mut real = Options::demo(Mode::Real);
        real.more_accounts.push(Account {
            cano: "87654321".to_owned(),
            product_code: "01".to_owned(),
            portfolio: Portfolio::of_size(60),
        });
        let paper = Options {
            app_key: format!("{KEY_MARK}KeyWorthNothing000002"),
            app_secret: Options::app_secret().replace("nothing0", "nothing1"),
            cano: "50123456".to_owned(),
            ..Options::demo(Mode::Paper)
        };
        Self { keys: vec![real, paper], ..Self::from(Options::demo(Mode::Real)) }
    }
}

/// What a client needs to know of one account.
#[derive(Serialize)]
struct Told<'a> {
    mode: &'static str,
    app_key: &'a str,
    app_secret: &'a str,
    account_no: &'a str,
    account_product_code: &'a str,
    hts_id: &'a str,
}

/// What a client needs to know: the first account, and all of them.
#[derive(Serialize)]
struct Description<'a> {
    base_url: &'a str,
    /// There is no realtime yet.
    websocket_url: Option<&'a str>,
    master_url: &'a str,
    #[serde(flatten)]
    first: Option<&'a Told<'a>>,
    accounts: &'a [Told<'a>],
}

/// Everything that a client needs to know, as one line of JSON.
pub(super) fn describe<'a>(base_url: &str, master_url: &str, keys: impl Iterator<Item = &'a Options>) -> String {
    let accounts: Vec<Told<'_>> = keys
        .flat_map(|key| {
            let more = key.more_accounts.iter().map(|more| (more.cano.as_str(), more.product_code.as_str()));
            std::iter::once((key.cano.as_str(), key.product_code.as_str())).chain(more).map(|(cano, product)| Told {
                mode: key.mode.name(),
                app_key: &key.app_key,
                app_secret: &key.app_secret,
                account_no: cano,
                account_product_code: product,
                hts_id: &key.hts_id,
            })
        })
        .collect();
    let description =
        Description { base_url, websocket_url: None, master_url, first: accounts.first(), accounts: &accounts };
    // Our own structs of strings cannot fail to be written.
    serde_json::to_string(&description).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_marked_and_have_the_lengths_that_clients_check() {
        let setup = Setup::both();
        assert_ne!(setup.keys[0].app_secret, setup.keys[1].app_secret);
        for key in setup.keys {
            assert_eq!((key.app_key.len(), key.app_secret.len()), (36, 180));
            assert!(key.app_key.starts_with(KEY_MARK) && key.app_key.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }
}
