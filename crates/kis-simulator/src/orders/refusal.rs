//! Why an order is refused, in the words of both environments.
//!
//! Recorded of real accounts are APBK0400, 0506, 0656, 0918, 0919, 0927, 0952, 0963, 1269, 1664 and KIER3672; of paper accounts 40030000, 40070000,
//! 40100000, 40250000, 40330000, 40570000 and 90000000. The other codes are made up, since none was published: a client must not
//! decide by them, as KIS gives one code several texts.

use serde::Serialize;

use crate::{Mode, http::Answer, ledger::input_error};

#[derive(Serialize)]
struct Body<'a> {
    rt_cd: &'a str,
    msg_cd: &'a str,
    msg1: &'a str,
}

/// Why an order is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// A parameter has a value that there is not.
    Input(&'static str),
    /// The price is no multiple of the tick.
    Step,
    /// The price is beyond the limits of the day.
    Limits,
    /// There is no such issue.
    NoIssue,
    /// Trading in it is halted.
    Halted,
    /// More is sold than there is.
    Sellable,
    /// More is bought than there is money for.
    Funds,
    /// The quantity is none.
    Quantity,
    /// There is no such type of order, or not there.
    Type,
    /// There is no such type of order abroad.
    TypeAbroad,
    /// Not now, abroad.
    ClosedAbroad,
    /// No reservation is taken now.
    ReservedHours,
    /// Not now.
    Closed,
    /// Not yet today.
    NotYet,
    /// The day is over.
    Over,
    /// No day of trading.
    Holiday,
    /// Nothing is left to amend or cancel.
    NoRest,
    /// More is to be amended or cancelled than is left.
    BeyondRest,
    /// There is no such order.
    NoOrder,
    /// The order is one of another exchange.
    Exchange,
    /// What paper accounts do not have.
    NotOnPaper,
    /// The issue is not traded there.
    NotThere,
}

impl Refused {
    /// In a real account.
    fn real(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Input(_) => ("2", "OPSQ2001", ""),
            Self::Step => ("7", "APBK0506", "주식주문호가단위 오류입니다."),
            Self::Limits => ("7", "APBK0513", "상하한가를 초과하는 주문단가입니다."),
            Self::NoIssue => ("7", "APBK0656", "해당 종목정보가 없습니다."),
            Self::Halted => ("7", "APBK0657", "거래정지 종목입니다.(주문불가)"),
            Self::Sellable => ("7", "APBK0400", "주문 가능한 수량을 초과했습니다."),
            Self::Funds => ("7", "APBK0952", "주문가능금액을 초과 했습니다"),
            Self::Quantity => ("7", "APBK0915", "주문 수량을 확인해주세요."),
            Self::Type => ("1", "APBK0963", "주문구분코드 오류 입니다."),
            Self::ReservedHours => ("7", "KIER3672", "예약주문은 15:40분 이후부터 익영업일 07:30분까지만 가능합니다."),
            Self::TypeAbroad => ("7", "APBK1269", "주문구분 입력오류입니다"),
            Self::ClosedAbroad => ("7", "APBK1664", "장종료 상태입니다.(주문불가)"),
            Self::Closed | Self::NotYet | Self::Over => ("7", "APBK0918", "장운영시간이 아닙니다.(주문불가)"),
            Self::Holiday => ("7", "APBK0919", "장운영일자가 주문일과 상이합니다"),
            Self::NoRest => ("7", "APBK0927", "정정취소 가능수량이 없습니다."),
            Self::BeyondRest => ("7", "APBK0928", "정정취소 가능수량을 초과했습니다."),
            Self::NoOrder => ("7", "APBK0926", "원주문정보가 존재하지 않습니다."),
            Self::Exchange => ("7", "APBK3001", "원주문의 거래소와 상이합니다."),
            Self::NotOnPaper | Self::NotThere => ("7", "APBK3002", "해당 거래소에서 거래할 수 없는 종목입니다."),
        }
    }

    /// In a paper account.
    fn paper(self) -> (&'static str, &'static str, &'static str) {
        let (code, text) = match self {
            Self::Input(_) => ("OPSQ2001", ""),
            Self::Step => ("40030000", "모의투자 주문처리가 안되었습니다(호가단위 오류)"),
            Self::Limits => ("40040000", "모의투자 주문처리가 안되었습니다(상하한가 오류)"),
            Self::NoIssue | Self::Halted | Self::NotThere => {
                ("40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)")
            }
            Self::Sellable => ("40240000", "모의투자 주문가능수량이 부족합니다."),
            Self::Funds => ("40250000", "모의투자 주문가능금액이 부족합니다."),
            Self::Quantity => ("40020000", "모의투자 주문처리가 안되었습니다(주문수량 오류)"),
            Self::NotYet => ("40570000", "모의투자 장시작전 입니다."),
            Self::Closed | Self::Over | Self::ClosedAbroad => ("40580000", "모의투자 장종료 입니다."),
            Self::Holiday => ("40100000", "모의투자 영업일이 아닙니다."),
            Self::NoRest | Self::BeyondRest => ("40330000", "모의투자 정정/취소할 수량이 없습니다."),
            Self::NoOrder => ("40320000", "모의투자 원주문번호가 존재하지 않습니다."),
            Self::ReservedHours | Self::Type | Self::TypeAbroad | Self::Exchange | Self::NotOnPaper => {
                ("90000000", "모의투자에서는 해당업무가 제공되지 않습니다.")
            }
        };
        ("1", code, text)
    }

    fn words(self, mode: Mode) -> (&'static str, &'static str, &'static str) {
        match mode {
            Mode::Real => self.real(),
            Mode::Paper => self.paper(),
        }
    }

    /// Its text alone.
    pub(super) fn text(self, mode: Mode) -> &'static str {
        self.words(mode).2
    }

    pub(super) fn answer(self, mode: Mode) -> Answer {
        if let Self::Input(name) = self {
            return input_error("OPSQ2001", &format!("ERROR : INPUT INVALID_CHECK_{name}"));
        }
        let (rt_cd, msg_cd, msg1) = self.words(mode);
        Answer::of(200, &Body { rt_cd, msg_cd, msg1 })
    }
}
