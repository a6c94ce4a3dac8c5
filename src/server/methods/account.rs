//! `account.*`.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    catalog::{About, Answer, Call, Catalog, Outcome, as_json},
    feed::Results,
    instant, mode, timeout, token,
};
use crate::{
    account::{
        self, Account, AccountName, BalanceQuestion,
        balance::{self, two_decimals},
    },
    book::{Book, Rights, Standing},
    desk::{News, NoSubscription},
    kis::{self, balance::Summary},
    server::error::{Refusal, passing, standard},
    wire::{
        codes::{INVALID_PARAMS, Kind},
        method,
        number::Number,
        types::{
            AccountEntry, AccountList, Balance, BalanceParams, EvaluationCheck, Fault, Holding, KisTotals, NoParams,
            PriceBasis, SubscribeBalanceParams, TokenState, TotalsFrom,
        },
    },
};

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_about::<method::AccountBalance, _>(balance);
    catalog.add_subscription::<method::AccountSubscribeBalance, _>(|about| subscribe(&about));
    catalog.add::<method::AccountList, _>(list);
}

/// Every account that the caller may read.
pub(super) fn entries(book: &Book, standing: &Standing) -> Vec<AccountEntry> {
    let entry = |(account, rights): (&Account, Rights)| AccountEntry {
        name: account.name.to_string(),
        default: book.is_meant(account, standing),
        account: account.id.to_string(),
        product_code: account.id.product_code().to_owned(),
        mode: mode(account.key.client.environment()),
        key: account.key.fingerprint().to_owned(),
        key_expires_on: account.key.expires_on().map(|day| day.to_string()),
        token: token::state(account.key.token.status().state),
        fault: fault(account),
        rights: rights.each().collect(),
    };
    book.readable(standing).map(entry).collect()
}

/// Why calls for the account fail now, as far as is known.
fn fault(account: &Account) -> Option<Fault> {
    let token = token::on_the_wire(account);
    match token.state {
        TokenState::Valid => account.balance.last_fault().map(|fault| Refusal::from(fault).into()),
        _ => token.last_fault.or_else(|| {
            let none = passing(Kind::TokenUnavailable, "no usable access token yet: KIS has not answered");
            Some(none.into())
        }),
    }
}

fn list(Call { book, standing, .. }: Call<'_>, NoParams {}: NoParams) -> Result<AccountList, Refusal> {
    Ok(AccountList { accounts: entries(book, standing) })
}

/// What a subscriber gets who does not say.
const USUAL_INTERVAL: Duration = Duration::from_secs(5);

fn subscribe(About { account, params, .. }: &About<'_, SubscribeBalanceParams>) -> Result<Results, Refusal> {
    let interval = params.interval_ms.map_or(USUAL_INTERVAL, Duration::from_millis);
    let account = Account::clone(account);
    let handle = &account.balance;
    let subscription = match (handle.subscribe(interval), params.interval_ms) {
        (Err(NoSubscription::TooOften(shortest)), None) => handle.subscribe(shortest),
        (subscription, _) => subscription,
    };
    let subscription = subscription.map_err(|reason| match reason {
        NoSubscription::TooOften(shortest) => {
            let message = format!(
                "Invalid params: interval_ms must be at least {}: half of KIS's quota is for other callers",
                shortest.as_millis()
            );
            standard(INVALID_PARAMS, message)
        }
        NoSubscription::Never(error) => error.into(),
    })?;
    Ok(Box::pin(stream::unfold((subscription, account), |(mut subscription, account)| async {
        let state = state(&account, &subscription.next().await?)?;
        Some((Ok(state), (subscription, account)))
    })))
}

fn balance(About { account, params, caller }: About<'_, BalanceParams>) -> Outcome {
    let max_age = params.max_age_ms.map(Duration::from_millis);
    let timeout = match timeout(params.timeout_ms) {
        Ok(timeout) => timeout,
        Err(refusal) => return Outcome::Now(Err(refusal)),
    };
    if let Some(answer) = account.balance.from_memory(max_age, |balance| json(account, balance)) {
        return Outcome::Now(answer);
    }
    let account = account.clone();
    Outcome::Later(Box::pin(async move {
        let balance = account.balance.ask(caller, max_age, timeout).await;
        let balance = balance.map_err(|error| Refusal::from(error).about(&account.name))?;
        json(&account, &balance)
    }))
}

