//! Price, book, trades, minutes and days of one issue.

use kis_simulator::{MarketSetup, Mode, Options};
use serde_json::{Value, json};

use crate::world::{KRX, World, number, rows, text};

const PRICE: &str = "FHKST01010100";
const BOOK: &str = "FHKST01010200";
const TRADES: &str = "FHKST01010300";
const LIST: &str = "FHKST01010400";
const CHART: &str = "FHKST03010100";
const TODAY: &str = "FHKST03010200";
const PAST: &str = "FHKST03010230";

/// All minutes of a day, oldest first, asked for page by page.
async fn minutes(world: &World, code: &str, day: &str) -> Vec<Value> {
    let (mut all, mut hour) = (Vec::new(), "153000".to_owned());
    loop {
        let asked = [("FID_INPUT_ISCD", code), ("FID_INPUT_DATE_1", day), ("FID_INPUT_HOUR_1", &hour)];
        let page = rows(&world.ask(PAST, &asked).await, "output2");
        assert!(page.len() <= 120);
        let Some(last) = page.last() else { break };
        let first: u32 = text(last, "stck_cntg_hour")[..4].parse().unwrap();
        all.extend(page);
        if first == 0 {
            break;
        }
        let before = if first.is_multiple_of(100) { (first / 100).saturating_sub(1) * 100 + 59 } else { first - 1 };
        hour = format!("{before:04}00");
    }
    all.reverse();
    all
}

async fn days(world: &World, code: &str, first: &str, last: &str, period: &str) -> Vec<Value> {
    let asked = [
        ("FID_INPUT_ISCD", code),
        ("FID_INPUT_DATE_1", first),
        ("FID_INPUT_DATE_2", last),
        ("FID_PERIOD_DIV_CODE", period),
        ("FID_ORG_ADJ_PRC", "0"),
    ];
    rows(&world.ask(CHART, &asked).await, "output2")
}

/// A candle says what others add up to.
fn is_sum(day: &Value, parts: &[Value], names: [&str; 5]) {
    let [open, high, low, close, volume] = names;
    let of = |name: &'static str| parts.iter().map(move |part| number(part, name));
    assert_eq!(number(day, "acml_vol"), parts.iter().map(|part| number(part, volume)).sum::<i64>(), "volume {day}");
    assert_eq!(number(day, "stck_oprc"), number(&parts[0], open));
    assert_eq!(number(day, "stck_clpr"), number(&parts[parts.len() - 1], close));
    let (highs, lows): (Vec<i64>, Vec<i64>) = parts.iter().map(|part| (number(part, high), number(part, low))).unzip();
    assert_eq!(Some(number(day, "stck_hgpr")), highs.into_iter().max());
    assert_eq!(Some(number(day, "stck_lwpr")), lows.into_iter().min());
    assert!(of("stck_oprc").chain(of("stck_hgpr")).all(|price| price > 0));
}

const MINUTE: [&str; 5] = ["stck_oprc", "stck_hgpr", "stck_lwpr", "stck_prpr", "cntg_vol"];
const DAY: [&str; 5] = ["stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr", "acml_vol"];

#[tokio::test]
async fn a_day_is_its_minutes_and_a_week_is_its_days() {
    let world = World::at("2026-11-26T18:00:00+09:00", KRX).await;
    for code in ["005930", "069500", "0126Z0", "Q500067", "005935"] {
        for day in ["20261126", "20261125", "20260302", "20251203"] {
            let listed = days(&world, code, day, day, "D").await;
            if listed.is_empty() {
                assert!(day == "20260302" || code == "0126Z0", "{code} {day}");
                continue;
            }
            let minutes = minutes(&world, code, day).await;
            assert_eq!(minutes.len(), 381, "{code} {day}");
            assert_eq!(text(&minutes[379], "stck_cntg_hour"), "151900");
            assert_eq!(text(&minutes[380], "stck_cntg_hour"), "153000");
            is_sum(&listed[0], &minutes, MINUTE);
            assert_eq!(listed[0]["acml_tr_pbmn"], minutes[380]["acml_tr_pbmn"], "what was paid adds up too");
        }
        let week = days(&world, code, "20261116", "20261116", "W").await;
        let mut parts = days(&world, code, "20261116", "20261122", "D").await;
        parts.reverse();
        is_sum(&week[0], &parts, DAY);
        let month = days(&world, code, "20261001", "20261002", "M").await;
        let mut parts = days(&world, code, "20261001", "20261031", "D").await;
        parts.reverse();
        is_sum(&month[0], &parts, DAY);
        assert_eq!(text(&month[0], "stck_bsop_date"), "20261001");
    }
}

