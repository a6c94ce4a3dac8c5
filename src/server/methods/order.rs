//! `order.*`: orders.

use std::{sync::Arc, time::Duration};

use chrono::{Days, NaiveDate, NaiveTime};

use super::{
    audit::Guarded,
    catalog::{Call, Catalog},
};
use crate::{
    account::Account,
    clock,
    order::{By, Change, Desk, OrderError, Page, Placing, Ticket, wanted},
    server::{
        Backend,
        error::{Refusal, internal, not_found, standard},
        peer::Caller,
    },
    wire::{
        codes::INVALID_PARAMS,
        method::{self, Method},
        types::{
            HaltResult, Order, OrderGetParams, OrderHaltParams, OrderList, OrderListParams, OrderParams, PlaceParams,
            PlacedBy,
        },
    },
};

/// Orders that are listed where nobody says how many, and at most.
const USUAL: u64 = 100;
const MOST: u64 = 1000;

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add_by::<method::OrderPreview, _, _>(|backend, caller, about| {
        let (desk, by, within) = who(backend, caller, about.account);
        async move { Ok(desk?.preview(&by, Ticket::of(&about.params).map_err(OrderError::from)?, within).await?) }
    });
    catalog.add_by::<method::OrderPlace, _, _>(|backend, caller, about| {
        let (desk, by, within) = who(backend, caller, about.account);
        async move { Ok(desk?.place(&by, placing(&about.params)?, within).await?) }
    });
    catalog.add_by::<method::OrderAmend, _, _>(|backend, caller, about| {
        let (desk, by, _) = who(backend, caller, about.account);
        async move {
            let (desk, params) = (desk?, about.params);
            let order = desk.get(&params.order_id).await?.ok_or_else(|| no_order(&params.order_id))?;
            let change = Change::Amend(
                params.price.map(|price| price.0.normalize()),
                params.order_type.unwrap_or(order.order_type),
            );
            Ok(desk.change(&by, &params.order_id, &params.client_order_id, change).await?.order)
        }
    });
    catalog.add_by::<method::OrderCancel, _, _>(|backend, caller, about| {
        let (desk, by, _) = who(backend, caller, about.account);
        async move {
            let params = about.params;
            Ok(desk?
                .change(&by, &params.order_id, &params.client_order_id, Change::Cancel(params.quantity))
                .await?
                .order)
        }
    });
    catalog.add_by::<method::OrderGet, _, _>(|backend, caller, about| {
        let (desk, by, _) = who(backend, caller, about.account);
        async move { get(&*desk?, &by, &about.params).await }
    });
    catalog.add_by::<method::OrderList, _, _>(|backend, caller, about| {
        let (desk, ..) = who(backend, caller, about.account);
        async move { list(&*desk?, about.params).await }
    });
    catalog.add_by::<method::OrderApprove, _, _>(|backend, caller, about| {
        let (desk, by, within) = who(backend, caller, about.account);
        async move { Ok(desk?.approve(&by, &about.params.order_id, within).await?) }
    });
    catalog.add_by::<method::OrderDeny, _, _>(|backend, caller, about| {
        let (desk, by, _) = who(backend, caller, about.account);
        async move { Ok(desk?.deny(&by, &about.params.order_id).await?) }
    });
    catalog.add_by::<method::OrderResolve, _, _>(|backend, caller, about| {
        let (desk, by, _) = who(backend, caller, about.account);
        async move { Ok(desk?.resolve(&by, &about.params.order_id, &about.params.seen).await?) }
    });
    catalog.add_later::<method::OrderHalt, _, _>(|call, params| {
        let desks = several::<method::OrderHalt>(&call, params.account.as_deref());
        async move {
            let OrderHaltParams { cancel_open, why, .. } = params;
            let mut accounts = Vec::new();
            for (desk, by) in desks? {
                accounts.push(desk.halt(&by, why.as_deref().unwrap_or_default(), cancel_open).await?);
            }
            Ok(HaltResult { accounts })
        }
    });
    catalog.add_later::<method::OrderResume, _, _>(|call, params| {
        let desks = several::<method::OrderResume>(&call, params.account.as_deref());
        async move {
            let mut accounts = Vec::new();
            for (desk, _) in desks? {
                accounts.push(desk.resume().await?);
            }
            Ok(HaltResult { accounts })
        }
    });
}

