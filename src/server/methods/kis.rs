//! `kis.*`: any operation of KIS that reads.

use std::time::Duration;

use kis_catalog::{Container, Kind as OperationKind, Mode as OperationMode, Operation, Paging, Shape, catalog};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    catalog::{About, Answer, Catalog, Outcome, as_json},
    instant,
    recent::Again,
    timeout,
};
use crate::{
    account::{
        Account,
        calls::{CallQuestion, Called, Form, Refused, Wanted, filled_in, not_called},
    },
    kis::quota::CallerId,
    server::error::{Refusal, standard},
    wire::{
        codes::INVALID_PARAMS,
        method,
        types::{
            self, CallParams, Effect, OperationDescription, OperationEntry, OperationField, OperationLimit,
            OperationPaging, OperationParam, OperationResult, SearchParams, SearchResult, Transport,
        },
    },
};

/// Operations that a search answers with, unless it is said.
const USUAL_LIMIT: u64 = 10;

/// Operations that a search may be asked for.
const MOST: u64 = 50;

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add::<method::KisSearch, _>(|_, params| search(&params));
    catalog.add::<method::KisDescribe, _>(|_, params| describe(&params.operation));
    catalog.add_recalled::<method::KisCall, _>(call);
}

fn search(params: &SearchParams) -> Result<SearchResult, Refusal> {
    let limit = params.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=MOST).contains(&limit) {
        return Err(standard(INVALID_PARAMS, format!("Invalid params: limit must be from 1 to {MOST}")));
    }
    let hits = catalog().search(&params.query, usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(SearchResult { operations: hits.into_iter().map(|hit| entry(hit.operation)).collect() })
}

fn describe(name: &str) -> Result<OperationDescription, Refusal> {
    let operation = catalog().find(name).map_err(|error| Refusal::from(Refused::NotFound(error)))?.operation;
    let filled = filled_in(operation);
    let params = operation.params().map(|param| {
        let filled_in = filled.contains(&param.name);
        OperationParam {
            name: param.name.to_owned(),
            label: param.label.to_owned(),
            required: param.required && !filled_in,
            values: param.values.map(str::to_owned),
            filled_in,
        }
    });
    let paging = match operation.paging() {
        Paging::None => OperationPaging { pages: false, param: None },
        Paging::Keys { .. } | Paging::Header => OperationPaging { pages: true, param: None },
        Paging::Cursor { param, .. } => OperationPaging { pages: false, param: Some(param.to_owned()) },
    };
    Ok(OperationDescription {
        operation: entry(operation),
        old_tr_ids: operation.old_tr_ids().map(str::to_owned).collect(),
        group: operation.group_name().to_owned(),
        not_called: not_called(operation).map(str::to_owned),
        params: params.collect(),
        results: operation.outputs().map(|container| result(&container)).collect(),
        paging,
        limit: operation.limit().map(|limit| OperationLimit {
            calls: limit.calls.into(),
            seconds: limit.seconds.into(),
            all_customers: limit.all_customers,
        }),
    })
}

fn entry(operation: &Operation) -> OperationEntry {
    let modes = [(OperationMode::Real, types::Mode::Real), (OperationMode::Paper, types::Mode::Paper)];
    OperationEntry {
        id: operation.id().to_owned(),
        korean_name: operation.korean_name().to_owned(),
        english_name: operation.english_name().to_owned(),
        method: operation.method().as_str().to_owned(),
        path: operation.path().to_owned(),
        tr_id: operation.tr_id(OperationMode::Real).map(str::to_owned),
        paper_tr_id: operation.tr_id(OperationMode::Paper).map(str::to_owned),
        transport: if operation.kind() == OperationKind::Realtime { Transport::Websocket } else { Transport::Rest },
        effect: match operation.effect() {
            kis_catalog::Effect::Read => Effect::Read,
            kis_catalog::Effect::Issue => Effect::Issue,
            kis_catalog::Effect::Trade => Effect::Trade,
        },
        modes: modes.into_iter().filter(|(mode, _)| operation.available(*mode)).map(|(_, mode)| mode).collect(),
    }
}

