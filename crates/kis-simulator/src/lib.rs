//! A truthful KIS on loopback: for `kisd simulate`, for `kisd demo`, for every test, and for any other client of KIS.
//!
//! It answers as the live service was recorded to answer: its error codes, bodies and HTTP statuses, its string formats and
//! padding, its page sizes, the spelling of its headers. It knows several app keys, real and paper, each with its token, its quota
//! and its accounts; a call belongs to the app key that it carries. Time comes from a [`Clock`](crate::clock::Clock), and it, prices, holdings and faults
//! can be steered: from Rust by [`Simulator`], from any language by `POST /__sim/…`.
//!
//! Must never: depend on anything of ours but the clock, the HTTP and the catalogue of operations, or it would agree with our
//! misunderstandings.
//!
//! | file | what it is |
//! |---|---|
//! | `setup` | what is simulated: keys, accounts, latency |
//! | `world` | the way of a call |
//! | `key` | one app key: token, quota, accounts; the calls that are simulated |
//! | `oauth` | tokenP, revokeP, Approval: one token a minute, the same one for six hours, a day of life; hashkey |
//! | `listing` | the listed issues it knows, at home and abroad |
//! | `ledger` | the account calls: header and parameter checks, paging |
//! | `generic` | every other operation that reads, as the catalogue has it |
//! | `portfolio` | what an account holds, in KIS's formats |
//! | `abroad` | what it holds abroad |
//! | `crowd` | as many issues as KIS lists, for measurements |
//! | `orders` | orders and what becomes of them: lists, fills, money |
//! | `market` | prices, candles, books, days of trading, and the answers about them |
//! | `masters` | the master files, made from the listing |
//! | `limits` | calls a second |
//! | `faults` | scripted answers, delays, cuts; gates that hold a call until a test lets it go |
//! | `calls` | what was called and how it was answered |
//! | `control` | steering over HTTP |
//! | `steered` | the clock |
//! | `http` | answers in KIS's forms |

mod abroad;
mod calls;
mod control;
pub mod crowd;
mod faults;
mod generic;
mod http;
mod key;
mod ledger;
mod limits;
pub mod listing;
mod market;
pub mod masters;
mod oauth;
mod orders;
mod portfolio;
mod setup;
mod steered;
mod world;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

pub use kisd_clock::clock;
use tokio::{net::TcpListener, task::JoinSet};

use self::world::{World, locked};
pub use self::{
    abroad::{Abroad, HeldAs, PositionAbroad},
    calls::CallRecord,
    faults::{Fault, Gate, Scripted, Target},
    market::Hours,
    orders::{
        Activity, Effect, Filling, Kind as OrderKind, Lag, Numbers, OrderState, Orders, ReceivedOrder, ReservedState,
        Side, Stranger,
    },
    portfolio::{Portfolio, Position},
    setup::{Account, KEY_MARK, MarketSetup, Setup},
};
use crate::clock::SharedClock;

/// An environment of KIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real accounts: TR ids as documented, pages of 50.
    Real,
    /// Paper accounts: TR ids with V, pages of 20.
    Paper,
}

impl Mode {
    /// Its name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Paper => "paper",
        }
    }
}

