//! Domestic orders in a market that moves, by the hours of the exchange.

use kis_simulator::{Mode, Options};
use serde_json::Value;

use super::world::{KRX, World, code, fields, number};

async fn at(time: &str) -> World {
    World::with(&format!("2026-11-26T{time}+09:00"), KRX, Options::demo(Mode::Real)).await
}

fn whole(value: &Value) -> i64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Prices of the best ask and bid, and what waits there.
async fn best(world: &World) -> [i64; 4] {
    let params = [("FID_COND_MRKT_DIV_CODE", "J"), ("FID_INPUT_ISCD", "005930")];
    let book = world.get("FHKST01010200", &params, false).await.json;
    ["askp1", "bidp1", "askp_rsqn1", "bidp_rsqn1"].map(|field| whole(&book["output1"][field]))
}

#[tokio::test]
async fn a_market_order_is_filled_at_once_at_the_prices_of_the_book() {
    let world = at("10:00:00").await;
    let [ask, _, waiting, _] = best(&world).await;
    assert!(waiting > 10);
    let order = world.accepted("buy", &[("ORD_DVSN", "01"), ("ORD_UNPR", "0")]).await;
    let state = world.orders().find(&order).unwrap();
    assert_eq!((state.filled, state.amount, state.rest), (10, (ask * 10).into(), 0));
    assert_eq!(world.balance("005930").await.0["hldg_qty"], "20", "before the list knows");
    world.pass(3);
    assert_eq!(fields(&world.row(&order).await, ["tot_ccld_qty", "rmn_qty"]), ["10", "0"]);
}

#[tokio::test]
async fn a_limit_order_takes_what_the_book_has_and_the_rest_waits_for_the_market() {
    let world = at("10:00:00").await;
    let mut rich = kis_simulator::Portfolio::demo();
    rich.deposit = 1_000_000_000_000;
    world.simulator.set_portfolio(rich);
    let [ask, _, waiting, _] = best(&world).await;
    let more = (waiting + 1_000).to_string();
    let order = world.accepted("buy", &[("ORD_QTY", &more), ("ORD_UNPR", &ask.to_string())]).await;
    assert_eq!(world.orders().find(&order).unwrap().filled, waiting, "all that waited there");
    let far = (ask - ask / 4) / 500 * 500;
    let low = world.accepted("buy", &[("ORD_UNPR", &far.to_string())]).await;
    let kill = world.accepted("buy", &[("ORD_UNPR", &far.to_string()), ("ORD_DVSN", "11")]).await;
    assert_eq!(world.orders().find(&kill).unwrap().rest, 0, "immediate or cancel");
    world.pass(3_600);
    assert_eq!(world.orders().find(&order).unwrap().rest, 0, "the market came by within an hour");
    assert_eq!(world.orders().find(&low).unwrap().filled, 0);
    assert_eq!(world.open().await.concat(), low);
    let cancel = number(&world.change(&low, "02", &[]).await);
    assert!(world.orders().find(&cancel).unwrap().is_pending);
    world.pass(4);
    assert!(!world.orders().find(&cancel).unwrap().is_pending && world.open().await.is_empty());
}

#[tokio::test]
async fn a_stop_order_sleeps_until_its_price_comes() {
    let world = at("10:00:00").await;
    let [ask, bid, ..] = best(&world).await;
    let (upper, lower) = (ask + ask / 5, bid - bid / 5);
    let [upper, lower] = [upper, lower].map(|price| (price / 500 * 500).to_string());
    let stop =
        |condition| [("ORD_DVSN", "22"), ("ORD_UNPR", upper.as_str()), ("CNDT_PRIC", condition), ("ORD_QTY", "1")];
    let asleep = world.accepted("buy", &stop(&upper)).await;
    let awake = world.accepted("buy", &stop(&lower)).await;
    world.pass(60);
    assert_eq!(world.orders().find(&asleep).unwrap().filled, 0);
    assert_eq!(world.orders().find(&awake).unwrap().filled, 1);
}

#[tokio::test]
async fn types_are_taken_when_the_exchange_takes_them() {
    for (time, order_type, exchange, expected) in [
        ("08:00:00", "00", "KRX", "APBK0918"),
        ("08:35:00", "05", "KRX", "APBK0013"),
        ("08:35:00", "00", "KRX", "APBK0013"),
        ("12:00:00", "06", "KRX", "APBK0918"),
        ("15:25:00", "03", "KRX", "APBK0918"),
        ("15:45:00", "00", "KRX", "APBK0918"),
        ("15:45:00", "06", "KRX", "APBK0013"),
        ("16:30:00", "41", "KRX", "APBK0013"),
        ("16:30:00", "07", "KRX", "APBK0963"),
        ("12:00:00", "01", "NXT", "APBK0963"),
        ("19:59:00", "00", "NXT", "APBK0013"),
        ("12:00:00", "21", "SOR", "APBK0963"),
        ("20:00:00", "00", "SOR", "APBK0918"),
    ] {
        let world = at(time).await;
        let [_, bid, ..] = best(&world).await;
        let given =
            [("ORD_DVSN", order_type), ("EXCG_ID_DVSN_CD", exchange), ("ORD_UNPR", &bid.to_string()), ("ORD_QTY", "1")];
        assert_eq!(code(&world.order("buy", &given).await), expected, "{time} {order_type} {exchange}");
    }
    for (time, expected) in [
        ("2026-11-28T12:00:00+09:00", ["APBK0919", "40100000"]),
        ("2026-11-26T07:00:00+09:00", ["APBK0918", "40570000"]),
        ("2026-11-26T17:00:00+09:00", ["APBK0918", "40580000"]),
    ] {
        for (mode, expected) in [Mode::Real, Mode::Paper].into_iter().zip(expected) {
            let world = World::with(time, KRX, Options::demo(mode)).await;
            let [_, bid, ..] = best(&world).await;
            let refused = world.order("buy", &[("ORD_UNPR", &bid.to_string()), ("ORD_QTY", "1")]).await;
            assert_eq!(code(&refused), expected, "{time}");
        }
    }
}

#[tokio::test]
async fn orders_of_the_exchange_die_at_its_close_and_those_of_nxt_in_the_evening() {
    let world = at("15:00:00").await;
    let [ask, ..] = best(&world).await;
    let far = ((ask - ask / 4) / 500 * 500).to_string();
    let given = |exchange| [("ORD_UNPR", far.as_str()), ("ORD_QTY", "1"), ("EXCG_ID_DVSN_CD", exchange)];
    let korea = world.accepted("buy", &given("KRX")).await;
    let nxt = world.accepted("buy", &given("NXT")).await;
    world.pass(32 * 60);
    assert_eq!(world.open().await.concat(), nxt);
    assert_eq!(code(&world.change(&korea, "02", &[]).await), "APBK0927");
    world.pass(5 * 3_600);
    assert_eq!(world.open().await, Vec::<String>::new());
    assert_eq!(world.row(&nxt).await["rmn_qty"], "1");
}
