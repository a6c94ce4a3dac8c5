//! Which types of order are taken when, and when an order of a day dies.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use super::refusal::Refused;
use crate::{
    Hours, Mode,
    clock::{from_kst, kst},
    listing::{Kind, Listed, Market as Board},
    market::{Market, Quote},
};

/// From one minute of the day to another, and the types that are taken then.
type Window = (u32, u32, &'static [&'static str]);

const MAIN: &[&str] = &["00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "21", "22", "23", "24"];
const NXT: &[&str] = &["00", "03", "04", "11", "12", "13", "14", "15", "16", "21", "22", "23", "24"];
const NXT_EARLY: &[&str] =
    &["00", "03", "04", "11", "12", "13", "14", "15", "16", "21", "22", "23", "24", "27", "28", "29"];
const SOR: &[&str] = &["00", "01", "03", "04", "11", "12", "13", "14", "15", "16"];
const AUCTION: &[&str] = &["00", "01"];
const AFTER: &[&str] = &["41", "42", "43", "44", "45", "46", "47"];

const KRX: &[Window] = &[
    (510, 520, &["00", "01", "05"]),
    (520, 540, AUCTION),
    (540, 920, MAIN),
    (920, 930, AUCTION),
    (930, 960, &["06"]),
    (960, 1_200, AFTER),
];
const NXT_DAY: &[Window] = &[(480, 530, NXT_EARLY), (540, 920, NXT), (930, 1_200, NXT)];
const SOR_DAY: &[Window] = &[(480, 530, SOR), (540, 920, SOR), (930, 1_200, SOR)];

/// Types that paper accounts have.
const PAPER: &[&str] = &["00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16"];

/// Types without a price of their own.
const UNPRICED: &[&str] =
    &["01", "03", "04", "05", "06", "13", "14", "15", "16", "21", "23", "24", "28", "29", "44", "45", "46", "47"];

fn windows(exchange: &str) -> &'static [Window] {
    match exchange {
        "NXT" => NXT_DAY,
        "SOR" => SOR_DAY,
        _ => KRX,
    }
}

/// Whether a type takes a price.
pub(super) fn is_priced(order_type: &str) -> bool {
    !UNPRICED.contains(&order_type)
}

/// Whether what is not filled at once of a type dies.
pub(super) fn is_immediate(order_type: &str) -> bool {
    matches!(order_type, "11" | "13" | "15" | "23" | "42" | "45") || is_whole(order_type)
}

/// Whether a type is filled at once and in whole, or not at all.
pub(super) fn is_whole(order_type: &str) -> bool {
    matches!(order_type, "12" | "14" | "16" | "24" | "43" | "46")
}

/// Whether there is such a type at all.
pub(super) fn is_known(order_type: &str) -> bool {
    [KRX, NXT_DAY].iter().flat_map(|day| day.iter()).any(|(_, _, types)| types.contains(&order_type))
        || order_type == "07"
}

/// Whether an order of a type is taken for an issue at an exchange, now.
pub(super) fn check(
    market: &Market,
    mode: Mode,
    (exchange, order_type): (&str, &str),
    quote: &Quote,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let windows = windows(exchange);
    if !windows.iter().any(|(_, _, types)| types.contains(&order_type)) || !is_for(quote.listed, order_type) {
        return Err(Refused::Type);
    }
    if mode == Mode::Paper && !PAPER.contains(&order_type) {
        return Err(Refused::NotOnPaper);
    }
    if market.hours() == Hours::Always {
        return Ok(());
    }
    let local = kst(now);
    if !market.trades_on(local.date_naive()) {
        return Err(Refused::Holiday);
    }
    let minute = local.hour() * 60 + local.minute();
    if windows.iter().any(|(from, to, types)| (*from..*to).contains(&minute) && types.contains(&order_type)) {
        return Ok(());
    }
    let meant: Vec<_> = windows.iter().filter(|(_, _, types)| types.contains(&order_type)).collect();
    if meant.iter().all(|(from, _, _)| minute < *from) {
        Err(Refused::NotYet)
    } else if meant.iter().all(|(_, to, _)| minute >= *to) {
        Err(Refused::Over)
    } else {
        Err(Refused::Closed)
    }
}

/// Whether there is a type for an issue: funds do not trade in the after-market, KONEX knows limit and market only.
fn is_for(listed: Option<&Listed>, order_type: &str) -> bool {
    match listed.map(|listed| (listed.market, listed.kind)) {
        Some((Board::Konex, _)) => AUCTION.contains(&order_type),
        Some((_, Kind::Etf | Kind::Etn)) => !AFTER.contains(&order_type),
        _ => true,
    }
}

/// When an order dies.
pub(super) fn end(market: &Market, exchange: &str, order_type: &str, placed: DateTime<Utc>) -> DateTime<Utc> {
    let day = kst(placed).date_naive();
    if market.hours() == Hours::Always {
        return moment(day, 1_440);
    }
    moment(
        day,
        match (exchange, order_type) {
            (_, "27" | "28" | "29") => 530,
            ("NXT" | "SOR", _) => 1_200,
            (_, "05") => 520,
            (_, "06") => 960,
            (_, "41" | "42" | "43" | "44" | "45" | "46" | "47") => 1_200,
            // The auction of the close is at its first second.
            _ => 931,
        },
    )
}

/// A minute of a day in Korea.
pub(super) fn moment(day: NaiveDate, minute: i64) -> DateTime<Utc> {
    let midnight = from_kst(day.and_time(NaiveTime::MIN)).unwrap_or_default();
    midnight + TimeDelta::minutes(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_time_and_those_at_once_are_known() {
        for order_type in MAIN.iter().chain(NXT_EARLY).chain(AFTER) {
            assert!(is_known(order_type), "{order_type}");
        }
        assert!(!is_known("08") && !is_known(""));
        assert!(is_immediate("12") && is_whole("12") && is_immediate("11") && !is_whole("11") && !is_immediate("00"));
    }
}