/// A balance as JSON: written once for each fetch, and shared by all who get it.
fn json(account: &Account, balance: &Arc<balance::Balance>) -> Answer {
    account.balance.written(balance, |balance| as_json(&balance_on_the_wire(&account.name, balance)))
}

/// A [`BalanceState`](crate::wire::types::BalanceState), around the balance that has been written already.
fn state(account: &Account, news: &News<BalanceQuestion>) -> Option<Bytes> {
    #[derive(Serialize)]
    struct State<'a> {
        balance: Option<&'a RawValue>,
        error: Option<Fault>,
    }
    let balance = news.answer.as_ref().map(|balance| json(account, balance)).transpose().ok()?;
    let balance = balance.as_deref().map(serde_json::from_slice).transpose().ok()?;
    let error = news.fault.clone().map(|fault| Refusal::from(fault).about(&account.name).into());
    as_json(&State { balance, error }).ok()
}

fn balance_on_the_wire(name: &AccountName, balance: &balance::Balance) -> Balance {
    let totals = &balance.totals;
    Balance {
        total_evaluation: totals.total_evaluation,
        deposit: totals.deposit,
        total_profit_loss: totals.profit_loss,
        profit_loss_rate: totals.profit_loss_rate.map(rate),
        holdings: balance.holdings.iter().map(holding_on_the_wire).collect(),
        purchase_amount: totals.purchase_amount,
        evaluation_amount: totals.evaluation_amount,
        deposit_d1: totals.deposit_d1,
        deposit_d2: totals.deposit_d2,
        net_assets: totals.net_assets,
        mode: mode(balance.environment),
        account: balance.account.to_string(),
        account_name: name.to_string(),
        as_of: instant(balance.as_of),
        price_basis: match balance.price_basis {
            kis::balance::PriceBasis::Krx => PriceBasis::Krx,
            kis::balance::PriceBasis::Nxt => PriceBasis::Nxt,
            kis::balance::PriceBasis::Unified => PriceBasis::Unified,
        },
        totals_from: match totals.from {
            balance::TotalsFrom::Kis => TotalsFrom::Kis,
            balance::TotalsFrom::Rows => TotalsFrom::Rows,
        },
        kis_totals: totals.kis.as_ref().map(kis_totals_on_the_wire),
        evaluation_check: match balance.evaluation_check {
            account::EvaluationCheck::Agrees => EvaluationCheck::Agrees,
            account::EvaluationCheck::Differs => EvaluationCheck::Differs,
            account::EvaluationCheck::NotMade => EvaluationCheck::NotMade,
        },
        reconciled: balance.reconciled(),
    }
}

fn kis_totals_on_the_wire(kis: &Summary) -> KisTotals {
    KisTotals {
        total_evaluation: kis.total_evaluation,
        total_profit_loss: kis.profit_loss,
        purchase_amount: kis.purchase_amount,
        evaluation_amount: kis.evaluation_amount,
        net_assets: kis.net_assets,
    }
}

fn holding_on_the_wire(holding: &kis::balance::Holding) -> Holding {
    let worth = holding.worth.as_ref();
    Holding {
        stock_code: holding.key.stock_code.clone(),
        stock_name: holding.stock_name.clone(),
        quantity: holding.quantity,
        // Without the zeros that KIS pads prices with: 70000, and 68213.5135.
        avg_price: Number(holding.avg_price.normalize()),
        current_price: worth.map(|worth| worth.price),
        evaluation_amount: worth.map(|worth| worth.evaluation_amount),
        profit_loss: worth.map(|worth| worth.profit_loss),
        profit_loss_rate: worth.map(|worth| rate(worth.profit_loss_rate)),
        available_quantity: holding.available_quantity,
        purchase_amount: holding.purchase_amount,
        position: holding.key.position.clone(),
        loan_date: holding.loan_date,
        loan_amount: holding.loan_amount,
    }
}

/// Always two decimals, so that 5.5 is 5.50 as KIS shows it.
fn rate(percent: rust_decimal::Decimal) -> Number {
    let mut percent = two_decimals(percent);
    percent.rescale(2);
    Number(percent)
}
