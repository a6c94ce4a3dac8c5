//! A chart as a picture: whole points, so that no number is rounded twice.

use std::fmt::Write;

use super::figures::{Bar, Direction, Figures};
use crate::ctl::{table::grouped, words::chart::ChartWords};

const WIDTH: usize = 960;
const HEIGHT: usize = 540;

/// Where the candles are: right of the left edge, left of the prices, below the title.
const LEFT: usize = 20;
const RIGHT: usize = 850;
const TOP: usize = 60;
const BOTTOM: usize = 400;

/// Where the volume is.
const VOLUME_TOP: usize = 420;
const VOLUME_BOTTOM: usize = 500;

/// Lines across.
const LINES: usize = 5;

/// Points of each time below.
const TIME: usize = 130;

/// The picture, as the text of a file.
pub(super) fn picture(figures: &Figures, words: &ChartWords) -> String {
    // Each has its place in points; where there are more candles than places, they share one.
    let figures = figures.folded(RIGHT - LEFT);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <style>.up{{stroke:#d60000;fill:#d60000}}.down{{stroke:#0051c7;fill:#0051c7}}.flat{{stroke:#555;fill:#555}}.grid{{stroke:#ddd}}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    let title = format!("{} · {}", figures.title, figures.lasting);
    let _ = writeln!(text, "<text x=\"{LEFT}\" y=\"30\" font-size=\"18\">{}</text>", escaped(&title));
    let scale = figures.scale();
    let steps = BOTTOM - TOP;
    for line in 0..=LINES {
        let down = steps * line / LINES;
        let (y, price) = (TOP + down, grouped(scale.price(down, steps)));
        let _ = writeln!(text, "<path class=\"grid\" d=\"M{LEFT} {y}H{RIGHT}\"/>");
        let _ = writeln!(text, "<text x=\"{}\" y=\"{}\">{price}</text>", RIGHT + 8, y + 4);
    }
    let mut free = 0;
    for (place, bar) in figures.bars.iter().enumerate() {
        let x = LEFT + (RIGHT - LEFT) * (place * 2 + 1) / (figures.bars.len() * 2);
        let body = ((RIGHT - LEFT) * 7 / (figures.bars.len() * 10)).clamp(1, 24);
        let class = class(bar);
        let down = |price| TOP + scale.down(price, steps);
        let (top, bottom) = (down(bar.high.unwrap_or(bar.close)), down(bar.low.unwrap_or(bar.close)));
        let (open, close) = (down(bar.open.unwrap_or(bar.close)), down(bar.close));
        let _ = write!(text, "<g class=\"{class}\"><title>{}</title>", escaped(&said(bar, words)));
        let _ = write!(text, "<path d=\"M{x} {top}V{bottom}\"/>");
        let _ = write!(
            text,
            "<rect x=\"{}\" y=\"{}\" width=\"{body}\" height=\"{}\"/>",
            x - body / 2,
            open.min(close),
            open.abs_diff(close).max(1)
        );
        let high = usize::try_from(figures.thousandths(bar)).unwrap_or_default() * (VOLUME_BOTTOM - VOLUME_TOP) / 1000;
        if high > 0 {
            let (x, y) = (x - body / 2, VOLUME_BOTTOM - high);
            let _ = write!(text, "<rect x=\"{x}\" y=\"{y}\" width=\"{body}\" height=\"{high}\" opacity=\".6\"/>");
        }
        text.push_str("</g>\n");
        if x >= free && x + TIME / 2 <= RIGHT {
            // At the edge it begins where the others have their middle.
            let anchor = if x < TIME / 2 { "start" } else { "middle" };
            let (label, y) = (escaped(&figures.label(bar)), VOLUME_BOTTOM + 22);
            let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{label}</text>");
            free = x + TIME;
        }
    }
    if let Some(most) = figures.most_volume() {
        let _ = writeln!(text, "<text x=\"{}\" y=\"{}\">{}</text>", RIGHT + 8, VOLUME_TOP + 8, grouped(most));
    }
    text.push_str("</svg>\n");
    text
}

/// A candle in words, for who points at it.
fn said(bar: &Bar, words: &ChartWords) -> String {
    let mut text = bar.time.clone();
    for (name, number) in [
        (words.open, bar.open),
        (words.high, bar.high),
        (words.low, bar.low),
        (words.close, Some(bar.close)),
        (words.volume, bar.volume),
    ] {
        if let Some(number) = number {
            let _ = write!(text, " {name} {}", grouped(number));
        }
    }
    text
}

fn class(bar: &Bar) -> &'static str {
    match bar.direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::Flat => "flat",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
