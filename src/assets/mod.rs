//! Money and holdings: what an account can buy and sell, and all that it has, in the words of the contract.
//!
//! Each answer is made of calls of [`account::calls`](crate::account::calls), so that it shares calls and memory with `kis.call`.
//! Another room asks here with an [`Account`](crate::account::Account) of its own. Must never: know JSON-RPC, or fill in what KIS has not said.
//!
//! | file | what it is |
//! |---|---|
//! | `asking` | how KIS is asked, and why there may be no answer |
//! | `buyable` | what can be bought |
//! | `sellable` | what can be sold |
//! | `abroad` | what is held abroad, market by market |
//! | `present` | the money abroad, and what was settled |
//! | `overseas` | both together |
//! | `classes` | all that there is, by class |

mod abroad;
mod asking;
mod buyable;
mod classes;
mod overseas;
mod present;
mod sellable;

use rust_decimal::Decimal;

use crate::wire::number::Number;

pub use self::{
    asking::{Asking, Fault},
    buyable::{Order, buyable},
    classes::assets,
    overseas::overseas_balance,
    sellable::sellable,
};

/// A number without the zeros that KIS pads it with.
fn plain(number: Decimal) -> Number {
    Number(number.normalize())
}
