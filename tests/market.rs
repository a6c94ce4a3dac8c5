//! `market.*`, `quote.index` and `quote.investors`: when markets trade, and what they do, field by field as KIS says it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use chrono::NaiveDate;
use kisd::simulator::{Fault, Mode, Options};
use serde_json::{Value, json};
use support::{TestDaemon, World};

async fn world_and_daemon() -> (World, TestDaemon) {
    of_options(Options::demo(Mode::Real)).await
}

async fn of_options(options: Options) -> (World, TestDaemon) {
    let world = World::with(options).await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    (world, daemon)
}

/// So many seconds to an instant of 2026-01-23, which begins at noon.
async fn move_to(world: &World, time: &str) {
    let at = chrono::DateTime::parse_from_rfc3339(&format!("{time}+09:00")).unwrap().to_utc();
    let now = support::noon() + chrono::TimeDelta::from_std(world.elapsed()).unwrap();
    world.clock.advance((at - now).to_std().unwrap());
}

fn asked(world: &World) -> usize {
    world.simulator.calls_to("chk-holiday").len()
}

#[tokio::test]
async fn the_days_of_the_korea_exchange_are_those_that_kis_tells() {
    let (_world, daemon) = world_and_daemon().await;
    let calendar = daemon.ok("market.calendar", json!({ "from": "2026-01-23", "to": "2026-03-31" })).await;
    assert_eq!((&calendar["market"], &calendar["kis_asked_on"]), (&json!("KRX"), &json!("2026-01-23")));
    let params = json!({ "operation": "CTCA0903R", "params": { "BASS_DT": "20260123" } });
    let told = daemon.ok("kis.call", params).await;
    let rows = told["body"]["output"].as_array().unwrap();
    assert_eq!(rows.len(), 24, "a page of KIS");
    let days = calendar["days"].as_array().unwrap();
    for (day, row) in days.iter().zip(rows) {
        let date = day["date"].as_str().unwrap();
        assert_eq!(date.replace('-', ""), row["bass_dt"], "{day}");
        assert_eq!(day["open"].as_bool(), Some(row["opnd_yn"] == "Y"), "{day}");
        assert_eq!(day["known_by"], "kis", "{day}");
    }
    // After KIS's page the table goes on.
    let day = |date: &str| days.iter().find(|day| day["date"] == date).unwrap();
    for (date, open, known_by) in
        [("2026-02-17", false, "table"), ("2026-02-19", true, "table"), ("2026-02-21", false, "weekend")]
    {
        assert_eq!((&day(date)["open"], &day(date)["known_by"]), (&json!(open), &json!(known_by)), "{date}");
    }
    assert_eq!(day("2026-02-13")["settlement_date"], "2026-02-20", "over the days of the new year");
    assert_eq!(day("2026-02-17")["sessions"], json!([]));
    let regular = &day("2026-02-13")["sessions"][1];
    assert_eq!(
        regular,
        &json!({
            "session": "regular", "phase": "continuous",
            "from": "2026-02-13T09:00:00+09:00", "to": "2026-02-13T15:20:00+09:00",
        })
    );
}

#[tokio::test]
async fn kis_is_asked_for_its_days_once_a_day_also_over_a_restart() {
    let (world, daemon) = world_and_daemon().await;
    for _ in 0..3 {
        daemon.ok("market.calendar", json!({})).await;
        daemon.ok("market.calendar", json!({ "market": "NXT" })).await;
        daemon.ok("market.session", json!({ "market": "UN" })).await;
        daemon.ok("market.calendar", json!({ "market": "NASDAQ" })).await;
    }
    assert_eq!(asked(&world), 1);
    daemon.stop().await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let calendar = daemon.ok("market.calendar", json!({})).await;
    assert_eq!((asked(&world), &calendar["days"][0]["known_by"]), (1, &json!("kis")));
    world.clock.advance(Duration::from_secs(12 * 3600));
    let calendar = daemon.ok("market.calendar", json!({ "from": "2026-01-23" })).await;
    assert_eq!((asked(&world), &calendar["kis_asked_on"]), (2, &json!("2026-01-24")));
    assert_eq!(calendar["days"][0]["known_by"], "kis", "what was told yesterday is kept");
}

#[tokio::test]
async fn callers_who_ask_together_share_the_one_question_of_the_day() {
    let (world, daemon) = world_and_daemon().await;
    let calls = (0..20).map(|_| daemon.ok("market.session", json!({})));
    for session in futures_util::future::join_all(calls).await {
        assert_eq!((&session["session"], &session["known_by"]), (&json!("regular"), &json!("kis")));
    }
    assert_eq!(asked(&world), 1);
}

