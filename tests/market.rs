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

/// A result as it was written: a [`Value`] reads a decimal as a float, and loses its zeros.
async fn written(daemon: &TestDaemon, method: &str, params: &Value) -> Value {
    let mut client = daemon.client().await;
    client.send(&format!("{}\n", json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))).await;
    let line = client.receive_line().await;
    assert!(line.contains("\"result\""), "{line}");
    // Numbers become texts with every digit.
    let exact: Exact = serde_json::from_str(&line).unwrap();
    exact.result
}

#[derive(serde::Deserialize)]
struct Exact {
    #[serde(deserialize_with = "with_digits")]
    result: Value,
}

fn with_digits<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let raw: Box<serde_json::value::RawValue> = serde::Deserialize::deserialize(deserializer)?;
    let (mut text, mut is_text, mut is_number, mut escaped) = (String::new(), false, false, false);
    for letter in raw.get().chars() {
        let of_number = !is_text && (letter.is_ascii_digit() || letter == '-' || is_number && letter == '.');
        if of_number != is_number {
            text.push('"');
            is_number = of_number;
        }
        if letter == '"' && !escaped {
            is_text = !is_text;
        }
        escaped = is_text && letter == '\\' && !escaped;
        text.push(letter);
    }
    Ok(serde_json::from_str(&text).unwrap())
}

/// What KIS answered itself.
async fn told(daemon: &TestDaemon, operation: &str, params: &Value) -> Value {
    daemon.ok("kis.call", json!({ "operation": operation, "params": params, "max_age_ms": 60_000 })).await["body"]
        .clone()
}

/// A number of KIS's, so many times: null where KIS writes nothing, and a zero without places.
fn times(value: &Value, scale: i64) -> Value {
    let text = value.as_str().unwrap().trim().trim_start_matches('+');
    if text.parse::<rust_decimal::Decimal>().is_ok_and(|number| number.is_zero()) {
        return json!("0");
    }
    match text.parse::<i64>() {
        Ok(number) => json!((number * scale).to_string()),
        Err(_) if text.is_empty() => Value::Null,
        Err(_) => json!(text),
    }
}

/// One that moves, so that changes are not all nothing.
async fn moving(mode: Mode) -> (World, TestDaemon) {
    let options = Options::demo(mode);
    let setup = kisd::simulator::Setup { market: kisd::simulator::MarketSetup::MOVING, ..options.into() };
    let world = World::of_keys(setup).await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    // The call for the token is a call, too.
    world.clock.advance(Duration::from_secs(2));
    (world, daemon)
}

#[tokio::test]
async fn an_index_at_home_is_what_kis_says_of_it() {
    let (world, daemon) = moving(Mode::Real).await;
    for (name, code) in [("KOSPI", "0001"), ("코스닥", "1001"), ("kospi200", "2001")] {
        world.clock.advance(Duration::from_secs(1));
        let params = json!({ "FID_COND_MRKT_DIV_CODE": "U", "FID_INPUT_ISCD": code });
        let row = told(&daemon, "FHPUP02100000", &params).await["output"].clone();
        let index = written(&daemon, "quote.index", &json!({ "index": name, "max_age_ms": 60_000 })).await;
        for (member, field, scale) in [
            ("value", "bstp_nmix_prpr", 1),
            ("change", "bstp_nmix_prdy_vrss", 1),
            ("change_rate", "bstp_nmix_prdy_ctrt", 1),
            ("open", "bstp_nmix_oprc", 1),
            ("high", "bstp_nmix_hgpr", 1),
            ("low", "bstp_nmix_lwpr", 1),
            ("volume", "acml_vol", 1_000),
            ("trade_value", "acml_tr_pbmn", 1_000_000),
            ("rising", "ascn_issu_cnt", 1),
            ("unchanged", "stnr_issu_cnt", 1),
            ("falling", "down_issu_cnt", 1),
        ] {
            assert_eq!(index[member], times(&row[field], scale), "{name} {member}: {index} {row}");
        }
        assert_ne!(index["change"], "0.00", "the market moves");
        assert_eq!(index["code"], code);
    }
}

