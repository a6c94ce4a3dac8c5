//! The sessions of app keys and the desks of accounts that a configuration asks for. Reading it again keeps those that stay, starts
//! those that are new, and ends the others: what goes on with one app key never touches another.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    account::{Account, BalanceQuestion, Calls, RelayQuestion, Together},
    book::Book,
    clients::Clients,
    clock::SharedClock,
    config::{AccountConfig, Config, KeyConfig},
    desk::{Desk, Desks},
    kis::{Http, SetupError},
    order::{self, Orders},
    quote,
    stock::Keeper,
    token::KeySession,
};

/// An app key is told of so many days before KIS ends it.
pub(crate) const TOLD_BEFORE_DAYS: i64 = 28;

/// Memory for what clients of the gateway ask with one app key, in bytes.
const RELAYED: u64 = 2 << 20;

/// Something that has to run, and what ends it.
pub(super) struct Task {
    pub(super) name: String,
    pub(super) work: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(super) stop: CancellationToken,
}

/// What runs for an app key.
#[derive(Debug, Clone)]
struct Key {
    session: Arc<KeySession>,
    calls: Arc<Calls>,
    relays: Arc<Desks<RelayQuestion>>,
    together: Arc<Together<quote::Key>>,
    stop_keeper: CancellationToken,
    stop_calls: CancellationToken,
}

/// What runs for a configuration.
#[derive(Debug)]
pub(super) struct Sessions {
    clock: SharedClock,
    http: Http,
    keys: Vec<Key>,
    accounts: Vec<(Account, CancellationToken)>,
    /// Ends every keeper; each brings an issuance under way to its end.
    pub(super) stop_keys: CancellationToken,
    /// Ends every desk, once nobody asks any more.
    pub(super) stop_desks: CancellationToken,
}

impl Sessions {
    pub(super) fn new(http: Http, clock: SharedClock) -> Self {
        let (stop_keys, stop_desks) = (CancellationToken::new(), CancellationToken::new());
        Self { clock, http, keys: Vec::new(), accounts: Vec::new(), stop_keys, stop_desks }
    }

    /// The HTTP clients of all.
    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// The task of the lists of stocks.
    pub(super) fn stocks(&self, keeper: Keeper) -> Task {
        let stop = self.stop_desks.child_token();
        Task { name: "lists of stocks".to_owned(), work: Box::pin(keeper.run(stop.clone())), stop }
    }

    /// The task that keeps what the gateway's clients have done.
    pub(super) fn usage(&self, clients: Arc<Clients>) -> Task {
        let stop = self.stop_desks.child_token();
        let stopped = stop.clone();
        let work = Box::pin(async move { clients.keep_usage(stopped).await });
        Task { name: "use by the gateway's clients".to_owned(), work, stop }
    }

    /// Brings the orders of the accounts in line with the configuration, and returns what has to be started.
    pub(super) fn orders(&self, orders: &Orders, config: &Config) -> Vec<Task> {
        let accounts = self.accounts.iter().zip(&config.accounts);
        let accounts = accounts.map(|((account, _), config)| (account.clone(), config.orders.clone()));
        let desks = orders.reload(accounts, &self.stop_desks);
        let task = |desk: Arc<order::Desk>| {
            let (name, stop) = (format!("orders of {}", desk.account().name), desk.stop().clone());
            Task { name, work: Box::pin(desk.run()), stop }
        };
        desks.into_iter().map(task).collect()
    }

    /// Brings the sessions in line with the configuration. Returns the accounts, and what has to be started for them.
    pub(super) async fn apply(&mut self, config: &Config) -> Result<(Book, Vec<Task>), SetupError> {
        let mut tasks = Vec::new();
        let mut keys = Vec::new();
        for key in &config.keys {
            keys.push(self.key(key, config, &mut tasks).await?);
        }
        let mut accounts = Vec::new();
        for account in &config.accounts {
            accounts.push(self.account(account, &keys[account.key], &mut tasks));
        }
        for old in &self.keys {
            if !keys.iter().any(|new| Arc::ptr_eq(&old.session, &new.session)) {
                old.stop_keeper.cancel();
                old.stop_calls.cancel();
            }
        }
        for (old, stop) in &self.accounts {
            if !accounts.iter().any(|(new, _)| old.balance.is_same_as(&new.balance)) {
                stop.cancel();
            }
        }
        (self.keys, self.accounts) = (keys, accounts);
        let accounts = self.accounts.iter().map(|(account, _)| account.clone());
        #[expect(clippy::expect_used, reason = "config/accounts.rs takes only the name of an account for the default")]
        let book = Book::new(accounts, &config.default, &config.rpc.all_grants())
            .expect("the default account is one of the accounts");
        Ok((book, tasks))
    }