/// One app key, with what KIS keeps about it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The environment.
    pub mode: Mode,
    /// The app key.
    pub app_key: String,
    /// Its secret.
    pub app_secret: String,
    /// `CANO` of its first account.
    pub cano: String,
    /// `ACNT_PRDT_CD` of its first account.
    pub product_code: String,
    /// Id of its owner at KIS's home trading system.
    pub hts_id: String,
    /// More accounts of the same key.
    pub more_accounts: Vec<Account>,
    /// Calls in any sliding second.
    pub calls_per_second: usize,
    /// Life of a token.
    pub token_life: Duration,
    /// The least time between two issuances.
    pub issue_interval: Duration,
    /// Within this time of an issuance the same token is handed out again.
    pub same_token_for: Duration,
    /// Whether answers have a `Date`; nobody knows whether KIS always sends one.
    pub dates_answers: bool,
    /// What its first account holds.
    pub portfolio: Portfolio,
    /// Won by which every price moves after each page of a balance, which KIS calculates with the prices of its moment.
    pub price_step: i64,
    /// Won by which prices of NXT are above those of the Korea Exchange; the unified ones are halfway.
    pub nxt_premium: i64,
    /// Whether a last page that is full announces another, which is then refused with SYDB0050, as one real account was recorded.
    pub full_page_has_next: bool,
    /// Whether a balance may be asked for by issue (`INQR_DVSN` 02), which KIS refuses since 2026-02-10.
    pub takes_by_issue: bool,
    /// Rows of the lists of all other operations.
    pub list_rows: usize,
    /// Whether the row of a position that was sold out has blanks for what there is none of.
    pub sold_out_blank: bool,
    /// The least time between two orders, amendments or cancellations; a paper account was recorded to refuse them 1.1 s apart.
    pub order_interval: Duration,
    /// What orders have done today; it follows from them.
    pub activity: Activity,
}

impl Options {
    /// App key of the simulated account: the right shape, and worth nothing anywhere else.
    pub const APP_KEY: &'static str = "PSkisdSimulatorKeyWorthNothing000001";
    /// Account number of the simulated account.
    pub const CANO: &'static str = "12345678";

    /// The demo account in an environment.
    pub fn demo(mode: Mode) -> Self {
        Self {
            mode,
            app_key: Self::APP_KEY.to_owned(),
            app_secret: Self::app_secret(),
            cano: Self::CANO.to_owned(),
            product_code: "01".to_owned(),
            hts_id: "kisdsim".to_owned(),
            more_accounts: Vec::new(),
            calls_per_second: match mode {
                Mode::Real => 18,
                Mode::Paper => 1,
            },
            token_life: Duration::from_secs(24 * 3600),
            issue_interval: Duration::from_secs(60),
            same_token_for: Duration::from_secs(6 * 3600),
            dates_answers: true,
            portfolio: Portfolio::demo(),
            price_step: 0,
            nxt_premium: 0,
            full_page_has_next: false,
            takes_by_issue: false,
            list_rows: 3,
            sold_out_blank: false,
            order_interval: Duration::ZERO,
            activity: Activity::default(),
        }
    }

    /// The same key as one of its accounts sees it; an account that it does not have changes nothing.
    fn of_account(&self, cano: &str, product_code: &str) -> Self {
        let mut options = self.clone();
        let account = self.more_accounts.iter().find(|more| more.cano == cano && more.product_code == product_code);
        if let Some(Account { cano, product_code, portfolio }) = account.cloned() {
            options = Self { cano, product_code, portfolio, ..options };
        }
        options
    }

    /// Whether it is an account of this key.
    fn has_account(&self, cano: &str, product_code: &str) -> bool {
        let is_first = self.cano == cano && self.product_code == product_code;
        is_first || self.more_accounts.iter().any(|more| more.cano == cano && more.product_code == product_code)
    }

    /// App secret of the simulated account, 180 characters.
    pub fn app_secret() -> String {
        "kisd+simulator/secret=worth+nothing0".repeat(5)
    }
}

/// A running simulator; stops when dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    world: Arc<World>,
    _serving: JoinSet<()>,
}

