//! Sends what trades to KIS: once, and a second time only after KIS's own gateway has said that it did not pass the first on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::form::Form;
use crate::{
    account::Account,
    clock::Instant,
    kis::{
        After, Effect, KisError, Sent, after,
        quota::{CallerId, Claim, Claimants, Class},
        row::{Row, row},
    },
    token::CallError,
    wire::types::Reason,
};

/// Sendings of one order, at most.
const SENDINGS: u32 = 2;

/// Pause before the second, where KIS counts too many calls.
const PAUSE: Duration = Duration::from_millis(200);

/// What KIS says of an order that it has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    /// Its number.
    pub order_no: String,
    /// The branch.
    pub branch: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// KIS has taken it.
    Taken(Receipt),
    /// KIS has refused it.
    Rejected(Reason),
    /// It has not left this machine, or was not passed on.
    NotSent(Reason),
    /// It was sent, and what KIS says of it is not known.
    Lost(Reason),
}

/// Sends it for a caller, as a call of this class, until `deadline`.
pub(super) async fn send(account: &Account, form: &Form, class: Class, caller: CallerId, deadline: Instant) -> Outcome {
    let client = &account.key.client;
    let trade = match form.trade(client.environment()) {
        Ok(trade) => trade,
        Err(error) => return Outcome::NotSent(reason("not_supported", error.to_string())),
    };
    let sendings = AtomicU32::new(0);
    loop {
        let once = |token: Arc<crate::token::Token>| {
            let (trade, sendings) = (&trade, &sendings);
            async move {
                let sending = sendings.fetch_add(1, Ordering::Relaxed) + 1;
                let claimants = Claimants::from(Claim { class, caller });
                match client.trade(trade, &token.access_token, &claimants, deadline).await {
                    // It would be sent once more with another token.
                    Err(error @ KisError::TokenRefused(_)) if sending >= SENDINGS => Ok(Err(error)),
                    Err(error) => Err(error),
                    Ok(reply) => Ok(Ok(reply)),
                }
            }
        };
        let error = match account.key.token.authorized(deadline, once).await {
            Ok(Ok(reply)) => {
                return match receipt(reply.tr_id, &reply.body) {
                    Ok(receipt) => Outcome::Taken(receipt),
                    Err(error) => {
                        client.totals().count_failure(&error);
                        Outcome::Lost(reason("malformed", error.to_string()))
                    }
                };
            }
            Ok(Err(error)) | Err(CallError::Kis(error)) => error,
            Err(CallError::Token(error)) => return Outcome::NotSent(reason("token", error.to_string())),
        };
        let resume = client.clock().monotonic().saturating_add(PAUSE);
        let is_again = after(Effect::Trade, &error) == After::Repeat
            && sendings.load(Ordering::Relaxed) < SENDINGS
            && resume < deadline;
        if !is_again {
            return judged(&error);
        }
        client.clock().sleep_until(resume).await;
    }
}

fn judged(error: &KisError) -> Outcome {
    let code = error.answer().map(|answer| answer.msg_cd.clone()).filter(|code| !code.is_empty());
    let words = error.answer().map(|answer| answer.msg1.clone()).filter(|words| !words.is_empty());
    match error {
        KisError::OutcomeUnknown(_) => Outcome::Lost(reason("unknown", error.to_string())),
        _ if after(Effect::Trade, error) == After::Unknown => Outcome::Lost(reason("unknown", error.to_string())),
        KisError::Rejected(_) => {
            Outcome::Rejected(reason(code.as_deref().unwrap_or("kis"), words.unwrap_or_else(|| error.to_string())))
        }
        // KIS's gateway has refused it, and has not passed it on.
        _ => {
            let sent = if error.sent() == Sent::No { "not_sent" } else { "not_passed_on" };
            Outcome::NotSent(reason(code.as_deref().unwrap_or(sent), error.to_string()))
        }
    }
}

fn reason(code: &str, message: impl Into<String>) -> Reason {
    Reason { code: code.to_owned(), message: message.into() }
}

/// Reads the answer to an order. KIS's tables write its fields in small letters, and its answers in capitals.
fn receipt(tr_id: &'static str, body: &[u8]) -> Result<Receipt, KisError> {
    let body = str::from_utf8(body).unwrap_or_default();
    let output = row(tr_id, body, "output")?;
    let order_no = either(&output, ["ODNO", "odno"])?;
    let order_no = order_no.filter(|number| !number.trim_matches('0').is_empty());
    let order_no = order_no.ok_or_else(|| output.malformed("ODNO", "is missing"))?;
    let branch = either(&output, ["KRX_FWDG_ORD_ORGNO", "krx_fwdg_ord_orgno"])?.unwrap_or_default();
    Ok(Receipt { order_no, branch })
}

fn either(output: &Row<'_>, names: [&str; 2]) -> Result<Option<String>, KisError> {
    Ok(output.text(names[0])?.or(output.text(names[1])?).map(str::to_owned))
}
