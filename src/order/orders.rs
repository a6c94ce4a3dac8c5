//! The orders of all accounts.

use std::{collections::BTreeMap, io, path::Path, sync::Arc};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::{desk::Desk, ledger::Ledger, settings::Settings};
use crate::{
    account::{Account, AccountName},
    stock::StockHandle,
};

/// The orders of all accounts.
#[derive(Debug)]
pub struct Orders {
    ledger: Ledger,
    stocks: StockHandle,
    desks: ArcSwap<BTreeMap<AccountName, Arc<Desk>>>,
}

impl Orders {
    /// Of no account yet.
    pub fn new(ledger: &Path, stocks: StockHandle) -> io::Result<Self> {
        Ok(Self { ledger: Ledger::at(ledger)?, stocks, desks: ArcSwap::default() })
    }

    /// These are the accounts from now on, until `stop`. Returns the desks that have to be run.
    pub fn reload(
        &self,
        accounts: impl IntoIterator<Item = (Account, Settings)>,
        stop: &CancellationToken,
    ) -> Vec<Arc<Desk>> {
        let known = self.desks.load_full();
        let (mut desks, mut new) = (BTreeMap::new(), Vec::new());
        for (account, settings) in accounts {
            let name = account.name.clone();
            let desk = match known.get(&name).filter(|desk| desk.account().id == account.id) {
                Some(desk) => {
                    desk.reload(account, settings);
                    desk.clone()
                }
                None => {
                    let (ledger, stocks) = (self.ledger.clone(), self.stocks.clone());
                    let desk = Arc::new(Desk::new(account, settings, (ledger, stocks), stop.child_token()));
                    new.push(desk.clone());
                    desk
                }
            };
            desks.insert(name, desk);
        }
        for (name, desk) in &*known {
            if !desks.get(name).is_some_and(|new| Arc::ptr_eq(new, desk)) {
                desk.stop().cancel();
            }
        }
        self.desks.store(Arc::new(desks));
        new
    }

    /// The orders of an account.
    pub fn of(&self, name: &AccountName) -> Option<Arc<Desk>> {
        self.desks.load().get(name).cloned()
    }
}
