//! The contract of kisd, the local gateway to the Open API of Korea Investment & Securities: method names, parameters, results,
//! error codes, framing, and where its socket is; with a [`client`].
//!
//! ```no_run
//! use kisd_client::{client, method::AccountBalance, place::{Places, User}, types::{Balance, BalanceParams}};
//!
//! # async fn balance() -> Result<Balance, Box<dyn std::error::Error>> {
//! let places = Places::usual(&User::new(|name| std::env::var_os(name)));
//! let client = client::first(&places).await.map_err(|tried| format!("no daemon: {tried:?}"))?;
//! let balance: Balance = client::call::<AccountBalance>(&client, &BalanceParams::default()).await?;
//! # Ok(balance)
//! # }
//! ```
//!
//! The daemon and its client stand on it. It knows no domain, no secret and no configuration, so `kisctl` cannot hold a secret.

pub mod client;
pub mod codes;
pub mod daemon;
pub mod frame;
pub mod method;
pub mod number;
pub mod place;
pub mod raw;
pub mod text;
pub mod types;
pub mod whole;
