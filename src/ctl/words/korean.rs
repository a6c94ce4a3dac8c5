//! 한국어.

use super::{Doctor, Init, Logs, Words};
use crate::wire::{
    codes::Kind,
    types::{Mode, TokenState},
};

pub(super) const WORDS: Words = Words {
    account_of: |mode| match mode {
        Mode::Real => "실전투자 계좌",
        Mode::Paper => "모의투자 계좌",
    },
    as_of: |mode, account, at| format!("{mode} {account}, {at} 기준"),
    no_holdings: "보유 종목 없음",
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
    age: |seconds| format!("{seconds}초 동안 변화 없음"),
    no_csv_watched: "지켜보는 잔고는 표나 JSON 줄로만 출력합니다: --output table 또는 json",
    watching: "지켜보는 중, 끝내려면 Ctrl-C",
    changed: "변화",
    bought: |name, quantity| format!("{name}: 신규 종목, {quantity}주"),
    gone: |name| format!("{name}: 보유 종목에서 제외됨"),
    not_current: |reason| format!("갱신 실패(이전 값 표시 중): {reason}"),
    mode: |mode| match mode {
        Mode::Real => "실전",
        Mode::Paper => "모의",
    },
    running: |version, pid, since| format!("{version}, pid {pid}, {since}부터 실행 중"),
    account: "계좌",
    token: "토큰",
    token_state: |state| match state {
        TokenState::Valid => "유효",
        TokenState::Renewing => "갱신 중: KIS에 요청하고 있음",
        TokenState::Waiting => "대기 중: KIS에 다시 요청할 수 있을 때까지",
        TokenState::Rejected => "거부됨: KIS가 앱키나 시크릿을 받아들이지 않음",
        TokenState::Missing => "없음",
    },
    issued: "발급",
    from_mirror: " (저장된 토큰)",
    expires: "만료",
    next_renewal: "다음 갱신",
    last_error: "마지막 오류",
    calls: "KIS 호출",
    calls_made: |sent, issuances| format!("{sent}회, 토큰 발급 {issuances}회"),
    in_vain: "실패",
    failures: |[unreachable, refused, malformed, token, credentials]| {
        format!(
            "응답 없음 {unreachable}, 거절 {refused}, 해석 불가 {malformed}, 토큰 거부 {token}, 키 거부 {credentials}"
        )
    },
    rate_limited: "호출 제한 초과",
    quota: "호출 한도",
    quota_now: |limit, taken, waiting| format!("초당 {limit}건, 사용 중 {taken}건, 대기 {waiting}건"),
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
    healthy: |expires| format!("정상: 토큰이 {expires}까지 유효하고, 마지막으로 물었을 때 KIS에 이상 없음"),
    unhealthy: |reason| format!("이상: {reason}"),
    no_daemon_on: |path, reason| format!("응답하는 데몬이 없습니다 ({path}): {reason}"),
    how_to_start: "`systemctl start kisd` 또는 `kisd run`으로 데몬을 시작하거나, `kisctl init`으로 설정하거나, `kisd demo`를 실행해 보세요. \
                   다른 소켓은 --socket 또는 KISD_SOCKET으로 지정합니다",
    socket_of_another: "소켓 또는 상위 디렉터리를 열 권한이 없습니다(다른 사용자 소유). 그쪽 설정의 rpc.socket_mode와 rpc.allow_uids를 \
                        확인하거나 --socket 또는 KISD_SOCKET으로 다른 소켓을 지정하세요",
    connection_broke: |reason| format!("데몬과의 연결이 끊어졌습니다: {reason}"),
    kind: |kind| match kind {
        Kind::TokenUnavailable => "지금은 토큰을 받을 수 없습니다: ",
        Kind::CredentialsRejected => "KIS가 앱키나 시크릿을 거부했습니다: ",
        Kind::RateLimited => "KIS의 호출 한도 안에서 처리하지 못했습니다: ",
        Kind::UpstreamUnreachable => "KIS에 연결할 수 없습니다: ",
        Kind::UpstreamRejected => "KIS가 요청을 거절했습니다: ",
        Kind::UpstreamMalformed => "KIS의 응답을 해석할 수 없습니다: ",
        Kind::PermissionDenied => "권한이 없습니다: ",
        Kind::ShuttingDown => "데몬이 종료되고 있습니다: ",
        Kind::Overloaded => "데몬의 한도를 초과했습니다: ",
        Kind::NotSupported => "지원하지 않는 요청입니다: ",
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
        subjects: ["설정", "소켓", "데몬", "시계", "토큰", "호출 한도", "KIS"],
        configuration_good: |file| format!("{file} 이상 없음"),
        configuration_elsewhere: "읽을 수 있는 설정이 없지만 필요하지도 않습니다. 데몬이 자기 설정을 가지고 있습니다",
        no_kisd: "kisctl 옆에도 PATH에도 kisd가 없어 설정을 검사할 수 없습니다",
        make_configuration: "kisctl init으로 만드세요",
        correct_configuration: "메시지대로 고친 뒤 데몬을 다시 시작하세요",
        socket_answers: |path, mode| format!("{path} 응답함, 권한 {mode:04o}"),
        socket_directory_open: |directory| {
            format!("누구나 {directory}에 쓸 수 있어 가짜 소켓을 둘 수 있습니다: chmod go-w")
        },
        versions_differ: |kisd, kisctl| format!("kisd는 {kisd}, kisctl은 {kisctl}"),
        upgrade: "업그레이드한 뒤에는 데몬을 다시 시작하세요: systemctl restart kisd",
        clock_agrees: "KIS의 시계와 5초 안에서 일치",
        set_clock: "kisd는 KIS의 시계를 따릅니다. 이 컴퓨터의 시계를 맞추세요: timedatectl set-ntp true",
        token_until: |at| format!("{at}까지 유효"),
        token_advice: |state| match state {
            TokenState::Rejected => "앱키와 시크릿을 고치고, 실전·모의 구분에 맞는 키인지 확인하세요",
            TokenState::Waiting => "다른 프로그램이 같은 키로 토큰을 요청했습니다. 그 프로그램도 kisd에 묻게 하세요",
            _ => "몇 초 기다려 보고, 그대로면 kisctl logs를 보세요",
        },
        quota_advice: "다른 프로그램이 이 앱키를 쓰거나 KIS의 한도가 더 낮습니다. kisd에 묻게 하거나 kis.calls_per_second를 낮추세요",
        kis_answers: |at| format!("{at} 잔고"),
        kis_advice: |kind| match kind {
            Some(Kind::UpstreamUnreachable) => {
                "네트워크, 방화벽, 프록시를 확인하세요. KIS는 야간이나 주말에 점검하기도 합니다"
            }
            Some(Kind::UpstreamRejected) => {
                "account_no, account_product_code, mode를 확인하세요. KIS의 메시지를 참고하세요"
            }
            Some(Kind::UpstreamMalformed) => "KIS의 응답이 알려진 것과 다릅니다. 메시지와 함께 알려 주세요",
            Some(Kind::CredentialsRejected) => "앱키와 시크릿을 고치세요",
            Some(Kind::PermissionDenied) => "관리자에게 rpc.allow_uids에 본인의 uid를 추가해 달라고 요청하세요",
            _ => "1분 뒤에 다시 시도하세요. kisctl logs에 더 나와 있습니다",
        },
        not_known: "데몬에 연결되지 않아 확인 불가",
        all_well: "모두 정상입니다",
        look_at: |count| format!("작동합니다. 확인할 항목 {count}개"),
        no_answer_at_once: "연결되었지만 5초 안에 응답이 없음",
        hangs: "멈췄거나 다른 프로그램입니다. kisctl logs를 본 뒤 systemctl restart kisd",
        not_well: |count| format!("고칠 항목 {count}개"),
    },
    init: Init {
        welcome: |directory| {
            format!(
                "kisd의 설정을 {directory}에 저장합니다. 앱키와 시크릿은 https://apiportal.koreainvestment.com 에 있습니다\n"
            )
        },
        mode: "실전투자(real)입니까, 모의투자(paper)입니까",
        mode_is: "실전(real) 또는 모의(paper)로 답하세요",
        app_key: "앱키 (입력해도 화면에 표시되지 않음)",
        app_key_is: "앱키는 36자입니다",
        app_secret: "앱시크릿 (입력해도 화면에 표시되지 않음)",
        app_secret_is: "앱시크릿은 180자입니다",
        account: "계좌번호 (12345678-01)",
        account_is: "계좌번호는 숫자 8자리와 2자리입니다",
        replace: |path| format!("이미 있는 파일입니다: {path}. 바꿀까요? (y/N)"),
        kept: |path| format!("기존 파일을 유지했습니다: {path}"),
        written: |path| format!("저장함: {path}"),
        install: |what| format!("{what}로 설치하고 시작할까요? (y/N)"),
        installed: |what| format!("{what}로 설치하고 시작했습니다. kisctl doctor로 점검하세요"),
        start_yourself: |command| format!("시작 명령: {command}"),
        system_service: "시스템 서비스",
        user_service: "사용자 서비스",
        install_first: |kisd| {
            format!(
                "시스템 서비스는 이 프로그램을 볼 수 없습니다: {kisd}. 먼저 /usr/local/bin에 설치한 뒤 다시 실행하세요"
            )
        },
        no_home: "홈 디렉터리가 없습니다. --directory로 지정하세요",
        odd_name: "설정에 쓸 수 없는 문자가 이름에 있습니다",
        no_input: "모든 질문에 답하기 전에 입력이 종료되었습니다. 아무것도 쓰지 않았습니다",
        failed: |what, why| format!("{what}: {why}"),
    },
    logs: Logs {
        not_by_systemd: |pid| {
            format!(
                "데몬(pid {pid})은 systemd가 시작하지 않았습니다. 로그는 stderr에, log.dir이 설정되어 있으면 그곳에 있습니다"
            )
        },
        no_journal: |reason| format!("journalctl을 실행할 수 없습니다: {reason}"),
    },
};
