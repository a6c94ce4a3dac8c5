//! What is said of orders, in both languages.

use crate::wire::types::{CheckName, OrderState, OrderType, Side};

/// Texts about orders.
#[derive(Debug)]
pub(in crate::ctl) struct OrderWords {
    /// Time, order, side, code, name, filled of quantity, price, state.
    pub(in crate::ctl) columns: [&'static str; 8],
    /// Order, side, code, name, quantity, price, amount in won, who, until.
    pub(in crate::ctl) waiting: [&'static str; 9],
    pub(in crate::ctl) side: fn(Side) -> &'static str,
    pub(in crate::ctl) order_type: fn(OrderType) -> &'static str,
    pub(in crate::ctl) state: fn(OrderState) -> &'static str,
    pub(in crate::ctl) check: fn(CheckName) -> &'static str,
    pub(in crate::ctl) order: &'static str,
    pub(in crate::ctl) account: &'static str,
    pub(in crate::ctl) quantity: &'static str,
    pub(in crate::ctl) filled: &'static str,
    pub(in crate::ctl) price: &'static str,
    pub(in crate::ctl) stop_price: &'static str,
    pub(in crate::ctl) average: &'static str,
    pub(in crate::ctl) amount: &'static str,
    pub(in crate::ctl) fees: &'static str,
    pub(in crate::ctl) until: &'static str,
    pub(in crate::ctl) stands: &'static str,
    pub(in crate::ctl) kis: &'static str,
    pub(in crate::ctl) by: &'static str,
    pub(in crate::ctl) note: &'static str,
    pub(in crate::ctl) failed: &'static str,
    pub(in crate::ctl) not_known: &'static str,
    /// The last price, and by how many percent the order's is beside it.
    pub(in crate::ctl) last: fn(&str, Option<&str>) -> String,
    /// A user by number, and what the program calls itself.
    pub(in crate::ctl) user: fn(u32, Option<&str>) -> String,
    pub(in crate::ctl) needs_approval: &'static str,
    pub(in crate::ctl) cancelling: &'static str,
    pub(in crate::ctl) may_live: &'static str,
    pub(in crate::ctl) none: &'static str,
    pub(in crate::ctl) none_waits: &'static str,
    pub(in crate::ctl) more: &'static str,
    pub(in crate::ctl) halted: fn(&str) -> String,
    // Questions.
    pub(in crate::ctl) send: &'static str,
    pub(in crate::ctl) amend: fn(&str) -> String,
    pub(in crate::ctl) approve: &'static str,
    pub(in crate::ctl) absent: &'static str,
    pub(in crate::ctl) numbered: fn(&str) -> String,
    // What is said where it does not go on.
    pub(in crate::ctl) needs_yes: &'static str,
    pub(in crate::ctl) needs_terminal: &'static str,
    pub(in crate::ctl) not_sent: &'static str,
    pub(in crate::ctl) checks_failed: &'static str,
    pub(in crate::ctl) does_not_wait: fn(&str) -> String,
    pub(in crate::ctl) is_not_unknown: fn(&str) -> String,
    pub(in crate::ctl) seen_is: &'static str,
    /// The connection broke after an order went out.
    pub(in crate::ctl) lost: fn(&str) -> String,
    /// What to do about an order of which it is not known whether KIS has it.
    pub(in crate::ctl) unknown: fn(&str) -> String,
    // A halt.
    pub(in crate::ctl) halts: fn(&str, bool) -> String,
    pub(in crate::ctl) cancelled: fn(&str) -> String,
    pub(in crate::ctl) not_cancelled: fn(&str, &str) -> String,
    pub(in crate::ctl) perhaps_alive: fn(&str) -> String,
    pub(in crate::ctl) some_not_cancelled: &'static str,
}

/// English.
pub(super) const ENGLISH: OrderWords = OrderWords {
    columns: ["Time", "Order", "Side", "Code", "Name", "Filled", "Price", "State"],
    waiting: ["Order", "Side", "Code", "Name", "Quantity", "Price", "Won", "By", "Until"],
    side: |side| match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
        Side::Newer => "?",
    },
    order_type: |order_type| match order_type {
        OrderType::Limit => "limit",
        OrderType::Market => "market",
        OrderType::Conditional => "conditional",
        OrderType::Best => "best",
        OrderType::Priority => "priority",
        OrderType::Mid => "mid",
        OrderType::StopLimit => "stop limit",
        OrderType::PreClose => "before the opening",
        OrderType::PostClose => "after the close",
        OrderType::Newer => "?",
    },
    state: |state| match state {
        OrderState::AwaitingApproval => "waits for approval",
        OrderState::Refused => "refused by kisd",
        OrderState::Sending => "on its way",
        OrderState::Accepted => "accepted",
        OrderState::Rejected => "rejected by KIS",
        OrderState::PartlyFilled => "partly filled",
        OrderState::Filled => "filled",
        OrderState::Cancelled => "cancelled",
        OrderState::Expired => "expired",
        OrderState::Unknown => "NOT KNOWN",
        OrderState::Absent => "not at KIS",
        OrderState::Newer => "?",
    },
    check: CheckName::name,
    order: "Order",
    account: "Account",
    quantity: "Quantity",
    filled: "Filled",
    price: "Price",
    stop_price: "Stop price",
    average: "Average price",
    amount: "Amount",
    fees: "Fees and tax, about",
    until: "Until",
    stands: "State",
    kis: "KIS's number",
    by: "Placed by",
    note: "Note",
    failed: "FAILED",
    not_known: "Not checked",
    last: |last, percent| match percent {
        Some(percent) => format!("last {last}, {percent} % from it"),
        None => format!("last {last}"),
    },
    user: |uid, client| match client {
        Some(client) => format!("uid {uid}, {client}"),
        None => format!("uid {uid}"),
    },
    needs_approval: "it waits for a person's approval before it is sent",
    cancelling: "its cancellation is under way",
    may_live: "whether KIS has it is not known: do not send it again",
    none: "No orders",
    none_waits: "No order waits for approval",
    more: "There are older ones: name a day with --day",
    halted: |why| format!("New orders are halted: {why}"),
    send: "Send this order? (y/N)",
    amend: |price| format!("Give all that is not filled the price {price}? (y/N)"),
    approve: "Approve this order, so that it is sent now? (y/N)",
    absent: "Have you seen at KIS itself that it does NOT have this order? (y/N)",
    numbered: |number| format!("Have you seen at KIS itself that this order has the number {number}? (y/N)"),
    needs_yes: "nobody can be asked here, since this is no terminal; --yes sends it without a question",
    needs_terminal: "this is asked of a person at a terminal only",
    not_sent: "nothing was sent",
    checks_failed: "nothing was sent, since the order fails these checks:",
    does_not_wait: |state| format!("this order does not wait for approval: {state}"),
    is_not_unknown: |state| format!("there is nothing to settle about this order: {state}"),
    seen_is: "say absent, or KIS's number of the order",
    lost: |reason| {
        format!(
            "the connection to the daemon broke after the order went out ({reason}). Whether it was sent is not known here: do NOT send it \
             again. See: kisctl order list"
        )
    },
    unknown: |order_id| {
        format!(
            "Do NOT send it again. kisd looks for it in KIS's list; follow it: kisctl order get {order_id}\nIf it stays so, look at KIS's own \
             screen, then: kisctl order resolve {order_id} absent, or KIS's number in place of absent"
        )
    },
    halts: |account, halted| match halted {
        true => format!("{account}: new orders are refused from now on; kisctl resume lets them go on"),
        false => format!("{account}: orders go on"),
    },
    cancelled: |order_id| format!("  cancelled: {order_id}"),
    not_cancelled: |order_id, why| format!("  NOT cancelled: {order_id}: {why}"),
    perhaps_alive: |order_id| format!("  may live, its outcome is not known: {order_id}"),
    some_not_cancelled: "some orders could not be cancelled",
};

/// Korean.
pub(super) const KOREAN: OrderWords = OrderWords {
    columns: ["시각", "주문", "구분", "종목코드", "종목명", "체결", "가격", "상태"],
    waiting: ["주문", "구분", "종목코드", "종목명", "수량", "가격", "금액(원)", "요청자", "기한"],
    side: |side| match side {
        Side::Buy => "매수",
        Side::Sell => "매도",
        Side::Newer => "?",
    },
    order_type: |order_type| match order_type {
        OrderType::Limit => "지정가",
        OrderType::Market => "시장가",
        OrderType::Conditional => "조건부지정가",
        OrderType::Best => "최유리지정가",
        OrderType::Priority => "최우선지정가",
        OrderType::Mid => "중간가",
        OrderType::StopLimit => "스톱지정가",
        OrderType::PreClose => "장전 시간외",
        OrderType::PostClose => "장후 시간외",
        OrderType::Newer => "?",
    },
    state: |state| match state {
        OrderState::AwaitingApproval => "승인 대기",
        OrderState::Refused => "보내지 않음",
        OrderState::Sending => "전송 중",
        OrderState::Accepted => "접수",
        OrderState::Rejected => "KIS 거부",
        OrderState::PartlyFilled => "부분 체결",
        OrderState::Filled => "체결",
        OrderState::Cancelled => "취소",
        OrderState::Expired => "만료",
        OrderState::Unknown => "확인 불가",
        OrderState::Absent => "KIS에 없음",
        OrderState::Newer => "?",
    },
    check,
    order: "주문",
    account: "계좌",
    quantity: "수량",
    filled: "체결",
    price: "가격",
    stop_price: "스톱가격",
    average: "평균 체결가",
    amount: "금액",
    fees: "예상 수수료·세금",
    until: "유효 기한",
    stands: "상태",
    kis: "KIS 주문번호",
    by: "요청자",
    note: "참고",
    failed: "불가",
    not_known: "미확인",
    last: |last, percent| match percent {
        Some(percent) => format!("현재가 {last}, 현재가 대비 {percent} %"),
        None => format!("현재가 {last}"),
    },
    user: |uid, client| match client {
        Some(client) => format!("uid {uid}, {client}"),
        None => format!("uid {uid}"),
    },
    needs_approval: "사람이 승인해야 전송됩니다",
    cancelling: "취소 진행 중",
    may_live: "KIS 접수 여부를 알 수 없습니다. 다시 보내지 마세요",
    none: "주문 없음",
    none_waits: "승인을 기다리는 주문 없음",
    more: "이전 주문이 더 있습니다. --day로 날짜를 지정하세요",
    halted: |why| format!("새 주문이 중지되어 있습니다: {why}"),
    send: "이 주문을 보낼까요? (y/N)",
    amend: |price| format!("미체결 수량 전부의 가격을 {price}(으)로 바꿀까요? (y/N)"),
    approve: "이 주문을 승인하면 바로 전송됩니다. 승인할까요? (y/N)",
    absent: "이 주문이 KIS에 없는 것을 KIS 화면에서 직접 확인했습니까? (y/N)",
    numbered: |number| format!("이 주문의 번호가 {number}인 것을 KIS 화면에서 직접 확인했습니까? (y/N)"),
    needs_yes: "터미널이 아니어서 물어볼 수 없습니다. 묻지 않고 보내려면 --yes를 쓰세요",
    needs_terminal: "터미널에서 사람이 직접 답해야 합니다",
    not_sent: "아무것도 보내지 않았습니다",
    checks_failed: "다음 점검을 통과하지 못해 아무것도 보내지 않았습니다:",
    does_not_wait: |state| format!("승인을 기다리는 주문이 아닙니다: {state}"),
    is_not_unknown: |state| format!("결과를 정할 것이 없는 주문입니다: {state}"),
    seen_is: "absent 또는 KIS 주문번호를 입력하세요",
    lost: |reason| {
        format!(
            "주문을 보내는 중에 데몬과의 연결이 끊어졌습니다({reason}). 전송 여부를 알 수 없으니 다시 보내지 말고 kisctl order list로 \
             확인하세요"
        )
    },
    unknown: |order_id| {
        format!(
            "다시 보내지 마세요. kisd가 KIS의 주문 목록에서 찾고 있습니다. 확인: kisctl order get {order_id}\n계속 그대로이면 KIS 화면에서 \
             직접 확인한 뒤 kisctl order resolve {order_id} absent를 실행하세요. KIS에 있으면 absent 대신 그 주문번호를 씁니다"
        )
    },
    halts: |account, halted| match halted {
        true => format!("{account}: 이제부터 새 주문을 보내지 않습니다. 다시 허용하려면 kisctl resume을 실행하세요"),
        false => format!("{account}: 주문을 다시 받습니다"),
    },
    cancelled: |order_id| format!("  취소함: {order_id}"),
    not_cancelled: |order_id, why| format!("  취소하지 못함: {order_id}: {why}"),
    perhaps_alive: |order_id| format!("  결과를 알 수 없어 남아 있을 수 있음: {order_id}"),
    some_not_cancelled: "취소하지 못한 주문이 있습니다",
};

fn check(check: CheckName) -> &'static str {
    match check {
        CheckName::Enabled => "주문 허용",
        CheckName::Halt => "주문 중지",
        CheckName::Rate => "분당 주문 수",
        CheckName::AllowStocks => "허용 종목",
        CheckName::DenyStocks => "금지 종목",
        CheckName::OrderType => "주문 유형",
        CheckName::Session => "거래 시간",
        CheckName::HaltedStock => "거래정지 종목",
        CheckName::Lot => "매매단위",
        CheckName::Tick => "호가단위",
        CheckName::PriceLimit => "상·하한가",
        CheckName::Collar => "현재가와의 차이",
        CheckName::OrderAmount => "1회 주문 금액",
        CheckName::DailyAmount => "1일 주문 금액",
        CheckName::Buyable => "매수 가능 금액",
        CheckName::Sellable => "매도 가능 수량",
        CheckName::LostOrder => "결과를 모르는 주문",
        CheckName::Newer => "?",
    }
}