#[tokio::test]
async fn paper_trading_has_the_table_and_kis_is_not_asked() {
    let (world, daemon) = of_options(Options::demo(Mode::Paper)).await;
    let calendar = daemon.ok("market.calendar", json!({ "from": "2026-11-18", "to": "2026-11-22" })).await;
    let known: Vec<&Value> = calendar["days"].as_array().unwrap().iter().map(|day| &day["known_by"]).collect();
    assert_eq!(known, ["table", "table", "table", "weekend", "weekend"]);
    assert_eq!((asked(&world), &calendar["kis_asked_on"]), (0, &Value::Null));
    // The day of the examination: the hours of the after-market are not published.
    let examination = calendar["days"][1]["sessions"].as_array().unwrap();
    assert_eq!(examination[1]["from"], "2026-11-19T10:00:00+09:00");
    assert_eq!((&examination[4]["phase"], &examination[4]["from"]), (&json!("after_market"), &Value::Null));
    let far = daemon.ok("market.calendar", json!({ "from": "2031-01-03", "to": "2031-01-04" })).await;
    let expected = json!([
        { "date": "2031-01-03", "open": null, "known_by": "unknown", "sessions": [], "settlement_date": null },
        { "date": "2031-01-04", "open": false, "known_by": "weekend", "sessions": [], "settlement_date": null },
    ]);
    assert_eq!((&far["days"], &far["table_years"]), (&expected, &json!([2026, 2027])));
}

#[tokio::test]
async fn while_kis_does_not_answer_the_table_does_and_kis_is_asked_again_later() {
    let (world, daemon) = world_and_daemon().await;
    let nonsense = r#"{"rt_cd":"0","msg_cd":"KIOK0500","msg1":"","output":[{"bass_dt":"20260123","opnd_yn":"?"}]}"#;
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let fault = Fault::Raw { status: 200, headers, body: nonsense.to_owned() };
    world.simulator.fail_next("chk-holiday", fault);
    for _ in 0..3 {
        let session = daemon.ok("market.session", json!({})).await;
        assert_eq!((&session["session"], &session["known_by"]), (&json!("regular"), &json!("table")));
    }
    assert_eq!(asked(&world), 1, "it is not asked again at once");
    world.clock.advance(Duration::from_secs(601));
    assert_eq!(daemon.ok("market.session", json!({})).await["known_by"], "kis");
    assert_eq!(asked(&world), 2);
}

#[tokio::test]
async fn a_session_says_when_it_changes_and_to_what() {
    let (world, daemon) = world_and_daemon().await;
    for (time, session, phase, next, then) in [
        ("2026-01-23T12:00:00", "regular", "continuous", "2026-01-23T15:20:00+09:00", "auction"),
        ("2026-01-23T15:20:00", "auction", "closing_auction", "2026-01-23T15:30:00+09:00", "after"),
        ("2026-01-23T15:59:59", "after", "closing_price", "2026-01-23T18:00:00+09:00", "closed"),
        ("2026-01-23T16:00:00", "after", "single_price", "2026-01-23T18:00:00+09:00", "closed"),
        ("2026-01-24T12:00:00", "closed", "", "2026-01-26T08:30:00+09:00", "auction"),
        ("2026-02-16T12:00:00", "closed", "", "2026-02-19T08:30:00+09:00", "auction"),
    ] {
        move_to(&world, time).await;
        let answer = daemon.ok("market.session", json!({})).await;
        let phase = if phase.is_empty() { Value::Null } else { json!(phase) };
        let expected = [json!(session), phase, json!(next), json!(then)];
        let found = ["session", "phase", "next_change_at", "next_session"].map(|name| answer[name].clone());
        assert_eq!(found, expected, "{time}");
        assert_eq!(answer["as_of"].as_str().unwrap()[..19], *time);
    }
    // Monday noon in Seoul is Sunday evening in New York, where the day of Monday has begun: a holiday.
    let york = daemon.ok("market.session", json!({ "market": "NASDAQ" })).await;
    let expected = json!({
        "market": "NASDAQ", "session": "closed", "phase": null, "date": "2026-02-16", "known_by": "table",
        "next_change_at": "2026-02-17T10:00:00+09:00", "next_session": "day", "timezone": "America/New_York",
        "account_name": "default", "as_of": york["as_of"],
    });
    assert_eq!(york, expected);
}

#[tokio::test]
async fn what_cannot_be_asked_of_a_calendar_is_refused_by_name() {
    let (_world, daemon) = world_and_daemon().await;
    for (params, problem) in [
        (json!({ "market": "KOSPI" }), "market must be one of KRX"),
        (json!({ "from": "2026-02-02", "to": "2026-02-01" }), "from is after to"),
        (json!({ "from": "2026-01-01", "to": "2027-01-03" }), "at most 366 days"),
        (json!({ "from": "tomorrow" }), "Invalid params"),
        (json!({ "form": "2026-01-01" }), "form"),
        (json!({ "timeout_ms": 1 }), "timeout_ms"),
    ] {
        let error = daemon.error("market.calendar", params.clone()).await;
        assert_eq!(error["code"], -32602, "{params}: {error}");
        assert!(error["message"].as_str().unwrap().contains(problem), "{params}: {error}");
    }
    assert_eq!(daemon.error("market.session", json!({ "account": "nobody" })).await["code"], -32061);
    let whole = daemon.ok("market.calendar", json!({ "from": "2026-01-01", "to": "2027-01-02" })).await;
    let days = whole["days"].as_array().unwrap();
    let last: NaiveDate = days.last().unwrap()["date"].as_str().unwrap().parse().unwrap();
    assert_eq!((days.len(), last.to_string()), (367, "2027-01-02".to_owned()));
}
