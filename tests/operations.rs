//! `kis.describe`, `kis.search` and `kis.call`: any operation of KIS that reads, checked before KIS is asked, passed on as KIS wrote it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use kisd::simulator::{Fault, Mode, Options, Setup};
use serde_json::{Value, json};
use support::{TestDaemon, World};

const PRICE: &str = "domestic-stock-quotations-inquire-price";
const HOLDINGS: &str = "domestic-stock-trading-inquire-balance";

/// The parameters of `inquire-balance` that a caller gives.
fn holdings() -> Value {
    json!({
        "AFHR_FLPR_YN": "N", "INQR_DVSN": "01", "UNPR_DVSN": "01", "FUND_STTL_ICLD_YN": "N", "FNCG_AMT_AUTO_RDPT_YN": "N",
        "PRCS_DVSN": "00",
    })
}

fn price(code: &str) -> Value {
    json!({ "operation": PRICE, "params": { "FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": code } })
}

/// An answer of KIS with its header `tr_cont`.
fn page(tr_cont: &str, body: &str) -> Fault {
    let headers = [("Content-Type", "application/json; charset=utf-8"), ("tr_cont", tr_cont)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Fault::Raw { status: 200, headers, body: body.to_owned() }
}

async fn world_and_daemon() -> (World, TestDaemon) {
    let world = World::new().await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    (world, daemon)
}

#[tokio::test]
async fn what_kis_answers_is_passed_on_digit_by_digit_with_what_is_the_accounts_filled_in() {
    let (world, daemon) = world_and_daemon().await;
    let body = "{\"output\":{\"stck_prpr\":\"71200\",\"rate\":0.10,\"big\":12345678901234567890},\n \"rt_cd\":\"0\",\"msg_cd\":\
        \"MCA00000\",\"msg1\":\"정상처리 되었습니다.   \"}";
    world.simulator.fail_next("inquire-price", page("", body));
    let answer = daemon.call("kis.call", price("005930")).await;
    assert!(answer.to_string().contains("12345678901234567890"), "{answer}");
    let result = &answer["result"];
    assert_eq!((&result["operation"], &result["tr_id"]), (&json!(PRICE), &json!("FHKST01010100")));
    assert_eq!((&result["msg_cd"], &result["msg1"]), (&json!("MCA00000"), &json!("정상처리 되었습니다.")));
    assert_eq!(
        (&result["pages"], &result["next"], &result["account_name"]),
        (&json!(1), &Value::Null, &json!("default"))
    );
    assert_eq!(result["body"]["output"]["stck_prpr"], "71200");
    let sent = world.simulator.calls_to("inquire-price");
    assert_eq!((sent.len(), sent[0].tr_id.as_str()), (1, "FHKST01010100"));
    let whole = daemon.ok("kis.call", json!({ "operation": "TTTC8434R", "params": holdings() })).await;
    assert_eq!(whole["body"]["output1"][0]["pdno"], "005930", "{whole}");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_call_is_told_by_name_before_kis_is_asked() {
    let (world, daemon) = world_and_daemon().await;
    let asked = world.simulator.calls().len();
    let long = "x".repeat(1001);
    for (params, words) in [
        (json!({ "operation": PRICE }), vec!["FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "is missing"]),
        (
            json!({ "operation": PRICE, "params": { "fid_input_iscd": "1", "X": "2", "Y": true } }),
            vec!["takes no X, Y", "it takes"],
        ),
        (json!({ "operation": HOLDINGS, "params": { "CANO": "12345678" } }), vec!["CANO is the account's"]),
        (
            json!({ "operation": HOLDINGS, "params": { "CTX_AREA_NK100": "1" } }),
            vec!["CTX_AREA_NK100 belongs to the pages"],
        ),
        (json!({ "operation": PRICE, "params": { "FID_INPUT_ISCD": long } }), vec!["FID_INPUT_ISCD has 1001 bytes"]),
        (json!({ "operation": PRICE, "params": { "FID_INPUT_ISCD": "1\n2" } }), vec!["control character"]),
        (json!({ "operation": PRICE, "params": { "FID_INPUT_ISCD": ["1"] } }), vec!["FID_INPUT_ISCD must be a text"]),
        (
            json!({ "operation": PRICE, "params": { "FID_INPUT_ISCD": "1", "fid_input_iscd": "2" } }),
            vec!["is given twice"],
        ),
        (json!({ "operation": HOLDINGS, "params": holdings(), "pages": 201 }), vec!["pages is 201", "200"]),
        (json!({ "operation": HOLDINGS, "params": holdings(), "next": "AAAA" }), vec!["next is not a cursor"]),
        (json!({ "operation": HOLDINGS, "params": holdings(), "timeout_ms": 1 }), vec!["timeout_ms must be from"]),
        (json!({ "operation": PRICE, "page": 1 }), vec!["page"]),
        (
            json!({ "operation": "domestic-stock-quotations-intstock-grouplist", "params": { "TYPE": "1", "FID_ETC_CLS_CODE": "00" } }),
            vec!["set hts_id for the account default"],
        ),
    ] {
        let error = daemon.error("kis.call", params.clone()).await;
        assert_eq!(error["code"], -32602, "{params}: {error}");
        for word in words {
            assert!(error["message"].as_str().unwrap().contains(word), "{word} is missing: {error}");
        }
    }
    let twice = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"kis.call","params":{{"operation":"{PRICE}","params":{{"A":"1","A":"2"}}}}}}"#
    );
    let mut client = daemon.client().await;
    client.send(&twice).await;
    let error = client.receive().await.unwrap()["error"].clone();
    assert!(error["message"].as_str().unwrap().contains("A is given twice"), "{error}");
    for (operation, code, words) in [
        ("inquire-prise", -32063, "inquire-price"),
        ("oauth2-token-p", -32062, "token.refresh"),
        ("TTTC0012U", -32062, "only reads"),
        ("TTTC0802U", -32062, "only reads"),
        ("H0STCNT0", -32062, "WebSocket"),
    ] {
        let error = daemon.error("kis.call", json!({ "operation": operation })).await;
        assert_eq!((&error["code"], &error["data"]["retryable"]), (&json!(code), &json!(false)), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let unknown = daemon.error("kis.call", json!({ "operation": "inquire-prise" })).await;
    assert_eq!(unknown["data"]["what"], "operation");
    assert!(unknown["data"]["suggestions"].as_array().unwrap().len() > 1, "{unknown}");
    assert_eq!(world.simulator.calls().len(), asked, "KIS was asked");
}

#[tokio::test]
async fn an_operation_that_paper_trading_lacks_is_refused_before_kis_is_asked() {
    let world = World::with(Options::demo(Mode::Paper)).await;
    let daemon = world.daemon("kisd").await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let error = daemon.error("kis.call", json!({ "operation": "domestic-stock-ranking-short-sale" })).await;
    assert_eq!((&error["code"], &error["data"]["account_name"]), (&json!(-32062), &json!("default")), "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("no domestic-stock-ranking-short-sale for paper accounts"),
        "{error}"
    );
}

#[tokio::test]
async fn pages_are_joined_and_a_cursor_goes_on_where_they_ended_for_the_same_call_only() {
    let (world, daemon) = world_and_daemon().await;
    let rows = |from: u32| {
        let rows: Vec<String> = (from..from + 2).map(|row| format!("{{\"pdno\":\"{row:06}\"}}")).collect();
        rows.join(",")
    };
    let body = |from, nk: &str, sum| {
        format!(
            "{{\"ctx_area_fk100\":\"12345678^01\",\"ctx_area_nk100\":\"{nk}\",\"output1\":[{}],\"output2\":[{{\"sum\":\"{sum}\"}}],\
            \"rt_cd\":\"0\",\"msg_cd\":\"KIOK0510\",\"msg1\":\"\"}}",
            rows(from)
        )
    };
    for (tr_cont, body) in [("F", body(0, "B", 1)), ("M", body(2, "C", 2)), ("D", body(4, " ", 3))] {
        world.simulator.fail_next("inquire-balance", page(tr_cont, &body));
    }
    let ask = |more: Value| {
        let mut params = json!({ "operation": HOLDINGS, "params": holdings() });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let first = daemon.ok("kis.call", ask(json!({ "pages": 2 }))).await;
    let codes = |result: &Value| -> Vec<String> {
        result["body"]["output1"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["pdno"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes(&first), ["000000", "000001", "000002", "000003"]);
    assert_eq!((&first["pages"], &first["body"]["output2"][0]["sum"]), (&json!(2), &json!("2")), "the last page's");
    let next = first["next"].as_str().unwrap();
    assert!(!next.contains("12345678") && first["body"].get("ctx_area_nk100").is_none(), "{first}");
    let mut other = holdings();
    other["PRCS_DVSN"] = json!("01");
    for params in [
        json!({ "operation": HOLDINGS, "params": other, "next": next }),
        json!({ "operation": "TTTC8494R", "params": holdings(), "next": next }),
    ] {
        let error = daemon.error("kis.call", params).await;
        assert_eq!(error["code"], -32602, "of another call: {error}");
    }
    let rest = daemon.ok("kis.call", ask(json!({ "next": next, "pages": 0 }))).await;
    assert_eq!((codes(&rest), &rest["next"]), (vec!["000004".to_owned(), "000005".to_owned()], &Value::Null));
    let sent = world.simulator.calls_to("inquire-balance");
    assert_eq!(sent.iter().map(|call| call.tr_cont.as_str()).collect::<Vec<_>>(), ["", "N", "N"]);
}

#[tokio::test]
async fn a_list_that_leads_in_a_circle_is_an_error_and_one_that_changes_is_begun_again() {
    let (world, daemon) = world_and_daemon().await;
    let body = |nk: &str| {
        format!(
            "{{\"ctx_area_fk100\":\"\",\"ctx_area_nk100\":\"{nk}\",\"output1\":[],\"output2\":[],\"rt_cd\":\"0\",\"msg_cd\":\"K\"}}"
        )
    };
    for nk in ["A", "B", "A"] {
        world.simulator.fail_next("inquire-balance", page("M", &body(nk)));
    }
    let all = json!({ "operation": HOLDINGS, "params": holdings(), "pages": 0 });
    let error = daemon.error("kis.call", all.clone()).await;
    assert_eq!((&error["code"], &error["data"]["kind"]), (&json!(-32055), &json!("upstream_malformed")), "{error}");
    let changed = "{\"rt_cd\":\"1\",\"msg_cd\":\"SYDB0050\",\"msg1\":\"조회 이후 자료가 변경되었습니다\"}";
    world.simulator.fail_next("inquire-balance", page("M", &body("A")));
    world.simulator.fail_next("inquire-balance", page("", changed));
    let whole = world.while_time_passes(daemon.ok("kis.call", all)).await;
    assert_eq!(whole["body"]["output1"][0]["pdno"], "005930", "{whole}");
}

#[tokio::test]
async fn callers_who_ask_the_same_share_a_call_and_a_young_answer_comes_from_memory() {
    let (world, daemon) = world_and_daemon().await;
    let answer = |price: &str| {
        page("", &format!("{{\"output\":{{\"stck_prpr\":\"{price}\"}},\"rt_cd\":\"0\",\"msg_cd\":\"M\"}}"))
    };
    for price in ["1", "2"] {
        world.simulator.fail_next("inquire-price", answer(price));
    }
    let first = daemon.ok("kis.call", price("005930")).await;
    let mut aged = price("005930");
    aged["max_age_ms"] = json!(60_000);
    for _ in 0..3 {
        let again = daemon.ok("kis.call", aged.clone()).await;
        assert_eq!((&again["body"], &again["as_of"]), (&first["body"], &first["as_of"]), "from memory");
    }
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(daemon.ok("kis.call", aged).await["body"]["output"]["stck_prpr"], "2", "too old");
    assert_eq!(world.simulator.calls_to("inquire-price").len(), 2);
    world.simulator.fail_next("inquire-price", answer("3"));
    assert_eq!(daemon.ok("kis.call", price("005930")).await["body"]["output"]["stck_prpr"], "3", "0 asks KIS");
    let gate = world.simulator.hold_next("inquire-balance");
    let ask = || daemon.ok("kis.call", json!({ "operation": HOLDINGS, "params": holdings(), "max_age_ms": 1000 }));
    let together = futures_util::future::join_all((0..20).map(|_| ask()));
    let (answers, ()) = tokio::join!(together, async {
        gate.arrived().await;
        gate.open();
    });
    assert!(answers.iter().all(|answer| answer["as_of"] == answers[0]["as_of"]));
    assert_eq!(world.simulator.calls_to("inquire-balance").len(), 1, "one call for all");
}

#[tokio::test]
async fn a_question_that_kis_fails_is_not_asked_again_in_the_background() {
    let (world, daemon) = world_and_daemon().await;
    for _ in 0..3 {
        world.simulator.fail_next("inquire-price", Fault::Reset);
    }
    let error = world.while_time_passes(daemon.error("kis.call", price("005930"))).await;
    assert_eq!(error["code"], -32053, "{error}");
    let at_once = daemon.error("kis.call", price("005930")).await;
    assert_eq!(at_once["code"], -32053, "{at_once}");
    let asked = world.simulator.calls_to("inquire-price").len();
    let until = world.elapsed() + Duration::from_secs(60);
    let minute = async {
        while world.elapsed() < until {
            tokio::task::yield_now().await;
        }
    };
    world.while_time_passes(minute).await;
    assert_eq!(world.simulator.calls_to("inquire-price").len(), asked, "nobody waits for it");
    assert_eq!(
        daemon.ok("kis.call", price("005930")).await["body"]["output"]["stck_prpr"],
        "75000",
        "and the next finds out"
    );
}

#[tokio::test]
async fn a_token_that_kis_refuses_heals_within_the_call() {
    let (world, daemon) = world_and_daemon().await;
    world.clock.advance(Duration::from_secs(3600));
    world.simulator.fail_next("inquire-balance", Fault::Code("EGW00123".to_owned()));
    let params = json!({ "operation": HOLDINGS, "params": holdings() });
    let healed = world.while_time_passes(daemon.ok("kis.call", params)).await;
    assert_eq!(healed["body"]["output1"][0]["pdno"], "005930");
}

#[tokio::test]
async fn a_search_and_a_description_ask_nothing_of_kis() {
    let (world, daemon) = world_and_daemon().await;
    let asked = world.simulator.calls().len();
    for (query, id) in [
        ("현재가", PRICE),
        ("price", PRICE),
        ("공매도 상위 종목", "domestic-stock-ranking-short-sale"),
        ("TTTC8001R", "domestic-stock-trading-inquire-daily-ccld-within-3m"),
        ("H0STCNT0", "realtime-h0stcnt0"),
    ] {
        let found = daemon.ok("kis.search", json!({ "query": query, "limit": 3 })).await;
        assert_eq!(found["operations"][0]["id"], id, "{query}: {found}");
        assert!(found["operations"].as_array().unwrap().len() <= 3);
    }
    assert_eq!(daemon.ok("kis.search", json!({ "query": "" })).await["operations"], json!([]));
    assert_eq!(daemon.error("kis.search", json!({ "query": "x", "limit": 0 })).await["code"], -32602);
    let described = daemon.ok("kis.describe", json!({ "operation": "VTTC8434R" })).await;
    assert_eq!((&described["id"], &described["paging"]["pages"]), (&json!(HOLDINGS), &json!(true)));
    let param = |name: &str| {
        let params = described["params"].as_array().unwrap().iter();
        params.clone().find(|param| param["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
    };
    assert_eq!((&param("CANO")["filled_in"], &param("CANO")["required"]), (&json!(true), &json!(false)));
    assert_eq!((&param("INQR_DVSN")["filled_in"], &param("INQR_DVSN")["required"]), (&json!(false), &json!(true)));
    let order = daemon.ok("kis.describe", json!({ "operation": "TTTC0012U" })).await;
    assert!(order["effect"] == "trade" && order["not_called"].as_str().unwrap().contains("only reads"), "{order}");
    assert_eq!(world.simulator.calls().len(), asked);
}

/// A daemon whose quota holds nothing up.
async fn unhurried() -> (World, TestDaemon) {
    let world = World::with(Options { calls_per_second: 1_000_000, ..Options::demo(Mode::Real) }).await;
    let mut config = world.config("kisd", "");
    config.keys[0].kis.calls_per_second = 10_000;
    config.accounts[0].hts_id = kisd::account::HtsId::try_new("kisdsim");
    let daemon = world.daemon_with(config).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    (world, daemon)
}

#[tokio::test]
async fn answers_in_memory_take_no_more_room_than_there_is() {
    let (_world, daemon) = unhurried().await;
    let mut client = daemon.client().await;
    let mut longest = 0;
    for code in 0..2_000 {
        let answer = client.call("kis.call", price(&format!("{code:06}"))).await;
        longest = longest.max(answer["result"]["body"].to_string().len());
    }
    let metrics = daemon.ok("daemon.metrics", json!({})).await;
    let value = |name: &str| -> f64 {
        let line = metrics.as_str().unwrap().lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().parse().unwrap()
    };
    let (kept, forgotten) = (value("kisd_operations_in_memory "), value("kisd_operations_evicted_total "));
    assert!(kept > 100.0 && forgotten > 100.0 && kept + forgotten <= 2_000.0, "{kept} kept, {forgotten} forgotten");
    assert!(kept <= 4.0 * 1024.0 * 1024.0 / 2048.0, "{kept} of up to {longest} bytes");
}

#[tokio::test]
async fn every_operation_that_reads_can_be_called_with_what_it_is_described_to_take() {
    let (_world, daemon) = unhurried().await;
    let mut called = 0;
    for operation in kis_catalog::catalog().operations() {
        let described = daemon.ok("kis.describe", json!({ "operation": operation.id() })).await;
        let params = described["params"].as_array().unwrap().iter().filter(|param| param["required"] == true);
        let value = |name: &str| match name {
            "AFHR_FLPR_YN" | "FUND_STTL_ICLD_YN" | "FNCG_AMT_AUTO_RDPT_YN" => "N",
            "PRCS_DVSN" => "00",
            "PDNO" | "FID_INPUT_ISCD" => "005930",
            _ => "01",
        };
        let params: serde_json::Map<String, Value> = params
            .map(|param| param["name"].as_str().unwrap())
            .map(|name| (name.to_owned(), value(name).into()))
            .collect();
        let asked = json!({ "operation": operation.id(), "params": params });
        if described["not_called"].is_string() {
            assert_eq!(daemon.error("kis.call", asked).await["code"], -32062);
            continue;
        }
        let answer = daemon.ok("kis.call", asked).await;
        let results = described["results"].as_array().unwrap().iter().filter(|result| result["name"] != "top");
        for result in results {
            let name = result["name"].as_str().unwrap();
            assert!(answer["body"].get(name).is_some(), "{} lacks {name}: {answer}", operation.id());
        }
        called += 1;
    }
    assert!(called > 250, "{called}");
}

#[tokio::test]
async fn kis_own_words_reach_the_caller_of_every_method_whosever_answer_it_would_be() {
    let (world, daemon) = world_and_daemon().await;
    let said =
        json!({ "rt_cd": "1", "msg_cd": "APBK0919", "msg1": "장운영일자가 주문일과 상이합니다      " }).to_string();
    let stock = json!({ "stock_code": "005930" });
    for (method, params, path) in [
        ("kis.call", price("005930"), "inquire-price"),
        ("kis.call", json!({ "operation": HOLDINGS, "params": holdings() }), "inquire-balance"),
        ("account.balance", json!({ "max_age_ms": 0 }), "inquire-balance"),
        ("quote.price", stock.clone(), "inquire-price"),
        ("quote.orderbook", stock.clone(), "inquire-asking-price-exp-ccn"),
        ("quote.candles", json!({ "stock_code": "005930", "interval": "1d" }), "inquire-daily-itemchartprice"),
    ] {
        world.clock.advance(Duration::from_secs(61));
        world.simulator.fail_next(path, Fault::Answer { status: 200, body: said.clone() });
        let error = world.while_time_passes(daemon.error(method, params)).await;
        let expected = json!({
            "msg_cd": "APBK0919", "msg1": "장운영일자가 주문일과 상이합니다", "http_status": 200, "tr_id": error["data"]["kis"]["tr_id"],
        });
        assert_eq!((&error["code"], &error["data"]["kis"]), (&json!(-32054), &expected), "{method}: {error}");
        assert!(error["message"].as_str().unwrap().contains("장운영일자가"), "{method}: {error}");
    }
    world.simulator.fail_next("intstock-multprice", Fault::Answer { status: 200, body: said });
    let prices = world.while_time_passes(daemon.call("quote.prices", json!({ "stock_codes": ["005930"] }))).await;
    assert!(prices.to_string().contains("장운영일자가"), "{prices}");
}

#[tokio::test]
async fn a_call_with_names_without_number_or_end_is_refused_in_a_few_words() {
    let (world, daemon) = world_and_daemon().await;
    let asked = world.simulator.calls().len();
    let unknown = |count: u32| -> serde_json::Map<String, Value> {
        (0..count).map(|number| (format!("X{number}"), json!("1"))).collect()
    };
    let mut in_two_cases = unknown(500);
    in_two_cases.extend((0..500).map(|number| (format!("x{number}"), json!("1"))));
    let call = |params: Value| json!({ "operation": PRICE, "params": params });
    for (params, code, words) in [
        (call(json!(unknown(3_000))), -32602, "and 2980 more"),
        (call(json!(in_two_cases)), -32602, "more"),
        (call(json!({ "x".repeat(50_000): "1" })), -32602, "takes no xxx"),
        (call(json!({ "A\u{0}\u{1b}[2J\n": "1" })), -32602, "takes no A[2J;"),
        (call(json!({ "FID_INPUT_ISCD": "x".repeat(50_000), "FID_COND_MRKT_DIV_CODE": "J" })), -32602, "50000 bytes"),
        (call(json!({ "FID_INPUT_ISCD": "0\u{0}", "FID_COND_MRKT_DIV_CODE": "J" })), -32602, "control character"),
        (call(json!({ "FID_INPUT_ISCD": null, "FID_COND_MRKT_DIV_CODE": "J" })), -32602, "must be a text"),
        (call(json!({ "FID_INPUT_ISCD": { "a": 1 }, "FID_COND_MRKT_DIV_CODE": "J" })), -32602, "must be a text"),
        (call(json!("FID_INPUT_ISCD")), -32602, "params"),
        (json!({ "operation": 7 }), -32602, "integer `7`"),
        (json!({ "operation": "x".repeat(50_000) }), -32063, ""),
        (json!({ "operation": "A\u{0}\u{1b}[2J" }), -32063, ""),
        (json!({ "operation": HOLDINGS, "params": holdings(), "next": "x".repeat(50_000) }), -32602, "not a cursor"),
        (json!({ "operation": HOLDINGS, "params": holdings(), "next": "\u{0}" }), -32602, "not a cursor"),
    ] {
        for method in ["kis.call", "kis.describe"] {
            // The other one takes nothing but the operation.
            let params =
                if method == "kis.call" { params.clone() } else { json!({ "operation": params["operation"] }) };
            let reply = daemon.call(method, params).await;
            let text = reply.to_string();
            assert!(text.len() < 20_000, "{method}: {} bytes: {}", text.len(), &text[..2_000]);
            if method == "kis.call" {
                let message = reply["error"]["message"].as_str().unwrap();
                assert_eq!(reply["error"]["code"], code, "{message}");
                assert!(message.contains(words) && message.len() < 4_000, "{words}: {message}");
                assert!(!message.chars().any(char::is_control), "{message:?}");
            }
        }
    }
    assert_eq!(world.simulator.calls().len(), asked);
}

#[tokio::test]
async fn a_cursor_of_one_account_is_nothing_to_another() {
    let world = World::of_keys(Setup::both()).await;
    let [key, _] = Setup::both().keys.try_into().unwrap_or_else(|_| panic!("two keys"));
    let config = format!(
        "default_account = \"one\"\n{}[accounts.two]\nkey_of = \"one\"\naccount_no = \"{}\"\n",
        world.account("one", &key, &key.cano),
        "87654321"
    );
    let daemon = world.daemon_with(world.config_of("kisd", &config)).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let body = "{\"ctx_area_fk100\":\"F\",\"ctx_area_nk100\":\"N\",\"output1\":[],\"output2\":[],\"rt_cd\":\"0\",\"msg_cd\":\"KIOK0510\",\"msg1\":\"\"}";
    world.simulator.fail_next("inquire-balance", page("F", body));
    let first = daemon.ok("kis.call", json!({ "operation": HOLDINGS, "params": holdings(), "pages": 1 })).await;
    let asked = world.simulator.calls().len();
    let other = json!({ "operation": HOLDINGS, "params": holdings(), "account": "two", "next": first["next"] });
    let error = daemon.error("kis.call", other).await;
    assert_eq!((&error["code"], world.simulator.calls().len()), (&json!(-32602), asked), "{error}");
    assert!(error["message"].as_str().unwrap().contains("next is not a cursor"), "{error}");
}
