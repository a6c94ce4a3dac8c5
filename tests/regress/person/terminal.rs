//! What is shown on a terminal, and only there.

use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use kisd::simulator::{Portfolio, Position};
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use tokio::process::{Child, Command};

use super::{kisctl, text};
use crate::support::{World, eventually};

/// A terminal of 80 by 24, and what was written to it.
struct Terminal {
    user: OwnedFd,
    keyboard: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn new() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let user = rustix::fs::open(name, rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY, 0.into()).unwrap();
        tcsetwinsize(&user, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let writes = shown.clone();
        let keyboard = File::from(master.try_clone().unwrap());
        std::thread::spawn(move || {
            let (mut master, mut buffer) = (File::from(master), [0; 4096]);
            // An error is the end: nobody has it open any more.
            while let Ok(length @ 1..) = master.read(&mut buffer) {
                writes.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        Self { user, keyboard, shown }
    }

    fn stdio(&self) -> Stdio {
        Stdio::from(self.user.try_clone().unwrap())
    }

    fn run(&self, command: &mut Command) -> Child {
        command.env("TERM", "xterm").stdin(self.stdio()).stdout(self.stdio()).stderr(self.stdio()).spawn().unwrap()
    }

    fn text(&self) -> String {
        text(&self.shown.lock().unwrap())
    }

    /// The lines of the last whole frame, without what commands the terminal.
    fn frame(&self) -> Vec<String> {
        let text = self.text();
        let Some((whole, _)) = text.rsplit_once("\u{1b}[?7h") else { return Vec::new() };
        let frame = whole.rsplit("\u{1b}[H").next().unwrap();
        plain(frame).lines().map(str::to_owned).collect()
    }
}

/// Without what commands the terminal.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else if c != '\r' {
            plain.push(c);
        }
    }
    plain
}

fn many(count: usize, price: i64) -> Portfolio {
    let positions = (0..count).map(|index| Position::cash(&format!("{index:06}"), "종목", 10, 70_000, price)).collect();
    Portfolio { positions, ..Portfolio::demo() }
}

#[tokio::test]
async fn a_watched_balance_keeps_the_totals_on_a_small_screen_and_says_how_much_is_not_shown() {
    let world = World::new().await;
    world.simulator.set_portfolio(many(30, 75_000));
    let daemon = world.daemon("kisd").await;
    let held = world.simulator.hold_next("inquire-balance");
    let terminal = Terminal::new();
    let mut command = kisctl();
    command.arg("--socket").arg(&daemon.socket).args(["balance", "--watch", "--interval", "1s"]);
    let mut watching = terminal.run(&mut command);
    held.arrived().await;
    eventually("a first frame", || terminal.text().contains("no balance yet")).await;
    assert!(!terminal.text().contains("unchanged"), "{}", terminal.text());
    held.open();
    let is_whole = |frame: &[String]| {
        let totals = ["Total evaluation", "Net assets", "Stocks paid", "Deposit D+2"];
        totals.iter().all(|total| frame.iter().any(|line| line.contains(total)))
    };
    eventually("the balance", || is_whole(&terminal.frame())).await;
    let frame = terminal.frame();
    assert!(frame.len() <= 23 && frame.last().unwrap().contains("unchanged for"), "{frame:#?}");
    let shown = frame.iter().filter(|line| line.contains("종목")).count();
    assert!(shown >= 5 && frame.iter().any(|line| line.contains(&format!("… and {} more", 30 - shown))), "{frame:#?}");

    // Many changes at once take no total away either.
    world.simulator.set_portfolio(many(30, 76_000));
    let has_changes = || terminal.frame().iter().any(|line| line.starts_with("changed: "));
    world.while_time_passes(eventually("changes", has_changes)).await;
    let frame = terminal.frame();
    assert!(is_whole(&frame) && frame.len() <= 23, "{frame:#?}");
    assert!(frame.iter().any(|line| line.contains(" more")), "{frame:#?}");
    watching.kill().await.unwrap();
}