impl Simulator {
    /// Starts on `listen`, which should be a loopback address; port 0 takes a free one. [`Options`] are a setup of one key.
    pub async fn start(listen: SocketAddr, setup: impl Into<Setup>, clock: SharedClock) -> io::Result<Self> {
        let world = Arc::new(World::new(setup.into(), clock)?);
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let mut serving = JoinSet::new();
        serving.spawn(spelled_http::serve(listener, world.clone()));
        Ok(Self { address, world, _serving: serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL to give a client.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where its master files are.
    pub fn master_url(&self) -> String {
        format!("{}{}", self.base_url(), masters::PATH)
    }

    /// Serves these bytes as a master file (its name ends in `.zip`) from now on.
    pub fn set_master(&self, name: &str, zip: Vec<u8>) {
        locked(&self.world.masters).insert(name.to_owned(), zip);
    }

    /// Everything that a client needs to know, as one line of JSON.
    pub fn describe(&self) -> String {
        setup::describe(&self.base_url(), &self.master_url(), locked(&self.world.keys).iter().map(|key| &key.options))
    }

    /// Tokens issued, handing out the same one again included: each sends the owner a message.
    pub fn issuances(&self) -> usize {
        locked(&self.world.keys).iter().map(|key| key.oauth.issuances()).sum()
    }

    /// Which of the tokens issued so far this is, the first of its key being 0.
    pub fn serial_number(&self, access_token: &str) -> Option<usize> {
        locked(&self.world.keys).iter().find_map(|key| key.oauth.serial_number(access_token))
    }

    /// Every call so far, handshakes and unknown paths included.
    pub fn calls(&self) -> Vec<CallRecord> {
        locked(&self.world.calls).iter().cloned().collect()
    }

    /// Calls to a path that ends in `path`.
    pub fn calls_to(&self, path: &str) -> Vec<CallRecord> {
        locked(&self.world.calls).iter().filter(|call| call.path.ends_with(path)).cloned().collect()
    }

    /// Its orders: what was received, and what becomes of them.
    pub fn orders(&self) -> Orders<'_> {
        Orders { world: &self.world }
    }

    /// Ends all live tokens before their time. The next issuance of each key is a new one.
    pub fn revoke_token(&self) {
        locked(&self.world.keys).iter_mut().for_each(|key| key.oauth.revoke_all());
    }

    /// Makes every call with a live token fail without a reason. The next issuance of each key is a new one.
    pub fn break_token(&self) {
        locked(&self.world.keys).iter_mut().for_each(|key| key.oauth.break_all());
    }

    /// Ends all live tokens before their time, and lets the six-hour rule hand the dead ones out again.
    pub fn kill_token(&self) {
        locked(&self.world.keys).iter_mut().for_each(|key| key.oauth.kill_all());
    }

    /// Changes what the first account of the first key holds.
    pub fn set_portfolio(&self, portfolio: Portfolio) {
        self.reconfigure(|options| options.portfolio = portfolio);
    }

    /// Changes what is simulated of the first key.
    pub fn reconfigure(&self, change: impl FnOnce(&mut Options)) {
        locked(&self.world.keys).first_mut().map(|key| &mut key.options).map(change);
    }

    /// Changes what is simulated of an app key; whether there is such a key.
    pub fn reconfigure_key(&self, app_key: &str, change: impl FnOnce(&mut Options)) -> bool {
        let mut keys = locked(&self.world.keys);
        let key = keys.iter_mut().find(|key| key.options.app_key == app_key);
        key.map(|key| change(&mut key.options)).is_some()
    }

    /// By how much every answer is late from now on, by the simulator's clock.
    pub fn set_latency(&self, latency: Duration) {
        *locked(&self.world.latency) = latency;
    }

    /// Makes the next call to a path that ends in `path` go wrong; several for one path are met one after another.
    pub fn fail_next(&self, path: &str, fault: Fault) {
        self.script(Scripted { target: Target::PathEnding(path.to_owned()), fault, times: 1, after_effect: false });
    }

    /// Makes calls go wrong.
    pub fn script(&self, scripted: Scripted) {
        locked(&self.world.faults).script(scripted);
    }

    /// Holds the next call to a path that ends in `path` until the gate is opened.
    pub fn hold_next(&self, path: &str) -> Gate {
        let (gate, fault) = Gate::new();
        self.fail_next(path, fault);
        gate
    }
}
