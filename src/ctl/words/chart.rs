//! What is said of charts, in both languages.

/// Texts about charts.
#[derive(Debug)]
pub(in crate::ctl) struct ChartWords {
    pub(in crate::ctl) open: &'static str,
    pub(in crate::ctl) high: &'static str,
    pub(in crate::ctl) low: &'static str,
    pub(in crate::ctl) close: &'static str,
    pub(in crate::ctl) volume: &'static str,
    pub(in crate::ctl) up: &'static str,
    pub(in crate::ctl) down: &'static str,
    pub(in crate::ctl) none: &'static str,
    /// So many candles are one column.
    pub(in crate::ctl) folded: fn(usize) -> String,
    /// A picture of so many candles is in this file.
    pub(in crate::ctl) written: fn(&str, usize) -> String,
    /// This file cannot be written, for this reason.
    pub(in crate::ctl) not_written: fn(&str, &str) -> String,
}

/// English.
pub(super) const ENGLISH: ChartWords = ChartWords {
    open: "open",
    high: "high",
    low: "low",
    close: "close",
    volume: "volume",
    up: "rise",
    down: "fall",
    none: "no candles",
    folded: |count| format!("{count} candles to a column"),
    written: |file, count| format!("{file}: {count} candles"),
    not_written: |file, reason| format!("{file} cannot be written: {reason}"),
};

/// Korean.
pub(super) const KOREAN: ChartWords = ChartWords {
    open: "시가",
    high: "고가",
    low: "저가",
    close: "종가",
    volume: "거래량",
    up: "상승",
    down: "하락",
    none: "봉이 없습니다",
    folded: |count| format!("한 칸에 봉 {count}개"),
    written: |file, count| format!("{file}: 봉 {count}개"),
    not_written: |file, reason| format!("{file} 파일을 쓸 수 없습니다: {reason}"),
};
