//! Pages that contradict each other.

use std::time::Duration;

use kisd::simulator::{Fault, Mode, Options, Portfolio, Position};
use serde_json::json;

use super::{asked, codes, daemon, daemon_with, page, raw, refused, row, rows, script, served, totals};
use crate::support::World;

/// Three reads of these two pages.
fn three_times(pages: impl Fn() -> [Fault; 2]) -> Vec<Fault> {
    (0..3).flat_map(|_| pages()).collect()
}

#[tokio::test]
async fn a_second_page_that_repeats_the_first_doubles_no_holding() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let again = || {
        [page("F", "000050", rows(0, 50), totals(50_000, 55_000)), page("D", "", rows(0, 50), totals(50_000, 55_000))]
    };
    script(&world, three_times(again));
    let (error, message) = refused(&world, &daemon).await;
    assert_eq!((&error["code"], &error["data"]["kind"]), (&json!(-32055), &json!("upstream_malformed")), "{error}");
    assert!(message.contains("000000 is listed twice"), "{message}");
    assert_eq!(
        (&error["data"]["retryable"], &error["data"]["retry_after_ms"]),
        (&json!(true), &json!(1000)),
        "{error}"
    );
    assert_eq!(asked(&world), 6);
    // KIS comes to its senses within the call.
    script(&world, again());
    script(&world, [page("D", "", rows(0, 50), totals(50_000, 55_000))]);
    assert_eq!(codes(&served(&world, &daemon).await).len(), 50);
}

#[tokio::test]
async fn pages_that_overlap_are_read_again() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    script(
        &world,
        [
            page("F", "000050", rows(0, 50), totals(70_000, 77_000)),
            page("E", "", rows(49, 21), totals(70_000, 77_000)),
            page("F", "000050", rows(0, 50), totals(70_000, 77_000)),
            page("E", "", rows(50, 20), totals(70_000, 77_000)),
        ],
    );
    let balance = served(&world, &daemon).await;
    assert_eq!((codes(&balance).len(), asked(&world)), (70, 4));
}

#[tokio::test]
async fn a_page_that_promises_another_with_a_blank_key_is_not_followed_in_a_circle() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    for key in ["", "   ", "^^"] {
        let before = asked(&world);
        // Ten of sixty holdings are missing.
        script(&world, (0..3).map(|_| page("F", key, rows(0, 50), totals(60_000, 66_000))));
        let (error, message) = refused(&world, &daemon).await;
        assert_eq!(error["code"], -32055, "{message}");
        for words in ["50000", "60000", "accept_difference = true", "3 times"] {
            assert!(message.contains(words), "{words}: {message}");
        }
        assert_eq!((&error["data"]["retryable"], asked(&world) - before), (&json!(false), 3), "{key:?}");
        // And where all is there, it is the balance.
        script(&world, [page("F", key, rows(0, 50), totals(50_000, 55_000))]);
        assert_eq!(codes(&served(&world, &daemon).await).len(), 50, "{key:?}");
    }
}

#[tokio::test]
async fn the_three_reads_before_a_difference_is_told_are_a_second_apart() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    script(&world, (0..3).map(|_| page("D", "", rows(0, 5), totals(6_000, 6_600))));
    refused(&world, &daemon).await;
    let calls = world.simulator.calls_to("inquire-balance");
    assert!(calls.windows(2).all(|pair| pair[1].at.since(pair[0].at) >= Duration::from_secs(1)), "{calls:?}");
}

#[tokio::test]
async fn a_last_page_whose_key_leads_on_is_the_last_only_if_all_is_there() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    script(&world, (0..3).map(|_| page("D", "000050", rows(0, 50), totals(60_000, 66_000))));
    assert_eq!(refused(&world, &daemon).await.0["code"], -32055);
    script(&world, [page("D", "000050", rows(0, 50), totals(50_000, 55_000))]);
    assert_eq!(codes(&served(&world, &daemon).await).len(), 50);
}

#[tokio::test]
async fn a_key_that_does_not_move_ends_the_pages() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    script(
        &world,
        [
            page("F", "000050", rows(0, 50), totals(70_000, 77_000)),
            page("M", "000050", rows(50, 20), totals(70_000, 77_000)),
        ],
    );
    assert_eq!((codes(&served(&world, &daemon).await).len(), asked(&world)), (70, 2));
}

#[tokio::test]
async fn pages_that_lead_back_to_one_before_are_an_error() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    for _ in 0..3 {
        script(
            &world,
            [
                page("F", "000050", rows(0, 50), totals(150_000, 165_000)),
                page("M", "000100", rows(50, 50), totals(150_000, 165_000)),
                page("M", "000050", rows(100, 50), totals(150_000, 165_000)),
            ],
        );
    }
    let (error, message) = refused(&world, &daemon).await;
    assert!(message.contains("round in circles"), "{message}");
    assert_eq!((&error["code"], &error["data"]["retryable"], asked(&world)), (&json!(-32055), &json!(true), 9));
    let status = daemon.ok("daemon.status", json!({})).await;
    assert_eq!(status["calls"]["failed"]["upstream_malformed"], 3, "{status}");
}

