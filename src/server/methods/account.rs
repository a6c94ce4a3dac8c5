//! `account.*`.

use std::time::Duration;

use jsonrpsee::core::RegisterMethodError;

use super::{
    catalog::{Call, Catalog, Description},
    instant, mode,
};
use crate::{
    account::balance::{self, two_decimals},
    kis,
    server::error::MethodError,
    wire::{
        codes::Kind,
        method,
        number::Number,
        types::{Balance, BalanceParams, Holding},
    },
};

pub(super) fn register(catalog: &mut Catalog) -> Result<(), RegisterMethodError> {
    let description = Description {
        name: method::ACCOUNT_BALANCE,
        summary: "Cash, totals and every holding of the account.",
        errors: &[
            Kind::TokenUnavailable,
            Kind::CredentialsRejected,
            Kind::RateLimited,
            Kind::UpstreamUnreachable,
            Kind::UpstreamRejected,
            Kind::UpstreamMalformed,
        ],
    };
    catalog.add(description, balance)
}

async fn balance(call: Call<BalanceParams>) -> Result<Balance, MethodError> {
    let max_age = call.params.max_age_ms.map(Duration::from_millis);
    let balance = call.backend.account.balance.balance(max_age).await?;
    Ok(balance_on_the_wire(&balance))
}

fn balance_on_the_wire(balance: &balance::Balance) -> Balance {
    let summary = &balance.summary;
    Balance {
        total_evaluation: summary.total_evaluation,
        deposit: summary.deposit,
        total_profit_loss: summary.profit_loss,
        profit_loss_rate: rate(balance.profit_loss_rate),
        holdings: balance.holdings.iter().map(holding_on_the_wire).collect(),
        purchase_amount: summary.purchase_amount,
        evaluation_amount: summary.evaluation_amount,
        deposit_d1: summary.deposit_d1,
        deposit_d2: summary.deposit_d2,
        net_assets: summary.net_assets,
        mode: mode(balance.environment),
        account: balance.account.to_string(),
        as_of: instant(balance.as_of),
    }
}

fn holding_on_the_wire(holding: &kis::balance::Holding) -> Holding {
    Holding {
        stock_code: holding.stock_code.clone(),
        stock_name: holding.stock_name.clone(),
        quantity: holding.quantity,
        // Without the zeros that KIS pads prices with: 70000, and 68213.5135.
        avg_price: Number(holding.avg_price.normalize()),
        current_price: holding.current_price,
        evaluation_amount: holding.evaluation_amount,
        profit_loss: holding.profit_loss,
        profit_loss_rate: rate(holding.profit_loss_rate),
        available_quantity: holding.available_quantity,
        purchase_amount: holding.purchase_amount,
        position: holding.position.clone(),
    }
}

/// Always two decimals, so that 5.5 is 5.50 as KIS shows it.
fn rate(percent: rust_decimal::Decimal) -> Number {
    let mut percent = two_decimals(percent);
    percent.rescale(2);
    Number(percent)
}
