//! kisctl as a process: tables, JSON, exit codes, and where it looks for the daemon.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::{
    path::Path,
    process::{Output, Stdio},
};

use kisd::simulator::{Fault, Mode, Options};
use serde_json::{Value, json};
use support::{TestDaemon, World};
use tokio::process::Command;

struct Ctl<'a> {
    daemon: &'a TestDaemon,
}

impl Ctl<'_> {
    async fn run(&self, arguments: &[&str]) -> Output {
        kisctl(&self.daemon.socket).args(arguments).output().await.unwrap()
    }

    async fn shown(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn kisctl(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().arg("--socket").arg(socket).stdin(Stdio::null());
    command
}

async fn daemon() -> (World, TestDaemon) {
    let world = World::with(Options::demo(Mode::Real)).await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    (world, daemon)
}

#[tokio::test]
async fn balance_is_an_aligned_table_in_which_hangul_takes_two_columns() {
    let (_world, daemon) = daemon().await;
    let shown = Ctl { daemon: &daemon }.shown(&["balance"]).await;
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn stocks_are_found_by_initials_in_a_table_of_either_language_and_as_csv() {
    let (_world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let table = |text: String| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let english = table(ctl.shown(&["search", "ㅅㅅㅈㅈ", "-n", "2"]).await);
    assert_eq!(english[0].join(" "), "Code Name Market Kind Base price Lot Note");
    assert_eq!(english[1].join(" "), "005930 삼성전자 KOSPI stock 75,000 KRW 1");
    assert_eq!(english[2].join(" "), "005935 삼성전자우 KOSPI stock 61,200 KRW 1");
    let korean = table(ctl.shown(&["--lang", "ko", "search", "대동", "전자"]).await);
    assert_eq!(korean[0].join(" "), "코드 종목명 시장 종류 기준가 매매단위 참고");
    assert_eq!(korean[1].join(" "), "008110 대동전자 KOSPI 주식 8,760 KRW 1 거래정지");
    let csv = ctl.shown(&["--output", "csv", "search", "애플", "--market", "nasdaq"]).await;
    assert_eq!(
        csv,
        "stock_code,standard_code,name,english_name,market,board,kind,currency,base_price,tick,lot,halted\n\
         AAPL,,애플,APPLE INC,NASDAQ,,stock,USD,232.5100,0.01,1,\n"
    );
    let json = ctl.shown(&["--json", "search", "AAPL"]).await;
    assert!(json.starts_with("{\"stocks\":[{\"stock_code\":\"AAPL\""), "{json}");
    assert_eq!(ctl.shown(&["--lang", "ko", "search", "asdfghjkl"]).await, "맞는 종목이 없습니다\n");
    for wrong in [&["search"][..], &["search", "삼성", "--market", "LSE"], &["search", "삼성", "-n", "1000000"]] {
        assert_eq!(ctl.run(wrong).await.status.code(), Some(2), "{wrong:?}");
    }
}

/// An answer of KIS with these containers.
fn answer(containers: Value) -> Fault {
    let mut body = containers;
    body["rt_cd"] = json!("0");
    body["msg_cd"] = json!("KIOK0460");
    body["msg1"] = json!("조회 되었습니다. (마지막 자료)");
    Fault::Answer { status: 200, body: body.to_string() }
}

/// The words of each line.
fn words(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn the_orders_of_a_day_are_a_table_of_either_language_and_csv_with_every_digit() {
    let (world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let order = json!({ "ord_dt": "20260122", "ord_gno_brno": "03930", "odno": "0000085100", "orgn_odno": "",
        "ord_dvsn_name": "지정가", "sll_buy_dvsn_cd": "02", "sll_buy_dvsn_cd_name": "현금매수", "pdno": "005930",
        "prdt_name": "삼성전자", "ord_qty": "1000", "ord_unpr": "71300", "ord_tmd": "094414", "tot_ccld_qty": "1000",
        "avg_prvs": "71233.3333", "tot_ccld_amt": "71233333", "loan_dt": "", "ordr_empno": "OpnAPI",
        "ord_dvsn_cd": "00", "rmn_qty": "0", "rjct_qty": "0", "excg_id_dvsn_cd": "SOR", "stpm_cndt_pric": "0" });
    let mut cancel = order.clone();
    for (name, value) in [
        ("odno", "0000085101"),
        ("orgn_odno", "0000085100"),
        ("sll_buy_dvsn_cd_name", "매수취소"),
        ("ord_unpr", "0"),
        ("tot_ccld_qty", "0"),
        ("avg_prvs", "0"),
    ] {
        cancel[name] = json!(value);
    }
    let listed = answer(json!({ "output1": [cancel, order], "output2": {} }));
    let reserved = json!({ "rsvn_ord_seq": "39607", "rsvn_ord_ord_dt": "20260126", "rsvn_ord_rcit_dt": "20260121",
        "pdno": "000660", "ord_rsvn_qty": "10", "rsvn_ord_rcit_tmd": "161203", "kor_item_shtn_name": "SK하이닉스",
        "sll_buy_dvsn_cd": "01", "ord_rsvn_unpr": "700000", "prcs_rslt": "미처리" });
    let asked = ["orders", "2026-01-22", "--region", "domestic"];
    world.simulator.fail_next("inquire-daily-ccld", listed.clone());
    world.simulator.fail_next("order-resv-ccnl", answer(json!({ "output": [reserved] })));
    let english = words(&ctl.shown(&asked).await);
    assert_eq!(english[0], "default 2026-01-22");
    assert_eq!(english[3], "Time No. Code Name Side Quantity Price Filled Avg. price State");
    assert_eq!(english[4], "01-22 09:44:14 0000085100 005930 삼성전자 buy 1,000 71,300 1,000 71,233.3333 filled");
    assert_eq!(english[5], "01-22 09:44:14 0000085101 005930 삼성전자 buy cancel 1,000 – 0 – accepted");
    assert_eq!(english[7], "Reserved");
    assert_eq!(english[9], "39607 2026-01-26 000660 SK하이닉스 sell 10 700,000 미처리");
    let mut korean = vec!["--lang", "ko"];
    korean.extend(asked);
    let korean = words(&ctl.shown(&korean).await);
    assert_eq!(korean[3], "주문시각 주문번호 종목코드 종목명 구분 주문수량 주문단가 체결수량 체결단가 상태");
    assert!(korean[5].ends_with("매수 취소 1,000 – 0 – 접수"), "{korean:?}");
    let mut csv = vec!["--output", "csv"];
    csv.extend(asked);
    let csv = ctl.shown(&csv).await;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("order_no,original_order_no,branch,order_date,ordered_at,region,"), "{csv}");
    assert!(
        lines[1].contains(",삼성전자,KRW,buy,new,,filled,00,지정가,1000,71300,,1000,71233.3333,71233333,0,0,"),
        "{csv}"
    );
    assert_eq!(ctl.shown(&["orders", "2026-01-19", "--region", "domestic"]).await.lines().nth(3), Some("none"));
    for wrong in [&["orders", "--region", "mars"][..], &["orders", "2026-01-22", "2026-01-23"]] {
        assert_eq!(ctl.run(wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let wrong = ctl.run(&["orders", "22.1.2026"]).await;
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("such as 2026-11-27"), "{wrong:?}");
}

#[tokio::test]
async fn executions_profits_and_transactions_are_tables_and_csv() {
    let (world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let filled = json!({ "ord_dt": "20260121", "odno": "30138112", "sll_buy_dvsn_cd": "01", "rvse_cncl_dvsn": "00",
        "pdno": "AAPL", "prdt_name": "애플", "ft_ord_qty": "2", "ft_ord_unpr3": "225.01000000", "ft_ccld_qty": "2",
        "ft_ccld_unpr3": "225.02500000", "ft_ccld_amt3": "450.05000", "nccs_qty": "0", "ord_tmd": "001540",
        "tr_crcy_cd": "USD", "ovrs_excg_cd": "NASD", "dmst_ord_dt": "20260122" });
    world.simulator.fail_next("inquire-ccnl", answer(json!({ "output": [filled] })));
    let shown = words(&ctl.shown(&["executions", "2026-01-21", "2026-01-22", "--region", "overseas"]).await);
    assert_eq!(shown[0], "default 2026-01-21 – 2026-01-22");
    assert_eq!(shown[4], "2026-01-22 00:15:40 30138112 AAPL 애플 sell 2 225.025 450.05 USD");
    let sold = json!({ "trad_day": "20260121", "ovrs_pdno": "AAPL", "ovrs_item_name": "애플", "slcl_qty": "3",
        "pchs_avg_pric": "220.1000", "frcr_pchs_amt1": "660.30000", "avg_sll_unpr": "225.01000000",
        "frcr_sll_amt_smtl1": "675.030000", "stck_sll_tlex": "1.7000", "ovrs_rlzt_pfls_amt": "13.03000",
        "pftrt": "1.97334545", "exrt": "1469.0000000000", "ovrs_excg_cd": "NASD" });
    world.simulator.fail_next("inquire-period-profit", answer(json!({ "output1": [sold], "output2": {} })));
    let asked = ["profits", "2026-01-21", "2026-01-22", "--region", "overseas"];
    let shown = words(&ctl.shown(&asked).await);
    assert_eq!(shown[3], "Day Code Name Sold Cost Price Profit % Fees, taxes Currency");
    assert_eq!(shown[4], "2026-01-21 AAPL 애플 3 220.1 225.01 +13.03 +1.97 1.7 USD");
    assert_eq!(shown[5], "Total: +13.03 USD");
    let mut csv = vec!["--output", "csv"];
    csv.extend(asked);
    let csv = ctl.shown(&csv).await;
    assert!(
        csv.contains("\n2026-01-21,overseas,NASDAQ,AAPL,애플,USD,,,3,220.1,660.3,225.01,675.03,13.03,1.97334545,"),
        "{csv}"
    );
    let bought = json!({ "trad_dt": "20260120", "sttl_dt": "20260122", "sll_buy_dvsn_cd": "02", "pdno": "AAPL",
        "ovrs_item_name": "애플", "ccld_qty": "2", "ovrs_stck_ccld_unpr": "225.01000000", "tr_frcr_amt2": "450.020000",
        "frcr_excc_amt_1": "451.150000", "dmst_frcr_fee1": "1.13000", "frcr_fee1": "0.010000", "crcy_cd": "USD" });
    world.simulator.fail_next("inquire-period-trans", answer(json!({ "output1": [bought], "output2": {} })));
    let shown = words(&ctl.shown(&["transactions", "2026-01-20"]).await);
    assert_eq!(shown[4], "2026-01-20 2026-01-22 AAPL 애플 buy 2 225.01 451.15 1.14 USD");
}

#[tokio::test]
async fn there_is_no_colour_where_there_is_no_terminal() {
    let (_world, daemon) = daemon().await;
    assert!(!Ctl { daemon: &daemon }.shown(&["balance"]).await.contains('\u{1b}'));
}

#[tokio::test]
async fn json_is_what_the_daemon_said_to_the_last_digit() {
    let (_world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let shown = ctl.shown(&["--json", "balance"]).await;
    assert!(shown.contains("\"profit_loss_rate\":8.00,"), "{shown}");
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), daemon.balance().await);
    let called = ctl.shown(&["call", "account.balance", r#"{"max_age_ms":60000}"#]).await;
    assert_eq!(called, shown);
}

#[tokio::test]
async fn status_token_and_discover_are_shown() {
    let (world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let status = ctl.shown(&["status"]).await;
    for words in ["12****78-01 (real)", "valid", "2026-01-24 12:00:00 KST", "calls to KIS  2"] {
        assert!(status.contains(words), "{words:?} is missing in: {status}");
    }
    let document: Value = serde_json::from_str(&ctl.shown(&["discover"]).await).unwrap();
    assert_eq!(document["info"]["title"], "kisd");
    world.clock.advance(std::time::Duration::from_secs(7 * 3600));
    assert!(ctl.shown(&["token", "refresh"]).await.contains("valid"));
    assert_eq!(world.simulator.issuances(), 2);
}

#[tokio::test]
async fn a_refusal_is_told_on_stderr_with_1_and_when_to_try_again() {
    let (_world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let refused = ctl.run(&["token", "refresh"]).await;
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("one token a minute") && message.contains("try again in 60 s"), "{message}");
    let refused = ctl.run(&["--json", "token", "refresh"]).await;
    let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
    let expected = json!({
        "kind": "token_unavailable", "retryable": true, "retry_after_ms": 60_000, "account_name": "default",
    });
    assert_eq!(error["data"], expected);
    assert_eq!(ctl.run(&["call", "no.such"]).await.status.code(), Some(1));
}

#[tokio::test]
async fn an_error_that_is_addressed_to_no_request_is_told_all_the_same() {
    let (_world, daemon) = daemon().await;
    let long = format!("[\"{}\"]", "x".repeat(70_000));
    let refused = Ctl { daemon: &daemon }.run(&["call", "token.status", &long]).await;
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{message}");
    assert!(message.contains("rpc.max_request_bytes"), "{message}");
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    for arguments in [
        &["balence"][..],
        &["call", "m", "not json"],
        &["call", "m", "\"text\""],
        &["balance", "--max-age", "soon"],
        &[],
    ] {
        let output = kisctl(Path::new("/none")).args(arguments).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn without_a_daemon_it_says_where_it_looked_and_how_to_start_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    let output = command.env_clear().env("XDG_RUNTIME_DIR", directory.path()).arg("balance").output().await.unwrap();
    assert_eq!(output.status.code(), Some(3));
    let message = String::from_utf8(output.stderr).unwrap();
    let own = directory.path().join("kisd/kisd.sock");
    for words in [own.to_str().unwrap(), "/run/kisd/kisd.sock", "systemctl start kisd", "--socket"] {
        assert!(message.contains(words), "{words:?} is missing in: {message}");
    }
}

#[tokio::test]
async fn the_socket_may_be_named_in_the_environment() {
    let (_world, daemon) = daemon().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    let output = command.env_clear().env("KISD_SOCKET", &daemon.socket).arg("status").output().await.unwrap();
    assert!(output.status.success());
    // An empty one is none.
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().env("KISD_SOCKET", "").env("XDG_RUNTIME_DIR", "");
    assert_eq!(command.arg("status").output().await.unwrap().status.code(), Some(3));
}

#[tokio::test]
async fn completions_need_no_daemon() {
    for shell in ["bash", "zsh", "fish"] {
        let output = kisctl(Path::new("/none")).args(["completions", shell]).output().await.unwrap();
        assert!(output.status.success() && output.stdout.len() > 500, "{shell}");
    }
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let (_world, daemon) = daemon().await;
    let script = "\"$0\" --socket \"$1\" discover | true; exit ${PIPESTATUS[0]}";
    let mut shell = Command::new("bash");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_kisctl")]).arg(&daemon.socket);
    let output = shell.output().await.unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn a_question_that_a_restart_cuts_off_is_asked_again() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let held = world.simulator.hold_next("inquire-balance");
    let mut asking = kisctl(&daemon.socket);
    let asking = asking.args(["balance", "--max-age", "0s"]).output();
    let restarted = async {
        held.arrived().await;
        world.while_time_passes(daemon.stop()).await;
        held.open();
        world.daemon("kisd").await
    };
    let (output, _daemon) = tokio::join!(asking, restarted);
    assert!(output.unwrap().status.success());
}

#[tokio::test]
async fn a_chart_is_drawn_for_80_columns_where_there_is_no_terminal_and_says_so_in_either_language() {
    let (_world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let chart = ctl.shown(&["chart", "삼성전자"]).await;
    assert!(chart.starts_with("삼성전자 (005930) KRX KRW · 1d · "), "{chart}");
    assert!(chart.contains("\n└20") && chart.contains("░ rise █ fall") && !chart.contains('\x1b'), "{chart}");
    assert!(chart.lines().count() <= 23 && chart.lines().skip(2).all(|line| line.chars().count() <= 80), "{chart}");
    let korean = ctl.shown(&["chart", "005930", "-i", "1w", "-n", "30", "--lang", "ko"]).await;
    assert!(korean.contains("거래량") && korean.contains("░ 상승 █ 하락"), "{korean}");
    // From a day on they are all there, several to a column.
    let long = ctl.shown(&["chart", "005930", "--from", "2025-01-02"]).await;
    assert!(long.contains("2025-01-02 – 2026-01-23 · 4 candles to a column"), "{long}");
}

#[tokio::test]
async fn a_chart_is_a_picture_or_rows_too() {
    let (world, daemon) = daemon().await;
    let ctl = Ctl { daemon: &daemon };
    let rows = ctl.shown(&["chart", "005930", "--csv", "-n", "3"]).await;
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!((rows[0], rows.len()), ("time,open,high,low,close,volume,trade_value", 4));
    assert!(rows[3].starts_with("2026-01-23,"), "{rows:?}");
    let file = world.path("chart.svg");
    let said = ctl.shown(&["chart", "005930", "-n", "50", "--svg", file.to_str().unwrap()]).await;
    assert!(said.ends_with("chart.svg: 50 candles\n"), "{said}");
    let picture = std::fs::read_to_string(&file).unwrap();
    assert!(picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<g class=").count(), 50);
    let nowhere = ctl.run(&["chart", "005930", "--svg", "/dev/null/chart.svg"]).await;
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("/dev/null/chart.svg cannot be written"));
    // A file is no directory, for root neither.
    let below = file.join("chart.svg");
    let nowhere = ctl.run(&["chart", "005930", "--svg", below.to_str().unwrap()]).await;
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("chart.svg/chart.svg cannot be written"));
    assert_eq!(ctl.run(&["chart", "005930", "-i", "2m"]).await.status.code(), Some(2));
    assert_eq!(ctl.run(&["chart", "999999"]).await.status.code(), Some(1));
}
