//! The help of `kisctl order`, `kisctl halt` and `kisctl resume` in Korean.

/// Each command or argument, by its way from the root, and what it is for.
pub(super) const KOREAN: &[(&str, &str)] = &[
    ("kisctl order", "주문"),
    ("kisctl order preview", "주문을 보내지 않고 금액, 수수료, 점검 결과를 미리 보여 줍니다"),
    ("kisctl order preview --side", "buy(매수) 또는 sell(매도). 지정하지 않으면 매수"),
    ("kisctl order buy", "매수합니다. 미리 보여 주고 확인을 받은 뒤 보냅니다"),
    ("kisctl order sell", "매도합니다. 미리 보여 주고 확인을 받은 뒤 보냅니다"),
    ("kisctl order buy --id", ID),
    ("kisctl order sell --id", ID),
    ("kisctl order buy --yes", YES),
    ("kisctl order sell --yes", YES),
    ("kisctl order amend", "미체결 수량 전부의 가격을 바꿉니다"),
    ("kisctl order amend order_id", ORDER),
    ("kisctl order amend price", "새 가격"),
    ("kisctl order amend --yes", "묻지 않고 바꿉니다"),
    ("kisctl order cancel", "주문을 취소합니다"),
    ("kisctl order cancel order_id", ORDER),
    ("kisctl order cancel --quantity", "이 수량만 취소합니다. 지정하지 않으면 미체결 수량 전부"),
    ("kisctl order list", "kisd로 보낸 주문을 최근 것부터 보여 줍니다"),
    ("kisctl order list --open", "끝나지 않은 주문만"),
    ("kisctl order list --day", "이 날짜(한국 시간)의 주문만. 예: 2026-11-27"),
    ("kisctl order get", "주문과 그 이력을 보여 줍니다"),
    ("kisctl order get order_id", ORDER),
    ("kisctl order approve", "승인을 기다리는 주문을 터미널에서 확인한 뒤 보냅니다"),
    ("kisctl order approve order_id", "주문 ID. 지정하지 않으면 승인을 기다리는 주문과 요청자를 보여 줍니다"),
    ("kisctl order deny", "승인을 기다리는 주문을 거절합니다"),
    ("kisctl order deny order_id", ORDER),
    ("kisctl order resolve", "결과를 알 수 없는 주문을, KIS 화면에서 직접 확인한 대로 정합니다"),
    ("kisctl order resolve order_id", ORDER),
    ("kisctl order resolve seen", "absent(KIS에 없음) 또는 KIS 주문번호"),
    ("kisctl halt", "새 주문을 모두 중지합니다. --account가 없으면 주문할 수 있는 모든 계좌"),
    ("kisctl halt --cancel-open", "미체결 주문도 취소합니다"),
    ("kisctl halt --why", "나중에 볼 사람을 위한 이유"),
    ("kisctl mcp --read-only", "주문할 권한이 있어도 주문 도구를 제공하지 않습니다"),
    ("kisctl resume", "중지한 주문을 다시 받습니다"),
];

/// The arguments that preview, buy and sell have alike.
pub(super) const WANTED: &[(&str, &str)] = &[
    ("code", "종목코드. 예: 005930, AAPL"),
    ("quantity", "수량"),
    ("price", "가격. 시장가처럼 가격이 없는 유형에서는 쓰지 않습니다"),
    (
        "--type",
        "주문 유형: limit(지정가, 기본), market(시장가), conditional, best, priority, mid, stop_limit, pre_close, post_close",
    ),
    ("--route", "거래소: krx(기본), nxt, sor"),
    ("--tif", "day(당일, 기본), ioc(즉시 체결 외 취소), fok(전량 즉시 체결 외 취소)"),
    ("--stop-price", "stop_limit 주문이 시작되는 가격"),
    ("--market", "시장: KRX, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX, HSX"),
];

/// The commands that have them.
pub(super) const WAYS: [&str; 3] = ["kisctl order preview", "kisctl order buy", "kisctl order sell"];

const ORDER: &str = "주문 ID(o-로 시작)";
const ID: &str = "직접 정한 주문 ID. 같은 ID로 다시 보내면 새 주문을 내지 않고 같은 주문을 보여 줍니다";
const YES: &str = "묻지 않고 보냅니다. 스크립트용";
