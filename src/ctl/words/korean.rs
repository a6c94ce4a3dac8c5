//! 한국어.

use super::{
    ClientWords, Doctor, Init, KisWords, Logs, StockWords, Waiting, Words, order, quote, token::token_state, trades,
    trust,
};
use crate::{
    ctl::commands::doctor::Cause,
    wire::{
        codes::Kind,
        types::{Effect, LearnedRate, Mode, Quota, StockKind, Transport},
    },
};

pub(super) const WORDS: Words = Words {
    account_of: |mode| match mode {
        Mode::Real => "실전투자 계좌",
        Mode::Paper => "모의투자 계좌",
        Mode::Unknown => "계좌",
    },
    as_of: |mode, account, at| format!("{mode} {account}, {at} 기준"),
    no_holdings: "보유 종목 없음",
    more_holdings: |count| format!(" … 외 {count}종목"),
    columns: ["코드", "종목명", "수량", "매입단가", "현재가", "평가금액", "평가손익", "수익률 %", "구분"],
    totals: [
        "총평가금액",
        "순자산금액",
        "주식 평가금액",
        "주식 매입금액",
        "평가손익",
        "수익률 %",
        "예수금",
        "예수금 D+1",
        "예수금 D+2",
    ],
    age: |seconds| format!("{seconds}초간 변동 없음"),
    no_balance_yet: "아직 조회된 잔고 없음",
    no_csv_watched: "--watch에서는 table 또는 json 형식만 쓸 수 있습니다",
    watching: "실시간 표시 중 (종료: Ctrl-C)",
    changed: "변동",
    bought: |name, quantity| format!("{name}: 신규 종목, {quantity}주"),
    gone: |name| format!("{name}: 보유 종목에서 빠짐(전량 매도)"),
    not_current: |reason| format!("갱신 실패(이전 값 표시 중): {reason}"),
    mode: |mode| match mode {
        Mode::Real => "실전",
        Mode::Paper => "모의",
        Mode::Unknown => "알 수 없음",
    },
    running: |version, pid, since| format!("{version}, pid {pid}, {since}부터 실행 중"),
    account: "계좌",
    token: "토큰",
    token_state,
    issued: "발급",
    from_mirror: " (저장된 토큰)",
    expires: "만료",
    next_renewal: "다음 갱신",
    last_error: "마지막 오류",
    calls: "KIS 호출",
    calls_made: |sent, issuances| format!("{sent}회, 토큰 발급 {issuances}회"),
    accounts: "모든 계좌",
    account_columns: ["이름", "계좌", "구분", "앱키", "토큰", "권한"],
    default_account: "(기본)",
    failing: "마지막 잔고 조회 실패",
    no_such_account: |name, names| format!("{name}: 그런 이름의 계좌가 없습니다. 있는 계좌: {names}"),
    accounts_healthy: |names| format!("정상: {names}"),
    key_ends: |day| format!("{day} 만료"),
    failed: "실패",
    failures: |[unreachable, refused, malformed, token, credentials]| {
        format!(
            "응답 없음 {unreachable}, 거절 {refused}, 해석 불가 {malformed}, 토큰 거부 {token}, 키 거부 {credentials}"
        )
    },
    rate_limited: "호출 제한 초과",
    quota: "호출 한도",
    quota_now: |quota| {
        let allowed = match quota.lowered() {
            Some(LearnedRate { calls, in_ms: 1000 }) => format!(" (현재 KIS 허용 {calls}건)"),
            Some(LearnedRate { in_ms, .. }) => format!(" (현재 KIS 허용 {in_ms}ms당 1건)"),
            None => String::new(),
        };
        let Quota { calls_per_second, taken, waiting, .. } = quota;
        format!("초당 {calls_per_second}건{allowed}, 사용 중 {taken}건, 대기 {waiting}건")
    },
    shared: "공유 응답",
    shared_calls: |count| format!("같은 KIS 호출로 함께 처리한 요청 {count}건"),
    connections: "연결",
    connections_now: |open, subscriptions| format!("{open}, 구독 {subscriptions}"),
    clock: "시계",
    clock_is_off: |seconds| match seconds {
        0.. => format!("이 컴퓨터의 시계가 KIS보다 {seconds}초 느림"),
        _ => format!("이 컴퓨터의 시계가 KIS보다 {}초 빠름", seconds.unsigned_abs()),
    },
    last_failure: "마지막 실패",
    healthy: |expires| format!("정상: 토큰이 {expires}까지 유효하고, 마지막 KIS 호출 정상"),
    unhealthy: |reason| format!("이상: {reason}"),
    kis: KisWords {
        nothing_found: "맞는 KIS API가 없습니다",
        effect: |effect, transport| match (effect, transport) {
            (_, Transport::Websocket) => Some("실시간"),
            (Effect::Trade, _) => Some("주문"),
            (Effect::Issue, _) => Some("토큰"),
            _ => None,
        },
        real_only: "실전만",
        name: "이름",
        call: "호출",
        tr: "TR",
        note: "참고",
        not_called: "호출 불가",
        pages: "연속 조회",
        pages_by_next: "--pages, --next",
        pages_by: |param| format!("{param}에 다음 페이지의 시작 위치를 넣습니다"),
        params: "매개변수",
        required: "필수",
        empty: "(없음)",
        left_out: |rows, columns| format!("생략: {rows}행, {columns}열. --json은 모두 출력합니다"),
        more_pages: "다음 페이지가 있습니다. --pages 0은 모두 조회하며, --next에 쓸 커서는 --json에 있습니다",
    },
    quote: quote::KOREAN,
    trades: trades::KOREAN,
    order: order::KOREAN,
    stock: StockWords {
        columns: ["코드", "종목명", "시장", "종류", "기준가", "매매단위", "참고"],
        kind: |kind| match kind {
            StockKind::Stock => "주식",
            StockKind::Etf => "ETF",
            StockKind::Etn => "ETN",
            StockKind::Elw => "ELW",
            StockKind::Reit => "리츠",
            StockKind::DepositaryReceipt => "DR",
            StockKind::Fund => "펀드",
            StockKind::Warrant => "신주인수권",
            StockKind::Index => "지수",
            StockKind::Other | StockKind::Unknown => "기타",
        },
        halted: "거래정지",
        nothing_found: "맞는 종목이 없습니다",
        missing: |markets| format!("종목 목록을 아직 받지 못해 찾지 않은 시장: {markets}"),
    },
    client: ClientWords {
        columns: ["이름", "계좌", "권한", "사용자", "프로그램", "초당 호출", "마지막 사용", "호출", "거부", "만료"],
        none: "아직 클라이언트가 없습니다. `kisctl client add 이름`으로 만드세요",
        any_user: "모두",
        never: "–",
        expired: "만료됨",
        base_url: "기본 URL",
        app_key: "앱키",
        app_secret: "앱시크릿",
        account: "계좌",
        secret_is_gone: "(만들 때 한 번만 보여 줍니다. `kisctl client rotate`로 새로 받으세요)",
        shown_once: "앱시크릿은 지금 한 번만 보여 줍니다.",
        removed: |name| format!("클라이언트 \"{name}\"을(를) 삭제했습니다. 키는 바로 무효가 됩니다"),
        also_needs_account: "--also는 첫 계좌를 지정하는 --account와 함께 써야 합니다",
        gateway: "게이트웨이",
        serving: |url| format!("게이트웨이 주소: {url}"),
        failing: |url, reason| format!("게이트웨이가 {url}에서 열리지 않습니다: {reason}"),
        off: "게이트웨이가 꺼져 있습니다. 설정 파일의 [gateway]에 listen = \"127.0.0.1:9443\"을 넣으세요",
    },
    trust: trust::KOREAN,
    no_daemon_on: |path, reason| format!("응답하는 데몬이 없습니다 ({path}): {reason}"),
    not_asked: |path, own| {
        format!("시스템 데몬({path})에는 요청하지 않았습니다. 개인용 데몬({own})이 있는데 응답하지 않기 때문입니다")
    },
    how_to_start: "`systemctl start kisd` 또는 `kisd run`으로 데몬을 시작하거나, `kisctl init`으로 설정하거나, `kisd demo`를 실행해 보세요. \
                   다른 소켓은 --socket 또는 KISD_SOCKET으로 지정합니다",
    how_to_choose: "시스템 데몬은 다른 계좌의 것일 수 있습니다. `systemctl --user start kisd` 또는 `kisd run`으로 개인용 데몬을 시작하거나, \
                    --system으로 시스템 데몬을 선택하거나, --socket 또는 KISD_SOCKET으로 소켓을 지정하세요",
    socket_is_named: "KISD_SOCKET이 소켓을 지정하므로 --user와 --system은 적용되지 않습니다",
    socket_of_another: "소켓 또는 상위 디렉터리를 열 권한이 없습니다(다른 사용자 소유). 해당 데몬 설정의 rpc.socket_mode와 rpc.allow_uids를 \
                        확인하거나 --socket 또는 KISD_SOCKET으로 다른 소켓을 지정하세요",
    connection_broke: |reason| format!("데몬과의 연결이 끊어졌습니다: {reason}"),
    no_answer_in_time: "연결되었지만 데몬이 제때 응답하지 않습니다. kisctl logs를 확인하세요",
    waiting_for: |waiting| match waiting {
        Waiting::Daemon => "데몬의 응답을 기다리는 중".to_owned(),
        Waiting::Token(state, None) => format!("토큰을 기다리는 중: {}", token_state(*state)),
        Waiting::Token(state, Some(error)) => format!("토큰을 기다리는 중: {}: {error}", token_state(*state)),
        Waiting::Quota(calls) => format!("KIS 호출 한도에 여유가 생기기를 기다리는 중 (대기 {calls}건)"),
        Waiting::Kis => "KIS의 응답을 기다리는 중".to_owned(),
    },
    kind: |kind| match kind {
        Kind::TokenUnavailable => "지금은 토큰을 받을 수 없습니다: ",
        Kind::CredentialsRejected => "KIS가 앱키나 시크릿을 거부했습니다: ",
        Kind::RateLimited => "KIS의 호출 한도 안에서 처리하지 못했습니다: ",
        Kind::UpstreamUnreachable => "KIS에서 정상 응답을 받지 못했습니다: ",
        Kind::UpstreamRejected => "KIS가 요청을 거절했습니다: ",
        Kind::UpstreamMalformed => "KIS의 응답을 해석할 수 없습니다: ",
        Kind::PermissionDenied => "권한이 없습니다: ",
        Kind::ShuttingDown => "데몬이 종료되고 있습니다: ",
        Kind::Overloaded => "데몬의 한도를 초과했습니다: ",
        Kind::OrderRefused => "주문을 보내지 않았습니다: ",
        Kind::OutcomeUnknown => "주문 결과를 알 수 없습니다. 다시 보내지 마세요: ",
        Kind::UnknownAccount => "그런 이름의 계좌가 없습니다: ",
        Kind::NotSupported => "지원하지 않는 요청입니다: ",
        Kind::NotFound => "찾을 수 없습니다: ",
        Kind::Unknown => "",
    },
    refused: |message, code| format!("{message} (코드 {code})"),
    again_in: |seconds| format!(". {seconds}초 뒤에 다시 시도하세요"),
    again_later: ". 나중에 다시 시도하세요",
    not_understood: |reason| {
        format!("데몬의 응답을 이해할 수 없습니다 ({reason}). kisctl과 kisd의 버전이 같은지 확인하세요")
    },
    cannot_print: |reason| format!("결과를 출력할 수 없습니다: {reason}"),
    trying_again: "연결이 끊겨 다시 시도합니다",
    doctor: Doctor {
        marks: ["정상", "주의", "이상", "?"],
        subjects: ["설정", "소켓", "데몬", "시계", "토큰", "호출 한도", "KIS", "게이트웨이"],
        configuration_good: |file| format!("{file} 이상 없음"),
        configuration_elsewhere: "데몬이 자체 설정으로 실행 중입니다(이 사용자는 읽을 수 없으며, 조회에는 필요하지 않습니다)",
        configuration_of_another: |file, socket| {
            format!("{file}에는 이상이 없으나, {socket}의 데몬은 다른 설정으로 실행 중입니다")
        },
        configuration_hidden: "서비스에 설정이 있으나 이 사용자는 읽을 수 없습니다",
        look_as_root: "root로 점검하세요: sudo kisctl doctor --system",
        service_refused: "서비스가 설정 오류로 종료되었습니다(종료 코드 78)",
        service_log: "kisctl logs에서 잘못된 키를 확인해 고친 뒤 다시 시작하세요: sudo systemctl restart kisd",
        start_again: "sudo systemctl restart kisd(개인용은 kisd run)로 시작하세요. 종료된 이유는 kisctl logs에 있습니다",
        no_kisd: "kisctl 옆에도 PATH에도 kisd가 없어 설정을 검사할 수 없습니다",
        make_configuration: "kisctl init으로 만드세요",
        correct_configuration: "메시지대로 고친 뒤 데몬을 다시 시작하세요",
        socket_answers: |path, mode| format!("{path} 응답함, 권한 {mode:04o}"),
        socket_directory_open: |directory| {
            format!(
                "다른 사용자도 {directory}에 쓸 수 있어 가짜 소켓을 만들 위험이 있습니다. chmod go-w {directory}를 실행하세요"
            )
        },
        versions_differ: |kisd, kisctl| format!("kisd는 {kisd}, kisctl은 {kisctl}"),
        upgrade: "업그레이드한 뒤에는 데몬을 다시 시작하세요: systemctl restart kisd",
        clock_agrees: "KIS 시각과의 차이 5초 이내",
        clock_not_known: "확인 불가: 데몬이 시작된 뒤 KIS의 응답이 없음",
        set_clock: "kisd는 KIS 시각을 기준으로 동작합니다. 이 컴퓨터의 시계를 맞추세요: timedatectl set-ntp true",
        token_until: |at| format!("{at}까지 유효"),
        token_refused: |state, count| format!("{state}. 데몬 시작 후 KIS가 토큰을 {count}번 거부했습니다"),
        another_issues: "다른 프로그램이 같은 앱키로 토큰을 발급받고 있어 kisd의 토큰이 매번 무효가 됩니다. 그 프로그램에 게이트웨이 \
                         키를 주세요(kisctl client add 이름)",
        free_the_port: "포트를 쓰는 프로세스를 종료하거나 gateway.listen에 다른 포트를 쓰세요. 5초마다 다시 시도합니다",
        quota_advice: "다른 프로그램이 이 앱키를 쓰거나 KIS의 한도가 더 낮습니다. 그 프로그램이 kisd를 통하게 하거나 kis.calls_per_second를 낮추세요",
        kis_answers: |at| format!("{at} 기준 잔고 조회됨"),
        advice: |cause| match cause {
            Cause::AnotherProgram => {
                "다른 프로그램이 같은 키로 토큰을 발급받았습니다. 그 프로그램도 kisd를 통해 조회하도록 바꾸세요"
            }
            Cause::ModeAndKey => {
                "투자 구분(kis.mode)과 앱키가 맞지 않습니다. paper에는 모의투자 앱키, real에는 실전투자 앱키가 필요합니다. 둘 중 하나를 \
                 고친 뒤 데몬을 다시 시작하세요"
            }
            Cause::Credentials => "앱키와 앱시크릿, 실전·모의 구분을 확인해 고친 뒤 데몬을 다시 시작하세요",
            Cause::Network => {
                "네트워크, DNS, 방화벽, 프록시, 시스템 인증서를 확인하세요. KIS는 야간이나 주말에 점검하기도 합니다"
            }
            Cause::Kis => {
                "KIS가 응답하지만 오류이거나 일시적인 거절입니다. 1분 뒤에 다시 시도하고, KIS의 메시지를 참고하세요"
            }
            Cause::Account => "account_no, account_product_code, mode를 확인하세요. KIS의 메시지를 참고하세요",
            Cause::Malformed => "KIS의 응답 형식이 예상과 다릅니다. 메시지를 첨부해 이슈로 알려 주세요",
            Cause::Permission => "관리자에게 rpc.allow_uids에 본인의 uid를 추가해 달라고 요청하세요",
            Cause::Other => "1분 뒤에 다시 시도하세요. 계속되면 kisctl logs를 확인하세요",
        },
        not_known: "데몬에 연결되지 않아 확인 불가",
        all_well: "모두 정상입니다",
        look_at: |count| format!("작동에는 문제가 없지만 확인할 항목이 {count}개 있습니다"),
        hangs: "데몬이 멈췄거나 kisd가 아닌 프로그램입니다. kisctl logs를 확인한 뒤 systemctl restart kisd로 재시작하세요",
        not_well: |count| format!("고칠 항목 {count}개"),
    },
    init: Init {
        welcome: |directory| {
            format!(
                "kisd의 설정을 {directory}에 저장합니다. 앱키와 시크릿은 https://apiportal.koreainvestment.com 에 있습니다\n"
            )
        },
        mode: "투자 구분 (실전=real / 모의=paper)",
        mode_is: "real(실전) 또는 paper(모의)를 입력하세요",
        app_key: "앱키 (입력해도 화면에 표시되지 않음)",
        app_key_is: "앱키는 36자입니다",
        app_secret: "앱시크릿 (입력해도 화면에 표시되지 않음)",
        app_secret_is: "앱시크릿은 180자입니다",
        account: "계좌번호 (예: 12345678-01)",
        account_is: "계좌번호는 앞 8자리와 뒤 2자리, 모두 숫자 10자리입니다",
        replace: |path| format!("{path} 파일이 이미 있습니다. 덮어쓸까요? (y/N)"),
        change: |path| format!("{path} 파일이 이미 있습니다. 여기서 입력하는 항목만 바꾸고 나머지는 유지할까요? (y/N)"),
        not_toml: |path| format!("{path} 파일이 TOML이 아니어서 새로 작성합니다. 기존 내용은 {path}.bak에 있습니다"),
        base_url_stays: |url| format!("참고: base_url = \"{url}\" 설정은 그대로입니다. 키는 이 주소로 전송됩니다"),
        base_url_needed: |file| {
            format!(
                "모의 KIS(kisd simulate)의 키는 KIS에 보내면 안 되므로, base_url을 알기 전에는 아무것도 시작하지 않습니다. `kisd simulate`가 \
                 출력한 주소를 --base-url로 지정해 다시 실행하거나, {file}의 해당 계좌 표에 base_url을 적으세요"
            )
        },
        kept: |path| format!("기존 파일을 유지했습니다: {path}"),
        written: |path| format!("저장함: {path}"),
        install: |what| format!("{what}로 설치하고 시작할까요? (y/N)"),
        installed: |what| format!("{what}로 설치하고 시작했습니다. kisctl doctor로 점검하세요"),
        start_yourself: |command| format!("시작 명령: {command}"),
        system_service: "시스템 서비스",
        user_service: "사용자 서비스",
        install_first: |kisd| {
            format!(
                "시스템 서비스에서는 이 경로의 프로그램에 접근할 수 없습니다: {kisd}. 먼저 /usr/local/bin에 설치한 뒤 다시 실행하세요"
            )
        },
        no_home: "홈 디렉터리가 없습니다. --directory로 지정하세요",
        odd_name: "경로에 설정 파일에 쓸 수 없는 문자가 있습니다",
        no_input: "입력이 도중에 끝나 아무것도 저장하지 않았습니다",
        no_name: "계좌 이름은 a-z, 0-9, -로 32자까지입니다",
        is_there: |name| format!("계좌 {name}은(는) 이미 있습니다. 앱키와 시크릿을 바꾸려면 --keys를 쓰세요"),
        is_not_there: |name| format!("이 설정에는 계좌 {name}이(가) 없습니다"),
        shares_key: |name, owner| format!("{name}은(는) {owner}의 앱키를 씁니다. --account로 그 계좌를 지정하세요"),
        which: "계좌가 여러 개입니다. --account로 하나를 지정하세요",
        no_configuration: |file| format!("{file} 파일이 없습니다. 먼저 kisctl init을 실행하세요"),
        broken: |file| {
            format!("{file} 파일이 TOML이 아니어서 추가할 수 없습니다. 먼저 고치세요(kisd check가 위치를 알려 줍니다)")
        },
        file_of_another: |file, name| {
            format!(
                "{file}은(는) {name} 계좌의 키 파일이기도 합니다. 먼저 계좌마다 app_key_file과 app_secret_file을 따로 두세요"
            )
        },
        put_back: "점검에 실패해 모두 원래대로 되돌렸습니다:",
        default_stays: |name| format!("계좌를 지정하지 않은 요청은 계속 {name} 계좌를 뜻합니다(default_account)"),
        menu: "이미 설정되어 있습니다.\n  1  계좌 추가\n  2  앱키와 앱시크릿 교체\n  3  서비스 설치\n  4  묻는 항목만 바꾸고 나머지는 그대로 두기\n번호를 고르세요(1~4, \
               Enter는 취소)",
        menu_is: "1에서 4까지의 번호를 입력하세요",
        name: "계좌 이름(a-z, 0-9, -)",
        try_keys: "저장하기 전에 이 키로 KIS에서 토큰을 발급받아 볼까요? 계좌 주인에게 알림이 갑니다 (y/N)",
        trying: "KIS에 토큰과 잔고를 요청합니다. 1분 안에 발급된 토큰이 있으면 1분쯤 걸립니다",
        no_kisd: "kisctl 옆에 kisd가 없습니다. KIS에 요청하는 것은 kisd입니다",
        nothing_written: "아무것도 저장하지 않았습니다",
        restart: "kisd를 다시 시작하세요. systemd는 시작할 때만 키를 넘겨줍니다: sudo systemctl restart kisd",
        reload: "kisd가 설정을 다시 읽게 하세요: systemctl --user reload kisd 또는 SIGHUP",
        lingers: "참고: 사용자 서비스는 로그아웃하면 끝납니다. 계속 실행하려면: loginctl enable-linger",
        failed: |what, why| format!("{what}: {why}"),
    },
    logs: Logs {
        not_by_systemd: |pid| {
            format!(
                "데몬(pid {pid})은 systemd로 실행되지 않았습니다. 로그는 stderr에 출력되며, log.dir을 설정했다면 그 디렉터리에도 있습니다"
            )
        },
        may_not_read: "로그는 시스템 저널에 있으나 이 사용자는 읽을 수 없습니다. sudo kisctl logs를 실행하거나, 읽기 권한이 있는 그룹에 \
                       추가한 뒤(sudo usermod -aG systemd-journal \"$USER\") 다시 로그인하세요",
        no_journal: |reason| format!("journalctl을 실행할 수 없습니다: {reason}"),
    },
};