#[tokio::test]
async fn price_book_trades_minutes_and_days_agree_at_any_moment() {
    for (market, times) in [
        (
            KRX,
            [
                "2026-11-26T09:00:00+09:00",
                "2026-11-26T09:00:04+09:00",
                "2026-11-26T11:31:42+09:00",
                "2026-11-26T15:25:00+09:00",
                "2026-11-26T15:30:05+09:00",
                "2026-11-26T21:00:00+09:00",
                "2026-11-29T12:00:00+09:00",
                "2026-11-30T08:45:00+09:00",
            ],
        ),
        (
            MarketSetup { speed: 12, seed: 9, ..MarketSetup::MOVING },
            [
                "2026-11-26T00:00:01+09:00",
                "2026-11-26T03:00:04+09:00",
                "2026-11-26T11:31:42+09:00",
                "2026-11-26T15:25:00+09:00",
                "2026-11-26T15:30:05+09:00",
                "2026-11-26T23:59:59+09:00",
                "2026-11-29T12:00:00+09:00",
                "2026-11-30T08:45:00+09:00",
            ],
        ),
    ] {
        for time in times {
            let world = World::at(time, market).await;
            let day = time[..10].replace('-', "");
            for code in ["005930", "000660", "069500", "0126Z0"] {
                agrees(&world, code, &day, time).await;
            }
        }
    }
}

async fn agrees(world: &World, code: &str, day: &str, time: &str) {
    let about = [("FID_INPUT_ISCD", code)];
    let price = world.ask(PRICE, &about).await["output"].clone();
    let now = number(&price, "stck_prpr");
    let book = world.ask(BOOK, &about).await;
    let best = [number(&book["output1"], "askp1"), number(&book["output1"], "bidp1")];
    assert!(best.contains(&now) && best[0] > best[1], "{time} {code}: {now} {best:?}");
    for (side, up) in [("askp", true), ("bidp", false)] {
        for step in 1..10 {
            let [this, next] = [step, step + 1].map(|step| number(&book["output1"], &format!("{side}{step}")));
            assert!(next == 0 || (next > this) == up, "{side}{step}");
        }
    }
    assert_eq!(book["output2"]["stck_prpr"], price["stck_prpr"]);
    let chart = days(world, code, "20261001", day, "D").await;
    let list =
        rows(&world.ask(LIST, &[about[0], ("FID_PERIOD_DIV_CODE", "D"), ("FID_ORG_ADJ_PRC", "0")]).await, "output");
    let traded = number(&price, "acml_vol") > 0;
    for row in [&chart[0], &list[0]] {
        for (here, there) in [
            ("stck_prpr", "stck_clpr"),
            ("stck_oprc", "stck_oprc"),
            ("stck_hgpr", "stck_hgpr"),
            ("stck_lwpr", "stck_lwpr"),
            ("acml_vol", "acml_vol"),
            ("prdy_vrss", "prdy_vrss"),
        ] {
            assert_eq!(price[here], row[there], "{time} {code}: {here}");
        }
    }
    assert_eq!(price["acml_tr_pbmn"], chart[0]["acml_tr_pbmn"]);
    assert_eq!(price["stck_sdpr"], chart[1]["stck_clpr"], "the base price is the last close");
    assert_eq!(number(&price, "prdy_vrss"), now - number(&price, "stck_sdpr"));
    let within = number(&price, "stck_llam")..=number(&price, "stck_mxpr");
    assert!(within.contains(&now));
    assert_eq!(now % number(&price, "aspr_unit"), 0);
    let trades = rows(&world.ask(TRADES, &about).await, "output");
    assert!(trades.len() <= 30 && traded != trades.is_empty(), "{time}");
    let today = rows(&world.ask(TODAY, &[about[0], ("FID_INPUT_HOUR_1", "")]).await, "output2");
    if traded {
        assert!(within.contains(&number(&price, "stck_hgpr")) && within.contains(&number(&price, "stck_lwpr")));
        assert_eq!(trades[0]["stck_prpr"], price["stck_prpr"], "{time} {code}");
        let begun: Vec<&Value> = today.iter().filter(|minute| number(minute, "cntg_vol") > 0).collect();
        if let Some(minute) = begun.first() {
            assert_eq!((&minute["stck_prpr"], &minute["acml_tr_pbmn"]), (&price["stck_prpr"], &price["acml_tr_pbmn"]));
        }
    }
}

