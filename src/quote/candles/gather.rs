//! Makes candles of KIS's rows: what was paid in each, and several minutes as one.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use rust_decimal::Decimal;

use super::{Bar, Value};

/// The candles of rows, newest first. `is_open`: there are more rows further back, so that the oldest candle may not be whole.
pub(super) fn candles(bars: &[Bar], step: usize, is_open: bool) -> Vec<Bar> {
    let mut candles: Vec<Bar> = Vec::new();
    for (index, bar) in bars.iter().enumerate() {
        let own = own_value(bar, bars.get(index + 1), is_open);
        let bar = Bar { at: start(bar.at, step), value: Value::Own(own), ..bar.clone() };
        match candles.last_mut().filter(|last| last.at == bar.at) {
            Some(last) => join(last, bar),
            None => candles.push(bar),
        }
    }
    // The next page has the rest of the oldest candle, and the row that tells what was paid in it.
    if is_open && (step > 1 || bars.last().is_some_and(|bar| matches!(bar.value, Value::SinceOpen(_)))) {
        candles.pop();
    }
    candles
}

/// How many candles rows make.
pub(super) fn count(bars: &[Bar], step: usize) -> usize {
    if step == 1 {
        return bars.len();
    }
    let mut starts = bars.iter().map(|bar| start(bar.at, step));
    let Some(mut last) = starts.next() else { return 0 };
    let mut count = 1;
    for at in starts {
        if at != last {
            (count, last) = (count + 1, at);
        }
    }
    count
}

/// Where the candle of so many minutes begins that has this one.
pub(super) fn start(at: NaiveDateTime, step: usize) -> NaiveDateTime {
    if step <= 1 {
        return at;
    }
    let minutes = at.time().num_seconds_from_midnight() / 60;
    let step = u32::try_from(step).unwrap_or(1);
    at.date().and_time(NaiveTime::MIN) + TimeDelta::minutes((minutes - minutes % step).into())
}

/// What was paid in the time of a row, of which KIS may say what was paid since the day began.
fn own_value(bar: &Bar, before: Option<&Bar>, is_open: bool) -> Option<Decimal> {
    let since = match bar.value {
        Value::Own(value) => return value,
        Value::SinceOpen(since) => since,
    };
    match before.map(|before| (before.at.date() == bar.at.date(), before.value)) {
        Some((true, Value::SinceOpen(before))) => since.checked_sub(before).filter(|paid| !paid.is_sign_negative()),
        Some((true, Value::Own(_))) => None,
        Some((false, _)) => Some(since),
        None if is_open => None,
        None => Some(since),
    }
}

/// Adds an earlier row to a candle.
fn join(candle: &mut Bar, earlier: Bar) {
    let both = |one: Option<Decimal>, other: Option<Decimal>, pick: fn(Decimal, Decimal) -> Decimal| match (one, other)
    {
        (Some(one), Some(other)) => Some(pick(one, other)),
        (one, other) => one.or(other),
    };
    candle.open = earlier.open.or(candle.open);
    candle.high = both(candle.high, earlier.high, Decimal::max);
    candle.low = both(candle.low, earlier.low, Decimal::min);
    candle.volume = candle.volume.zip(earlier.volume).and_then(|(one, other)| one.checked_add(other));
    candle.value = match (candle.value, earlier.value) {
        (Value::Own(Some(one)), Value::Own(Some(other))) => Value::Own(one.checked_add(other)),
        _ => Value::Own(None),
    };
}
