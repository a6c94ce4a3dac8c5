//! The help of the command line in Korean. In English it is written where the arguments are declared; a test compares the two.

use std::error::Error;

use clap::{
    Arg, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::help_order;

/// Each command or argument, by its way from the root, and what it is for.
const KOREAN: &[(&str, &str)] = &[
    ("kisctl", "이 컴퓨터의 kisd 데몬을 조회하고 제어합니다"),
    ("kisctl --socket", "데몬의 소켓. 지정하지 않으면 개인용 데몬, 개인용이 없으면 시스템 데몬에 연결합니다"),
    ("kisctl --user", "개인용 데몬에만 연결합니다. 시스템 데몬에는 연결하지 않습니다"),
    (
        "kisctl --system",
        "개인용 데몬이 있어도 시스템 데몬에 연결합니다. init에서는 개인용 데몬 대신 시스템 서비스를 /etc/kisd에 설정합니다(root 필요)",
    ),
    ("kisctl --account", "계좌의 이름. 지정하지 않으면 데몬의 기본 계좌입니다"),
    ("kisctl --json", "데몬이 준 그대로의 JSON으로 출력합니다. --output json과 같습니다"),
    ("kisctl --output", "출력 형식: table(표), json(데몬이 준 그대로), csv(잔고는 보유 종목, 그 밖에는 이름과 값)"),
    ("kisctl --lang", "메시지의 언어: en, ko. 없으면 LC_ALL, LC_MESSAGES, LANG을 따릅니다"),
    ("kisctl balance", "예수금, 합계, 모든 보유 종목"),
    (
        "kisctl balance --max-age",
        "이 시간 안에 받은 잔고는 메모리에서 응답합니다. 예: 500ms, 10s. 0s는 항상 KIS에서 조회",
    ),
    ("kisctl balance --watch", "잔고가 바뀔 때마다 화면을 갱신합니다"),
    ("kisctl balance --interval", "--watch일 때 KIS 조회 간격. 호출 한도에 따라 최솟값이 있습니다"),
    ("kisctl quote", "종목의 현재가를 보여 줍니다"),
    ("kisctl quote stocks", "종목명이나 종목코드"),
    ("kisctl quote --market", "시장: KRX, NXT, UN, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX, HSX"),
    ("kisctl quote --watch", "시세가 바뀔 때마다 화면을 갱신합니다"),
    ("kisctl quote --interval", "--watch일 때 조회 간격. 호출 한도에 따라 늦어질 수 있습니다"),
    ("kisctl orderbook", "종목의 호가를 보여 줍니다"),
    ("kisctl orderbook stock", "종목명이나 종목코드"),
    ("kisctl orderbook --market", "시장. kisctl quote와 같습니다"),
    ("kisctl assets", "자산 구분별 금액과 결제일별 예수금, 미수금, 대출금"),
    ("kisctl overseas", "해외주식 잔고와 외화예수금"),
    ("kisctl overseas --market", "조회할 시장. 여러 번 지정할 수 있습니다"),
    ("kisctl buyable", "종목의 매수가능금액과 수량"),
    ("kisctl buyable stock", "종목명이나 종목코드"),
    ("kisctl buyable --market", "시장. kisctl quote와 같습니다"),
    ("kisctl buyable --price", "주문단가. 해외주식은 꼭 지정해야 합니다. 지정하지 않으면 시장가입니다"),
    (
        "kisctl buyable --type",
        "주문 종류: limit, market, conditional, best, priority, mid, stop_limit, pre_close, post_close",
    ),
    ("kisctl sellable", "종목의 매도가능수량"),
    ("kisctl sellable stock", "종목명이나 종목코드"),
    ("kisctl sellable --market", "시장. kisctl quote와 같습니다"),
    ("kisctl orders", "하루의 주문 내역(다른 매체로 낸 주문 포함)과 예약주문"),
    ("kisctl orders date", "날짜. 예: 2026-11-27. 지정하지 않으면 오늘입니다"),
    ("kisctl orders --region", "국내(domestic)나 해외(overseas)만"),
    ("kisctl executions", "기간의 체결 내역"),
    ("kisctl executions from", "시작일. 예: 2026-11-02. 지정하지 않으면 오늘입니다"),
    ("kisctl executions to", "종료일. 지정하지 않으면 오늘입니다"),
    ("kisctl executions --region", "국내(domestic)나 해외(overseas)만"),
    ("kisctl profits", "기간의 실현손익과 수수료, 세금"),
    ("kisctl profits from", "시작일. 예: 2026-11-02. 지정하지 않으면 오늘입니다"),
    ("kisctl profits to", "종료일. 지정하지 않으면 오늘입니다"),
    ("kisctl profits --region", "국내(domestic)나 해외(overseas)만"),
    ("kisctl transactions", "기간의 해외주식 거래내역과 수수료, 결제"),
    ("kisctl transactions from", "시작일. 예: 2026-11-02. 지정하지 않으면 오늘입니다"),
    ("kisctl transactions to", "종료일. 지정하지 않으면 오늘입니다"),
    ("kisctl transactions --region", "국내(domestic)나 해외(overseas)만"),
    ("kisctl chart", "종목의 봉 차트와 거래량을 터미널에 그리거나, SVG 파일이나 CSV로 만듭니다"),
    ("kisctl chart stock", "종목명이나 종목코드"),
    ("kisctl chart --market", "시장. kisctl quote와 같습니다"),
    ("kisctl chart --interval", "봉 하나의 길이: 1m, 3m, 5m, 10m, 15m, 30m, 60m, 1d, 1w, 1mo, 1y"),
    ("kisctl chart --from", "첫 날(예: 2026-11-27)이나 시각(예: 2026-11-27T09:00:00+09:00)"),
    ("kisctl chart --to", "마지막 날이나 시각. 없으면 지금까지"),
    ("kisctl chart --limit", "최근 봉의 최대 개수. --from도 없으면 화면에 들어가는 만큼"),
    ("kisctl chart --raw", "액면분할 등을 반영하지 않은, 거래된 그대로의 가격"),
    ("kisctl chart --svg", "이 파일에 그림으로 저장합니다"),
    ("kisctl chart --csv", "봉을 CSV로 출력합니다. --output csv와 같습니다"),
    ("kisctl market", "시장이 지금 열려 있는지, 앞으로의 개장일과 지수를 보여 줍니다"),
    ("kisctl market --market", "시장: KRX, NXT, UN, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX, HSX. 없으면 KRX"),
    ("kisctl market --days", "오늘 이후 며칠까지 보여 줄지"),
    ("kisctl index", "지수를 보여 줍니다"),
    ("kisctl index indices", "지수의 이름. 예: KOSPI, KOSDAQ, SP500, NIKKEI225. 없으면 주요 지수"),
    ("kisctl ranking", "순위를 보여 줍니다"),
    (
        "kisctl ranking ranking",
        "순위의 기준. 예: volume(거래량), trade_value(거래대금), rise(상승률), fall(하락률), market_cap(시가총액), short_sale(공매도), foreign_buys(외국인 순매수)",
    ),
    ("kisctl ranking --market", "시장: KRX, NXT, 해외 시장. 없으면 KRX"),
    ("kisctl ranking --board", "KOSPI나 KOSDAQ에서만"),
    ("kisctl investors", "국내 종목을 개인, 외국인, 기관이 얼마나 사고팔았는지 날짜별로 보여 줍니다"),
    ("kisctl investors stock", "종목명이나 종목코드"),
    ("kisctl investors --market", "시장: KRX, NXT, UN. 없으면 KRX"),
    ("kisctl search", "종목명이나 그 일부, 종목코드, 초성(ㅅㅅㅈㅈ)으로 국내외 종목을 찾습니다"),
    ("kisctl search query", "찾을 말"),
    ("kisctl search --market", "이 시장에서만: KRX, NASDAQ, NYSE, AMEX, HKEX, TSE, SSE, SZSE, HNX, HSX"),
    ("kisctl search --limit", "최대 개수"),
    ("kisctl accounts", "계좌를 이름별로 보여 줍니다: 앱키와 토큰의 상태 포함"),
    ("kisctl status --all", "--check와 함께: 기본 계좌만이 아니라 모든 계좌를 점검합니다"),
    ("kisctl status", "데몬의 버전, 계좌, 토큰, 호출 통계"),
    ("kisctl status --check", "모니터링용: 한 줄로 출력하고, 이상이 있으면 종료 코드가 1입니다"),
    ("kisctl token", "접근토큰"),
    ("kisctl token refresh", "KIS의 발급 제한(1분당 1회)에 걸리지 않으면 토큰을 바로 갱신합니다"),
    ("kisctl token status", "토큰의 상태를 보여 줍니다"),
    ("kisctl client", "KIS용 프로그램이 게이트웨이로 접속할 때 쓰는 클라이언트 키"),
    ("kisctl client add", "클라이언트와 그 키 쌍을 만듭니다. 앱시크릿은 한 번만 보여 줍니다"),
    ("kisctl client add name", "이름. a-z, 0-9, -로 32자까지"),
    ("kisctl client add --rights", "권한. 예: read,trade. 만드는 사람의 권한을 넘지 못합니다"),
    ("kisctl client add --also", "--account의 계좌나 기본 계좌 외에 더 쓸 계좌. 여러 번 쓸 수 있습니다"),
    ("kisctl client add --uid", "프로그램을 실행하는 사용자의 번호. 없으면 본인(sudo로 실행해도)"),
    (
        "kisctl client add --any-user",
        "모든 사용자의 프로그램과, 사용자를 알 수 없는 다른 컴퓨터의 프로그램도 쓸 수 있습니다(gateway.allow_remote)",
    ),
    ("kisctl client add --calls-per-second", "이 클라이언트의 초당 최대 호출 수"),
    ("kisctl client add --expires-in", "키의 유효 기간. 예: 90d"),
    ("kisctl client add --for", "프로그램 종류. 그 프로그램에 설정할 내용을 보여 줍니다"),
    ("kisctl client list", "클라이언트와 권한, 마지막 사용 시각"),
    ("kisctl client show", "프로그램에 설정할 내용. 앱시크릿은 빠집니다"),
    ("kisctl client show name", "클라이언트 이름"),
    ("kisctl client show --for", "이 프로그램에 설정할 내용을 보여 줍니다"),
    ("kisctl client rotate", "새 키 쌍을 줍니다. 이전 키는 바로 무효가 됩니다"),
    ("kisctl client rotate name", "클라이언트 이름"),
    ("kisctl client rotate --for", "이 프로그램에 설정할 내용을 보여 줍니다"),
    ("kisctl client remove", "클라이언트를 삭제합니다. 키는 바로 무효가 됩니다"),
    ("kisctl client remove name", "클라이언트 이름"),
    ("kisctl gateway", "KIS 호스트 이름으로 게이트웨이를 쓰는 기능. 호스트를 바꿀 수 없는 프로그램용"),
    ("kisctl gateway trust", "KIS 호스트용 인증서를 만들거나 새것으로 바꾸고, 설정할 내용을 보여 줍니다"),
    ("kisctl gateway untrust", "그 인증서를 삭제하고, 되돌릴 내용을 보여 줍니다"),
    ("kisctl gateway bundle", "그 경우 프로그램이 신뢰해야 할 인증서 묶음(시스템의 루트와 kisd의 루트)을 출력합니다"),
    ("kisctl kis", "KIS의 모든 조회 API"),
    ("kisctl kis search", "한국어나 영어 낱말, TR ID, 경로, 필드 이름으로 API를 찾습니다"),
    ("kisctl kis search query", "찾을 말"),
    ("kisctl kis search --limit", "최대 개수"),
    ("kisctl kis describe", "API의 매개변수와 응답을 보여 줍니다"),
    ("kisctl kis describe operation", "API의 id나 TR ID"),
    ("kisctl kis call", "조회 API를 호출합니다"),
    ("kisctl kis call operation", "API의 id나 TR ID"),
    ("kisctl kis call params", "매개변수. 예: FID_INPUT_ISCD=005930"),
    ("kisctl kis call --pages", "이어서 조회할 페이지 수. 0은 모두"),
    ("kisctl kis call --next", "앞선 응답이 끝난 곳부터 이어서 조회합니다"),
    (
        "kisctl kis call --max-age",
        "이 시간 안에 받은 응답은 메모리에서 가져옵니다. 예: 500ms, 10s. 지정하지 않으면 KIS에서 조회",
    ),
    ("kisctl call", "메서드를 호출하고 결과를 JSON으로 출력합니다"),
    ("kisctl call method", "메서드의 이름. account.balance 등"),
    ("kisctl call params", "매개변수: JSON 객체나 배열"),
    ("kisctl discover", "데몬이 제공하는 모든 것의 OpenRPC 문서를 출력합니다"),
    ("kisctl metrics", "지표를 Prometheus가 읽는 OpenMetrics 형식으로 출력합니다"),
    ("kisctl doctor", "설정, 소켓, 데몬, 시계, 토큰, 호출 한도, KIS를 점검하고 대처 방법을 알려 줍니다"),
    (
        "kisctl init",
        "앱키와 계좌를 입력받아 설정 파일을 만들고, 원하면 서비스를 설치합니다. --account를 주면 기존 설정에 계좌를 추가합니다",
    ),
    ("kisctl init --keys", "앱키와 시크릿만 새로 입력받습니다. --account로 지정한 계좌나 기본 계좌의 키입니다"),
    ("kisctl init --service", "서비스만 설치합니다"),
    (
        "kisctl init --try",
        "저장하기 전에 KIS에서 토큰과 잔고를 받아 봅니다. 계좌 주인에게 알림이 가며, 그 토큰은 데몬이 이어서 씁니다",
    ),
    ("kisctl init --default", "--account의 계좌를 기본 계좌로 합니다"),
    ("kisctl init --key-of", "--account의 계좌가 이 계좌의 앱키를 함께 씁니다"),
    ("kisctl init --directory", "설정 파일을 만들 다른 디렉터리"),
    ("kisctl init --base-url", "KIS 대신 연결할 주소. kisd simulate가 출력하며, 모의 KIS의 키는 이 주소에만 씁니다"),
    ("kisctl logs", "데몬의 로그를 systemd 저널에서 보여 줍니다"),
    ("kisctl logs --follow", "새 줄이 생기는 대로 계속 보여 줍니다"),
    ("kisctl logs --lines", "보여 줄 마지막 줄 수"),
    ("kisctl mcp", "AI 에이전트를 위한 MCP(Model Context Protocol) 서버로 표준 입출력에서 동작합니다"),
    ("kisctl completions", "셸 자동 완성 스크립트를 출력합니다"),
    ("kisctl completions shell", "셸: bash, elvish, fish, powershell, zsh"),
    ("kisctl man", "man 페이지를 출력하거나, 디렉터리를 주면 명령마다 한 장씩 만듭니다"),
    ("kisctl man directory", "man 페이지를 만들 디렉터리"),
];

/// What clap adds to every command by itself.
const ADDED: &[(&str, &str)] = &[("--help", "도움말을 출력합니다"), ("--version", "버전을 출력합니다")];

const TEMPLATE: &str = "{about-with-newline}\n사용법: {usage}\n\n{all-args}{after-help}";

/// The command with its help in Korean.
pub(in crate::ctl) fn in_korean(mut command: Command) -> Command {
    // Built, it has the arguments that are everywhere, and those that clap adds.
    command.build();
    translate(command, "kisctl")
}

fn translate(mut command: Command, way: &str) -> Command {
    if let Some(about) = korean(way) {
        command = command.about(about);
    }
    if command.get_name() == "help" {
        command = command.about("이 도움말이나 명령의 도움말을 출력합니다");
    }
    command = command.help_template(TEMPLATE).subcommand_help_heading("명령").mut_args(|argument| {
        let name = name_of(&argument);
        let help = korean(&format!("{way} {name}")).or_else(|| korean(&format!("kisctl {name}")));
        let added = ADDED.iter().find(|(known, _)| *known == name).map(|(_, help)| *help);
        let heading = if argument.is_positional() { "인수" } else { "옵션" };
        let argument = argument.help_heading(heading).hide_possible_values(true);
        match help.or(added) {
            Some(help) => argument.help(help).long_help(help),
            None => argument,
        }
    });
    command.mut_subcommands(|subcommand| {
        let way = format!("{way} {}", subcommand.get_name());
        translate(subcommand, &way)
    })
}

/// What is wrong with the arguments, in Korean; clap's own text is for what has no words here.
pub(in crate::ctl) fn wrong_usage(error: &clap::Error) -> String {
    let texts = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::None) | None => Vec::new(),
        Some(text) => vec![text.to_string()],
    };
    let text = |kind: ContextKind| texts(kind).join(", ");
    let (argument, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let name = argument.split(' ').next().unwrap_or_default().to_owned();
    let problem = match error.kind() {
        ErrorKind::InvalidSubcommand => format!("없는 명령입니다: {}", text(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => format!("없는 옵션이나 인수입니다: {argument}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("`{name}`에 값이 필요합니다: {argument}"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let mark = mark_of_subject(&value);
            format!("`{name}`의 값 '{value}'{mark} 올바르지 않습니다{}", why(error, &name))
        }
        ErrorKind::MissingRequiredArgument => format!("필요한 인수가 없습니다: {argument}"),
        ErrorKind::MissingSubcommand => format!("명령이 필요합니다: {}", text(ContextKind::InvalidSubcommand)),
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            match argument.is_empty() {
                // Of our own making: it has no context, and names the arguments.
                true => "함께 쓸 수 없습니다: --socket과 --user, --system".to_owned(),
                false => format!("함께 쓸 수 없습니다: {argument}, {other}"),
            }
        }
        _ => return error.to_string(),
    };
    let mut said = format!("kisctl: {problem}\n");
    for (kind, words) in [
        (ContextKind::ValidValue, "허용 값"),
        (ContextKind::ValidSubcommand, "명령"),
        (ContextKind::SuggestedSubcommand, "비슷한 명령"),
        (ContextKind::SuggestedArg, "비슷한 옵션"),
        (ContextKind::SuggestedValue, "비슷한 값"),
    ] {
        if let Some(texts) = Some(texts(kind)).filter(|texts| !texts.is_empty()) {
            said.push_str(&format!("{words}: {}\n", texts.join(", ")));
        }
    }
    said + "도움말: kisctl --help\n"
}

/// The particle of a subject, which goes by how the word before it ends when it is read aloud.
fn mark_of_subject(word: &str) -> &'static str {
    /// Syllables without a final consonant come every 28 code points.
    const FINALS: u32 = 28;
    match word.chars().last() {
        Some(c @ '가'..='힣') if (u32::from(c) - u32::from('가')) % FINALS == 0 => "가",
        Some('가'..='힣' | '0' | '1' | '3' | '6' | '7' | '8') => "이",
        Some('2' | '4' | '5' | '9') => "가",
        _ => "이(가)",
    }
}