#[tokio::test]
async fn an_index_on_paper_and_one_abroad_are_what_their_charts_say() {
    let (world, daemon) = moving(Mode::Paper).await;
    let about = |kind: &str, code: &str| {
        json!({
            "FID_COND_MRKT_DIV_CODE": kind, "FID_INPUT_ISCD": code, "FID_INPUT_DATE_1": "20260109",
            "FID_INPUT_DATE_2": "20260123", "FID_PERIOD_DIV_CODE": "D",
        })
    };
    let row = told(&daemon, "FHKUP03500100", &about("U", "1001")).await["output1"].clone();
    let index = written(&daemon, "quote.index", &json!({ "index": "KOSDAQ", "max_age_ms": 60_000 })).await;
    for (member, field, scale) in [
        ("name", "hts_kor_isnm", 1),
        ("value", "bstp_nmix_prpr", 1),
        ("change", "bstp_nmix_prdy_vrss", 1),
        ("change_rate", "bstp_nmix_prdy_ctrt", 1),
        ("previous_close", "prdy_nmix", 1),
        ("high", "bstp_nmix_hgpr", 1),
        ("trade_value", "acml_tr_pbmn", 1_000_000),
    ] {
        assert_eq!(index[member], times(&row[field], scale), "{member}: {index} {row}");
    }
    assert_eq!(index["rising"], Value::Null, "a chart does not say it");
    world.clock.advance(Duration::from_secs(2));
    for (name, code) in [("SP500", "SPX"), ("다우", ".DJI"), ("nikkei225", "JP#NI225")] {
        world.clock.advance(Duration::from_secs(2));
        let row = told(&daemon, "FHKST03030100", &about("N", code)).await["output1"].clone();
        let index = written(&daemon, "quote.index", &json!({ "index": name, "max_age_ms": 60_000 })).await;
        for (member, field) in [
            ("name", "hts_kor_isnm"),
            ("value", "ovrs_nmix_prpr"),
            ("change", "ovrs_nmix_prdy_vrss"),
            ("change_rate", "prdy_ctrt"),
            ("previous_close", "ovrs_nmix_prdy_clpr"),
            ("open", "ovrs_prod_oprc"),
            ("high", "ovrs_prod_hgpr"),
            ("low", "ovrs_prod_lwpr"),
        ] {
            assert_eq!(index[member], times(&row[field], 1), "{name} {member}: {index} {row}");
        }
        assert_eq!((&index["volume"], &index["code"]), (&Value::Null, &json!(code)));
    }
}

#[tokio::test]
async fn a_fall_is_negative_however_kis_writes_it_and_an_unknown_index_is_not_found() {
    let (world, daemon) = world_and_daemon().await;
    let headers = || vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let answer = |output: Value| {
        let body = json!({ "rt_cd": "0", "msg_cd": "MCA00000", "msg1": "", "output": output });
        Fault::Raw { status: 200, headers: headers(), body: body.to_string() }
    };
    let fallen = json!({
        "bstp_nmix_prpr": "857.60", "bstp_nmix_prdy_vrss": "1.61", "prdy_vrss_sign": "5", "bstp_nmix_prdy_ctrt": "-0.19",
        "dryy_bstp_nmix_hgpr": "900.10", "dryy_bstp_nmix_hgpr_date": "20260105",
    });
    world.simulator.fail_next("inquire-index-price", answer(fallen));
    let index = written(&daemon, "quote.index", &json!({ "index": "KOSDAQ" })).await;
    assert_eq!((&index["change"], &index["change_rate"]), (&json!("-1.61"), &json!("-0.19")));
    assert_eq!((&index["previous_close"], &index["high_of_year"]["date"]), (&json!("859.21"), &json!("2026-01-05")));
    let nothing = json!({ "bstp_nmix_prpr": "0.00", "bstp_nmix_prdy_vrss": "0.00", "prdy_vrss_sign": "3" });
    world.simulator.fail_next("inquire-index-price", answer(nothing));
    assert_eq!(daemon.error("quote.index", json!({ "index": "9999" })).await["code"], -32063);
    let error = daemon.error("quote.index", json!({ "index": "KOSPY" })).await;
    assert_eq!((&error["code"], &error["data"]["what"]), (&json!(-32063), &json!("index")), "{error}");
    assert_eq!(error["data"]["suggestions"][0], "KOSPI");
}

