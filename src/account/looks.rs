//! How often KIS is asked for one balance, and what becomes of answers that contradict each other.

use std::{collections::HashSet, mem::discriminant, time::Duration};

use super::{
    Balance, BalanceError, BalanceFault,
    whole::{Contradiction, Doubts, Pages},
};
use crate::kis::balance::RowKey;

/// So many reads in a row that are alike say that KIS will not say anything else.
const ALIKE: usize = 3;

/// Reads of one balance at most, however they differ.
const MOST: usize = 10;

/// Pause before another look: KIS may just be at work.
const PAUSE: Duration = Duration::from_secs(1);

/// What to do after a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is the balance; `excuse` says what of it is not as it should be.
    Serve { excuse: Option<Excuse> },
    /// Read again from page one, after a pause.
    Again { pause: Duration },
    /// There is no balance.
    GiveUp(BalanceError),
}

/// What a balance was served in spite of. The next one that is odd in the same way needs no more looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Excuse {
    /// By how many won the rows' purchase amounts differ from their total, which the owner accepts.
    Difference(i128),
    /// KIS says that the account has changed since, whenever it is asked for another page.
    Changed,
    /// Something was looked at twice.
    Doubts(Doubts),
}

/// The reads of one balance so far.
#[derive(Debug)]
pub(super) struct Looks<'a> {
    /// The balance before.
    previous: Option<&'a Balance>,
    accept_difference: bool,
    reads: usize,
    alike: usize,
    last: Option<Last>,
}

/// What the last read was.
#[derive(Debug)]
enum Last {
    Contradicted(Contradiction, HashSet<RowKey>),
    Doubted(Doubts),
}

impl<'a> Looks<'a> {
    pub(super) fn new(previous: Option<&'a Balance>, accept_difference: bool) -> Self {
        Self { previous, accept_difference, reads: 0, alike: 0, last: None }
    }

    /// Takes a read into account that ended by `fault`, or by the last page.
    pub(super) fn take(&mut self, pages: &Pages, fault: Option<Contradiction>) -> Decision {
        self.reads += 1;
        match fault {
            None => self.doubt(pages),
            Some(fault) => self.contradict(pages, fault),
        }
    }

    fn doubt(&mut self, pages: &Pages) -> Decision {
        let doubts = pages.doubts(self.previous.is_some_and(|previous| !previous.holdings.is_empty()));
        let seen = match (&self.last, self.known_excuse(pages)) {
            (Some(Last::Doubted(seen)), _) => *seen,
            (_, Some(Excuse::Doubts(seen))) => *seen,
            _ => Doubts::default(),
        };
        self.last = Some(Last::Doubted(doubts));
        if doubts.are_among(seen) {
            return Decision::Serve { excuse: doubts.any().then_some(Excuse::Doubts(doubts)) };
        }
        self.again(PAUSE)
    }

    fn contradict(&mut self, pages: &Pages, fault: Contradiction) -> Decision {
        let is_alike =
            matches!(&self.last, Some(Last::Contradicted(last, keys)) if alike((last, keys), (&fault, &pages.keys)));
        self.alike = if is_alike { self.alike + 1 } else { 1 };
        let excuse = match &fault {
            Contradiction::SumDiffers { sum, total, .. } if self.accept_difference => {
                Some(Excuse::Difference(sum - i128::from(*total)))
            }
            Contradiction::Changed { whole: true, .. } => Some(Excuse::Changed),
            _ => None,
        };
        let is_known = excuse.is_some() && self.known_excuse(pages) == excuse.as_ref();
        let first_of_movement = self.reads == 1 && !matches!(fault, Contradiction::SumDiffers { .. });
        self.last = Some(Last::Contradicted(fault, pages.keys.clone()));
        if excuse.is_some() && (is_known || self.alike >= ALIKE) {
            return Decision::Serve { excuse };
        }
        if self.alike >= ALIKE {
            return Decision::GiveUp(self.error());
        }
        self.again(if first_of_movement { Duration::ZERO } else { PAUSE })
    }

    fn again(&self, pause: Duration) -> Decision {
        if self.reads >= MOST { Decision::GiveUp(self.error()) } else { Decision::Again { pause } }
    }

    /// What to serve the last read with, if there is no time for another look.
    pub(super) fn out_of_time(&self) -> Result<Option<Excuse>, BalanceError> {
        match &self.last {
            Some(Last::Doubted(doubts)) if !doubts.gone => Ok(Some(Excuse::Doubts(*doubts))),
            _ => Err(self.error()),
        }
    }

    fn error(&self) -> BalanceError {
        let contradiction = match &self.last {
            Some(Last::Contradicted(contradiction, _)) => contradiction.clone(),
            _ => Contradiction::Gone,
        };
        let settled = self.alike >= ALIKE && matches!(contradiction, Contradiction::SumDiffers { .. });
        BalanceError::Fault(BalanceFault::NotWhole { contradiction, reads: self.reads, settled })
    }

    /// What the balance before was excused for, if it had the very same rows.
    fn known_excuse(&self, pages: &Pages) -> Option<&'a Excuse> {
        let previous = self.previous?;
        let same = previous.holdings.len() == pages.holdings.len()
            && previous.holdings.iter().zip(&pages.holdings).all(|(one, other)| one.key == other.key);
        previous.excuse.as_ref().filter(|_| same)
    }
}

