//! How kisctl and an agent show it.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    all, real,
    support::{TestDaemon, agent::Agent},
};

async fn shown(daemon: &TestDaemon, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
    let socket: &Path = &daemon.socket;
    let output = command.env_clear().arg("--socket").arg(socket).args(arguments).stdin(Stdio::null()).output().await;
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of a table, a blank between two words of each.
fn words(shown: &str) -> Vec<String> {
    shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn kisctl_shows_assets_by_class_and_cash_with_its_days() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(|options| options.portfolio.receivable = 321_000);
    let lines = words(&shown(&daemon, &["assets"]).await);
    assert_eq!(lines[2], "Class Worth Paid Profit Loans %");
    assert!(lines.iter().any(|line| line.starts_with("Stocks abroad ")), "{lines:?}");
    assert!(lines.contains(&"Cash on D+1 (2026-01-26) 5,000,000".to_owned()), "{lines:?}");
    assert!(lines.contains(&"Owed for shares (미수금) 321,000".to_owned()), "{lines:?}");
    // Of what there is none no line is made.
    assert!(lines.iter().all(|line| !line.starts_with("Gold")), "{lines:?}");
    let csv = shown(&daemon, &["--output", "csv", "assets"]).await;
    assert!(csv.starts_with("class,purchase_amount,") && csv.contains("\ngold,0,0,0,0,0,0\n"), "{csv}");
    let korean = words(&shown(&daemon, &["--lang", "ko", "assets"]).await);
    assert!(korean.contains(&"미수금 321,000".to_owned()), "{korean:?}");
}

#[tokio::test]
async fn kisctl_shows_what_is_held_abroad_with_fractions_and_where_the_lists_differ() {
    let (world, daemon) = real().await;
    world.simulator.reconfigure(|options| {
        let abroad = &mut options.portfolio.abroad;
        (abroad.is_late, abroad.positions[0].quantity, abroad.positions[0].bought_today) = (true, 15.into(), 5.into());
    });
    let lines = words(&shown(&daemon, &["overseas"]).await);
    let starting = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (starting("AAPL 애플 NASDAQ cash 15 15 "), starting("AAPL 애플 NASDAQ pledged 3 0 ")),
        (1, 1),
        "{lines:?}"
    );
    assert_eq!(starting("NKE 나이키 B NYSE mini-stock 0.012638 0 "), 1, "{lines:?}");
    assert_eq!(starting("AAPL: 15 held, 10 by the present balance"), 1, "{lines:?}");
    assert_eq!(starting("USD 500 500 1,469"), 1, "{lines:?}");
    let csv = shown(&daemon, &["--output", "csv", "overseas", "--market", "tse"]).await;
    let rows: Vec<&str> = csv.lines().collect();
    assert!(rows.len() == 2 && rows[1].starts_with("7203,도요타 자동차,TSE,JPY,cash,10,,,100,100,"), "{csv}");
}

#[tokio::test]
async fn kisctl_shows_what_can_be_bought_and_sold() {
    let (_world, daemon) = real().await;
    let lines = words(&shown(&daemon, &["buyable", "삼성전자", "--price", "70000"]).await);
    assert!(lines.contains(&"own money 5,000,000 71".to_owned()), "{lines:?}");
    assert!(lines.contains(&"with 미수 (paid later) 12,500,000 178".to_owned()), "{lines:?}");
    let lines = words(&shown(&daemon, &["buyable", "AAPL", "--price", "225.5"]).await);
    assert!(lines.contains(&"own currency 498.75 2".to_owned()), "{lines:?}");
    let lines = words(&shown(&daemon, &["sellable", "005930"]).await);
    assert!(lines[0].starts_with("005930 삼성전자 KRX") && lines.contains(&"Sellable 10".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn an_agent_has_it_in_pieces_and_in_words() {
    let (world, daemon) = real().await;
    let mut agent = Agent::start(&daemon.socket).await;
    let piece = world.while_time_passes(agent.tool("account_overseas", json!({ "limit": 2 }))).await;
    let content = &piece["structuredContent"];
    assert_eq!(
        (all(&content["holdings"]).len(), &content["rows_count"], &content["next_offset"]),
        (2, &json!(5), &json!(2))
    );
    let text = piece["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("3 more: call account_overseas again with offset 2"), "{text}");
    let rest = world
        .while_time_passes(
            agent.tool("account_overseas", json!({ "offset": 2, "markets": ["NASDAQ", "NYSE", "AMEX", "TSE"] })),
        )
        .await;
    assert_eq!(all(&rest["structuredContent"]["holdings"]).len(), 3, "{rest}");
    let assets = world.while_time_passes(agent.tool("account_assets", json!({}))).await;
    let text = assets["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("overseas_stocks: worth ") && text.contains("D+2 (2026-01-27)"), "{text}");
    let arguments = json!({ "stock": "AAPL", "market": "NASDAQ", "price": "225.5" });
    let buyable = world.while_time_passes(agent.tool("account_buyable", arguments)).await;
    assert_eq!(buyable["structuredContent"]["without_margin"]["quantity"], 2, "{buyable}");
    for (arguments, named) in [
        (json!({ "stock": "AAPL", "market": "LSE" }), "market"),
        (json!({ "stock": "005930", "price": "many" }), "price"),
        (json!({ "stock": "005930", "type": "swap" }), "stop_limit"),
    ] {
        let wrong = world.while_time_passes(agent.tool("account_buyable", arguments)).await;
        let text = wrong["content"][0]["text"].as_str().unwrap();
        assert!(wrong["isError"] == Value::Bool(true) && text.contains(named), "{wrong}");
    }
}