#[tokio::test]
async fn investors_are_told_by_kind_and_day_and_today_is_not_complete() {
    for mode in [Mode::Real, Mode::Paper] {
        let (_world, daemon) = moving(mode).await;
        let params = json!({ "FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930" });
        let rows = told(&daemon, "FHKST01010900", &params).await["output"].clone();
        let params = json!({ "stock_code": "005930", "max_age_ms": 60_000 });
        let investors = written(&daemon, "quote.investors", &params).await;
        let (days, rows) = (investors["days"].as_array().unwrap(), rows.as_array().unwrap());
        assert_eq!((days.len(), rows.len()), (30, 30));
        for (day, row) in days.iter().zip(rows) {
            assert_eq!(day["date"].as_str().unwrap().replace('-', ""), row["stck_bsop_date"]);
            assert_eq!((&day["close"], &day["change"]), (&row["stck_clpr"], &row["prdy_vrss"]));
            for (member, kind) in [("individual", "prsn"), ("foreign", "frgn"), ("institution", "orgn")] {
                for (part, field, scale) in [
                    ("net_quantity", "ntby_qty", 1),
                    ("net_value", "ntby_tr_pbmn", 1_000_000),
                    ("bought_quantity", "shnu_vol", 1),
                    ("bought_value", "shnu_tr_pbmn", 1_000_000),
                    ("sold_quantity", "seln_vol", 1),
                    ("sold_value", "seln_tr_pbmn", 1_000_000),
                ] {
                    let expected = times(&row[format!("{kind}_{field}")], scale);
                    assert_eq!(day[member][part], expected, "{day} {row}");
                }
            }
        }
        assert_eq!((&days[0]["date"], &days[0]["complete"]), (&json!("2026-01-23"), &json!(false)));
        assert_eq!((&days[0]["foreign"]["net_value"], &days[1]["complete"]), (&Value::Null, &json!(true)));
        assert_ne!(days[1]["foreign"]["net_value"], Value::Null);
    }
    let (world, daemon) = world_and_daemon().await;
    world.clock.advance(Duration::from_secs(1));
    let by_name = daemon.ok("quote.investors", json!({ "stock": "삼성전자" })).await;
    assert_eq!(by_name["stock_code"], "005930");
    for (params, code) in [
        (json!({ "stock_code": "AAPL", "market": "NASDAQ" }), -32062),
        (json!({ "stock": "애플" }), -32062),
        (json!({ "stock_code": "999999" }), -32063),
    ] {
        assert_eq!(daemon.error("quote.investors", params.clone()).await["code"], code, "{params}");
    }
}

