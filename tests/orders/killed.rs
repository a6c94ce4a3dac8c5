//! A daemon that ends at any moment of placing an order: KIS has it at most once, and the next daemon knows.

use std::{sync::Arc, time::Duration};

use kisd::simulator::{Fault, Scripted, Target};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{
    LIMITS, buy, configuration,
    support::{TestDaemon, World, eventually},
    with,
};

/// Daemons that are ended.
const KILLS: u64 = 20;

/// A daemon on a runtime of its own, which ends with it wherever its tasks are.
async fn start(world: &Arc<World>) -> (Runtime, TestDaemon) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let of = world.clone();
    let config = world.config("kisd", &configuration(LIMITS));
    let daemon = runtime.spawn(async move { of.daemon_with(config).await }).await.unwrap();
    daemon.token_until(|token| token["state"] == "valid").await;
    (runtime, daemon)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_is_ended_while_it_places_an_order_leaves_it_sent_once_and_known_to_the_next() {
    let world = Arc::new(World::new().await);
    let mut random = fastrand::Rng::with_seed(20_261_127);
    let (mut runtime, mut daemon) = start(&world).await;
    let (mut never, mut found) = (0, 0);
    for kill in 0..KILLS {
        let (id, price) = (format!("order-{kill}"), 75_000 - 100 * kill);
        let received = || world.simulator.orders().received_with(&[("ORD_UNPR", &price.to_string())]);
        let order = with(buy(&id), json!({ "price": price }));
        // KIS has some of the orders before it answers, so that some daemons end in between.
        if kill % 2 == 0 {
            world.simulator.script(Scripted {
                target: Target::PathEnding("order-cash".into()),
                fault: Fault::Delay(Duration::from_secs(60)),
                times: 1,
                after_effect: true,
            });
        }
        let placing = tokio::spawn({
            let (world, mut client) = (world.clone(), daemon.client().await);
            async move { world.while_time_passes(client.call("order.place", order)).await }
        });
        if kill % 2 == 0 || random.bool() {
            eventually("an order at KIS", || received() > 0).await;
        }
        tokio::time::sleep(Duration::from_micros(random.u64(0..8000))).await;
        runtime.shutdown_background();
        placing.abort();
        (runtime, daemon) = start(&world).await;
        let known = daemon.call("order.get", json!({ "client_order_id": id })).await;
        let Some(order_id) = known["result"]["order_id"].as_str().map(str::to_owned) else {
            assert_eq!((&known["error"]["code"], received()), (&json!(-32063), 0), "{known}");
            never += 1;
            continue;
        };
        // The same order again is not sent again.
        world.while_time_passes(daemon.call("order.place", with(buy(&id), json!({ "price": price })))).await;
        assert!(received() <= 1, "order {kill} was sent {} times", received());
        let state = async {
            loop {
                let order = daemon.ok("order.get", json!({ "order_id": order_id })).await;
                if order["state"] != "unknown" || received() == 0 {
                    return order["state"].clone();
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let state = tokio::time::timeout(Duration::from_secs(20), world.while_time_passes(state)).await.unwrap();
        match received() {
            1 => assert_eq!(state, "accepted"),
            // It was written down, and never left: nobody can know that but KIS, so that a person says it.
            _ => {
                assert_eq!(state, "unknown");
                daemon.ok("order.resolve", json!({ "order_id": order_id, "as": "absent" })).await;
            }
        }
        found += 1;
    }
    assert!(found > 0 && never + found == KILLS, "{never} were never written down, {found} were");
    runtime.shutdown_background();
}