#[tokio::test]
async fn the_past_stays_what_it_was_and_the_seed_is_the_market() {
    let mut world = World::at("2026-11-25T10:10:42+09:00", KRX).await;
    let before = minutes(&world, "005930", "20261125").await;
    let price = world.ask(PRICE, &[]).await;
    assert_eq!(before.last().unwrap()["stck_prpr"], price["output"]["stck_prpr"]);
    world.set("2026-11-26T11:00:00+09:00").await;
    let after = minutes(&world, "005930", "20261125").await;
    let made = before.iter().filter(|minute| number(minute, "cntg_vol") > 0).count();
    assert_eq!(before[..made - 1], after[..made - 1], "but for the minute that went on");
    let same = World::at("2026-11-26T11:00:00+09:00", KRX).await;
    let other = World::at("2026-11-26T11:00:00+09:00", MarketSetup { seed: 2, ..KRX }).await;
    let chart = days(&world, "000660", "20200101", "20261126", "D").await;
    assert_eq!(chart.len(), 100);
    assert_eq!(chart, days(&same, "000660", "20200101", "20261126", "D").await);
    assert_ne!(chart, days(&other, "000660", "20200101", "20261126", "D").await);
}

#[tokio::test]
async fn days_have_no_gap_whatever_the_page_and_none_before_the_listing() {
    let world = World::at("2026-11-26T16:00:00+09:00", KRX).await;
    let (mut all, mut last) = (Vec::new(), "20261126".to_owned());
    loop {
        let page = days(&world, "373220", "20000101", &last, "D").await;
        let Some(oldest) = page.last() else { break };
        let oldest: chrono::NaiveDate =
            chrono::NaiveDate::parse_from_str(text(oldest, "stck_bsop_date"), "%Y%m%d").unwrap();
        last = oldest.pred_opt().unwrap().format("%Y%m%d").to_string();
        all.extend(page);
    }
    let days: Vec<&str> = all.iter().map(|row| text(row, "stck_bsop_date")).collect();
    assert!(days.windows(2).all(|pair| pair[0] > pair[1]), "newest first, none twice");
    assert_eq!(*days.last().unwrap(), "20220127", "the day of its listing");
    assert!(days.len() > 1_100 && days.len() < 1_230, "{}", days.len());
    for pair in all.windows(2) {
        let (close, before) = (number(&pair[0], "stck_clpr"), number(&pair[1], "stck_clpr"));
        assert_eq!(number(&pair[0], "prdy_vrss"), close - before);
        assert!((close - before).abs() * 10 <= before * 3, "{pair:?}");
    }
}

#[tokio::test]
async fn a_market_that_stands_still_has_the_prices_of_the_account() {
    let world = World::at("2026-11-26T12:00:00+09:00", MarketSetup::STILL).await;
    for (code, price) in [("005930", "75000"), ("068270", "165000"), ("373220", "385000")] {
        let asked = world.ask(PRICE, &[("FID_INPUT_ISCD", code)]).await;
        assert_eq!((text(&asked["output"], "stck_prpr"), text(&asked["output"], "prdy_vrss_sign")), (price, "3"));
        agrees(&world, code, "20261126", "still").await;
    }
}

