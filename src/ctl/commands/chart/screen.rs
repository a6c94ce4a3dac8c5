//! A chart in lines of a terminal: rises red and falls blue, as in Korea; without colour rises are hollow and falls are filled.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    widgets::{Sparkline, SparklineBar, Widget},
};
use rust_decimal::Decimal;

use super::figures::{Bar, Direction, Figures, Scale};
use crate::ctl::{
    fit::{shortened, width},
    table::{self, grouped, signed},
};

/// Columns beside the candles, for prices of up to ten characters.
const AXIS: usize = 12;

/// Rows for the volume.
const VOLUME: usize = 4;

/// Rows that are no candles: two of the heading, the times, and one that stays free for what is typed next.
const OTHERS: usize = 4;

/// The least that can be drawn upon.
const LEAST: (usize, usize) = (30, 12);

/// How many candles fit.
pub(super) fn candles(columns: usize) -> usize {
    columns.max(LEAST.0) - AXIS
}

/// The whole chart.
pub(super) fn chart(style: table::Style, figures: &Figures, (columns, rows): (usize, usize)) -> String {
    let words = &style.words.quote.chart;
    if figures.bars.is_empty() {
        return format!("{}\n", words.none);
    }
    let (columns, rows) = (columns.max(LEAST.0), rows.max(LEAST.1));
    let whole = figures;
    let figures = figures.folded(candles(columns));
    let mut notes = Vec::new();
    notes.extend((figures.folded > 1).then(|| (words.folded)(figures.folded)));
    notes.extend((!style.colour).then(|| format!("░ {} █ {}", words.up, words.down)));
    let heading = heading(style, whole, &notes, columns);
    let volume = figures.most_volume().map_or(0, |_| VOLUME);
    let height = rows - OTHERS - volume;
    let area = Rect::new(0, 0, size(columns), size(rows - OTHERS + 1));
    let mut buffer = Buffer::empty(area);
    let bars = figures.bars.len();
    let scale = figures.scale();
    for (column, bar) in figures.bars.iter().enumerate() {
        draw(&mut buffer, style.colour, column, bar, &scale, height);
    }
    prices(&mut buffer, &figures, &scale, (bars, height));
    if let Some(most) = figures.most_volume() {
        let volumes = figures
            .bars
            .iter()
            .map(|bar| SparklineBar::from(figures.thousandths(bar)).style(Some(shade(style.colour, bar.direction))));
        let area = Rect::new(0, size(height), size(bars), size(volume));
        Sparkline::default().data(volumes).max(1000).render(area, &mut buffer);
        buffer.set_string(size(bars + 1), size(height), short(most), Style::default());
    }
    times(&mut buffer, &figures, height + volume, columns);
    format!("{heading}{}", lines(&buffer, style.colour))
}

/// What it is, and its last candle, in a line each.
fn heading(style: table::Style, figures: &Figures, notes: &[String], columns: usize) -> String {
    let words = &style.words.quote.chart;
    let (Some(first), Some(last)) = (figures.bars.first(), figures.bars.last()) else { return String::new() };
    let title = [figures.title.clone(), figures.lasting.clone()];
    let times = format!("{} – {}", figures.label(first), figures.label(last));
    let parts: Vec<String> = title.into_iter().chain([times]).chain(notes.iter().cloned()).collect();
    let before = figures.bars.iter().rev().nth(1).map(|bar| bar.close);
    let change = before.and_then(|before| {
        let by = last.close.checked_sub(before)?;
        let percent = by.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(before)?.round_dp(2);
        Some(format!(" {} ({} %)", signed(by), signed(percent)))
    });
    let mut figure = format!("{}{}", grouped(last.close), change.unwrap_or_default());
    let named = [(words.open, last.open), (words.high, last.high), (words.low, last.low)];
    let volume = last.volume.map(|volume| (words.volume, short(volume)));
    let named = named.into_iter().filter_map(|(name, price)| Some((name, grouped(price?)))).chain(volume);
    for (name, number) in named {
        let more = format!("  {name} {number}");
        // What does not fit is in the candles too.
        if width(&figure) + width(&more) <= columns {
            figure.push_str(&more);
        }
    }
    format!("{}\n{}\n", shortened(&parts.join(" · "), columns), shortened(&figure, columns))
}

