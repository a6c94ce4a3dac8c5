//! Orders: KIS takes an order at most once, and nobody is left not knowing.
//!
//! An order is checked, written down, and only then sent. Whatever KIS answers, or does not, is written down too; what is not known
//! is found out from KIS's list, and never by sending again. Nothing here knows JSON-RPC or a socket.
//!
//! | file | what it is |
//! |---|---|
//! | `ticket` | an order as it is wanted |
//! | `settings` | what an account's owner allows |
//! | `checks` | what is looked at before an order is sent: pure |
//! | `event` | what happens to an order |
//! | `life` | what happens to an order: a pure machine |
//! | `ledger` | orders and events on disk |
//! | `form`, `send` | what KIS is told, and how: once |
//! | `judge` | what KIS's list says of ours: pure |
//! | `lost` | which row of it is that of an order whose answer was lost: pure |
//! | `desk` | the orders of an account, under one lock |
//! | `orders` | the desks of all accounts |
//! | `error` | why an order is not what was wanted |

mod checks;
mod desk;
mod error;
mod event;
mod form;
mod judge;
mod ledger;
mod life;
mod lost;
mod orders;
mod send;
mod settings;
mod ticket;

pub use self::{
    checks::{Checked, Session},
    desk::{By, Changed, Desk, Placing},
    error::{OrderError, Refused},
    event::Event,
    form::{Change, NoForm},
    ledger::{Ledger, LedgerError, Page},
    life::{Impossible, Kept, Link, LostAmendment, is_same_number},
    orders::Orders,
    settings::{Approve, Sessions, Settings},
    ticket::{Ticket, Unfit, wanted},
};