/// What a ranking at home is at KIS: the TR, its parameters, the field that it is ranked by, and in how much that counts.
fn at_kis(ranking: &str) -> (&'static str, Value, &'static str, i64) {
    let volume = |by: &str| {
        json!({
            "FID_COND_MRKT_DIV_CODE": "J", "FID_COND_SCR_DIV_CODE": "20171", "FID_INPUT_ISCD": "0000", "FID_DIV_CLS_CODE": "0",
            "FID_BLNG_CLS_CODE": by, "FID_TRGT_CLS_CODE": "111111111", "FID_TRGT_EXLS_CLS_CODE": "0000000000",
            "FID_INPUT_PRICE_1": "", "FID_INPUT_PRICE_2": "", "FID_VOL_CNT": "", "FID_INPUT_DATE_1": "",
        })
    };
    let change = |sort: &str| {
        json!({
            "fid_cond_mrkt_div_code": "J", "fid_cond_scr_div_code": "20170", "fid_input_iscd": "0000",
            "fid_rank_sort_cls_code": sort, "fid_input_cnt_1": "0", "fid_prc_cls_code": "1", "fid_input_price_1": "",
            "fid_input_price_2": "", "fid_vol_cnt": "", "fid_trgt_cls_code": "0", "fid_trgt_exls_cls_code": "0",
            "fid_div_cls_code": "0", "fid_rsfl_rate1": "", "fid_rsfl_rate2": "",
        })
    };
    let of_market = |screen: &str| {
        json!({
            "fid_cond_mrkt_div_code": "J", "fid_cond_scr_div_code": screen, "fid_input_iscd": "0000", "fid_div_cls_code": "0",
            "fid_trgt_cls_code": "0", "fid_trgt_exls_cls_code": "0", "fid_input_price_1": "", "fid_input_price_2": "",
            "fid_vol_cnt": "",
        })
    };
    let investors = |sort: &str, who: &str| {
        json!({
            "FID_COND_MRKT_DIV_CODE": "V", "FID_COND_SCR_DIV_CODE": "16449", "FID_INPUT_ISCD": "0000", "FID_DIV_CLS_CODE": "0",
            "FID_RANK_SORT_CLS_CODE": sort, "FID_ETC_CLS_CODE": who,
        })
    };
    let short_sale = json!({
        "FID_APLY_RANG_VOL": "", "FID_COND_MRKT_DIV_CODE": "J", "FID_COND_SCR_DIV_CODE": "20482", "FID_INPUT_ISCD": "0000",
        "FID_PERIOD_DIV_CODE": "D", "FID_INPUT_CNT_1": "0", "FID_TRGT_EXLS_CLS_CODE": "", "FID_TRGT_CLS_CODE": "",
        "FID_APLY_RANG_PRC_1": "", "FID_APLY_RANG_PRC_2": "",
    });
    match ranking {
        "volume" => ("FHPST01710000", volume("0"), "acml_vol", 1),
        "volume_increase" => ("FHPST01710000", volume("1"), "vol_inrt", 1),
        "turnover" => ("FHPST01710000", volume("2"), "vol_tnrt", 1),
        "trade_value" => ("FHPST01710000", volume("3"), "acml_tr_pbmn", 1),
        "rise" => ("FHPST01700000", change("0"), "prdy_ctrt", 1),
        "fall" => ("FHPST01700000", change("1"), "prdy_ctrt", 1),
        "market_cap" => ("FHPST01740000", of_market("20174"), "stck_avls", 100_000_000),
        "volume_power" => ("FHPST01680000", of_market("20168"), "tday_rltv", 1),
        "short_sale" => ("FHPST04820000", short_sale, "ssts_cntg_qty", 1),
        "foreign_buys" => ("FHPTJ04400000", investors("0", "1"), "frgn_ntby_qty", 1),
        "foreign_sells" => ("FHPTJ04400000", investors("1", "1"), "frgn_ntby_qty", 1),
        "institution_buys" => ("FHPTJ04400000", investors("0", "2"), "orgn_ntby_qty", 1),
        "institution_sells" => ("FHPTJ04400000", investors("1", "2"), "orgn_ntby_qty", 1),
        _ => panic!("no ranking {ranking}"),
    }
}