/// Whether KIS contradicts itself in the same way again.
fn alike(one: (&Contradiction, &HashSet<RowKey>), other: (&Contradiction, &HashSet<RowKey>)) -> bool {
    match (one.0, other.0) {
        (
            Contradiction::SumDiffers { sum: sum_before, total: total_before, .. },
            Contradiction::SumDiffers { sum, total, .. },
        ) => sum_before - i128::from(*total_before) == sum - i128::from(*total) && one.1 == other.1,
        (Contradiction::Changed { whole: before, .. }, Contradiction::Changed { whole, .. }) => before == whole,
        (before, now) => discriminant(before) == discriminant(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::whole::tests::{holding, pages, summary},
        kis::Answer,
    };

    fn short() -> (Pages, Option<Contradiction>) {
        let pages = pages(vec![holding("005930", 10, 700_000)], summary(800_000, 750_000));
        let fault = pages.judge().err();
        (pages, fault)
    }

    fn changed(whole: bool) -> Contradiction {
        let answer =
            Answer { tr_id: "TTTC8434R", msg_cd: "SYDB0050".to_owned(), msg1: String::new(), http_status: 200 };
        Contradiction::Changed { answer, whole }
    }

    fn decisions(
        looks: &mut Looks<'_>,
        reads: usize,
        mut read: impl FnMut(usize) -> (Pages, Option<Contradiction>),
    ) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for number in 0..reads {
            let (pages, fault) = read(number);
            decisions.push(looks.take(&pages, fault));
        }
        decisions
    }

    #[test]
    fn a_sum_that_differs_alike_three_times_is_told_and_served_where_the_owner_accepts_it() {
        let again = Decision::Again { pause: PAUSE };
        let mut looks = Looks::new(None, false);
        let refused = decisions(&mut looks, 3, |_| short());
        assert_eq!(refused[..2], [again.clone(), again.clone()]);
        let Decision::GiveUp(error) = &refused[2] else { panic!("{refused:?}") };
        let message = error.to_string();
        assert!(
            message.contains("700000") && message.contains("800000") && message.contains("accept_difference"),
            "{message}"
        );
        let mut looks = Looks::new(None, true);
        let served = Decision::Serve { excuse: Some(Excuse::Difference(-100_000)) };
        assert_eq!(decisions(&mut looks, 3, |_| short()), [again.clone(), again, served]);
    }

    #[test]
    fn sums_that_differ_in_other_ways_each_time_are_never_accepted() {
        let mut looks = Looks::new(None, true);
        let moving = decisions(&mut looks, MOST, |number| {
            let total = 800_000 + i64::try_from(number).unwrap();
            let pages = pages(vec![holding("005930", 10, 700_000)], summary(total, 750_000));
            let fault = pages.judge().err();
            (pages, fault)
        });
        assert!(moving[..MOST - 1].iter().all(|decision| matches!(decision, Decision::Again { .. })), "{moving:?}");
        let Decision::GiveUp(error) = &moving[MOST - 1] else { panic!("{moving:?}") };
        assert!(!error.to_string().contains("accept_difference"), "{error}");
    }

    #[test]
    fn an_account_that_always_changes_is_its_first_page_if_that_is_whole() {
        let whole = pages(vec![holding("005930", 10, 700_000)], summary(700_000, 750_000));
        let mut looks = Looks::new(None, false);
        let seen = decisions(&mut looks, 3, |_| (whole.clone(), Some(changed(true))));
        let pauses = [Decision::Again { pause: Duration::ZERO }, Decision::Again { pause: PAUSE }];
        assert_eq!(seen[..2], pauses);
        assert_eq!(seen[2], Decision::Serve { excuse: Some(Excuse::Changed) });
        let mut looks = Looks::new(None, false);
        let seen = decisions(&mut looks, 3, |_| (Pages::default(), Some(changed(false))));
        assert!(
            matches!(&seen[2], Decision::GiveUp(BalanceError::Fault(BalanceFault::NotWhole { contradiction, .. })) if *contradiction == changed(false))
        );
    }

    #[test]
    fn a_doubt_is_looked_at_twice_and_served_marked() {
        let odd = pages(vec![holding("005930", 10, 700_000)], summary(700_000, 900_000));
        let sound = pages(vec![holding("005930", 10, 700_000)], summary(700_000, 750_000));
        let doubts = Doubts { evaluation: true, ..Doubts::default() };
        let mut looks = Looks::new(None, false);
        let seen = decisions(&mut looks, 2, |_| (odd.clone(), None));
        assert_eq!(seen, [Decision::Again { pause: PAUSE }, Decision::Serve { excuse: Some(Excuse::Doubts(doubts)) }]);
        let mut looks = Looks::new(None, false);
        let seen = decisions(&mut looks, 2, |number| (if number == 0 { odd.clone() } else { sound.clone() }, None));
        assert_eq!(seen[1], Decision::Serve { excuse: None });
        // A doubt of another kind is one of its own.
        let negative = pages(vec![holding("005930", -10, 700_000)], summary(700_000, 750_000));
        let mut looks = Looks::new(None, false);
        let seen = decisions(&mut looks, 2, |number| (if number == 0 { odd.clone() } else { negative.clone() }, None));
        assert_eq!(seen[1], Decision::Again { pause: PAUSE });
    }

    #[test]
    fn without_time_for_another_look_only_what_may_be_true_is_served() {
        let odd = pages(vec![holding("005930", 10, 700_000)], summary(700_000, 900_000));
        let mut looks = Looks::new(None, false);
        looks.take(&odd, None);
        assert!(matches!(looks.out_of_time(), Ok(Some(_))));
        let mut looks = Looks::new(None, false);
        let (pages, fault) = short();
        looks.take(&pages, fault);
        assert!(looks.out_of_time().is_err());
    }
}
