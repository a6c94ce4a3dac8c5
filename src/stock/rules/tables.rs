//! Tables by market and kind, for where KIS states nothing.

use rust_decimal::Decimal;

use crate::stock::market::{Kind, Market};

/// A tick in ten-thousandths, for prices below a bound in whole units; the last bound is none.
pub(super) type Band = (Option<u32>, u32);

/// A won, and its like, in ten-thousandths.
const ONE: u32 = 10_000;

/// Since 2023-01-25, all boards.
const KRX: &[Band] = &[
    (Some(2_000), ONE),
    (Some(5_000), 5 * ONE),
    (Some(20_000), 10 * ONE),
    (Some(50_000), 50 * ONE),
    (Some(200_000), 100 * ONE),
    (Some(500_000), 500 * ONE),
    (None, 1_000 * ONE),
];

/// ETF and ETN, since December 2023.
const KRX_FUNDS: &[Band] = &[(Some(2_000), ONE), (None, 5 * ONE)];

const ELW: &[Band] = &[(None, 5 * ONE)];

/// Cents, and below a dollar their hundredths.
const US: &[Band] = &[(Some(1), 1), (None, 100)];

/// Hong Kong's spreads since 2025-08-04. Where a later phase halves them, the finer ones.
const HK: &[Band] = &[
    (Some(10), 10),
    (Some(20), 100),
    (Some(50), 200),
    (Some(100), 500),
    (Some(200), 1_000),
    (Some(500), 2_000),
    (Some(1_000), 5_000),
    (Some(2_000), ONE),
    (Some(5_000), 2 * ONE),
    (None, 5 * ONE),
];

/// Tokyo, for the 500 large ones, which are finer than the others.
const JP: &[Band] = &[
    (Some(1_000), 1_000),
    (Some(3_000), 5_000),
    (Some(10_000), ONE),
    (Some(30_000), 5 * ONE),
    (Some(100_000), 10 * ONE),
    (Some(300_000), 50 * ONE),
    (Some(1_000_000), 100 * ONE),
    (Some(3_000_000), 500 * ONE),
    (None, 1_000 * ONE),
];

const CN: &[Band] = &[(None, 100)];

const CN_FUNDS: &[Band] = &[(None, 10)];

const HANOI: &[Band] = &[(None, 100 * ONE)];

const HO_CHI_MINH: &[Band] = &[(Some(10_000), 10 * ONE), (Some(50_000), 50 * ONE), (None, 100 * ONE)];

/// A fund of either Vietnamese market.
const VN_FUNDS: &[Band] = &[(None, ONE)];

/// The table; none where there is none.
pub(super) fn ticks(market: Market, kind: Kind) -> Option<&'static [Band]> {
    let fund = matches!(kind, Kind::Etf | Kind::Etn);
    Some(match (market, kind) {
        (_, Kind::Index | Kind::Other) => return None,
        (Market::Krx, Kind::Elw) => ELW,
        (Market::Krx, Kind::Warrant) => return None,
        (Market::Krx, _) if fund => KRX_FUNDS,
        (Market::Krx, _) => KRX,
        (Market::Nasdaq | Market::Nyse | Market::Amex, _) => US,
        (_, Kind::Elw | Kind::Warrant) => return None,
        (Market::Hkex, _) => HK,
        (Market::Tse, _) => JP,
        (Market::Sse | Market::Szse, _) if fund => CN_FUNDS,
        (Market::Sse | Market::Szse, _) => CN,
        (Market::Hnx | Market::Hsx, _) if fund => VN_FUNDS,
        (Market::Hnx, _) => HANOI,
        (Market::Hsx, _) => HO_CHI_MINH,
    })
}

/// Which band of a table a price is in.
pub(super) fn band(table: &[Band], price: Decimal) -> usize {
    let is_in = |(bound, _): &Band| bound.is_none_or(|bound| price < Decimal::from(bound));
    table.iter().position(is_in).unwrap_or(table.len().saturating_sub(1))
}

/// The tick at a price.
pub(super) fn tick(table: &[Band], price: Decimal) -> Decimal {
    let (_, tick) = table.get(band(table, price)).copied().unwrap_or((None, ONE));
    Decimal::new(i64::from(tick), 4).normalize()
}

/// What quantities are multiples of.
pub(super) fn lot(market: Market, kind: Kind) -> Option<u32> {
    match (market, kind) {
        (Market::Krx, Kind::Elw) => Some(10),
        (Market::Krx | Market::Nasdaq | Market::Nyse | Market::Amex, _) => Some(1),
        (Market::Tse | Market::Sse | Market::Szse | Market::Hnx | Market::Hsx, _) => Some(100),
        // Each has its own.
        (Market::Hkex, _) => None,
    }
}