#[tokio::test]
async fn every_ranking_at_home_is_what_kis_says() {
    let (world, daemon) = moving(Mode::Real).await;
    for ranking in kisd::wire::types::Ranking::ALL.map(kisd::wire::types::Ranking::name) {
        let (tr_id, params, value, scale) = at_kis(ranking);
        // A key begins with few calls a second.
        world.clock.advance(Duration::from_secs(1));
        let calls = world.simulator.calls().len();
        let body = told(&daemon, tr_id, &params).await;
        let ranked = written(&daemon, "market.ranking", &json!({ "ranking": ranking, "max_age_ms": 60_000 })).await;
        assert_eq!(world.simulator.calls().len(), calls + 1, "{ranking}: it is the same call, and shared");
        let stocks = ranked["stocks"].as_array().unwrap();
        assert_eq!(stocks.len(), 30, "{ranking}");
        for (at, (stock, row)) in stocks.iter().zip(body["output"].as_array().unwrap()).enumerate() {
            let code = row.get("mksc_shrn_iscd").unwrap_or(&row["stck_shrn_iscd"]);
            let expected = json!({
                "rank": (at + 1).to_string(), "stock_code": code, "name": row["hts_kor_isnm"],
                "price": row["stck_prpr"], "change": times(&row["prdy_vrss"], 1), "change_rate": times(&row["prdy_ctrt"], 1),
                "volume": row["acml_vol"], "value": times(&row[value], scale),
            });
            assert_eq!(*stock, expected, "{ranking}");
        }
        let number = |stock: &Value| stock["value"].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
        let values: Vec<_> = stocks.iter().map(number).collect();
        let is_rising = ["fall", "foreign_sells", "institution_sells"].contains(&ranking);
        let is_sorted = values.windows(2).all(|pair| if is_rising { pair[0] <= pair[1] } else { pair[0] >= pair[1] });
        assert!(is_sorted, "{ranking}: {values:?}");
    }
    let board = daemon.ok("market.ranking", json!({ "ranking": "volume", "board": "KOSDAQ" })).await;
    let info = daemon.ok("stock.info", json!({ "stock_code": board["stocks"][0]["stock_code"] })).await;
    assert_eq!(info["board"], "KOSDAQ");
}

#[tokio::test]
async fn rankings_abroad_are_what_kis_says() {
    let (world, daemon) = moving(Mode::Real).await;
    for (ranking, tr_id, others, value) in [
        ("volume", "HHDFS76310010", json!({ "NDAY": "0", "PRC1": "", "PRC2": "" }), "tvol"),
        ("trade_value", "HHDFS76320010", json!({ "NDAY": "0", "PRC1": "", "PRC2": "" }), "tamt"),
        ("rise", "HHDFS76290000", json!({ "NDAY": "0", "GUBN": "1" }), "rate"),
        ("fall", "HHDFS76290000", json!({ "NDAY": "0", "GUBN": "0" }), "rate"),
        ("market_cap", "HHDFS76350100", json!({}), "tomv"),
    ] {
        let mut params = json!({ "KEYB": "", "AUTH": "", "EXCD": "NAS", "VOL_RANG": "0" });
        params.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        // A key begins with few calls a second.
        world.clock.advance(Duration::from_secs(1));
        let calls = world.simulator.calls().len();
        let body = told(&daemon, tr_id, &params).await;
        let params = json!({ "ranking": ranking, "market": "NASDAQ", "max_age_ms": 60_000 });
        let ranked = written(&daemon, "market.ranking", &params).await;
        assert_eq!(world.simulator.calls().len(), calls + 1, "{ranking}: it is the same call, and shared");
        assert_eq!((&ranked["currency"], &ranked["board"]), (&json!("USD"), &Value::Null));
        let (stocks, rows) = (ranked["stocks"].as_array().unwrap(), body["output2"].as_array().unwrap());
        assert!(stocks.len() > 10 && stocks.len() == rows.len());
        for (stock, row) in stocks.iter().zip(rows) {
            let minus = if row["sign"] == "5" { "-" } else { "" };
            let diff = json!(format!("{minus}{}", row["diff"].as_str().unwrap()));
            for (member, expected) in [
                ("rank", row["rank"].clone()),
                ("stock_code", row["symb"].clone()),
                ("name", row["name"].clone()),
                ("price", row["last"].clone()),
                ("change", times(&diff, 1)),
                ("change_rate", times(&row["rate"], 1)),
                ("volume", row["tvol"].clone()),
                ("value", times(&row[value], 1)),
            ] {
                assert_eq!(stock[member], expected, "{ranking} {member}: {row}");
            }
        }
    }
}

