use proptest::{collection::vec, prelude::*};
use rust_decimal::Decimal;

use super::*;
use crate::kis::{balance::Worth, paging::PageKey};

/// A cash position that is worth 75,000 a share.
pub(in crate::account) fn holding(stock_code: &str, quantity: i64, paid: i64) -> Holding {
    let worth = 75_000 * quantity.abs();
    Holding {
        key: RowKey {
            stock_code: stock_code.to_owned(),
            position: "현금".to_owned(),
            loan_date: String::new(),
            expiry_date: String::new(),
        },
        stock_name: String::new(),
        quantity,
        available_quantity: quantity,
        avg_price: Decimal::ZERO,
        purchase_amount: paid,
        worth: Some(Worth {
            price: 75_000,
            evaluation_amount: worth,
            profit_loss: worth.saturating_sub(paid),
            profit_loss_rate: Decimal::ZERO,
        }),
        loan_date: None,
        loan_amount: None,
    }
}

pub(in crate::account) fn summary(purchase: i64, evaluation: i64) -> Summary {
    Summary {
        total_evaluation: evaluation,
        deposit: 0,
        deposit_d1: 0,
        deposit_d2: 0,
        net_assets: evaluation,
        purchase_amount: purchase,
        evaluation_amount: evaluation,
        profit_loss: evaluation.saturating_sub(purchase),
    }
}

fn page(holdings: Vec<Holding>, sold_out: SoldOut, summary: Summary) -> Page {
    Page { holdings, sold_out, summary: Some(summary), is_nothing: false, next: None::<PageKey> }
}

pub(in crate::account) fn pages(holdings: Vec<Holding>, summary: Summary) -> Pages {
    let mut pages = Pages::default();
    pages.add(page(holdings, SoldOut::default(), summary)).unwrap();
    pages
}

fn sold_out(rows: usize, purchase_amount: i128) -> SoldOut {
    SoldOut { rows, purchase_amount }
}

#[test]
fn a_won_a_row_may_be_lost_and_no_more_with_or_without_what_was_sold_out() {
    // Sum of the rows, their number, what was sold out, KIS's total; whether it adds up.
    for (sum, rows, gone, total, expected) in [
        (647_199, 1, sold_out(0, 0), 647_200, true),
        (647_199, 1, sold_out(0, 0), 647_198, true),
        (647_199, 1, sold_out(0, 0), 647_201, false),
        (1_000, 3, sold_out(0, 0), 1_003, true),
        (1_000, 3, sold_out(0, 0), 1_004, false),
        (0, 0, sold_out(0, 0), 0, true),
        (0, 0, sold_out(0, 0), 1, false),
        (1_000, 3, sold_out(2, 500), 1_000, true),
        (1_000, 3, sold_out(2, 500), 1_505, true),
        (1_000, 3, sold_out(2, 500), 1_506, false),
        (1_000, 3, sold_out(2, 500), 1_250, false),
        (i128::from(i64::MAX) * 2, 2, sold_out(0, 0), i64::MAX, false),
    ] {
        assert_eq!(adds_up(sum, rows, gone, total), expected, "{sum} in {rows}, {gone:?}, {total}");
    }
}

#[test]
fn a_row_that_comes_twice_is_found_within_a_page_and_between_pages() {
    let twice = Contradiction::RowTwice("005930".to_owned());
    let one = || holding("005930", 10, 700_000);
    let mut pages = Pages::default();
    let within = pages.add(page(vec![one(), one()], SoldOut::default(), summary(1_400_000, 0)));
    assert_eq!(within, Err(twice.clone()));
    let mut pages = Pages::default();
    pages.add(page(vec![one()], SoldOut::default(), summary(700_000, 0))).unwrap();
    assert_eq!(pages.add(page(vec![one()], SoldOut::default(), summary(700_000, 0))), Err(twice));
    // In cash and by two loans it is three rows.
    let mut loans = [one(), one(), one()];
    loans[1].key.position = "자기융자".to_owned();
    loans[2].key.position = "자기융자".to_owned();
    loans[2].key.loan_date = "20260102".to_owned();
    let mut pages = Pages::default();
    assert_eq!(pages.add(page(loans.to_vec(), SoldOut::default(), summary(2_100_000, 0))), Ok(()));
    assert_eq!(pages.judge(), Ok(()));
}

