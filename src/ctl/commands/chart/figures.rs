//! What is drawn: candles as numbers, and where a price is between the lowest and the highest.

use rust_decimal::{Decimal, prelude::ToPrimitive};

use crate::wire::{
    number::Number,
    text::printable,
    types::{Candle, Candles, Interval},
};

/// Candles of a stock, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    /// What the stock is called, with market and currency.
    pub(super) title: String,
    pub(super) interval: Interval,
    /// Its name.
    pub(super) lasting: String,
    pub(super) bars: Vec<Bar>,
    /// Candles that are one bar together.
    pub(super) folded: usize,
}

/// A candle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) time: String,
    pub(super) open: Option<Decimal>,
    pub(super) high: Option<Decimal>,
    pub(super) low: Option<Decimal>,
    pub(super) close: Decimal,
    pub(super) volume: Option<Decimal>,
    pub(super) direction: Direction,
}

/// Where a price has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
    Flat,
}

impl Figures {
    pub(super) fn of(candles: &Candles, called: Option<String>) -> Self {
        let code = printable(&candles.stock_code);
        let name = called.map_or(code.clone(), |name| format!("{name} ({code})"));
        let title = format!("{name} {} {}", candles.market.name(), printable(&candles.currency));
        let lasting = serde_json::to_value(candles.interval).ok().and_then(|name| name.as_str().map(str::to_owned));
        let number = |number: Option<Number>| number.map(|number| number.0);
        let bar = |candle: &Candle| Bar {
            time: printable(&candle.time),
            open: number(candle.open),
            high: number(candle.high),
            low: number(candle.low),
            close: candle.close.0,
            volume: number(candle.volume),
            direction: Direction::Flat,
        };
        let bars = candles.candles.iter().map(bar).collect();
        let interval = candles.interval;
        let mut figures = Self { title, interval, lasting: lasting.unwrap_or_default(), bars, folded: 1 };
        figures.direct();
        figures
    }

    /// The same with at most so many bars: candles side by side become one.
    pub(super) fn folded(&self, most: usize) -> Self {
        let by = self.bars.len().div_ceil(most.max(1)).max(1);
        if by == 1 {
            return self.clone();
        }
        // The newest is never a part of a bar that has just begun.
        let bars = self.bars.rchunks(by).rev().filter_map(joined).collect();
        let mut figures = Self { bars, folded: by, ..self.clone() };
        figures.direct();
        figures
    }

    fn direct(&mut self) {
        let mut before: Option<Decimal> = None;
        for bar in &mut self.bars {
            let since = bar.open.filter(|open| *open != bar.close).or(before).unwrap_or(bar.close);
            bar.direction = match bar.close.cmp(&since) {
                std::cmp::Ordering::Greater => Direction::Up,
                std::cmp::Ordering::Less => Direction::Down,
                std::cmp::Ordering::Equal => Direction::Flat,
            };
            before = Some(bar.close);
        }
    }

    /// From the lowest to the highest price.
    pub(super) fn scale(&self) -> Scale {
        let lows = self.bars.iter().map(|bar| bar.low.unwrap_or(bar.close));
        let highs = self.bars.iter().map(|bar| bar.high.unwrap_or(bar.close));
        let digits = self.bars.iter().map(|bar| bar.close.scale()).max().unwrap_or_default();
        Scale { low: lows.min().unwrap_or_default(), high: highs.max().unwrap_or_default(), digits }
    }

    /// The greatest volume; `None`: there is none.
    pub(super) fn most_volume(&self) -> Option<Decimal> {
        self.bars.iter().filter_map(|bar| bar.volume).max().filter(|most| !most.is_zero())
    }

    /// A volume in thousandths of the greatest.
    pub(super) fn thousandths(&self, bar: &Bar) -> u64 {
        let share = bar.volume.zip(self.most_volume());
        let share = share.and_then(|(volume, most)| volume.checked_mul(Decimal::ONE_THOUSAND)?.checked_div(most));
        share.and_then(|share| share.round().to_u64()).unwrap_or_default()
    }

