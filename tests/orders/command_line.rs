//! `kisctl order`, `kisctl halt` and `kisctl resume`: a person says yes, or a script does.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Output, Stdio},
    time::Duration,
};

use kisd::simulator::{Fault, Scripted, Target};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};
use tokio::process::Command;

use super::{LIMITS, Trading, buy, with};

impl Trading {
    fn kisctl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
        command.env_clear().arg("--socket").arg(&self.daemon.socket).args(arguments).stdin(Stdio::null());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        self.world.while_time_passes(self.kisctl(arguments).output()).await.unwrap()
    }

    async fn shown(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.shown(&[arguments, &["--json"]].concat()).await).unwrap()
    }

    /// The exit code and what is said of it.
    async fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments).await;
        assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// The exit code and all that a person sees at a terminal, who answers a question so.
    async fn at_terminal(&self, arguments: &[&str], answer: &str) -> (i32, String) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let terminal = || File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut command = self.kisctl(arguments);
        command.env("TERM", "xterm").stdin(terminal()).stdout(terminal()).stderr(terminal());
        let mut child = command.spawn().unwrap();
        // Its copies of the terminal are closed, so that reading ends with the program.
        drop(command);
        let mut master = File::from(master);
        master.write_all(format!("{answer}\n").as_bytes()).unwrap();
        let reading = tokio::task::spawn_blocking(move || {
            let mut seen = Vec::new();
            // The end of a terminal is an error.
            let _ = master.read_to_end(&mut seen);
            String::from_utf8(seen).unwrap()
        });
        let status = self.world.while_time_passes(child.wait()).await.unwrap();
        (status.code().unwrap(), reading.await.unwrap())
    }
}

/// The lines of a table with one blank between its words.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn a_script_buys_with_a_yes_and_its_order_is_listed_and_cancelled() {
    let trading = Trading::new().await;
    let order = trading.json(&["order", "buy", "005930", "2", "75000", "--yes"]).await;
    assert_eq!((&order["state"], &order["quantity"]), (&json!("accepted"), &json!(2)), "{order:#}");
    let id = order["order_id"].as_str().unwrap();
    let list = lines(&trading.shown(&["order", "list", "--open"]).await);
    assert_eq!(list[0], "Time Order Side Code Name Filled Price State");
    assert_eq!(list[1], format!("01-23 {} {id} BUY 005930 삼성전자 0/2 75,000 (limit) accepted", &list[1][6..14]));
    assert!(trading.shown(&["order", "list", "--day", "2026-01-22", "--lang", "ko"]).await.contains("주문 없음"));
    trading.shown(&["order", "cancel", id]).await;
    trading.until(&order["order_id"], |order| order["state"] == "cancelled").await;
    let life = lines(&trading.shown(&["order", "get", id]).await);
    assert!(
        life.contains(&"State cancelled".to_owned())
            && life.iter().any(|line| line.ends_with("KST accepted KIS has taken it")),
        "{life:?}"
    );
    let csv = trading.shown(&["order", "list", "--output", "csv"]).await;
    assert!(csv.starts_with("created_at,order_id,") && csv.contains(",KRX,limit,2,75000,0,,,KRW,cancelled\n"), "{csv}");
}

#[tokio::test]
async fn without_a_terminal_and_without_a_yes_nothing_is_sent() {
    let trading = Trading::new().await;
    let waiting = trading.ok("order.place", buy("one")).await;
    let id = waiting["order_id"].as_str().unwrap();
    for arguments in [
        &["order", "buy", "005930", "1", "75000"][..],
        &["order", "sell", "005930", "1", "75000", "--id", "mine"],
        &["order", "amend", id, "74900"],
        &["order", "approve", id],
        &["order", "resolve", id, "absent"],
    ] {
        let (code, told) = trading.refused(arguments).await;
        assert_eq!((code, told.contains("terminal")), (2, true), "{arguments:?}: {told}");
    }
    let (code, told) = trading.refused(&["order", "approve", id, "--yes"]).await;
    assert_eq!((code, told.contains("--yes")), (2, true), "{told}");
    assert_eq!(trading.received(), 1);
}

