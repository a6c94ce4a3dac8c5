//! When markets trade: days, hours and sessions, as far as they are known. Nothing here waits, and nothing is guessed: a day beyond
//! the tables has no hours, and a special day whose hours are not published has none for that part.
//!
//! A market is asked about with [`Calendar`], which takes the days that KIS has told (of the Korea Exchange) before those of the
//! tables.
//!
//! | file | what it is |
//! |---|---|
//! | `holidays` | the tables: days without trading, and special ones, by country and year |
//! | `hours` | the parts of a day of trading |
//! | `calendar` | whether a day is one, its parts, when a trade is settled |
//! | `session` | what a market does at an instant, and when that changes |

mod calendar;
mod holidays;
mod hours;
mod session;
#[cfg(test)]
mod tests;

pub use self::{
    calendar::{Calendar, Day, OpenDays},
    hours::{Part, session_of},
    session::Now,
};