fn result(container: &Container) -> OperationResult {
    let shape = match container.shape() {
        Shape::Object => "object",
        Shape::Array => "array",
        Shape::Unknown => "unknown",
        Shape::Frame => "frame",
    };
    let fields = container.fields();
    let fields = fields.map(|field| OperationField { name: field.name.to_owned(), label: field.label.to_owned() });
    OperationResult { name: container.name().to_owned(), shape: shape.to_owned(), fields: fields.collect() }
}

fn call(About { account, params, caller }: About<'_, CallParams>) -> (Outcome, Option<Again>) {
    let question = match question(account, &params) {
        Ok(question) => question,
        Err(refusal) => return (Outcome::Now(Err(refusal.about(&account.name))), None),
    };
    let max_age = Duration::from_millis(params.max_age_ms.unwrap_or(0));
    ask(account, caller, question, Form::Raw, (max_age, params.timeout_ms), json)
}

/// Asks KIS, or the memory, and writes the answer.
pub(super) fn ask(
    account: &Account,
    caller: CallerId,
    question: CallQuestion,
    form: Form,
    (max_age, timeout_ms): (Duration, Option<u64>),
    write: impl Fn(&Account, &CallQuestion, &Called) -> Answer + Clone + Send + Sync + 'static,
) -> (Outcome, Option<Again>) {
    let timeout = match timeout(timeout_ms) {
        Ok(timeout) => timeout.unwrap_or_else(|| account.balance.call_timeout()),
        Err(refusal) => return (Outcome::Now(Err(refusal)), None),
    };
    // An answer in memory is written once, and shared by all who get it.
    let kept = |account: &Account, question: &CallQuestion, called: &Called| {
        called.written(form, &account.name, || write(account, question, called))
    };
    if let Some(answer) = account.calls.from_memory(&question, max_age, |called| kept(account, &question, called)) {
        let (glance, write) = (account.calls.glance(&question), write.clone());
        let again = glance.map(|glance| -> Again {
            Box::new(move |account| {
                glance.from_memory(max_age, |called| {
                    called.written(form, &account.name, || write(account, &question, called))
                })
            })
        });
        return (Outcome::Now(answer), again);
    }
    let account = account.clone();
    let later = Outcome::Later(Box::pin(async move {
        let called = account.calls.ask(caller, question.clone(), max_age, timeout).await;
        let called = called.map_err(|error| Refusal::from(error).about(&account.name))?;
        write(&account, &question, &called)
    }));
    (later, None)
}

fn question(account: &Account, params: &CallParams) -> Result<CallQuestion, Refusal> {
    let pages = match params.pages {
        Some(0) => None,
        pages => Some(usize::try_from(pages.unwrap_or(1)).unwrap_or(usize::MAX)),
    };
    let wanted = Wanted { operation: &params.operation, params: &params.params.0, pages, next: params.next.as_deref() };
    account.calls.question(account, &wanted).map_err(Refusal::from)
}

/// A [`CallResult`](crate::wire::types::CallResult), around KIS's containers.
fn json(account: &Account, question: &CallQuestion, called: &Called) -> Answer {
    #[derive(Serialize)]
    struct Result<'a> {
        operation: &'a str,
        tr_id: &'a str,
        account_name: &'a str,
        body: &'a RawValue,
        msg_cd: &'a str,
        msg1: &'a str,
        pages: usize,
        next: Option<String>,
        as_of: chrono::DateTime<chrono::FixedOffset>,
    }
    as_json(&Result {
        operation: question.operation().id(),
        tr_id: called.tr_id,
        account_name: account.name.as_str(),
        body: &called.body,
        msg_cd: &called.msg_cd,
        msg1: &called.msg1,
        pages: called.pages,
        next: called.next.as_ref().and_then(|next| account.calls.cursor(question, &account.name, next)),
        as_of: instant(called.as_of),
    })
}