/// The orders of an account, who asks, and how long for.
fn who(backend: &Arc<Backend>, caller: &Arc<Caller>, account: &Account) -> (Result<Arc<Desk>, Refusal>, By, Duration) {
    let desk = backend.orders.of(&account.name).ok_or_else(internal);
    (desk, by(caller), account.balance.call_timeout())
}

fn by(caller: &Caller) -> By {
    let (uid, pid) = (caller.peer.uid, caller.peer.pid);
    let client = caller.claim().map(|claim| claim.to_string());
    By { owner: format!("uid:{uid}"), placed_by: PlacedBy { uid, pid, client }, caller: caller.id }
}

/// The accounts in which the caller may use a method: the one that is named, or all.
fn several<M: Method>(call: &Call<'_>, named: Option<&str>) -> Result<Vec<(Arc<Desk>, By)>, Refusal> {
    let place = (call.book, call.standing);
    let accounts: Vec<&Account> = match named {
        Some(name) => vec![Guarded::of::<M>().account(call.backend, call.caller, place, Some(name))?],
        None => {
            let rights = |account: &&Account| call.book.account(Some(account.name.as_str()), call.standing);
            call.book
                .accounts()
                .filter(|account| rights(account).is_ok_and(|(_, rights)| rights.has(M::NEEDS)))
                .collect()
        }
    };
    let desks = accounts.into_iter().map(|account| call.backend.orders.of(&account.name).ok_or_else(internal));
    desks.map(|desk| Ok((desk?, by(call.caller)))).collect()
}

fn placing(params: &PlaceParams) -> Result<Placing, Refusal> {
    let PlaceParams { client_order_id, preview_id, .. } = params;
    let order: OrderParams = wanted(params);
    match (preview_id, client_order_id) {
        (Some(preview_id), None)
            if order == (OrderParams { account: order.account.clone(), ..OrderParams::default() }) =>
        {
            Ok(Placing::Previewed(preview_id.clone()))
        }
        (Some(_), _) => Err(standard(
            INVALID_PARAMS,
            "Invalid params: a preview_id stands for the whole order, and for client_order_id too",
        )),
        (None, Some(id)) => Ok(Placing::New(Ticket::of(&order).map_err(OrderError::from)?, id.clone())),
        (None, None) => Err(standard(
            INVALID_PARAMS,
            "Invalid params: client_order_id is missing: an id of your own, new for each order; the same again sends nothing",
        )),
    }
}

fn no_order(order_id: &str) -> Refusal {
    OrderError::NotFound(order_id.chars().filter(|letter| !letter.is_control()).take(64).collect()).into()
}

async fn get(desk: &Desk, by: &By, params: &OrderGetParams) -> Result<Order, Refusal> {
    match (&params.order_id, &params.client_order_id) {
        (Some(id), None) => desk.get(id).await?.ok_or_else(|| no_order(id)),
        (None, Some(id)) => desk.get_by_client(&by.owner, id).await?.ok_or_else(|| {
            not_found("order", Vec::new(), "there is no order of yours with this client_order_id in this account")
        }),
        _ => Err(standard(INVALID_PARAMS, "Invalid params: either order_id or client_order_id must be given")),
    }
}

async fn list(desk: &Desk, params: OrderListParams) -> Result<OrderList, Refusal> {
    let OrderListParams { open, stock_code, from, to, limit, next, .. } = params;
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(standard(INVALID_PARAMS, format!("Invalid params: limit must be from 1 to {MOST}")));
    }
    let begin = |day: NaiveDate| clock::from_kst(day.and_time(NaiveTime::MIN)).map(|at| at.timestamp_millis());
    let page = Page {
        account: desk.key(),
        open,
        stock_code: stock_code.map(|code| code.to_ascii_uppercase()),
        from_ms: from.and_then(begin),
        until_ms: to.and_then(|day| day.checked_add_days(Days::new(1))).and_then(begin),
        before: next,
        // One more tells whether there are others.
        limit: i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    };
    let mut orders = desk.list(page).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = orders.len() > most;
    orders.truncate(most);
    let next = orders.last().filter(|_| has_more).map(|order| order.order_id.clone());
    Ok(OrderList { account_name: desk.account().name.to_string(), orders, next, halted: desk.halted().await? })
}
