//! What clients rely on, as golden documents: a change here is a change of the contract.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use kisd::wire::{
    codes::Kind,
    types::{Balance, DaemonStatus, TokenStatus},
};
use serde_json::{Value, json};
use support::World;

#[tokio::test]
async fn the_openrpc_document() {
    let world = World::new().await;
    let document = world.daemon("kisd").await.ok("rpc.discover", json!({})).await;
    insta::assert_json_snapshot!(document);
}

#[tokio::test]
async fn the_openrpc_document_names_every_method_that_is_served_and_no_other() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    let document = daemon.ok("rpc.discover", json!({})).await;
    let mut names: Vec<&str> =
        document["methods"].as_array().unwrap().iter().map(|method| method["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    let all = [
        "account.assets",
        "account.balance",
        "account.buyable",
        "account.executions",
        "account.list",
        "account.orders",
        "account.overseasBalance",
        "account.profits",
        "account.sellable",
        "account.subscribeBalance",
        "account.transactions",
        "account.unsubscribeBalance",
        "client.add",
        "client.list",
        "client.remove",
        "client.rotate",
        "client.show",
        "daemon.hello",
        "daemon.metrics",
        "daemon.status",
        "gateway.bundle",
        "gateway.trust",
        "gateway.untrust",
        "kis.call",
        "kis.describe",
        "kis.search",
        "market.calendar",
        "market.ranking",
        "market.session",
        "order.amend",
        "order.approve",
        "order.cancel",
        "order.deny",
        "order.get",
        "order.halt",
        "order.list",
        "order.place",
        "order.preview",
        "order.resolve",
        "order.resume",
        "quote.candles",
        "quote.index",
        "quote.investors",
        "quote.orderbook",
        "quote.price",
        "quote.prices",
        "rpc.discover",
        "stock.info",
        "stock.search",
        "token.refresh",
        "token.status",
        "token.subscribeStatus",
        "token.unsubscribeStatus",
    ];
    assert_eq!(names, all);
    let mut table = kisd::wire::method::ALL.to_vec();
    table.sort_unstable();
    assert_eq!(table, all, "what the table of methods has is served");
    for name in names {
        let reply = daemon.call(name, json!({})).await;
        assert_ne!(reply["error"]["code"], -32601, "{name}");
    }
}

#[test]
fn the_error_codes() {
    let codes: Vec<(i32, Value)> =
        Kind::ALL.iter().map(|kind| (kind.code(), serde_json::to_value(kind).unwrap())).collect();
    let expected = [
        (-32050, "token_unavailable"),
        (-32051, "credentials_rejected"),
        (-32052, "rate_limited"),
        (-32053, "upstream_unreachable"),
        (-32054, "upstream_rejected"),
        (-32055, "upstream_malformed"),
        (-32056, "permission_denied"),
        (-32057, "shutting_down"),
        (-32058, "overloaded"),
        (-32059, "order_refused"),
        (-32060, "outcome_unknown"),
        (-32061, "unknown_account"),
        (-32062, "not_supported"),
        (-32063, "not_found"),
    ];
    assert_eq!(codes, expected.map(|(code, kind)| (code, json!(kind))));
}

#[tokio::test]
async fn results_are_what_the_published_types_say() {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    serde_json::from_value::<Balance>(daemon.balance().await).unwrap();
    serde_json::from_value::<TokenStatus>(daemon.token_status().await).unwrap();
    let status = daemon.ok("daemon.status", json!({})).await;
    serde_json::from_value::<DaemonStatus>(status.clone()).unwrap();
    insta::assert_json_snapshot!(status, {
        ".pid" => "[pid]",
        ".version" => "[version]",
        // Root has more.
        ".accounts[].rights" => "[rights]",
    });
}
