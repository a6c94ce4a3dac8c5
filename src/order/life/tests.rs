use proptest::prelude::*;

use super::*;
use crate::{
    order::{event::Event, ticket::Ticket},
    wire::types::{Approval, Market, OrderState as State, PlacedBy, Side, TimeInForce},
};

pub(crate) fn kept(quantity: u64) -> Kept {
    let now = DateTime::parse_from_rfc3339("2026-11-27T10:00:00+09:00").unwrap();
    let ticket = Ticket {
        stock_code: "005930".to_owned(),
        market: Market::Krx,
        side: Side::Buy,
        quantity,
        order_type: OrderType::Limit,
        price: Some(Decimal::from(75_000)),
        stop_price: None,
        time_in_force: TimeInForce::Day,
        route: Some(crate::wire::types::Route::Krx),
    };
    let order = Order {
        order_id: "o-1".to_owned(),
        client_order_id: "one".to_owned(),
        account_name: "main".to_owned(),
        stock_code: ticket.stock_code,
        stock_name: None,
        market: ticket.market,
        route: ticket.route,
        side: ticket.side,
        order_type: ticket.order_type,
        time_in_force: ticket.time_in_force,
        price: ticket.price.map(Number),
        stop_price: None,
        quantity,
        filled_quantity: 0,
        remaining_quantity: quantity,
        average_price: None,
        amount: None,
        currency: "KRW".to_owned(),
        amount_krw: None,
        state: State::AwaitingApproval,
        reason: None,
        kis: None,
        matched_by: None,
        placed_by: PlacedBy { uid: 0, pid: None, client: None },
        preview_id: None,
        approval: Approval::default(),
        cancelling: false,
        expires_at: None,
        created_at: now,
        updated_at: now,
        history: Vec::new(),
    };
    Kept {
        order,
        account: "main 12****78-01".to_owned(),
        owner: "uid:0".to_owned(),
        trading_day: now.date_naive(),
        sent_at: None,
        chain: Vec::new(),
        lost_amendment: None,
        cut: 0,
        cutting: None,
        cancel_no: None,
    }
}

fn reason() -> Reason {
    Reason { code: "code".to_owned(), message: "message".to_owned() }
}

pub(crate) fn kis(number: u32) -> KisOrder {
    let order_date = chrono::NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
    KisOrder { order_no: format!("{number:010}"), order_date, branch: "03930".to_owned() }
}

/// Anything that may happen, in any order, with numbers that may be anything.
fn event() -> impl Strategy<Value = Event> {
    let number = 1..4_u32;
    prop_oneof![
        Just(Event::Approved { by: 7 }),
        Just(Event::Refused { by: Some(7), reason: reason() }),
        Just(Event::Sending),
        Just(Event::NotSent { reason: reason() }),
        number.clone().prop_map(|number| Event::Accepted { kis: kis(number) }),
        Just(Event::Rejected { reason: reason() }),
        Just(Event::Lost { reason: reason() }),
        number.clone().prop_map(|number| Event::Found { kis: kis(number), by: "fields".to_owned() }),
        Just(Event::Absent { reason: reason() }),
        (number.clone(), 0..15_u64, 0..15_u64, 0..15_u64).prop_map(|(number, filled, rejected, remaining)| {
            Event::Listed {
                order_no: number.to_string(),
                filled,
                amount: Decimal::from(filled * 75_000),
                rejected,
                remaining,
            }
        }),
        proptest::option::of(1..12_u64).prop_map(|quantity| Event::Cancelling { quantity }),
        Just(Event::CancelReceived { order_no: "9".to_owned() }),
        Just(Event::CancelFailed { reason: reason() }),
        Just(Event::CancelLost { reason: reason() }),
        (1..12_u64).prop_map(|by| Event::Reduced { by }),
        Just(Event::Amending),
        number.prop_map(|number| Event::Amended {
            kis: kis(number),
            price: Some(Decimal::from(74_000)),
            order_type: OrderType::Limit,
            amount_krw: None,
        }),
        Just(Event::AmendFailed { reason: reason() }),
        Just(Event::AmendLost { price: None, order_type: OrderType::Best, reason: reason() }),
        proptest::bool::ANY.prop_map(|cancelled| Event::Ended { cancelled, why: "over".to_owned() }),
    ]
}

proptest! {
    #[test]
    fn an_order_goes_out_once_its_fills_grow_and_what_is_over_stays_over(events in proptest::collection::vec(event(), 0..60)) {
        let mut order = kept(10);
        let (mut sent, at) = (0, order.order.created_at);
        for event in events {
            let before = order.clone();
            let happened = order.apply(&event, at);
            if happened.is_err() {
                prop_assert_eq!(&before, &order, "what cannot happen changes nothing");
                continue;
            }
            sent += u32::from(event == Event::Sending);
            let (was, is) = (&before.order, &order.order);
            prop_assert!(sent <= 1, "sent twice");
            prop_assert!(is.filled_quantity >= was.filled_quantity && is.filled_quantity <= is.quantity);
            prop_assert!(is.filled_quantity + is.remaining_quantity <= is.quantity);
            prop_assert!(!is.state.is_over() || is.remaining_quantity == 0);
            prop_assert!(is.state != State::Filled || is.filled_quantity == is.quantity);
            let is_new = matches!(is.state, State::AwaitingApproval | State::Refused | State::Sending);
            prop_assert!(is_new || sent == 1, "KIS knows nothing of what was not sent");
            if was.state.is_over() && is.state != was.state {
                // KIS itself has contradicted: a fill that came late, or an order that it has after all.
                let is_contradicted = matches!((was.state, is.state), (State::Absent, State::Accepted))
                    || is.state == State::Filled && is.filled_quantity > was.filled_quantity;
                prop_assert!(is_contradicted, "{:?} after {:?}", is.state, was.state);
            }
            prop_assert_eq!(is.history.len() >= was.history.len(), true);
        }
        let written = serde_json::to_string(&order).unwrap();
        prop_assert_eq!(serde_json::from_str::<Kept>(&written).unwrap(), order);
    }
}

#[test]
fn order_numbers_are_the_same_however_kis_pads_them() {
    for other in ["85100", "0000085100", "  85100", "85100  "] {
        assert!(is_same_number("0000085100", other), "{other:?}");
    }
    for other in ["", "0", "85101", "851000"] {
        assert!(!is_same_number("0000085100", other), "{other:?}");
    }
    assert!(!is_same_number("0", "0"), "no number is not a number");
}
