//! `account.balance`: exact, whole, shared, never older than asked for; and what becomes of KIS's faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod balance;
mod circuit;
mod odd;
mod quota;
mod reach;
mod sent_once;
#[path = "../support/mod.rs"]
mod support;
mod upstream;

use std::{sync::Arc, time::Duration};

use kisd::{
    clock::SharedClock,
    kis::{self, Credentials, Environment, Http, KisClient, auth},
    secret::{AccessToken, AppKey, AppSecret},
};
use serde_json::{Value, json};
use support::World;

fn fresh() -> Value {
    json!({ "max_age_ms": 0 })
}

/// A client of the world's first key without a daemon, with a token of its own.
async fn client(world: &World, clock: SharedClock) -> (Arc<KisClient>, Arc<AccessToken>) {
    let options = &world.options;
    let credentials = Credentials {
        app_key: AppKey::try_new(options.app_key.clone()).unwrap(),
        app_secret: AppSecret::try_new(options.app_secret.clone()).unwrap(),
    };
    let settings = kis::Settings {
        environment: Environment::Real,
        base_url: world.simulator.base_url().parse().unwrap(),
        credentials: credentials.clone(),
        calls_per_second: options.calls_per_second.try_into().unwrap(),
        request_timeout: Duration::from_secs(10),
    };
    let deadline = clock.monotonic().saturating_add(Duration::from_secs(60));
    let client = Arc::new(KisClient::new(settings, &Http::default(), clock).unwrap());
    let issued = auth::issue(&client, &credentials, deadline, std::future::ready(())).await.unwrap();
    (client, Arc::new(issued.access_token))
}
