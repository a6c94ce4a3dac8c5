//! A truthful KIS on loopback: for `kisd simulate`, for `kisd demo`, for every test, and for any other client of KIS.
//!
//! It answers as the live service was recorded to answer: its error codes, bodies and HTTP statuses, its string formats and
//! padding, its page sizes, the spelling of its headers. Time comes from a [`Clock`](crate::clock::Clock) that may be steered,
//! and what goes wrong can be scripted ([`Fault`]).
//!
//! Must never: import anything of ours but layer 0 (clock and the like), or it would agree with our misunderstandings.
//!
//! | file | what it is |
//! |---|---|
//! | `http` | HTTP/1.1 with headers spelled as KIS spells them |
//! | `oauth` | tokenP, revokeP, Approval: one token a minute, the same one for six hours, a day of life |
//! | `ledger` | the account calls: header and parameter checks, paging |
//! | `portfolio` | what the account holds, in KIS's formats |
//! | `limits` | calls a second |
//! | `faults` | scripted answers, delays, cuts; gates that hold a call until a test lets it go |

mod faults;
mod http;
mod ledger;
mod limits;
mod oauth;
mod portfolio;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinSet};
use tracing::info;

use self::{
    faults::Faults,
    http::{Answer, Delivery, Request},
    ledger::Ledger,
    limits::Limits,
    oauth::OAuth,
};
pub use self::{
    faults::{Fault, Gate},
    portfolio::{Portfolio, Position},
};
use crate::clock::{Instant, SharedClock};

/// Calls remembered; a simulator may run for days.
const CALLS_KEPT: usize = 100_000;

/// Which environment is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Real accounts: TR ids as documented, pages of 50.
    Real,
    /// Paper accounts: TR ids with V, pages of 20.
    Paper,
}

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Options {
    /// The environment.
    pub mode: Mode,
    /// The only app key that is known.
    pub app_key: String,
    /// Its secret.
    pub app_secret: String,
    /// `CANO` of the only account.
    pub cano: String,
    /// `ACNT_PRDT_CD` of the only account.
    pub product_code: String,
    /// Calls in any sliding second.
    pub calls_per_second: usize,
    /// Life of a token.
    pub token_life: Duration,
    /// The least time between two issuances.
    pub issue_interval: Duration,
    /// Within this time of an issuance the same token is handed out again.
    pub same_token_for: Duration,
    /// What the account holds.
    pub portfolio: Portfolio,
    /// Won by which every price moves after each page of a balance, which KIS calculates with the prices of its moment.
    pub price_step: i64,
    /// Whether a last page that is full announces another, which is then refused with SYDB0050, as one real account was recorded.
    pub full_page_has_next: bool,
    /// Whether the row of a position that was sold out has blanks for what there is none of.
    pub sold_out_blank: bool,
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
            calls_per_second: match mode {
                Mode::Real => 18,
                Mode::Paper => 1,
            },
            token_life: Duration::from_secs(24 * 3600),
            issue_interval: Duration::from_secs(60),
            same_token_for: Duration::from_secs(6 * 3600),
            portfolio: Portfolio::demo(),
            price_step: 0,
            full_page_has_next: false,
            sold_out_blank: false,
        }
    }

    /// App secret of the simulated account, 180 characters.
    pub fn app_secret() -> String {
        "kisd+simulator/secret=worth+nothing0".repeat(5)
    }
}

/// One call as it arrived and was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// When it arrived, on the simulator's monotonic clock.
    pub at: Instant,
    /// Path without the query.
    pub path: String,
    /// Request header `tr_id`.
    pub tr_id: String,
    /// Request header `tr_cont`.
    pub tr_cont: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// `msg_cd` or `error_code` of the answer; empty if it had none.
    pub msg_cd: String,
}

/// A running simulator; stops when dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    world: Arc<World>,
    _serving: JoinSet<()>,
}