#[tokio::test]
async fn a_call_that_waits_says_on_a_terminal_what_it_waits_for() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    let balance = || {
        let mut command = kisctl();
        command.arg("--socket").arg(&daemon.socket).args(["balance", "--max-age", "0s"]);
        command
    };
    let held = world.simulator.hold_next("inquire-balance");
    let terminal = Terminal::new();
    let mut asking = terminal.run(&mut balance());
    let unseen = balance().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held.arrived().await;
    eventually("a word", || terminal.text().contains("waiting for KIS to answer")).await;
    held.open();
    assert!(asking.wait().await.unwrap().success());
    let unseen = unseen.wait_with_output().await.unwrap();
    assert_eq!((unseen.status.code(), text(&unseen.stderr)), (Some(0), String::new()), "nobody sits there");
    eventually("the balance", || terminal.text().contains("Total evaluation")).await;
}

#[tokio::test]
async fn a_call_that_waits_for_a_token_says_so() {
    let world = World::new().await;
    let held = world.simulator.hold_next("tokenP");
    let daemon = world.daemon("kisd").await;
    held.arrived().await;
    let terminal = Terminal::new();
    let mut command = kisctl();
    command.arg("--socket").arg(&daemon.socket).arg("balance");
    let mut asking = terminal.run(&mut command);
    eventually("a word", || terminal.text().contains("waiting for a token: renewing")).await;
    held.open();
    let ended = tokio::time::timeout(Duration::from_secs(20), asking.wait()).await.unwrap();
    assert!(ended.unwrap().success(), "{}", terminal.text());
}

#[tokio::test]
async fn a_person_is_asked_what_to_do_with_a_configuration_that_is_there() {
    let world = World::new().await;
    let file = world.config_file("config", "");
    let before = std::fs::read_to_string(&file).unwrap();
    let terminal = Terminal::new();
    let mut command = kisctl();
    command.args(["init", "--directory"]).arg(file.parent().unwrap());
    let mut asked = terminal.run(&mut command);
    let keyboard = &terminal.keyboard;
    for (question, answer) in
        [("Which (1 to 4", "7\n"), ("from 1 to 4", "1\n"), ("Name of the account", "No\n"), ("up to 32 of", "second\n")]
    {
        eventually(question, || terminal.text().contains(question)).await;
        std::io::Write::write_all(&mut &*keyboard, answer.as_bytes()).unwrap();
    }
    eventually("the next question", || terminal.text().contains("Real money or paper trading")).await;
    asked.start_kill().unwrap();
    asked.wait().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[tokio::test]
async fn a_balance_of_long_names_and_large_sums_fits_80_columns_and_says_what_it_left_out() {
    use unicode_width::UnicodeWidthStr;
    let world = World::new().await;
    let names = ["미래에셋TIGER미국나스닥100커버드콜(합성)", "삼성전자", "KODEX 200선물인버스2X"];
    let position =
        |(index, name): (usize, &&str)| Position::cash(&format!("{index:06}"), name, 1_234_567, 1_070_000, 1_175_000);
    let positions = names.iter().enumerate().map(position).collect();
    world.simulator.set_portfolio(Portfolio { positions, ..Portfolio::demo() });
    let daemon = world.daemon("kisd").await;
    daemon.balance().await;
    for (language, left_out) in [("en", "left out to fit: "), ("ko", "화면 폭에 맞춰 뺀 항목: ")] {
        let terminal = Terminal::new();
        let mut command = kisctl();
        command.arg("--socket").arg(&daemon.socket).args(["--lang", language, "balance"]);
        let status = terminal.run(&mut command).wait().await.unwrap();
        assert!(status.success());
        eventually("the totals", || terminal.text().contains("D+2")).await;
        let shown = plain(&terminal.text());
        assert!(shown.lines().all(|line| line.width() <= 80), "{shown}");
        assert!(shown.contains(left_out) && shown.contains("삼성전자") && shown.contains("+9.81"), "{shown}");
    }
    // Where there is no terminal nothing is left out.
    let whole =
        kisctl().arg("--socket").arg(&daemon.socket).arg("balance").stdin(Stdio::null()).output().await.unwrap();
    let whole = text(&whole.stdout);
    assert!(names.iter().all(|name| whole.contains(name)) && !whole.contains("left out"), "{whole}");
}