#[tokio::test]
async fn a_won_that_kis_loses_in_each_row_is_no_contradiction_and_one_more_is() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    // The recorded row: 11 shares for 647,200 won, printed as 58836.3636 and 647199.
    let positions =
        (0..60).map(|number| Position::bought_for(&format!("{number:06}"), "씨제이이엔엠", 11, 647_200, 82_200));
    world.simulator.set_portfolio(Portfolio { positions: positions.collect(), ..Portfolio::of_size(0) });
    let balance = served(&world, &daemon).await;
    let holding = &balance["holdings"][59];
    assert_eq!((&holding["purchase_amount"], &holding["profit_loss"]), (&json!(647_199), &json!(257_000)));
    assert_eq!(balance["reconciled"], true);
    let one_more = || page("D", "", rows(0, 5), totals(5_006, 5_500));
    script(&world, (0..3).map(|_| one_more()));
    assert_eq!(refused(&world, &daemon).await.0["code"], -32055);
    script(&world, [page("D", "", rows(0, 5), totals(5_005, 5_500))]);
    served(&world, &daemon).await;
}

#[tokio::test]
async fn prices_that_move_between_pages_give_totals_of_the_rows_with_those_of_kis_beside() {
    let world = World::with(Options { price_step: 7, ..Options::demo(Mode::Real) }).await;
    world.simulator.set_portfolio(Portfolio::of_size(120));
    let balance = served(&world, &daemon(&world).await).await;
    let sum = |field: &str| -> i64 {
        balance["holdings"].as_array().unwrap().iter().map(|holding| holding[field].as_i64().unwrap()).sum()
    };
    let kis = &balance["kis_totals"];
    assert_eq!((&balance["totals_from"], &balance["evaluation_check"]), (&json!("rows"), &json!("not_made")));
    for (total, field) in [
        ("evaluation_amount", "evaluation_amount"),
        ("total_profit_loss", "profit_loss"),
        ("purchase_amount", "purchase_amount"),
    ] {
        assert_eq!(balance[total], sum(field), "{total}");
    }
    assert_ne!(kis["evaluation_amount"], balance["evaluation_amount"], "KIS's are of the last page's prices");
    let cash = |totals: &serde_json::Value| {
        totals["total_evaluation"].as_i64().unwrap() - totals["evaluation_amount"].as_i64().unwrap()
    };
    assert_eq!((cash(&balance), cash(kis)), (1_000_000, 1_000_000), "what is no security stays as KIS adds it up");
    assert_eq!(asked(&world), 3, "it was not doubted");
}

#[tokio::test]
async fn one_page_has_the_totals_of_kis() {
    let world = World::new().await;
    let balance = served(&world, &daemon(&world).await).await;
    let said = (&balance["totals_from"], &balance["evaluation_check"], &balance["kis_totals"], &balance["reconciled"]);
    assert_eq!(said, (&json!("kis"), &json!("agrees"), &json!(null), &json!(true)));
}

#[tokio::test]
async fn a_total_that_moves_between_pages_is_a_fill_and_all_is_read_again() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    script(
        &world,
        [
            page("F", "000050", rows(0, 50), totals(70_000, 77_000)),
            page("E", "", rows(50, 20), totals(71_000, 78_100)),
            page("F", "000050", rows(0, 50), totals(71_000, 78_100)),
            page("E", "", rows(50, 21), totals(71_000, 78_100)),
        ],
    );
    assert_eq!(codes(&served(&world, &daemon).await).len(), 71);
}

#[tokio::test]
async fn no_holdings_beside_a_total_is_never_served() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    for (paid, worth) in [(1_000_000, 1_100_000), (0, 1_100_000), (1_000_000, 0)] {
        script(&world, (0..3).map(|_| page("D", "", Vec::new(), totals(paid, worth))));
        let (error, message) = refused(&world, &daemon).await;
        assert_eq!((&error["code"], &error["data"]["retryable"]), (&json!(-32055), &json!(true)), "{error}");
        assert!(message.contains("no holdings") && !message.contains("accept_difference"), "{message}");
    }
    script(&world, [page("D", "", Vec::new(), totals(1_000_000, 1_100_000))]);
    assert_eq!(served(&world, &daemon).await["total_evaluation"], 10_000_000, "it was there when asked again");
}

#[tokio::test]
async fn an_owner_who_accepts_the_difference_gets_the_balance_marked_and_then_with_one_look() {
    let world = World::new().await;
    let daemon = daemon_with(&world, |config| config.accounts[0].settings.accept_difference = true).await;
    let short = || page("D", "", rows(0, 5), totals(6_000, 6_600));
    script(&world, (0..3).map(|_| short()));
    let balance = served(&world, &daemon).await;
    assert_eq!((&balance["reconciled"], codes(&balance).len(), asked(&world)), (&json!(false), 5, 3));
    // The same difference of the same holdings is known.
    script(&world, [short()]);
    assert_eq!((&served(&world, &daemon).await["reconciled"], asked(&world)), (&json!(false), 4));
    // Another one is not.
    script(&world, [page("D", "", rows(0, 5), totals(9_000, 9_900)), page("D", "", rows(0, 9), totals(9_000, 9_900))]);
    let balance = served(&world, &daemon).await;
    assert_eq!((&balance["reconciled"], codes(&balance).len()), (&json!(true), 9));
}

