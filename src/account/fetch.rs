//! One fetch of a balance: every page, and again from the first where they contradict each other.

use std::time::Duration;

use tracing::{debug, warn};

use super::{
    Balance, BalanceError, BalanceQuestion,
    balance::Totals,
    looks::{Decision, Excuse, Looks},
    whole::{Contradiction, Pages},
};
use crate::{
    desk::{Errand, Pace, Size},
    kis::{
        KisError, Tr, balance,
        field::Place,
        paging::{MOST_PAGES, PageKey},
        reply::Reply,
    },
    token::CallError,
};

/// A fetch under way.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) question: BalanceQuestion,
    pub(super) errand: Errand<Balance>,
}

impl Fetch {
    /// The balance, whole.
    pub(super) async fn run(self) -> Result<Balance, BalanceError> {
        let clock = self.errand.client.clock();
        let mut looks = Looks::new(self.errand.previous.as_deref(), self.question.accept_difference);
        let mut seen = None;
        loop {
            let (pages, fault) = match (self.read(seen.is_none()).await, seen.take()) {
                (Ok(read), _) => read,
                // What has been read says more than that the time is over.
                (Err(error), Some(pages))
                    if error.is_about_time() || clock.monotonic() >= self.errand.deadline.get() =>
                {
                    return self.settle(looks.out_of_time(), pages);
                }
                (Err(error), _) => return Err(error),
            };
            if let Some(fault) = &fault {
                debug!(account = %self.question.account, %fault, "the balance that KIS gives is not whole");
                self.count_contradiction(fault);
            }
            match looks.take(&pages, fault) {
                Decision::Serve { excuse } => return self.settle(Ok(excuse), pages),
                Decision::GiveUp(error) => return self.settle(Err(error), pages),
                Decision::Again { pause } => {
                    let resume = clock.monotonic().saturating_add(pause);
                    if resume >= self.errand.deadline.get() {
                        return self.settle(looks.out_of_time(), pages);
                    }
                    clock.sleep_until(resume).await;
                    seen = Some(pages);
                }
            }
        }
    }

    fn settle(&self, verdict: Result<Option<Excuse>, BalanceError>, pages: Pages) -> Result<Balance, BalanceError> {
        let excuse = verdict.inspect_err(
            |_| warn!(account = %self.question.account, "KIS gives no whole balance: its answers contradict each other"),
        )?;
        let environment = self.errand.client.environment();
        let totals = Totals::of(&pages).ok_or_else(|| {
            let place = Place { tr_id: Tr::INQUIRE_BALANCE.id(environment), row: None };
            CallError::from(place.malformed("output1", "adds up to more than any account holds"))
        });
        Ok(Balance {
            account: self.question.account.clone(),
            environment,
            price_basis: self.question.prices,
            totals: totals?,
            evaluation_check: pages.evaluation(),
            excuse,
            as_of: self.errand.client.clock().now(),
            pages: pages.count,
            holdings: pages.holdings,
        })
    }

    /// Counts an answer of KIS that is of no use. Refusals are counted already.
    fn count_contradiction(&self, fault: &Contradiction) {
        if !matches!(fault, Contradiction::Changed { .. }) {
            let place = Place { tr_id: Tr::INQUIRE_BALANCE.id(self.errand.client.environment()), row: None };
            self.errand.client.totals().count_failure(&place.malformed("output1", "contradicts the others"));
        }
    }

    /// Reads page after page, until there are no more, or what is there cannot be a balance any more.
    async fn read(&self, is_first: bool) -> Result<(Pages, Option<Contradiction>), BalanceError> {
        let (mut pages, mut asked) = (Pages::default(), vec![PageKey::default()]);
        let mut pace = Pace::default();
        loop {
            let key = &asked[asked.len() - 1];
            let reply = match self.page(key, is_first && asked.len() == 1).await {
                Err(CallError::Kis(KisError::Changed(answer))) => {
                    let whole = pages.count > 0 && pages.judge().is_ok();
                    return Ok((pages, Some(Contradiction::Changed { answer, whole })));
                }
                reply => reply?,
            };
            let malformed = |field: &str, problem: String| {
                let error = Place { tr_id: reply.tr_id, row: None }.malformed(field, problem);
                self.errand.client.totals().count_failure(&error);
                CallError::from(error)
            };
            let mut page = balance::parse(&reply, key)
                .inspect_err(|error| self.errand.client.totals().count_failure(error))
                .map_err(CallError::from)?;
            let next = page.next.take();
            if let Err(fault) = pages.add(page) {
                return Ok((pages, Some(fault)));
            }
            let Some(next) = next else {
                if pages.summary.is_none() && !pages.is_nothing {
                    return Err(malformed("output2", "is missing or empty".to_owned()).into());
                }
                let fault = pages.judge().err();
                return Ok((pages, fault));
            };
            if asked.contains(&next) {
                return Ok((pages, Some(Contradiction::Circle(asked.len()))));
            }
            if asked.len() == MOST_PAGES {
                let problem = format!("leads on after {MOST_PAGES} pages");
                return Err(malformed("ctx_area_nk100", problem).into());
            }
            self.tell_progress(&pages, &mut pace);
            asked.push(next);
        }
    }

    async fn page(&self, key: &PageKey, is_first: bool) -> Result<Reply, CallError> {
        let BalanceQuestion { account, prices, .. } = &self.question;
        let query = balance::query(account.cano(), account.product_code(), *prices, key);
        let environment = self.errand.client.environment();
        self.errand.call(&balance::call(environment, &query, *key != PageKey::default()), is_first).await
    }

    /// There is at least one page more.
    fn tell_progress(&self, pages: &Pages, pace: &mut Pace) {
        let figure = pages.purchase_total();
        let known = self.errand.known.filter(|known| known.figure == figure);
        let expected = figure.and_then(|total| Size::expected(pages.count, pages.purchase_sum(), total));
        let size = Size {
            figure,
            pages: known.map_or(0, |known| known.pages).max(pages.count + 1),
            expected: expected.or(known.map(|known| known.expected)).unwrap_or(0).min(MOST_PAGES),
            too_short: known.map_or(Duration::ZERO, |known| known.too_short),
        };
        self.errand.tell(pages.count, size, pace);
    }
}
