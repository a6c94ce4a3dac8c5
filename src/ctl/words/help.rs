//! The help of the command line in Korean. In English it is written where the arguments are declared; a test compares the two.

use clap::{
    Arg, Command,
    error::{ContextKind, ErrorKind},
};

/// Each command or argument, by its way from the root, and what it is for.
const KOREAN: &[(&str, &str)] = &[
    ("kisctl", "이 컴퓨터의 kisd 데몬에 조회하고 요청합니다"),
    ("kisctl --socket", "데몬의 소켓. 없으면 사용자의 소켓, 그다음 시스템의 소켓을 찾습니다"),
    ("kisctl --json", "데몬이 준 그대로의 JSON으로 출력합니다. --output json과 같습니다"),
    ("kisctl --output", "출력 형식: table(표), json(데몬이 준 그대로), csv(잔고는 보유 종목, 그 밖에는 이름과 값)"),
    ("kisctl --lang", "메시지의 언어: en, ko. 없으면 LC_ALL, LC_MESSAGES, LANG을 따릅니다"),
    ("kisctl balance", "예수금, 합계, 모든 보유 종목"),
    (
        "kisctl balance --max-age",
        "메모리에 있는 잔고를 그대로 쓸 최대 경과 시간. 500ms, 10s 등. 0s는 항상 KIS에서 조회합니다",
    ),
    ("kisctl balance --watch", "계속 지켜보며 바뀔 때마다 다시 그립니다"),
    ("kisctl balance --interval", "지켜볼 때 KIS에서 조회하는 간격. 호출 한도에 따라 최솟값이 있습니다"),
    ("kisctl status", "데몬의 버전, 계좌, 토큰, 호출 통계"),
    ("kisctl status --check", "모니터링용: 한 줄로 답하고, 이상이 있으면 종료 코드가 1입니다"),
    ("kisctl token", "접근 토큰"),
    ("kisctl token refresh", "KIS의 1분당 1회 규칙이 허락하면 지금 토큰을 갱신합니다"),
    ("kisctl token status", "토큰의 상태를 보여 줍니다"),
    ("kisctl call", "메서드를 호출하고 결과를 JSON으로 출력합니다"),
    ("kisctl call method", "메서드의 이름. account.balance 등"),
    ("kisctl call params", "매개변수: JSON 객체나 배열"),
    ("kisctl discover", "데몬이 제공하는 모든 것의 OpenRPC 문서를 출력합니다"),
    ("kisctl metrics", "횟수와 시간을 Prometheus가 읽는 OpenMetrics 형식으로 출력합니다"),
    ("kisctl doctor", "설정, 소켓, 데몬, 시계, 토큰, 호출 한도, KIS를 점검하고 무엇을 할지 알려 줍니다"),
    ("kisctl init", "앱키와 계좌를 묻고 설정 파일을 만들며, 원하면 서비스를 설치합니다"),
    ("kisctl init --system", "사용자의 데몬이 아니라 시스템 서비스를 /etc/kisd에 설정합니다. root만 할 수 있습니다"),
    ("kisctl init --directory", "설정 파일을 만들 다른 디렉터리"),
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
    let what = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue];
    let what: Vec<String> = what.iter().filter_map(|kind| error.get(*kind)).map(ToString::to_string).collect();
    let problem = match error.kind() {
        ErrorKind::InvalidSubcommand => "없는 명령입니다",
        ErrorKind::UnknownArgument => "없는 옵션이나 인수입니다",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "값이 잘못되었습니다",
        ErrorKind::MissingRequiredArgument => "필요한 인수가 없습니다",
        ErrorKind::MissingSubcommand => "명령이 필요합니다",
        ErrorKind::ArgumentConflict => "함께 쓸 수 없습니다",
        _ => return error.to_string(),
    };
    format!("kisctl: {problem}: {}\n도움말: kisctl --help\n", what.join(", "))
}

fn name_of(argument: &Arg) -> String {
    argument.get_long().map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"))
}

fn korean(way: &str) -> Option<&'static str> {
    KOREAN.iter().find(|(known, _)| *known == way).map(|(_, help)| *help)
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
        let translated: BTreeSet<String> = KOREAN.iter().map(|(way, _)| (*way).to_owned()).collect();
        assert_eq!(declared, translated);
    }
}