#[tokio::test]
async fn an_evaluation_that_differs_is_looked_at_twice_and_served_marked() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let odd = || page("D", "", rows(0, 5), totals(5_000, 9_999));
    script(&world, [odd(), odd()]);
    let balance = served(&world, &daemon).await;
    assert_eq!((&balance["evaluation_check"], &balance["reconciled"]), (&json!("differs"), &json!(true)));
    assert_eq!((&balance["evaluation_amount"], asked(&world)), (&json!(9_999), 2));
    // It differs for the same holdings again: that has been looked at.
    script(&world, [odd()]);
    assert_eq!((&served(&world, &daemon).await["evaluation_check"], asked(&world)), (&json!("differs"), 3));
    // It differed once.
    script(&world, [page("D", "", rows(0, 6), totals(6_000, 9_999)), page("D", "", rows(0, 6), totals(6_000, 6_600))]);
    assert_eq!(served(&world, &daemon).await["evaluation_check"], "agrees");
}

#[tokio::test]
async fn a_holding_of_less_than_no_shares_is_looked_at_twice() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let short = || page("D", "", vec![row("005930", -3, 3_000, -1_100)], totals(3_000, 3_300));
    script(&world, [short(), short()]);
    assert_eq!((&served(&world, &daemon).await["holdings"][0]["quantity"], asked(&world)), (&json!(-3), 2));
    script(&world, [page("D", "", vec![row("005935", -3, 3_000, -1_100)], totals(3_000, 3_300))]);
    assert_eq!(codes(&served(&world, &daemon).await).len(), 5, "it was not so again");
}

#[tokio::test]
async fn when_everything_is_gone_at_once_it_is_looked_at_twice() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let empty = || page("D", "", Vec::new(), totals(0, 0));
    // Without anything held before there is nothing to doubt.
    script(&world, [empty()]);
    assert_eq!((codes(&served(&world, &daemon).await).len(), asked(&world)), (0, 1));
    assert_eq!((codes(&served(&world, &daemon).await).len(), asked(&world)), (5, 2));
    script(&world, [empty()]);
    assert_eq!(
        (codes(&served(&world, &daemon).await).len(), asked(&world)),
        (5, 4),
        "it was there when looked at again"
    );
    script(&world, [empty(), empty()]);
    assert_eq!((codes(&served(&world, &daemon).await).len(), asked(&world)), (0, 6), "it is gone");
}

#[tokio::test]
async fn an_account_that_changes_between_pages_is_read_again_from_the_first() {
    let world = World::new().await;
    world.simulator.set_portfolio(Portfolio::of_size(70));
    let daemon = daemon(&world).await;
    let gate = world.simulator.hold_next("inquire-balance");
    let second = world.simulator.hold_next("inquire-balance");
    let bought = async {
        gate.arrived().await;
        gate.open();
        second.arrived().await;
        world.simulator.set_portfolio(Portfolio::of_size(71));
        second.open();
    };
    let (balance, ()) = tokio::join!(served(&world, &daemon), bought);
    let codes_seen: Vec<String> =
        world.simulator.calls_to("inquire-balance").into_iter().map(|call| call.msg_cd).collect();
    assert_eq!(codes_seen, ["KIOK0510", "SYDB0050", "KIOK0510", "KIOK0510"]);
    assert_eq!(codes(&balance).len(), 71);
}

#[tokio::test]
async fn an_account_of_exactly_one_full_page_is_served_although_kis_refuses_the_next() {
    let world = World::with(Options { full_page_has_next: true, ..Options::demo(Mode::Real) }).await;
    world.simulator.set_portfolio(Portfolio::of_size(50));
    let daemon = daemon(&world).await;
    let balance = served(&world, &daemon).await;
    assert_eq!((codes(&balance).len(), asked(&world), &balance["reconciled"]), (50, 6, &json!(true)));
    served(&world, &daemon).await;
    assert_eq!(asked(&world), 8, "what KIS says of this account is known");
}

#[tokio::test]
async fn an_account_that_never_stops_changing_is_an_error_that_says_so() {
    let world = World::new().await;
    let daemon = daemon(&world).await;
    let changed =
        json!({ "rt_cd": "7", "msg_cd": "SYDB0050", "msg1": "조회이후에 자료가 변경되었습니다.(다시 조회하세요)" });
    let not_whole = || [page("F", "000050", rows(0, 50), totals(60_000, 66_000)), raw(200, "", &changed)];
    script(&world, three_times(not_whole));
    let (error, message) = refused(&world, &daemon).await;
    assert_eq!((&error["code"], &error["data"]["kis"]["msg_cd"]), (&json!(-32054), &json!("SYDB0050")), "{error}");
    assert_eq!(
        (&error["data"]["retryable"], &error["data"]["retry_after_ms"]),
        (&json!(true), &json!(1000)),
        "{message}"
    );
}