#[tokio::test]
async fn a_person_sees_what_goes_which_way_and_only_a_yes_sends_it() {
    let trading = Trading::new().await;
    let arguments = ["order", "sell", "005930", "1", "75100"];
    let (code, seen) = trading.at_terminal(&arguments, "n").await;
    assert_eq!((code, trading.received()), (1, 0), "{seen}");
    // Blue, as sales are in Korea.
    assert!(seen.contains("\u{1b}[38;5;12m 005930 삼성전자 (KRX)"), "{seen:?}");
    for part in [
        "75,100 (limit)  last 75,000, +0.13 % from it",
        "Amount",
        "75,100 KRW",
        "Fees and tax",
        "(y/N)",
        "nothing was sent",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    let (code, seen) = trading.at_terminal(&arguments, "y").await;
    assert_eq!((code, trading.received()), (0, 1), "{seen}");
    assert!(seen.contains("accepted"), "{seen}");
    let arguments = ["order", "buy", "005930", "1", "75000", "--lang", "ko"];
    let (_, seen) = trading.at_terminal(&arguments, "네").await;
    assert!(seen.contains("\u{1b}[38;5;9m 005930") && seen.contains("이 주문을 보낼까요?"), "{seen:?}");
    let id = seen.split_whitespace().find(|word| word.starts_with("o-")).unwrap();
    let (code, seen) = trading.at_terminal(&["order", "amend", id, "74900"], "y").await;
    assert_eq!((code, trading.received()), (0, 2), "{seen}");
    assert!(seen.contains("the price 74,900?"), "{seen}");
}

#[tokio::test]
async fn a_preview_tells_what_fails_and_such_an_order_is_not_sent() {
    let trading = Trading::new().await;
    let preview = lines(&trading.shown(&["order", "preview", "005930", "1", "75050"]).await);
    assert_eq!(preview[0], "BUY 005930 삼성전자 (KRX)");
    assert!(preview.iter().any(|line| line.starts_with("FAILED tick: ")), "{preview:?}");
    let korean =
        lines(&trading.shown(&["order", "preview", "005930", "1", "75050", "--side", "sell", "--lang", "ko"]).await);
    assert_eq!(korean[0], "매도 005930 삼성전자 (KRX)");
    let (code, told) = trading.refused(&["order", "buy", "005930", "1", "75050", "--yes"]).await;
    assert_eq!((code, told.contains("fails these checks:\ntick: ")), (1, true), "{told}");
    for wrong in [
        &["order", "buy", "005930", "0", "1"][..],
        &["order", "buy", "005930", "1", "-5"],
        &["order", "buy", "005930", "1", "5", "--type", "x"],
    ] {
        assert_eq!(trading.refused(wrong).await.0, 2, "{wrong:?}");
    }
    assert_eq!(trading.received(), 0);
}

#[tokio::test]
async fn the_same_id_on_the_command_line_is_one_order() {
    let trading = Trading::new().await;
    let arguments = ["order", "buy", "005930", "1", "75000", "--id", "mine", "--yes"];
    let first = trading.json(&arguments).await;
    let again = trading.json(&arguments).await;
    assert_eq!((&first["order_id"], &first["client_order_id"]), (&again["order_id"], &json!("mine")));
    assert_eq!(trading.received(), 1);
}

#[tokio::test]
async fn an_outcome_that_is_not_known_says_not_to_send_again_and_a_person_settles_it() {
    let trading = Trading::new().await;
    let fault = Scripted {
        target: Target::PathEnding("order-cash".into()),
        fault: Fault::Reset,
        times: 1,
        after_effect: false,
    };
    trading.world.simulator.script(fault);
    let (code, told) = trading.refused(&["order", "buy", "005930", "1", "75000", "--yes"]).await;
    let list = trading.json(&["order", "list"]).await;
    let id = list["orders"][0]["order_id"].as_str().unwrap();
    assert!(told.contains("Do NOT send it again") && told.contains(&format!("kisctl order get {id}")), "{told}");
    assert_eq!(code, 1);
    let (code, seen) = trading.at_terminal(&["order", "resolve", id, "absent"], "n").await;
    assert_eq!((code, seen.contains("does NOT have this order?")), (1, true), "{seen}");
    let (code, seen) = trading.at_terminal(&["order", "resolve", id, "absent"], "y").await;
    assert_eq!((code, seen.contains("not at KIS")), (0, true), "{seen}");
    assert_eq!(trading.received(), 1);
}

#[tokio::test]
async fn an_order_that_waits_is_listed_with_who_placed_it_and_approved_or_denied() {
    let always = LIMITS.replace("never", "always");
    let trading = Trading::with(kisd::simulator::Options::demo(kisd::simulator::Mode::Real), &always).await;
    let first = trading.ok("order.place", buy("one")).await;
    let second = trading.ok("order.place", with(buy("two"), json!({ "quantity": 2 }))).await;
    let (first, second) = (first["order_id"].as_str().unwrap(), second["order_id"].as_str().unwrap());
    let uid = rustix::process::geteuid().as_raw();
    let list = lines(&trading.shown(&["order", "approve"]).await);
    assert!(
        list[1].starts_with(&format!("{second} BUY 005930 삼성전자 2 75,000 (limit) 150,000 uid {uid}")),
        "{list:?}"
    );
    assert_eq!(trading.received(), 0);
    let (code, seen) = trading.at_terminal(&["order", "approve", first], "y").await;
    assert_eq!((code, trading.received()), (0, 1), "{seen}");
    assert!(seen.contains("last 75,000, 0 % from it") && seen.contains("Approve this order"), "{seen}");
    assert!(trading.shown(&["order", "deny", second]).await.contains("refused by kisd"));
    let (code, seen) = trading.at_terminal(&["order", "approve", second], "y").await;
    assert_eq!((code, seen.contains("does not wait for approval")), (1, true), "{seen}");
}

#[tokio::test]
async fn a_halt_cancels_what_is_open_and_holds_until_somebody_resumes() {
    let trading = Trading::new().await;
    let open = trading.ok("order.place", buy("one")).await;
    let halted = trading.shown(&["halt", "--cancel-open", "--why", "lunch"]).await;
    assert!(halted.contains(&format!("cancelled: {}", open["order_id"].as_str().unwrap())), "{halted}");
    let (code, told) = trading.refused(&["order", "buy", "005930", "1", "75000", "--yes"]).await;
    assert_eq!((code, told.contains("halt: ") && told.contains("lunch")), (1, true), "{told}");
    assert!(trading.shown(&["order", "list"]).await.contains("New orders are halted"));
    assert!(trading.shown(&["resume", "--lang", "ko"]).await.contains("주문을 다시 받습니다"));
    tokio::time::timeout(Duration::from_secs(20), trading.json(&["order", "buy", "005930", "1", "75000", "--yes"]))
        .await
        .unwrap();
    assert_eq!(trading.received(), 2);
}