/// What half of a cell has of a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Nothing,
    Wick,
    Body,
}

/// A candle in its column; each row has two halves.
fn draw(buffer: &mut Buffer, colour: bool, column: usize, bar: &Bar, scale: &Scale, height: usize) {
    let steps = height * 2 - 1;
    let down = |price: Decimal| scale.down(price, steps);
    let (open, close) = (down(bar.open.unwrap_or(bar.close)), down(bar.close));
    let (top, bottom) = (down(bar.high.unwrap_or(bar.close)), down(bar.low.unwrap_or(bar.close)));
    let body = open.min(close)..=open.max(close);
    let half = |at: usize| match () {
        () if body.contains(&at) => Half::Body,
        () if (top..=bottom).contains(&at) => Half::Wick,
        () => Half::Nothing,
    };
    for row in 0..height {
        let letter = match (half(row * 2), half(row * 2 + 1)) {
            // A day without a trade has a price, and no candle.
            (Half::Nothing, Half::Nothing) => continue,
            _ if bar.open.is_none() => "─",
            (Half::Nothing | Half::Wick, Half::Nothing | Half::Wick) => wick(half(row * 2), half(row * 2 + 1)),
            _ if !colour && bar.direction == Direction::Up => "░",
            _ if !colour => "█",
            (Half::Body, Half::Body) => "┃",
            (Half::Body, Half::Wick) => "╿",
            (Half::Wick, Half::Body) => "╽",
            (Half::Body, Half::Nothing) => "╹",
            (Half::Nothing, Half::Body) => "╻",
        };
        buffer.set_string(size(column), size(row), letter, shade(colour, bar.direction));
    }
}

fn wick(upper: Half, lower: Half) -> &'static str {
    match (upper, lower) {
        (Half::Nothing, _) => "╷",
        (_, Half::Nothing) => "╵",
        _ => "│",
    }
}

/// The prices beside the candles; that of the last stands out.
fn prices(buffer: &mut Buffer, figures: &Figures, scale: &Scale, (left, height): (usize, usize)) {
    let Some(last) = figures.bars.last() else { return };
    let at = scale.down(last.close, height - 1);
    for row in 0..height {
        buffer.set_string(size(left), size(row), "│", Style::default());
        if row % 4 == 0 && row.abs_diff(at) > 1 {
            let text = grouped(scale.price(row, height - 1));
            buffer.set_string(size(left), size(row), format!("┤{text}"), Style::default());
        }
    }
    let bold = Style::default().add_modifier(Modifier::BOLD);
    buffer.set_string(size(left), size(at), format!("┤{}", grouped(last.close)), bold);
}

/// The times below, as many as there is room for.
fn times(buffer: &mut Buffer, figures: &Figures, row: usize, columns: usize) {
    let mut free = 0;
    for (column, bar) in figures.bars.iter().enumerate() {
        let label = figures.label(bar);
        let is_marked = column >= free && column + label.chars().count() < columns;
        if is_marked {
            buffer.set_string(size(column), size(row), format!("└{label}"), Style::default());
            free = column + label.chars().count() + 6;
        }
    }
}

fn shade(colour: bool, direction: Direction) -> Style {
    match direction {
        Direction::Up if colour => Style::default().fg(Color::LightRed),
        Direction::Down if colour => Style::default().fg(Color::LightBlue),
        _ => Style::default(),
    }
}

/// A volume in few letters.
fn short(volume: Decimal) -> String {
    let units = [(Decimal::from(1_000_000_000_u64), "G"), (Decimal::from(1_000_000), "M"), (Decimal::from(1000), "K")];
    for (unit, letter) in units {
        if volume >= unit {
            let shown = volume.checked_div(unit).map(|part| part.round_dp(1).normalize());
            return format!("{}{letter}", shown.unwrap_or_default());
        }
    }
    volume.normalize().to_string()
}

