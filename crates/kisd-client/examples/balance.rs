//! The balance, and then each change of it: `cargo run -p kisd-client --example balance [SOCKET]`.
#![allow(clippy::print_stdout, reason = "it is for people")]

use std::{env, error::Error, path::PathBuf};

use kisd_client::{
    client, method,
    place::{Places, User},
    types::{BalanceParams, BalanceState, SubscribeBalanceParams},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let places = match env::args_os().nth(1) {
        Some(socket) => Places::named(PathBuf::from(socket)),
        None => Places::usual(&User::new(|name| env::var_os(name)).with_home(env::home_dir())),
    };
    let client = client::first(&places).await.map_err(|tried| format!("no daemon: {tried:?}"))?;
    let balance = client::call::<method::AccountBalance>(&client, &BalanceParams::default()).await?;
    for holding in &balance.holdings {
        println!("{} {}: {} shares", holding.stock_code, holding.stock_name, holding.quantity);
    }
    let params = SubscribeBalanceParams::default();
    let mut states = client::subscribe::<method::AccountSubscribeBalance, BalanceState>(&client, &params).await?;
    while let Some(state) = states.next().await {
        // What KIS does not say, or cannot say yet, is null and never 0.
        match state?.balance.and_then(|balance| balance.total_evaluation) {
            Some(won) => println!("worth {won} won"),
            None => println!("worth is not known"),
        }
    }
    Ok(())
}
