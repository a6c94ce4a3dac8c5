//! What is said of orders, executions, profits and transactions, in both languages.

use crate::wire::types::{AccountOrderKind, AccountOrderState, TradeSide};

/// Texts about what was traded.
#[derive(Debug)]
pub(in crate::ctl) struct TradeWords {
    /// Time, number, code, name, side, quantity, price, filled, average, state.
    pub(in crate::ctl) orders: [&'static str; 10],
    /// Number, day, code, name, side, quantity, price, state.
    pub(in crate::ctl) reserved: [&'static str; 8],
    /// Time of the order, number, code, name, side, quantity, price, amount, currency.
    pub(in crate::ctl) executions: [&'static str; 9],
    /// Day, code, name, quantity, bought at, sold at, profit, percent, costs, currency.
    pub(in crate::ctl) profits: [&'static str; 10],
    /// Day, settlement, code, name, side, quantity, price, settled, fees, currency.
    pub(in crate::ctl) transactions: [&'static str; 10],
    pub(in crate::ctl) reservations: &'static str,
    pub(in crate::ctl) no_reservations: fn(&str) -> String,
    pub(in crate::ctl) none: &'static str,
    pub(in crate::ctl) total: &'static str,
    pub(in crate::ctl) incomplete: &'static str,
    pub(in crate::ctl) side: fn(TradeSide) -> &'static str,
    /// Of an amendment or a cancellation; nothing of an order.
    pub(in crate::ctl) kind: fn(AccountOrderKind) -> &'static str,
    pub(in crate::ctl) state: fn(AccountOrderState) -> &'static str,
    /// What the account has.
    pub(in crate::ctl) assets: super::assets::AssetWords,
}

/// English.
pub(super) const ENGLISH: TradeWords = TradeWords {
    orders: ["Time", "No.", "Code", "Name", "Side", "Quantity", "Price", "Filled", "Avg. price", "State"],
    reserved: ["No.", "For", "Code", "Name", "Side", "Quantity", "Price", "State"],
    executions: ["Ordered", "No.", "Code", "Name", "Side", "Filled", "Avg. price", "Amount", "Currency"],
    profits: ["Day", "Code", "Name", "Sold", "Cost", "Price", "Profit", "%", "Fees, taxes", "Currency"],
    transactions: ["Day", "Settled on", "Code", "Name", "Side", "Quantity", "Price", "Settled", "Fees", "Currency"],
    reservations: "Reserved",
    no_reservations: |reason| format!("Reservations are not known: {reason}"),
    none: "none",
    total: "Total",
    incomplete: "KIS's list goes on: these are not all. Ask for fewer days.",
    side: |side| match side {
        TradeSide::Buy => "buy",
        TradeSide::Sell => "sell",
        TradeSide::Unknown => "?",
    },
    kind: |kind| match kind {
        AccountOrderKind::New | AccountOrderKind::Unknown => "",
        AccountOrderKind::Amend => "amend",
        AccountOrderKind::Cancel => "cancel",
    },
    state: |state| match state {
        AccountOrderState::Accepted => "accepted",
        AccountOrderState::PartlyFilled => "partly filled",
        AccountOrderState::Filled => "filled",
        AccountOrderState::Cancelled => "cancelled",
        AccountOrderState::Amended => "amended",
        AccountOrderState::Rejected => "rejected",
        AccountOrderState::Expired => "expired",
        AccountOrderState::Closed => "closed",
        AccountOrderState::Confirmed => "confirmed",
        AccountOrderState::Unknown => "?",
    },
    assets: super::assets::ENGLISH,
};

/// Korean.
pub(super) const KOREAN: TradeWords = TradeWords {
    orders: [
        "주문시각",
        "주문번호",
        "종목코드",
        "종목명",
        "구분",
        "주문수량",
        "주문단가",
        "체결수량",
        "체결단가",
        "상태",
    ],
    reserved: ["예약번호", "주문일", "종목코드", "종목명", "구분", "주문수량", "주문단가", "처리상태"],
    executions: ["주문시각", "주문번호", "종목코드", "종목명", "구분", "체결수량", "체결단가", "체결금액", "통화"],
    profits: [
        "매매일",
        "종목코드",
        "종목명",
        "매도수량",
        "매입단가",
        "매도단가",
        "실현손익",
        "%",
        "수수료·세금",
        "통화",
    ],
    transactions: ["매매일", "결제일", "종목코드", "종목명", "구분", "수량", "체결단가", "정산금액", "수수료", "통화"],
    reservations: "예약주문",
    no_reservations: |reason| format!("예약주문을 조회하지 못했습니다: {reason}"),
    none: "내역이 없습니다",
    total: "합계",
    incomplete: "KIS의 목록이 더 있어 전체가 아닙니다. 기간을 나누어 조회하세요.",
    side: |side| match side {
        TradeSide::Buy => "매수",
        TradeSide::Sell => "매도",
        TradeSide::Unknown => "?",
    },
    kind: |kind| match kind {
        AccountOrderKind::New | AccountOrderKind::Unknown => "",
        AccountOrderKind::Amend => "정정",
        AccountOrderKind::Cancel => "취소",
    },
    state: |state| match state {
        AccountOrderState::Accepted => "접수",
        AccountOrderState::PartlyFilled => "일부 체결",
        AccountOrderState::Filled => "체결",
        AccountOrderState::Cancelled => "취소됨",
        AccountOrderState::Amended => "정정됨",
        AccountOrderState::Rejected => "거부",
        AccountOrderState::Expired => "기간 만료",
        AccountOrderState::Closed => "종료",
        AccountOrderState::Confirmed => "확인",
        AccountOrderState::Unknown => "?",
    },
    assets: super::assets::KOREAN,
};
