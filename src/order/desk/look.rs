//! Looks after orders that are under way: approvals that end, answers that were lost, fills, cancellations, the end of the day.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Datelike, Days as Count, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Weekday};
use tracing::{debug, warn};

use super::{Desk, State};
use crate::{
    clock::{self, Instant},
    kis::quota::CallerId,
    market::{Calendar, OpenDays},
    order::{
        event::Event,
        judge::{At, judge},
        life::Kept,
    },
    trades::{self, Days, OrderList},
    wire::types::{Market, Order, OrderState, Reason},
};

/// Between two looks at KIS's list: while an order is fresh or lost, while something is half seen, while orders wait.
const SOON: Duration = Duration::from_secs(1);
const HALF_SEEN: Duration = Duration::from_secs(3);
const LATER: Duration = Duration::from_secs(10);
const LOST_FOR_LONG: Duration = Duration::from_secs(60);

/// How long an order is fresh.
const FRESH: TimeDelta = TimeDelta::seconds(12);

/// How long a lost order is looked for often.
const OFTEN: TimeDelta = TimeDelta::seconds(90);

/// An answer of KIS is waited for so long.
const WITHIN: Duration = Duration::from_secs(20);

/// No order of a day at home lives after this.
const DAY_ENDS: NaiveTime = NaiveTime::from_hms_opt(20, 10, 0).unwrap();

/// From then on the list of the day before is whole.
const LIST_IS_WHOLE: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).unwrap();

impl Desk {
    /// Looks at what is due, and says when to look again; `None`: when something happens.
    pub async fn look(self: &Arc<Self>) -> Option<Instant> {
        match self.state().await {
            Err(error) => {
                warn!(account = %self.account().name, %error, "the ledger of orders cannot be read; tried again in a minute");
                return Some(self.clock.monotonic().saturating_add(LOST_FOR_LONG));
            }
            Ok(mut state) => {
                self.write_again(&mut state).await;
                self.end_approvals(&mut state).await;
            }
        }
        for (is_domestic, day) in self.days().await {
            self.look_at(is_domestic, day).await;
        }
        self.next_look().await
    }

    /// Refuses what nobody has approved in time.
    async fn end_approvals(&self, state: &mut State) {
        let now = self.now();
        let is_due = |order: &Order| {
            order.state == OrderState::AwaitingApproval && order.expires_at.is_some_and(|expires_at| expires_at <= now)
        };
        let due: Vec<String> =
            state.orders.values().filter(|kept| is_due(&kept.order)).map(|kept| kept.order.order_id.clone()).collect();
        for order_id in due {
            let message = "nobody approved it in time".to_owned();
            let reason = Reason { code: "approval_expired".to_owned(), message };
            self.happen(state, &order_id, Event::Refused { by: None, reason }).await;
        }
    }

    /// The days whose lists tell of orders that are under way, at home and abroad.
    async fn days(&self) -> Vec<(bool, NaiveDate)> {
        let state = self.state.lock().await;
        let wanted = state.orders.values().filter(|kept| is_looked_for(kept));
        let mut days: Vec<_> = wanted.map(|kept| (kept.order.market == Market::Krx, kept.trading_day)).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    async fn look_at(&self, is_domestic: bool, day: NaiveDate) {
        let list = match self.list_of(is_domestic, day).await {
            Ok(list) => list,
            Err(error) => {
                debug!(account = %self.account().name, %error, "KIS's list of orders could not be read");
                return;
            }
        };
        let mut state = self.state.lock().await;
        let is_of = |kept: &&Kept| kept.trading_day == day && (kept.order.market == Market::Krx) == is_domestic;
        let ours: Vec<String> = state
            .orders
            .values()
            .filter(is_of)
            .filter(|kept| is_looked_for(kept))
            .map(|kept| kept.order.order_id.clone())
            .collect();
        let at = self.at(is_domestic, day);
        let State { orders, looks, .. } = &mut *state;
        let events = judge(orders, &ours, &list, looks, at);
        for (order_id, event) in events {
            self.happen(&mut state, &order_id, event).await;
        }
        let State { orders, looks, .. } = &mut *state;
        looks.keep(orders);
        // What is over and counts for no day any more is the ledger's alone.
        let oldest = self.now().date_naive() - Count::new(2);
        state.orders.retain(|_, kept| !kept.order.state.is_over() || kept.trading_day >= oldest);
    }

    async fn list_of(&self, is_domestic: bool, day: NaiveDate) -> Result<OrderList, trades::TradesError> {
        let account = self.account();
        let asking = trades::Asking { caller: CallerId::Daemon, max_age: Duration::ZERO, timeout: WITHIN };
        match is_domestic {
            true => trades::domestic(&account, Days::one(day), asking).await,
            false => trades::overseas(&account, Days::one(day), asking).await,
        }
    }

    fn at(&self, is_domestic: bool, day: NaiveDate) -> At {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let local = clock::kst(now);
        let (is_over, is_next_day) = match is_domestic {
            true => (
                local.date_naive() > day || local.date_naive() == day && local.time() >= DAY_ENDS,
                local.date_naive() > day && local.time() >= LIST_IS_WHOLE && is_business_day(local.date_naive()),
            ),
            // The day of the last market abroad ends on the next in Korea, and none lives a day longer.
            false => (local.date_naive() > day + Count::new(1), false),
        };
        let assume_absent_after = self.settings().assume_absent_after;
        At { now, monotonic, is_over, is_next_day, assume_absent_after }
    }

    /// When to look again, as things are; `None`: when something happens.
    pub(super) async fn next_look(&self) -> Option<Instant> {
        let state = self.state.lock().await;
        let (now, monotonic) = (self.now(), self.clock.monotonic());
        let after = |duration: Duration| monotonic.saturating_add(duration);
        let unwritten = (!state.unwritten.is_empty()).then(|| after(SOON));
        let half_seen = state.looks.wants_another().then(|| after(HALF_SEEN));
        let orders = state.orders.values().filter_map(|kept| until_next_look(kept, now)).min().map(after);
        [unwritten, half_seen, orders].into_iter().flatten().min()
    }
}

fn is_looked_for(kept: &Kept) -> bool {
    matches!(kept.order.state, OrderState::Accepted | OrderState::PartlyFilled | OrderState::Unknown)
}

fn is_business_day(day: NaiveDate) -> bool {
    let told = OpenDays::new();
    let open = Calendar::of(Market::Krx, &told).day(day).open;
    open.unwrap_or(!matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

/// How long an order can wait for the next look; `None`: for ever.
fn until_next_look(kept: &Kept, now: DateTime<FixedOffset>) -> Option<Duration> {
    let order = &kept.order;
    match order.state {
        OrderState::AwaitingApproval => {
            let left = order.expires_at? - now;
            Some(left.to_std().unwrap_or_default())
        }
        OrderState::Unknown => {
            let sent = kept.sent_at.map(clock::kst).unwrap_or(order.created_at);
            Some(match now - sent {
                age if age < FRESH => SOON,
                age if age < OFTEN => LATER / 2,
                _ => LOST_FOR_LONG,
            })
        }
        OrderState::Accepted | OrderState::PartlyFilled => Some(match now - order.updated_at {
            age if age < FRESH => 2 * SOON,
            _ if order.cancelling => HALF_SEEN,
            _ => LATER,
        }),
        _ => None,
    }
}