#[tokio::test]
async fn rankings_that_kis_does_not_have_are_refused_without_a_call() {
    let (world, daemon) = world_and_daemon().await;
    for (params, code) in [
        (json!({ "ranking": "short_sale", "market": "NXT" }), -32062),
        (json!({ "ranking": "foreign_buys", "market": "HKEX" }), -32062),
        (json!({ "ranking": "volume", "market": "UN" }), -32062),
        (json!({ "ranking": "volume", "market": "NASDAQ", "board": "KOSPI" }), -32602),
        (json!({ "ranking": "volume", "board": "KONEX" }), -32602),
        (json!({ "ranking": "beauty" }), -32602),
        (json!({}), -32602),
    ] {
        assert_eq!(daemon.error("market.ranking", params.clone()).await["code"], code, "{params}");
    }
    assert_eq!(world.simulator.calls_to("rank").len(), 0);
    assert_eq!(daemon.ok("market.ranking", json!({ "ranking": "volume", "market": "NXT" })).await["market"], "NXT");
    let (world, daemon) = of_options(Options::demo(Mode::Paper)).await;
    let error = daemon.error("market.ranking", json!({ "ranking": "volume" })).await;
    assert_eq!((&error["code"], world.simulator.calls_to("volume-rank").len()), (&json!(-32062), 0), "{error}");
}

async fn kisctl(world: &World, daemon: &TestDaemon, arguments: &[&str]) -> (bool, String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_kisctl"));
    command.env_clear().arg("--socket").arg(&daemon.socket).args(arguments);
    let output = world.while_time_passes(command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// The words of each line.
fn table(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn kisctl_shows_a_market_its_days_and_the_indices() {
    let (world, daemon) = moving(Mode::Real).await;
    let (ok, shown, problem) = kisctl(&world, &daemon, &["market", "-n", "3"]).await;
    assert!(ok, "{problem}");
    for part in [
        "KRX regular session (regular)",
        "2026-01-23  KIS",
        "2026-01-23 15:20:00 KST  auction",
        "2026-01-25 Sun",
        "opening auction 08:30–09:00, regular 09:00–15:20",
        "KOSPI200",
        "SP500",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let (ok, shown, _) = kisctl(&world, &daemon, &["--lang", "ko", "market", "--market", "nasdaq", "-n", "0"]).await;
    assert!(ok && shown.contains("NASDAQ 주간거래 (주간거래)") && shown.contains("휴장일 표"), "{shown}");
    let (ok, shown, _) = kisctl(&world, &daemon, &["--json", "market"]).await;
    let all: Value = serde_json::from_str(&shown).unwrap();
    assert!(ok && all["session"]["session"] == "regular" && all["calendar"]["days"].as_array().unwrap().len() == 7);
    assert_eq!(all["indices"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn kisctl_shows_indices_rankings_and_investors_as_tables_and_as_csv() {
    let (world, daemon) = moving(Mode::Real).await;
    let (ok, shown, problem) = kisctl(&world, &daemon, &["index", "코스피", "sp500", "nothing"]).await;
    assert!(
        !ok && problem.contains("one index could not be had") && problem.contains("nothing: there is no index"),
        "{problem}"
    );
    let rows = table(&shown);
    assert_eq!((rows.len(), rows[1][0].as_str(), rows[2][0].as_str()), (3, "KOSPI", "SP500"), "{shown}");
    let (ok, shown, _) = kisctl(&world, &daemon, &["ranking", "market-cap", "--board", "kosdaq"]).await;
    assert!(ok && shown.starts_with("market_cap KRX KRW") && shown.contains("Ranked by (amount)"), "{shown}");
    assert_eq!(table(&shown).len(), 34, "{shown}");
    let (ok, shown, _) = kisctl(&world, &daemon, &["--output", "csv", "ranking", "volume"]).await;
    assert!(ok && shown.starts_with("rank,stock_code,name,price,change,change_rate,volume,value\n1,"), "{shown}");
    let (ok, shown, _) = kisctl(&world, &daemon, &["--lang", "ko", "investors", "삼성전자"]).await;
    assert!(ok && shown.contains("005930 KRX") && shown.contains("외국인(백만 원)"), "{shown}");
    assert!(shown.contains("2026-01-23 *") && shown.contains("2026-01-22 "), "{shown}");
    let (_, _, problem) = kisctl(&world, &daemon, &["ranking", "beauty"]).await;
    assert!(problem.contains("rankings are volume, volume_increase"), "{problem}");
}
