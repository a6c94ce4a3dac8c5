//! What is said of prices, in both languages.

use super::chart::{self, ChartWords};
use super::market::{self, MarketWords};
use crate::wire::types::StockStatus;

/// Texts about prices.
#[derive(Debug)]
pub(in crate::ctl) struct QuoteWords {
    /// Code, name, market, price, change, percent, volume.
    pub(in crate::ctl) columns: [&'static str; 7],
    /// Ask quantity, price, bid quantity.
    pub(in crate::ctl) book: [&'static str; 3],
    pub(in crate::ctl) price: &'static str,
    pub(in crate::ctl) change: &'static str,
    pub(in crate::ctl) session: &'static str,
    pub(in crate::ctl) limits: &'static str,
    pub(in crate::ctl) base: &'static str,
    pub(in crate::ctl) volume: &'static str,
    pub(in crate::ctl) value: &'static str,
    pub(in crate::ctl) year: &'static str,
    pub(in crate::ctl) ratios: &'static str,
    pub(in crate::ctl) cap: &'static str,
    pub(in crate::ctl) note: &'static str,
    pub(in crate::ctl) total: &'static str,
    pub(in crate::ctl) expected: &'static str,
    pub(in crate::ctl) chart: ChartWords,
    /// What a table has left out to fit, and whether names are shortened too.
    pub(in crate::ctl) left_out: fn(&[&str], bool) -> String,
    /// So many of them failed.
    pub(in crate::ctl) failed: fn(usize) -> String,
    pub(in crate::ctl) status: fn(StockStatus) -> &'static str,
    pub(in crate::ctl) market: MarketWords,
}

/// English.
pub(super) const ENGLISH: QuoteWords = QuoteWords {
    columns: ["Code", "Name", "Market", "Price", "Change", "%", "Volume"],
    book: ["Asks", "Price", "Bids"],
    price: "Price",
    change: "Change",
    session: "Open, high, low",
    limits: "Limits",
    base: "Base price",
    volume: "Volume",
    value: "Traded value",
    year: "52 weeks",
    ratios: "PER, PBR",
    cap: "Market cap",
    note: "Note",
    total: "Total",
    expected: "Expected",
    chart: chart::ENGLISH,
    left_out: |columns, is_shortened| {
        let names = if is_shortened { "names are shortened" } else { "" };
        match (columns.is_empty(), names) {
            (true, names) => format!("{names} to fit"),
            (false, "") => format!("left out to fit: {}", columns.join(", ")),
            (false, names) => format!("left out to fit: {}; {names}", columns.join(", ")),
        }
    },
    failed: |count| match count {
        1 => "one price could not be had".to_owned(),
        count => format!("{count} prices could not be had"),
    },
    status: |status| match status {
        StockStatus::Halted => "halted",
        StockStatus::Liquidation => "liquidation",
        StockStatus::Managed => "under administration",
        StockStatus::Caution => "caution",
        StockStatus::Warning => "warning",
        StockStatus::Risk => "risk",
        StockStatus::WarningAnnounced => "warning announced",
        StockStatus::OverheatingAnnounced => "overheating announced",
        StockStatus::Overheated => "overheated",
        StockStatus::InvestorCaution => "caution for investors",
        StockStatus::ShortSalesOverheated => "short sales overheated",
        StockStatus::AbnormalRise => "abnormal rise",
        StockStatus::VolatilityInterruption => "VI",
        StockStatus::FullMargin => "whole price only",
        StockStatus::Unknown => "?",
    },
    market: market::ENGLISH,
};

/// Korean.
pub(super) const KOREAN: QuoteWords = QuoteWords {
    columns: ["종목코드", "종목명", "시장", "현재가", "등락", "%", "거래량"],
    book: ["매도잔량", "호가", "매수잔량"],
    price: "현재가",
    change: "등락",
    session: "시가, 고가, 저가",
    limits: "상한가, 하한가",
    base: "기준가",
    volume: "거래량",
    value: "거래대금",
    year: "52주 최고, 최저",
    ratios: "PER, PBR",
    cap: "시가총액",
    note: "참고",
    total: "합계",
    expected: "예상체결",
    chart: chart::KOREAN,
    left_out: |columns, is_shortened| {
        let names = if is_shortened { "종목명을 줄였습니다" } else { "" };
        match (columns.is_empty(), names) {
            (true, names) => format!("화면 폭에 맞춰 {names}"),
            (false, "") => format!("화면 폭에 맞춰 뺀 항목: {}", columns.join(", ")),
            (false, names) => format!("화면 폭에 맞춰 뺀 항목: {}. {names}", columns.join(", ")),
        }
    },
    failed: |count| format!("{count}개 종목의 시세를 가져오지 못했습니다"),
    status: |status| match status {
        StockStatus::Halted => "거래정지",
        StockStatus::Liquidation => "정리매매",
        StockStatus::Managed => "관리종목",
        StockStatus::Caution => "투자주의",
        StockStatus::Warning => "투자경고",
        StockStatus::Risk => "투자위험",
        StockStatus::WarningAnnounced => "투자경고·위험 예고",
        StockStatus::OverheatingAnnounced => "단기과열 예고",
        StockStatus::Overheated => "단기과열",
        StockStatus::InvestorCaution => "투자주의 환기종목",
        StockStatus::ShortSalesOverheated => "공매도과열",
        StockStatus::AbnormalRise => "이상급등",
        StockStatus::VolatilityInterruption => "VI 발동",
        StockStatus::FullMargin => "증거금 100%",
        StockStatus::Unknown => "?",
    },
    market: market::KOREAN,
};