/// Everything that the simulated KIS knows.
#[derive(Debug)]
struct World {
    clock: SharedClock,
    options: Mutex<Options>,
    oauth: Mutex<OAuth>,
    limits: Mutex<Limits>,
    faults: Mutex<Faults>,
    ledger: Mutex<Ledger>,
    calls: Mutex<Vec<CallRecord>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Simulator {
    /// Starts on `listen`, which should be a loopback address; port 0 takes a free one.
    pub async fn start(listen: SocketAddr, options: Options, clock: SharedClock) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let world = Arc::new(World {
            clock,
            options: Mutex::new(options),
            oauth: Mutex::default(),
            limits: Mutex::default(),
            faults: Mutex::default(),
            ledger: Mutex::default(),
            calls: Mutex::default(),
        });
        let mut serving = JoinSet::new();
        serving.spawn(http::accept(listener, world.clone()));
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

    /// Tokens issued, handing out the same one again included: each sends the owner a message.
    pub fn issuances(&self) -> usize {
        locked(&self.world.oauth).issuances()
    }

    /// Which of the tokens issued so far this is, the first being 0.
    pub fn serial_number(&self, access_token: &str) -> Option<usize> {
        locked(&self.world.oauth).serial_number(access_token)
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<CallRecord> {
        locked(&self.world.calls).clone()
    }

    /// Calls to a path that ends in `path`.
    pub fn calls_to(&self, path: &str) -> Vec<CallRecord> {
        self.calls().into_iter().filter(|call| call.path.ends_with(path)).collect()
    }

    /// Ends the live token before its time. The next issuance is a new one.
    pub fn revoke_token(&self) {
        locked(&self.world.oauth).revoke_all();
    }

    /// Ends the live token before its time, and lets the six-hour rule hand the dead one out again.
    pub fn kill_token(&self) {
        locked(&self.world.oauth).kill_all();
    }

    /// Changes what the account holds.
    pub fn set_portfolio(&self, portfolio: Portfolio) {
        locked(&self.world.options).portfolio = portfolio;
    }

    /// Changes what is simulated.
    pub fn reconfigure(&self, change: impl FnOnce(&mut Options)) {
        change(&mut locked(&self.world.options));
    }

    /// Makes the next call to a path that ends in `path` go wrong; several for one path are met one after another.
    pub fn fail_next(&self, path: &str, fault: Fault) {
        locked(&self.world.faults).script(path, fault);
    }

    /// Holds the next call to a path that ends in `path` until the gate is opened.
    pub fn hold_next(&self, path: &str) -> Gate {
        let (gate, fault) = Gate::new();
        self.fail_next(path, fault);
        gate
    }
}

impl World {
    /// Answers a request, with whatever was scripted for it.
    async fn answer(&self, request: &Request) -> Delivery {
        let at = self.clock.monotonic();
        let fault = locked(&self.faults).next(&request.path);
        let mut cut = None;
        match fault {
            None => {}
            Some(Fault::Answer { status, body }) => {
                return self.record(at, request, Delivery::Whole(Answer::json(status, body)));
            }
            Some(Fault::Raw { status, headers, body }) => {
                return self.record(at, request, Delivery::Whole(Answer { status, headers, body: body.into_bytes() }));
            }
            Some(Fault::Reset) => return self.record(at, request, Delivery::Reset),
            Some(Fault::Delay(by)) => crate::clock::sleep(&*self.clock, by).await,
            Some(Fault::Cut { after }) => cut = Some(after),
            Some(Fault::Hold(hold)) => hold.wait().await,
        }
        let answer = self.handle(request);
        let delivery = match cut {
            Some(after) => Delivery::Cut { answer, after },
            None => Delivery::Whole(answer),
        };
        self.record(at, request, delivery)
    }

    fn handle(&self, request: &Request) -> Answer {
        let options = locked(&self.options).clone();
        let over = !locked(&self.limits).allow(self.clock.monotonic(), options.calls_per_second);
        match (request.method.as_str(), request.path.as_str()) {
            (_, path) if over => limits::refusal(path),
            ("POST", "/oauth2/tokenP") => locked(&self.oauth).issue(request, &options, self.clock.now()),
            ("POST", "/oauth2/revokeP") => locked(&self.oauth).revoke(request, &options),
            ("POST", "/oauth2/Approval") => oauth::approval(request, &options),
            ("GET", ledger::INQUIRE_BALANCE) => {
                let refused = locked(&self.oauth).check(request, &options, self.clock.now()).err();
                refused.unwrap_or_else(|| locked(&self.ledger).inquire_balance(request, &options))
            }
            // What an unknown path gets: no body at all.
            _ => Answer { status: 404, headers: Vec::new(), body: Vec::new() },
        }
    }

    fn record(&self, at: Instant, request: &Request, delivery: Delivery) -> Delivery {
        let (status, body) = match &delivery {
            Delivery::Whole(answer) | Delivery::Cut { answer, .. } => (answer.status, answer.body.as_slice()),
            Delivery::Reset => (0, &[][..]),
        };
        let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let code = ["msg_cd", "error_code"].iter().find_map(|name| json.get(name)?.as_str());
        let call = CallRecord {
            at,
            path: request.path.clone(),
            tr_id: request.header("tr_id").unwrap_or_default().to_owned(),
            tr_cont: request.header("tr_cont").unwrap_or_default().to_owned(),
            status,
            msg_cd: code.unwrap_or_default().to_owned(),
        };
        let CallRecord { path, tr_id, msg_cd, .. } = &call;
        info!(path, tr_id, status, msg_cd, "answered");
        let mut calls = locked(&self.calls);
        if calls.len() == CALLS_KEPT {
            calls.drain(..CALLS_KEPT / 2);
        }
        calls.push(call);
        drop(calls);
        delivery
    }
}