    /// A time, as short as it is still clear.
    pub(super) fn label(&self, bar: &Bar) -> String {
        let time = bar.time.as_str();
        let part = |range: std::ops::Range<usize>| time.get(range).unwrap_or(time);
        match self.interval {
            Interval::Year => part(0..4).to_owned(),
            Interval::Month => part(0..7).to_owned(),
            Interval::Day | Interval::Week | Interval::Unknown => part(0..10).to_owned(),
            _ => format!("{} {}", part(5..10), part(11..16)),
        }
    }
}

fn joined(bars: &[Bar]) -> Option<Bar> {
    let (first, last) = (bars.first()?, bars.last()?);
    let volumes: Option<Vec<Decimal>> = bars.iter().map(|bar| bar.volume).collect();
    let volume = volumes.and_then(|all| all.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add));
    Some(Bar {
        time: first.time.clone(),
        open: bars.iter().find_map(|bar| bar.open),
        high: bars.iter().filter_map(|bar| bar.high).max(),
        low: bars.iter().filter_map(|bar| bar.low).min(),
        close: last.close,
        volume,
        direction: Direction::Flat,
    })
}

/// From the lowest to the highest price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) low: Decimal,
    pub(super) high: Decimal,
    /// Digits of a price after the point.
    digits: u32,
}

impl Scale {
    /// How far down a price is, from 0 at the highest to `steps` at the lowest; in the middle where all are the same.
    pub(super) fn down(&self, price: Decimal, steps: usize) -> usize {
        let place = || {
            let range = self.high.checked_sub(self.low).filter(|range| !range.is_zero())?;
            let below = self.high.checked_sub(price.clamp(self.low, self.high))?.checked_mul(Decimal::from(steps))?;
            below.checked_div(range)?.round().to_usize()
        };
        place().unwrap_or(steps / 2).min(steps)
    }

    /// The price so far down.
    pub(super) fn price(&self, down: usize, steps: usize) -> Decimal {
        let part = || {
            let range = self.high.checked_sub(self.low)?;
            let below = range.checked_mul(Decimal::from(down))?.checked_div(Decimal::from(steps.max(1)))?;
            self.high.checked_sub(below)
        };
        part().unwrap_or(self.high).round_dp(self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(time: &str, prices: [i64; 4], volume: i64) -> Bar {
        let [open, high, low, close] = prices.map(Decimal::from);
        let (open, high, low) = (Some(open), Some(high), Some(low));
        Bar { time: time.to_owned(), open, high, low, close, volume: Some(volume.into()), direction: Direction::Flat }
    }

    #[test]
    fn bars_side_by_side_become_one_that_says_what_they_said() {
        let bars = vec![
            bar("2026-01-05", [10, 12, 9, 11], 5),
            bar("2026-01-06", [11, 15, 10, 10], 6),
            bar("2026-01-07", [10, 11, 7, 8], 7),
        ];
        let mut figures =
            Figures { title: String::new(), interval: Interval::Day, lasting: String::new(), bars, folded: 1 };
        figures.direct();
        let directions: Vec<_> = figures.bars.iter().map(|bar| bar.direction).collect();
        assert_eq!(directions, [Direction::Up, Direction::Down, Direction::Down]);
        let folded = figures.folded(2);
        assert_eq!((folded.folded, folded.bars.len(), folded.bars[0].time.as_str()), (2, 2, "2026-01-05"));
        let expected = Bar { direction: Direction::Down, ..bar("2026-01-06", [11, 15, 7, 8], 13) };
        assert_eq!(folded.bars[1], expected);
        assert_eq!(figures.folded(3).bars, figures.bars);
    }

    #[test]
    fn the_highest_is_at_the_top_and_the_lowest_at_the_bottom() {
        let scale = Scale { low: 100.into(), high: 200.into(), digits: 0 };
        let places = [200, 150, 100, 300].map(|price| scale.down(price.into(), 10));
        assert_eq!(places, [0, 5, 10, 0]);
        assert_eq!([scale.price(0, 10), scale.price(10, 10)], [200.into(), 100.into()]);
        let flat = Scale { low: 100.into(), high: 100.into(), digits: 0 };
        assert_eq!(flat.down(100.into(), 10), 5);
    }
}