/// What was drawn, in lines.
fn lines(buffer: &Buffer, colour: bool) -> String {
    let mut text = String::new();
    for row in 0..buffer.area.height {
        let cells: Vec<_> = (0..buffer.area.width).filter_map(|column| buffer.cell((column, row))).collect();
        let width = cells.iter().rposition(|cell| cell.symbol() != " ").map_or(0, |last| last + 1);
        let mut before = "";
        for cell in &cells[..width] {
            let code = match (cell.fg, cell.modifier.contains(Modifier::BOLD)) {
                (Color::LightRed, _) => "\x1b[91m",
                (Color::LightBlue, _) => "\x1b[94m",
                (_, true) => "\x1b[1m",
                _ => "",
            };
            if colour && code != before {
                let end = if before.is_empty() { "" } else { "\x1b[0m" };
                text.push_str(end);
                text.push_str(code);
                before = code;
            }
            text.push_str(cell.symbol());
        }
        text.push_str(if colour && !before.is_empty() { "\x1b[0m\n" } else { "\n" });
    }
    text
}

fn size(cells: usize) -> u16 {
    u16::try_from(cells).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        ctl::words::Language,
        wire::types::{Candle, Candles},
    };

    /// Days that rise and fall by turns, and one on which nothing was traded.
    fn figures(count: usize) -> Figures {
        let candles: Vec<Candle> = (0..count)
            .map(|day| {
                let day_of = chrono::NaiveDate::default() + chrono::Days::new(day as u64);
                let (open, close) = if day % 2 == 0 { (1000, 1100 + day) } else { (1100, 990) };
                let traded = day != 3;
                let price = |price: usize| traded.then_some(price);
                serde_json::from_value(json!({ "time": day_of.to_string(), "open": price(open), "high": price(1200 + day),
                    "low": price(900), "close": close, "volume": if traded { 10 + day } else { 0 }, "trade_value": null }))
                .unwrap()
            })
            .collect();
        let candles: Candles =
            serde_json::from_value(json!({ "stock_code": "005930", "market": "KRX", "currency": "KRW",
            "interval": "1d", "adjusted": true, "candles": candles, "next": null, "account_name": "main",
            "as_of": "2026-11-27T12:00:00+09:00" }))
            .unwrap();
        Figures::of(&candles, None)
    }

    fn drawn(count: usize, colour: bool, size: (usize, usize)) -> String {
        chart(table::Style { words: Language::English.words(), colour, columns: None }, &figures(count), size)
    }

    #[test]
    fn a_chart_fits_its_terminal_whatever_its_size_and_however_many_candles_there_are() {
        for count in [1, 2, 67, 68, 69, 500, 10_000] {
            for (columns, rows) in [(80, 24), (40, 12), (132, 50), (200, 15)] {
                let text = drawn(count, false, (columns, rows));
                let widest = width(&text);
                assert!(widest <= columns, "{count} candles are {widest} wide on {columns}");
                assert_eq!(text.lines().count(), rows - 1, "{count} candles on {columns} × {rows}");
            }
        }
    }

    #[test]
    fn a_rise_is_red_and_a_fall_blue_and_without_colour_they_differ_too() {
        let coloured = drawn(2, true, (80, 24));
        let of = |code: &str| coloured.contains(&format!("{code}┃"));
        assert!(of("\x1b[91m") && of("\x1b[94m"), "{coloured:?}");
        let plain = drawn(2, false, (80, 24));
        assert!(plain.contains("░█") && !plain.contains('\x1b'), "{plain}");
    }

    #[test]
    fn a_day_without_a_trade_is_a_line_and_no_candle() {
        let text = drawn(4, false, (80, 24));
        let letters: Vec<char> = text.lines().skip(2).filter_map(|line| line.chars().nth(3)).collect();
        assert_eq!(letters.iter().filter(|letter| **letter == '─').count(), 1, "{text}");
        assert!(!letters.contains(&'█') && !letters.contains(&'░'), "{text}");
    }
}