#[tokio::test]
async fn a_steered_price_is_the_price_from_then_on() {
    for market in [MarketSetup::STILL, MarketSetup::MOVING, KRX] {
        let mut world = World::at("2026-11-26T10:00:03+09:00", market).await;
        let before = minutes(&world, "005930", "20261125").await;
        world.steer("prices", &json!({ "005930": 81_500 })).await;
        let price = world.ask(PRICE, &[]).await["output"].clone();
        assert_eq!(number(&price, "stck_prpr"), 81_500);
        agrees(&world, "005930", "20261126", "steered").await;
        let held = world.ask("TTTC8434R", &[]).await;
        assert_eq!(held["output1"][0]["prpr"], "81500");
        assert_eq!(before, minutes(&world, "005930", "20261125").await, "yesterday stays what it was");
        world.set("2026-11-27T13:00:00+09:00").await;
        let next = world.ask(PRICE, &[]).await["output"].clone();
        assert_eq!((number(&next, "stck_prpr"), number(&next, "stck_sdpr")), (81_500, 81_500));
        agrees(&world, "005930", "20261127", "the day after").await;
        let list = days(&world, "005930", "20261126", "20261126", "D").await;
        let parts = if market == KRX { minutes(&world, "005930", "20261126").await } else { Vec::new() };
        if !parts.is_empty() {
            is_sum(&list[0], &parts, MINUTE);
        }
        world.steer("reset", &json!({})).await;
    }
}

#[tokio::test]
async fn a_venue_has_its_own_prices_and_an_unknown_issue_has_none() {
    let options = Options { nxt_premium: 200, ..Options::demo(Mode::Real) };
    let world = World::with("2026-11-26T12:00:00+09:00", MarketSetup::STILL, options).await;
    for (venue, price) in [("J", "75000"), ("NX", "75200"), ("UN", "75100")] {
        let asked = world.ask(PRICE, &[("FID_COND_MRKT_DIV_CODE", venue)]).await;
        assert_eq!(text(&asked["output"], "stck_prpr"), price, "{venue}");
    }
    for (venue, code) in [("J", "999999"), ("NX", "069500")] {
        let about = [("FID_COND_MRKT_DIV_CODE", venue), ("FID_INPUT_ISCD", code)];
        assert_eq!(world.ask(PRICE, &about).await["output"]["stck_prpr"], "0");
        assert!(rows(&world.ask(LIST, &about).await, "output").is_empty());
    }
}

#[tokio::test]
async fn holdings_are_worth_what_the_market_says_and_the_total_adds_up() {
    let mut world = World::at("2026-11-26T10:00:03+09:00", MarketSetup { speed: 5, ..MarketSetup::MOVING }).await;
    let mut totals = Vec::new();
    for time in ["2026-11-26T10:00:03+09:00", "2026-11-26T10:00:30+09:00", "2026-11-26T10:05:30+09:00"] {
        world.set(time).await;
        let balance = world.ask("TTTC8434R", &[]).await;
        let (mut worth, summary) = (0, &balance["output2"][0]);
        for row in rows(&balance, "output1") {
            let price = world.ask(PRICE, &[("FID_INPUT_ISCD", text(&row, "pdno"))]).await;
            assert_eq!(price["output"]["stck_prpr"], row["prpr"], "{time}");
            assert_eq!(number(&row, "evlu_amt"), number(&row, "prpr") * number(&row, "hldg_qty"));
            worth += number(&row, "evlu_amt");
        }
        assert_eq!(number(summary, "scts_evlu_amt"), worth);
        assert_eq!(number(summary, "tot_evlu_amt"), worth + number(summary, "prvs_rcdl_excc_amt"));
        totals.push(number(summary, "tot_evlu_amt"));
    }
    assert!(totals[0] != totals[1] && totals[1] != totals[2], "{totals:?}");
}
