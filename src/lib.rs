//! kisd: the local gateway to the Open API of Korea Investment & Securities (KIS).
//!
//! A daemon keeps the one access token that KIS allows an app key, and serves JSON-RPC 2.0 on a Unix socket to every program
//! of the machine. Two programs stand on this library: `kisd`, the daemon, and `kisctl`, its client.
//!
//! # The way of the data
//!
//! A client's bytes come in through [`server`], become a method, ask a domain ([`account`]), which asks [`token`] for the right
//! to ask and [`kis`] for pages. The answer goes back the same way, once.
//!
//! # Layers
//!
//! Imports go down only; `tests/house.rs` holds them to it.
//!
//! | | rooms | |
//! |---|---|---|
//! | 5 | `bin/kisd`, `bin/kisctl` | arguments in, exit code out |
//! | 4 | [`daemon`], [`config`] | the composition root; what was written turned into settings |
//! | 3 | [`server`], [`gateway`]; [`ctl`] → [`mcp`] | the socket, and KIS's own REST; the command line and the bridge for agents on it |
//! | 2 | [`clients`] → [`book`], [`order`] → [`assets`], [`trades`], [`market`] → [`quote`] → [`account`] → [`desk`] → [`token`]; [`stock`] | who may ask what; the domains, whose reads are shared: one task owns the state, the world holds a handle; which stocks there are |
//! | 1 | [`trust`] → [`kis`] | the certificate under KIS's names; what is known of KIS |
//! | 0 | [`secret`], [`telemetry`] → [`clock`], [`backoff`], `files`, `places` | nothing of ours below |
//!
//! Crates of their own, since they must not know the rest or are of use without it: [`wire`] (what crosses the socket, and the client:
//! the crate `kisd-client`), `kis-catalog` (every operation of KIS), [`clock`], the [`simulator`] (a KIS for tests and demos) and its HTTP, `spelled-http`.
//!
//! A noun stands in three places: `N/` the domain, `server/methods/N.rs`, `ctl/commands/N.rs`.
//!
//! # What always holds
//!
//! 1. Two issuances for one app key are at least a minute apart, across tasks, processes and restarts ([`token::store`]).
//! 2. No sliding second has more calls to KIS than configured, token calls included ([`kis::quota`]).
//! 3. Whoever asks for a fresh answer is served by a call to KIS that began after the question ([`desk`]).
//! 4. A secret is never printed, logged, or sent anywhere but to KIS; money is never a binary float.
//! 5. A call that trades is sent once, unless KIS's gateway says that it did not pass it on ([`kis::after()`]).
//! 6. An order is in the ledger before it is sent, and one whose answer is lost is found, never sent again ([`order`]).
//! 7. What a client has set in motion does not die with its connection.
//!
//! Nothing is global: all that belongs to an account hangs on one [`account::Account`].

pub mod account;
pub mod assets;
pub mod backoff;
pub mod book;
pub mod clients;
pub mod config;
pub mod ctl;
pub mod daemon;
pub mod desk;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod gateway;
pub mod kis;
pub mod market;
pub mod mcp;
pub mod order;
mod places;
pub mod quote;
pub mod secret;
pub mod server;
pub mod stock;
pub mod telemetry;
pub mod token;
pub mod trades;
pub mod trust;

pub use kis_simulator as simulator;
pub use kisd_client as wire;
pub use kisd_clock::clock;
