//! Stocks: which there are, by KIS's master files, and what prices and quantities an order for one may have.
//!
//! Nothing is read or downloaded until somebody asks. From then on the files are kept in the state directory, all stocks are in
//! memory, and the files are looked at again once a business day ([`due`]). While their host is away, or sends something that is no
//! master file, the last good ones are used.
//!
//! | file | what it is |
//! |---|---|
//! | `market`, `listed` | names and codes of markets; a stock |
//! | `master` | the files: names, columns, what is refused |
//! | `kept` | the files in the state directory |
//! | `keeper`, `due` | the task that loads and downloads them, and when |
//! | `handle` | how the others ask |
//! | `stocks` | all stocks in memory |
//! | `letters`, `search`, `resolve` | which stock is meant |
//! | `rules` | ticks, lots, limits |
//!
//! Must never: use a key or a token, or hold up the start of the daemon.

mod due;
mod handle;
mod keeper;
mod kept;
mod letters;
mod listed;
mod market;
mod master;
mod resolve;
pub mod rules;
mod search;
mod stocks;

use std::{path::PathBuf, time::Duration};

use url::Url;

pub use self::{
    handle::{StockError, StockHandle},
    keeper::Keeper,
    listed::{Facts, Marks, Stock},
    market::{Board, Kind, Market},
    master::{MOST_ZIPPED, MasterFile, Torn},
    resolve::Unresolved,
    stocks::{FileState, Stocks},
};

/// How the master files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where they are downloaded.
    pub master_url: Url,
    /// When they are looked at again, at the latest.
    pub master_max_age: Duration,
    /// Where they are kept.
    pub directory: PathBuf,
}

#[cfg(test)]
mod size_tests;
