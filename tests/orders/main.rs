//! Orders: KIS takes an order at most once, and nobody is left not knowing. The real daemon on a real socket, against the simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod agents;
mod approvals;
mod changes;
mod checks;
mod command_line;
mod killed;
mod lost;
mod placing;

use std::time::Duration;

use kisd::simulator::{Mode, Options};
use serde_json::{Value, json};
use support::{TestDaemon, World};

/// A daemon of an account whose orders are enabled.
struct Trading {
    world: World,
    daemon: TestDaemon,
}

/// What every account here has; more keys may follow.
const LIMITS: &str = "max_order_amount = 10_000_000\nmax_daily_amount = 50_000_000\napprove = \"never\"\n";

impl Trading {
    /// A real account.
    async fn new() -> Self {
        Self::with(Options::demo(Mode::Real), LIMITS).await
    }

    async fn with(options: Options, keys: &str) -> Self {
        let world = World::with(options).await;
        let daemon = start(&world, keys).await;
        Self { world, daemon }
    }

    /// The same with the daemon started anew.
    async fn again(self, keys: &str) -> Self {
        let Self { world, daemon } = self;
        daemon.stop().await;
        let daemon = start(&world, keys).await;
        Self { world, daemon }
    }

    async fn ok(&self, method: &str, params: Value) -> Value {
        self.world.while_time_passes(self.daemon.ok(method, params)).await
    }

    async fn error(&self, method: &str, params: Value) -> Value {
        self.world.while_time_passes(self.daemon.error(method, params)).await
    }

    /// An order by its id, once it is as wanted.
    async fn until(&self, order_id: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let waited = async {
            loop {
                let order = self.daemon.ok("order.get", json!({ "order_id": order_id })).await;
                if wanted(&order) {
                    return order;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), self.world.while_time_passes(waited)).await;
        match waited {
            Ok(order) => order,
            Err(_) => panic!("never so: {:#}", self.daemon.ok("order.get", json!({ "order_id": order_id })).await),
        }
    }

    /// Orders that the simulated KIS has received, but for changes and cancellations.
    fn received(&self) -> usize {
        let orders = self.world.simulator.orders();
        orders.received().iter().filter(|order| order.field("ORGN_ODNO").is_none()).count()
    }
}

async fn start(world: &World, keys: &str) -> TestDaemon {
    let daemon = world.daemon_with(world.config("kisd", &configuration(keys))).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    daemon
}

/// Orders are enabled unless the keys say otherwise, for whoever runs the test.
fn configuration(keys: &str) -> String {
    let uid = rustix::process::geteuid().as_raw();
    let enabled = if keys.contains("enabled") { "" } else { "enabled = true\n" };
    format!(
        "[kis.orders]\n{enabled}same_user = true\n{keys}\n[[grants]]\nuids = [{uid}]\nrights = [\"trade\", \"approve\"]\naccounts = [\"default\"]\n"
    )
}

/// An order to buy a share of Samsung Electronics at a price that is on its tick.
fn buy(client_order_id: &str) -> Value {
    json!({
        "stock_code": "005930", "side": "buy", "quantity": 1, "price": 75_000, "client_order_id": client_order_id,
    })
}

/// The same with other values.
fn with(mut order: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}