/// Why a value is none, where it is known.
fn why(error: &clap::Error, name: &str) -> String {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    let reason = match name {
        "--max-age" | "--interval" if cause.contains("unit") => "단위가 필요합니다(예: 10s)",
        "--max-age" | "--interval" => "기간은 숫자와 단위로 적습니다(예: 500ms, 10s, 1m)",
        "--lines" => "0 이상의 정수여야 합니다",
        "[PARAMS-JSON]" => "JSON 객체나 배열이어야 합니다",
        _ => return String::new(),
    };
    format!(": {reason}")
}

fn name_of(argument: &Arg) -> String {
    argument.get_long().map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"))
}

fn korean(way: &str) -> Option<&'static str> {
    let alike = || {
        let argument = help_order::WAYS.iter().find_map(|command| way.strip_prefix(command)?.strip_prefix(' '))?;
        help_order::WANTED.iter().find(|(known, _)| *known == argument)
    };
    KOREAN.iter().chain(help_order::KOREAN).find(|(known, _)| *known == way).or_else(alike).map(|(_, help)| *help)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::ctl::Arguments;

    fn ways(command: &Command, way: &str, found: &mut BTreeSet<String>) {
        found.insert(way.to_owned());
        for argument in command.get_arguments() {
            found.insert(format!("{way} {}", name_of(argument)));
        }
        for subcommand in command.get_subcommands() {
            ways(subcommand, &format!("{way} {}", subcommand.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_argument_has_its_korean_help_and_no_other() {
        let mut declared = BTreeSet::new();
        ways(&Arguments::command(), "kisctl", &mut declared);
        let mut translated: BTreeSet<String> =
            KOREAN.iter().chain(help_order::KOREAN).map(|(way, _)| (*way).to_owned()).collect();
        for way in help_order::WAYS {
            translated.extend(help_order::WANTED.iter().map(|(argument, _)| format!("{way} {argument}")));
        }
        assert_eq!(declared, translated);
    }
}