#[test]
fn a_total_that_moves_between_pages_is_a_fill_and_one_that_is_not_said_is_none() {
    let mut pages = Pages::default();
    pages.add(page(vec![holding("005930", 10, 700_000)], SoldOut::default(), summary(1_400_000, 0))).unwrap();
    let silent = Page { summary: None, ..page(Vec::new(), SoldOut::default(), summary(0, 0)) };
    assert_eq!(pages.add(silent), Ok(()));
    let mut last = Pages::default();
    last.add(page(vec![holding("005930", 10, 700_000)], SoldOut::default(), summary(0, 0))).unwrap();
    let told = last.add(page(vec![holding("000660", 10, 700_000)], SoldOut::default(), summary(1_400_000, 0)));
    assert_eq!((told, last.judge()), (Ok(()), Ok(())), "only the last page adds up");
    let moved = pages.add(page(vec![holding("000660", 10, 700_000)], SoldOut::default(), summary(1_300_000, 0)));
    assert_eq!(moved, Err(Contradiction::TotalMoved(1_400_000, 1_300_000)));
}

#[test]
fn no_rows_beside_a_total_is_never_a_balance() {
    for (purchase, evaluation, whole) in [(0, 0, true), (1, 0, false), (0, 1, false), (1_000_000, 1_100_000, false)] {
        let empty = pages(Vec::new(), summary(purchase, evaluation));
        assert_eq!(empty.judge().is_ok(), whole, "{purchase} {evaluation}");
    }
    let mut gone = Pages::default();
    gone.add(page(Vec::new(), sold_out(1, 700_000), summary(700_000, 0))).unwrap();
    assert_eq!(gone.judge(), Ok(()), "the total includes what was sold out");
}

#[test]
fn evaluation_is_compared_on_one_page_with_all_prices_and_never_decides() {
    use EvaluationCheck::{Agrees, Differs, NotMade};
    let one = || holding("005930", 10, 700_000);
    for (worth, expected) in [(750_000, Agrees), (750_001, Agrees), (750_002, Differs), (0, Differs)] {
        let pages = pages(vec![one()], summary(700_000, worth));
        assert_eq!((pages.evaluation(), pages.judge()), (expected, Ok(())), "{worth}");
    }
    let unpriced = pages(vec![Holding { worth: None, ..one() }], summary(700_000, 5));
    assert_eq!((unpriced.evaluation(), unpriced.judge()), (NotMade, Ok(())));
    let mut two = pages(vec![one()], summary(1_400_000, 750_000));
    two.add(page(vec![holding("000660", 10, 700_000)], SoldOut::default(), summary(1_400_000, 9))).unwrap();
    assert_eq!((two.evaluation(), two.judge()), (NotMade, Ok(())));
}

#[test]
fn less_than_no_shares_and_the_end_of_all_rows_are_doubted() {
    let doubts = |holdings, held| pages(holdings, summary(0, 0)).doubts(held);
    assert_eq!(doubts(Vec::new(), false), Doubts::default());
    assert!(doubts(Vec::new(), true).gone);
    assert!(doubts(vec![holding("005930", -1, 0)], true).negative);
    let mut sold = Pages::default();
    sold.add(page(Vec::new(), sold_out(1, 0), summary(0, 0))).unwrap();
    assert!(!sold.doubts(true).gone, "KIS says what has become of it");
}

proptest! {
    #[test]
    fn rows_that_lost_a_won_each_are_whole_and_a_row_that_is_missing_is_not(
        amounts in vec(1_000_i64..1_000_000_000, 2..120),
        lost in vec(-1_i64..=1, 120),
        missing: prop::sample::Index,
        per_page in 1_usize..60,
    ) {
        let total: i64 = amounts.iter().sum();
        let rows: Vec<Holding> = amounts
            .iter()
            .zip(&lost)
            .enumerate()
            .map(|(number, (paid, lost))| holding(&format!("{number:06}"), 1, paid + lost))
            .collect();
        let read = |rows: &[Holding]| {
            let mut pages = Pages::default();
            for chunk in rows.chunks(per_page) {
                // Each page is calculated with other prices.
                let moved = summary(total, i64::try_from(pages.count).unwrap());
                pages.add(page(chunk.to_vec(), SoldOut::default(), moved))?;
            }
            pages.judge()
        };
        prop_assert_eq!(read(&rows), Ok(()));
        let mut short = rows.clone();
        short.remove(missing.index(rows.len()));
        prop_assert!(read(&short).is_err());
        let mut doubled = rows.clone();
        doubled.push(rows[missing.index(rows.len())].clone());
        prop_assert!(matches!(read(&doubled), Err(Contradiction::RowTwice(_))));
    }
}