    /// The session of an app key: the one there is, or a new one.
    async fn key(&self, config: &KeyConfig, all: &Config, tasks: &mut Vec<Task>) -> Result<Key, SetupError> {
        let KeyConfig { kis, expires_on } = config;
        if let Some(known) = self.keys.iter().find(|known| known.session.is_of(kis)) {
            known.session.reload(kis, *expires_on, all.token.clone()).await;
            return Ok(known.clone());
        }
        let (token, clock) = (all.token.clone(), self.clock.clone());
        let (session, keeper) = KeySession::new(kis.clone(), *expires_on, token, &self.http, clock)?;
        warn_of_expiry(&session);
        let stop_keeper = self.stop_keys.child_token();
        let name = format!("token keeper of the key {}", session.fingerprint());
        tasks.push(Task { name, work: Box::pin(keeper.run(stop_keeper.clone())), stop: stop_keeper.clone() });
        let stop_calls = self.stop_desks.child_token();
        let calls = Calls::new(&session, all.balance.of_the_desk(), stop_calls.clone());
        let name = format!("calls with the key {}", session.fingerprint());
        let asked = calls.clone();
        tasks.push(Task { name, work: Box::pin(async move { asked.ended().await }), stop: stop_calls.clone() });
        let (client, token, settings) = (session.client.clone(), session.token.clone(), all.balance.of_the_desk());
        let relays = Arc::new(Desks::new(client, token, settings, RELAYED, stop_calls.clone()));
        let name = format!("relays with the key {}", session.fingerprint());
        let asked = relays.clone();
        tasks.push(Task { name, work: Box::pin(async move { asked.ended().await }), stop: stop_calls.clone() });
        let together = Arc::new(Together::new(quote::MOST));
        Ok(Key { session, calls, relays, together, stop_keeper, stop_calls })
    }

    /// An account: the one there is if neither its number nor its key has changed, or a new one. Where the key alone has changed,
    /// subscribers stay.
    fn account(
        &self,
        config: &AccountConfig,
        Key { session: key, calls, relays, together, .. }: &Key,
        tasks: &mut Vec<Task>,
    ) -> (Account, CancellationToken) {
        let question = BalanceQuestion::new(config.id.clone(), &config.settings);
        let known = self.accounts.iter().find(|(account, _)| account.name == config.name && account.id == config.id);
        if let Some((account, stop)) = known.filter(|(account, _)| Arc::ptr_eq(&account.key, key)) {
            account.balance.reload(question, config.settings.of_the_desk());
            let account = Account { hts_id: config.hts_id.clone(), ..account.clone() };
            return (account, stop.clone());
        }
        let predecessor = known
            .filter(|(account, _)| account.key.client.environment() == key.client.environment())
            .map(|(account, _)| &account.balance);
        if predecessor.is_some() {
            info!(account = %config.name, "the app key has changed; looking for its token");
        }
        let (desk, balance) =
            Desk::new(question, key.client.clone(), key.token.clone(), config.settings.of_the_desk(), predecessor);
        let stop = self.stop_desks.child_token();
        let name = format!("balance desk of {}", config.name);
        tasks.push(Task { name, work: Box::pin(desk.run(stop.clone())), stop: stop.clone() });
        let AccountConfig { name, id, hts_id, .. } = config.clone();
        let (key, calls, relays, together) = (key.clone(), calls.clone(), relays.clone(), together.clone());
        let account = Account { name, id, hts_id, key, balance, calls, together, relays };
        (account, stop)
    }
}

/// Says that KIS will soon end an app key, which it does a year after issuing it.
pub(super) fn warn_of_expiry(key: &KeySession) {
    let (fingerprint, day) = (key.fingerprint(), key.expires_on());
    match key.days_left().zip(day) {
        Some((days, day)) if days < 0 => {
            warn!(key = fingerprint, %day, "KIS has ended this app key by its key_expires_on")
        }
        Some((days, day)) if days <= TOLD_BEFORE_DAYS => {
            warn!(key = fingerprint, days, %day, "KIS ends this app key soon; renew it, and `kisctl init` or the configuration takes the new one");
        }
        _ => {}
    }
}
