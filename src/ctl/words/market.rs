//! What is said of markets, in both languages.

use chrono::Weekday;

use crate::wire::types::{KnownBy, Phase, Session, Unit};

/// Texts about markets.
#[derive(Debug)]
pub(in crate::ctl) struct MarketWords {
    pub(in crate::ctl) now: &'static str,
    pub(in crate::ctl) day: &'static str,
    pub(in crate::ctl) next: &'static str,
    pub(in crate::ctl) open: &'static str,
    pub(in crate::ctl) closed: &'static str,
    pub(in crate::ctl) not_known: &'static str,
    /// Day, open, known by, settlement, hours.
    pub(in crate::ctl) days: [&'static str; 5],
    /// Name, value, change, percent, open, high, low, counts.
    pub(in crate::ctl) indices: [&'static str; 8],
    /// Rank, code, name, price, change, percent, volume.
    pub(in crate::ctl) ranked: [&'static str; 7],
    /// Day, close, change, and of each kind shares and millions of won.
    pub(in crate::ctl) investors: [&'static str; 9],
    pub(in crate::ctl) not_complete: &'static str,
    /// So many indices failed.
    pub(in crate::ctl) failed: fn(usize) -> String,
    pub(in crate::ctl) session: fn(Session) -> &'static str,
    pub(in crate::ctl) phase: fn(Phase) -> &'static str,
    pub(in crate::ctl) known_by: fn(KnownBy) -> &'static str,
    pub(in crate::ctl) unit: fn(Unit) -> &'static str,
    pub(in crate::ctl) weekday: fn(Weekday) -> &'static str,
}

/// English.
pub(super) const ENGLISH: MarketWords = MarketWords {
    now: "Now",
    day: "Trading day",
    next: "Next",
    open: "open",
    closed: "closed",
    not_known: "not known",
    days: ["Day", "Market", "Known by", "Settlement", "Hours (Korean time)"],
    indices: ["Index", "Value", "Change", "%", "Open", "High", "Low", "Up / flat / down"],
    ranked: ["Rank", "Code", "Name", "Price", "Change", "%", "Volume"],
    investors: [
        "Day",
        "Close",
        "Change",
        "Individuals",
        "Foreigners",
        "Institutions",
        "Individuals, M won",
        "Foreigners, M won",
        "Institutions, M won",
    ],
    not_complete: "Shares and millions of won, bought less sold. * is not over: KIS may say more.",
    failed: |count| match count {
        1 => "one index could not be had".to_owned(),
        count => format!("{count} indices could not be had"),
    },
    session: |session| match session {
        Session::Pre => "pre-market",
        Session::Regular => "regular session",
        Session::Auction => "auction",
        Session::After => "after hours",
        Session::Day => "day market",
        Session::Closed => "closed",
        Session::Unknown => "?",
    },
    phase: |phase| match phase {
        Phase::PreMarket => "pre-market",
        Phase::OpeningAuction => "opening auction",
        Phase::Continuous => "regular",
        Phase::ClosingAuction => "closing auction",
        Phase::ClosingPrice => "at the close",
        Phase::SinglePrice => "single price",
        Phase::AfterMarket => "after-market",
        Phase::DayMarket => "day market",
        Phase::Unknown => "?",
    },
    known_by: |known_by| match known_by {
        KnownBy::Kis => "KIS",
        KnownBy::Table => "table",
        KnownBy::Weekend => "weekend",
        KnownBy::Unknown => "not known",
    },
    unit: |unit| match unit {
        Unit::Shares => "Ranked by (shares)",
        Unit::Currency => "Ranked by (amount)",
        Unit::Percent => "Ranked by (%)",
        Unit::Unknown => "Ranked by",
    },
    weekday: |day| match day {
        Weekday::Mon => "Mon",
        Weekday::Tue => "Tue",
        Weekday::Wed => "Wed",
        Weekday::Thu => "Thu",
        Weekday::Fri => "Fri",
        Weekday::Sat => "Sat",
        Weekday::Sun => "Sun",
    },
};

/// Korean.
pub(super) const KOREAN: MarketWords = MarketWords {
    now: "현재",
    day: "거래일",
    next: "다음",
    open: "개장",
    closed: "휴장",
    not_known: "알 수 없음",
    days: ["날짜", "시장", "근거", "결제일", "시간(한국 시각)"],
    indices: ["지수", "현재", "등락", "%", "시가", "고가", "저가", "상승 / 보합 / 하락"],
    ranked: ["순위", "종목코드", "종목명", "현재가", "등락", "%", "거래량"],
    investors: ["날짜", "종가", "등락", "개인", "외국인", "기관", "개인(백만 원)", "외국인(백만 원)", "기관(백만 원)"],
    not_complete: "순매수 수량(주)과 금액(백만 원)입니다. *는 확정되지 않은 날입니다.",
    failed: |count| format!("{count}개 지수를 가져오지 못했습니다"),
    session: |session| match session {
        Session::Pre => "프리마켓",
        Session::Regular => "정규장",
        Session::Auction => "동시호가",
        Session::After => "장 마감 후",
        Session::Day => "주간거래",
        Session::Closed => "거래 시간 외",
        Session::Unknown => "?",
    },
    phase: |phase| match phase {
        Phase::PreMarket => "프리마켓",
        Phase::OpeningAuction => "시가 단일가",
        Phase::Continuous => "정규장",
        Phase::ClosingAuction => "종가 단일가",
        Phase::ClosingPrice => "시간외 종가",
        Phase::SinglePrice => "시간외 단일가",
        Phase::AfterMarket => "애프터마켓",
        Phase::DayMarket => "주간거래",
        Phase::Unknown => "?",
    },
    known_by: |known_by| match known_by {
        KnownBy::Kis => "KIS",
        KnownBy::Table => "휴장일 표",
        KnownBy::Weekend => "주말",
        KnownBy::Unknown => "알 수 없음",
    },
    unit: |unit| match unit {
        Unit::Shares => "순위 기준(주)",
        Unit::Currency => "순위 기준(금액)",
        Unit::Percent => "순위 기준(%)",
        Unit::Unknown => "순위 기준",
    },
    weekday: |day| match day {
        Weekday::Mon => "월",
        Weekday::Tue => "화",
        Weekday::Wed => "수",
        Weekday::Thu => "목",
        Weekday::Fri => "금",
        Weekday::Sat => "토",
        Weekday::Sun => "일",
    },
};
