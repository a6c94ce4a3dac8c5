//! The resources: documents that a client may read and show without a model.

use std::time::Duration;

use rmcp::model::{ErrorData, ReadResourceResult, Resource, ResourceContents};

use super::{clean, link::Link, tools};
use crate::wire::{
    method,
    types::{BalanceParams, NoParams},
};

const BALANCE: &str = "kisd://account/balance";
const DISCOVER: &str = "kisd://rpc/discover";
const JSON: &str = "application/json";

pub(super) fn all() -> Vec<Resource> {
    vec![
        Resource::new(BALANCE, "balance")
            .with_title("Account balance")
            .with_description("Cash, totals and every holding, as account.balance answers")
            .with_mime_type(JSON),
        Resource::new(DISCOVER, "openrpc")
            .with_title("OpenRPC document")
            .with_description("Every method of the daemon's socket with its parameters, results and errors")
            .with_mime_type(JSON),
    ]
}

pub(super) async fn read(link: &Link, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let result = match uri {
        BALANCE => {
            let params = BalanceParams { account: link.account().map(str::to_owned), ..BalanceParams::default() };
            link.ask::<method::AccountBalance>(Duration::ZERO, &params).await
        }
        DISCOVER => link.ask::<method::RpcDiscover>(Duration::ZERO, &NoParams {}).await,
        _ => return Err(ErrorData::resource_not_found(format!("there is no resource {uri}"), None)),
    };
    let result = result.map_err(|trouble| ErrorData::internal_error(tools::explain(&trouble), None))?;
    Ok(ReadResourceResult::new(vec![ResourceContents::text(clean::document(result.get()), uri).with_mime_type(JSON)]))
}
