//! Days, several issues, rankings, indices, issues abroad, and what an account can do.

use kis_simulator::MarketSetup;
use serde_json::Value;

use crate::world::{KRX, World, number, rows, text};

const NOON: &str = "2026-11-26T12:00:03+09:00";

async fn price_of(world: &World, code: &str) -> Value {
    world.ask("FHKST01010100", &[("FID_INPUT_ISCD", code)]).await["output"].clone()
}

#[tokio::test]
async fn the_calendar_has_twenty_four_days_a_page() {
    let world = World::at(NOON, KRX).await;
    let answer = world.ask("CTCA0903R", &[("BASS_DT", "20261223")]).await;
    let days = rows(&answer, "output");
    assert_eq!((days.len(), answer["ctx_area_nk"].as_str().unwrap()), (24, "20270115            "));
    assert_eq!((&answer["msg_cd"], &answer["ctx_area_fk"]), (&"KIOK0500".into(), &"20261223            ".into()));
    let closed: Vec<&str> =
        days.iter().filter(|day| text(day, "opnd_yn") == "N").map(|day| text(day, "bass_dt")).collect();
    let weekends = ["20261226", "20261227", "20270102", "20270103", "20270109", "20270110"];
    let holidays = ["20261225", "20261231", "20270101"];
    assert!(
        closed.iter().all(|day| weekends.contains(day) || holidays.contains(day)) && closed.len() == 9,
        "{closed:?}"
    );
    let last = days.iter().find(|day| text(day, "bass_dt") == "20261231").unwrap();
    assert_eq!((text(last, "bzdy_yn"), text(last, "tr_day_yn"), text(last, "wday_dvsn_cd")), ("Y", "Y", "05"));
}

#[tokio::test]
async fn several_issues_at_once_are_what_each_is_alone() {
    let world = World::at(NOON, KRX).await;
    let codes = ["005930", "069500", "0126Z0", "999999"];
    let names: Vec<(String, String)> =
        (1..=4).map(|at| (format!("FID_COND_MRKT_DIV_CODE_{at}"), format!("FID_INPUT_ISCD_{at}"))).collect();
    let asked: Vec<(&str, &str)> =
        names.iter().zip(codes).flat_map(|((venue, name), code)| [(venue.as_str(), "J"), (name, code)]).collect();
    let answered = rows(&world.ask("FHKST11300006", &asked).await, "output");
    assert_eq!(answered.len(), 4);
    for (row, code) in answered.iter().zip(codes) {
        let price = price_of(&world, code).await;
        assert_eq!((text(row, "inter_shrn_iscd"), &row["inter2_prpr"]), (code, &price["stck_prpr"]));
        assert_eq!((&row["acml_vol"], &row["inter2_mxpr"]), (&price["acml_vol"], &price["stck_mxpr"]));
    }
}

#[tokio::test]
async fn an_issue_is_what_the_listing_says() {
    let world = World::at(NOON, KRX).await;
    let info = world.ask("CTPF1002R", &[("PRDT_TYPE_CD", "300"), ("PDNO", "005930")]).await["output"].clone();
    assert_eq!((text(&info, "prdt_abrv_name"), text(&info, "std_pdno")), ("삼성전자", "KR7005930003"));
    assert_eq!((text(&info, "pdno"), text(&info, "cptt_trad_tr_psbl_yn")), ("00000A005930", "Y"));
    let price = price_of(&world, "005930").await;
    assert_eq!((&info["thdt_clpr"], &info["bfdy_clpr"]), (&price["stck_prpr"], &price["stck_sdpr"]));
}

#[tokio::test]
async fn rankings_are_in_order_and_of_the_same_prices() {
    let world = World::at(NOON, KRX).await;
    for (tr_id, given, code, by) in [
        ("FHPST01710000", [("FID_INPUT_ISCD", "0000"), ("FID_BLNG_CLS_CODE", "0")], "mksc_shrn_iscd", "acml_vol"),
        ("FHPST01710000", [("FID_INPUT_ISCD", "1001"), ("FID_BLNG_CLS_CODE", "3")], "mksc_shrn_iscd", "acml_tr_pbmn"),
        ("FHPST01740000", [("fid_input_iscd", "0000"), ("fid_div_cls_code", "0")], "mksc_shrn_iscd", "stck_avls"),
    ] {
        let ranked = rows(&world.ask(tr_id, &given).await, "output");
        assert_eq!(ranked.len(), 30);
        assert!(ranked.windows(2).all(|pair| number(&pair[0], by) >= number(&pair[1], by)), "{tr_id} {by}");
        let first = &ranked[0];
        let price = price_of(&world, text(first, code)).await;
        assert_eq!((&first["stck_prpr"], &first["acml_vol"]), (&price["stck_prpr"], &price["acml_vol"]));
    }
    let of = |row: &Value| text(row, "prdy_ctrt").replace('.', "").parse::<i64>().unwrap();
    for (sort, up) in [("0", true), ("1", false)] {
        let asked = [("fid_input_iscd", "0000"), ("fid_rank_sort_cls_code", sort)];
        let ranked = rows(&world.ask("FHPST01700000", &asked).await, "output");
        assert!(ranked.windows(2).all(|pair| (of(&pair[0]) >= of(&pair[1])) == up || of(&pair[0]) == of(&pair[1])));
    }
}

#[tokio::test]
async fn an_index_is_the_same_now_and_in_its_days() {
    let world = World::at(NOON, KRX).await;
    for number in ["0001", "1001", "2001"] {
        let about = [("FID_COND_MRKT_DIV_CODE", "U"), ("FID_INPUT_ISCD", number)];
        let now = world.ask("FHPUP02100000", &about).await["output"].clone();
        let asked = [about[0], about[1], ("FID_PERIOD_DIV_CODE", "D"), ("FID_INPUT_DATE_1", "20261126")];
        let days = world.ask("FHPUP02120000", &asked).await;
        let listed = rows(&days, "output2");
        assert_eq!((listed.len(), text(&listed[0], "stck_bsop_date")), (100, "20261126"));
        for field in ["bstp_nmix_prpr", "bstp_nmix_oprc", "bstp_nmix_hgpr", "bstp_nmix_lwpr", "bstp_nmix_prdy_vrss"] {
            assert_eq!((&now[field], &now[field]), (&listed[0][field], &days["output1"][field]), "{number} {field}");
        }
        assert_eq!(text(&now, "bstp_nmix_prpr").split_once('.').unwrap().1.len(), 2);
    }
}

#[tokio::test]
async fn an_issue_abroad_has_one_price_wherever_it_is_asked_for() {
    for (market, time) in [(KRX, "2026-11-27T00:31:00+09:00"), (KRX, NOON), (MarketSetup::MOVING, NOON)] {
        let world = World::at(time, market).await;
        for (place, symbol) in [("NAS", "AAPL"), ("HKS", "00700"), ("TSE", "7203"), ("SHS", "600519"), ("HSX", "VNM")] {
            let about = [("EXCD", place), ("SYMB", symbol)];
            let price = world.ask("HHDFS00000300", &about).await["output"].clone();
            let detail = world.ask("HHDFS76200200", &about).await["output"].clone();
            let book = world.ask("HHDFS76200100", &about).await;
            let days = rows(&world.ask("HHDFS76240000", &about).await, "output2");
            assert_eq!(days.len(), 100);
            for (one, other) in [
                (&price["last"], &detail["last"]),
                (&price["last"], &book["output1"]["last"]),
                (&price["last"], &days[0]["clos"]),
                (&price["base"], &days[1]["clos"]),
                (&price["tvol"], &days[0]["tvol"]),
                (&detail["high"], &days[0]["high"]),
            ] {
                assert_eq!(one, other, "{time} {symbol}");
            }
            let best = [&book["output2"]["pbid1"], &book["output2"]["pask1"]];
            assert!(best.contains(&&price["last"]), "{symbol}: {best:?}");
            assert_eq!(text(&book["output2"], "vbid2") == "0", place != "NAS");
            assert!(!text(&price, "diff").starts_with('-') && ["+", "-", " "].contains(&&text(&price, "rate")[..1]));
            let asked = [about[0], about[1], ("NMIN", "1"), ("NREC", "120")];
            let minutes = world.ask("HHDFS76950200", &asked).await;
            let listed = rows(&minutes, "output2");
            assert_eq!((listed.len(), &listed[0]["last"]), (120, &price["last"]), "{time} {symbol}");
            assert_eq!(text(&minutes["output1"], "more"), "1");
        }
        let unknown = world.ask("HHDFS00000300", &[("EXCD", "NAS"), ("SYMB", "NOSUCH")]).await;
        assert_eq!(text(&unknown["output"], "last"), "");
    }
}

#[tokio::test]
async fn an_account_buys_at_the_upper_limit_and_is_worth_its_parts() {
    let world = World::at(NOON, KRX).await;
    let price = price_of(&world, "005930").await;
    let asked = [("PDNO", "005930"), ("ORD_UNPR", ""), ("ORD_DVSN", "01")];
    let buyable = world.ask("TTTC8908R", &asked).await["output"].clone();
    assert_eq!(buyable["psbl_qty_calc_unpr"], price["stck_mxpr"]);
    assert_eq!(number(&buyable, "nrcvb_buy_qty"), 5_000_000 / number(&price, "stck_mxpr"));
    let sellable = world.ask("TTTC8408R", &[("PDNO", "005930")]).await;
    assert_eq!((&sellable["output"]["now_pric"], &sellable["msg_cd"]), (&price["stck_prpr"], &"KIOK0420".into()));
    let balance = world.ask("TTTC8434R", &[]).await;
    let assets = world.ask("CTRP6548R", &[]).await;
    let kinds = rows(&assets, "output1");
    let at_home = number(&balance["output2"][0], "tot_evlu_amt");
    let abroad = number(&kinds[8], "evlu_amt") + number(&kinds[16], "evlu_amt");
    assert_eq!((kinds.len(), number(&assets["output2"], "tot_asst_amt")), (20, at_home + abroad));
    let parts: i64 = kinds[..19].iter().map(|kind| number(kind, "evlu_amt")).sum();
    assert_eq!(parts, number(&kinds[19], "evlu_amt"));
    for (tr_id, list) in [("TTTC0081R", "output1"), ("TTTC0084R", "output"), ("TTTC8715R", "output1")] {
        let answer = world.ask(tr_id, &[]).await;
        assert!(rows(&answer, list).is_empty(), "{answer}");
        assert_eq!((&answer["msg_cd"], answer["ctx_area_nk100"].as_str().unwrap().len()), (&"KIOK0560".into(), 100));
    }
}

#[tokio::test]
async fn those_who_bought_are_those_who_sold_and_today_is_told_when_it_is_over() {
    let mut world = World::at("2026-11-26T15:00:00+09:00", KRX).await;
    let about = [("FID_COND_MRKT_DIV_CODE", "J"), ("FID_INPUT_ISCD", "005930")];
    let before = rows(&world.ask("FHKST01010900", &about).await, "output");
    assert_eq!((before.len(), text(&before[0], "stck_bsop_date")), (30, "20261126"));
    for field in ["prsn_ntby_qty", "frgn_ntby_tr_pbmn", "orgn_seln_vol"] {
        assert_eq!((text(&before[0], field), text(&before[1], field).is_empty()), ("", false), "{field}");
    }
    for day in &before[1..] {
        let net: i64 = ["prsn", "frgn", "orgn"].iter().map(|kind| number(day, &format!("{kind}_ntby_qty"))).sum();
        assert_eq!(net, 0, "{day}");
        for kind in ["prsn", "frgn", "orgn"] {
            let of = |field: &str| number(day, &format!("{kind}_{field}"));
            assert_eq!(of("ntby_qty"), of("shnu_vol") - of("seln_vol"));
            assert_eq!(of("ntby_tr_pbmn"), of("shnu_tr_pbmn") - of("seln_tr_pbmn"));
        }
    }
    world.set("2026-11-26T16:00:00+09:00").await;
    let after = rows(&world.ask("FHKST01010900", &about).await, "output");
    assert_eq!(after[1..], before[1..]);
    assert_ne!(text(&after[0], "frgn_ntby_qty"), "");
    let asked = [
        ("FID_COND_MRKT_DIV_CODE", "V"),
        ("FID_COND_SCR_DIV_CODE", "16449"),
        ("FID_INPUT_ISCD", "0000"),
        ("FID_DIV_CLS_CODE", "0"),
        ("FID_RANK_SORT_CLS_CODE", "0"),
        ("FID_ETC_CLS_CODE", "1"),
    ];
    let bought = rows(&world.ask("FHPTJ04400000", &asked).await, "output");
    assert!(bought.windows(2).all(|pair| number(&pair[0], "frgn_ntby_qty") >= number(&pair[1], "frgn_ntby_qty")));
    if let Some(samsung) = bought.iter().find(|row| row["mksc_shrn_iscd"] == "005930") {
        assert_eq!(samsung["frgn_ntby_qty"], after[0]["frgn_ntby_qty"]);
    }
}

#[tokio::test]
async fn an_index_abroad_is_the_same_now_and_in_its_days_and_rankings_there_are_of_its_issues() {
    let world = World::at("2026-11-27T00:31:00+09:00", KRX).await;
    for (code, name) in [("SPX", "S&P500"), (".DJI", "다우 산업"), ("JP%23NI225", "니케이 225")] {
        let about = [
            ("FID_COND_MRKT_DIV_CODE", "N"),
            ("FID_INPUT_ISCD", code),
            ("FID_INPUT_DATE_1", "20261101"),
            ("FID_INPUT_DATE_2", "20261127"),
            ("FID_PERIOD_DIV_CODE", "D"),
        ];
        let chart = world.ask("FHKST03030100", &about).await;
        let (now, days) = (&chart["output1"], rows(&chart, "output2"));
        assert_eq!((text(now, "hts_kor_isnm"), &now["ovrs_nmix_prpr"]), (name, &days[0]["ovrs_nmix_prpr"]));
        assert_eq!(now["ovrs_nmix_prdy_clpr"], days[1]["ovrs_nmix_prpr"], "{code}");
    }
    for (tr_id, by) in [("HHDFS76310010", "tvol"), ("HHDFS76320010", "tamt"), ("HHDFS76350100", "tomv")] {
        let ranked = rows(&world.ask(tr_id, &[("EXCD", "NAS")]).await, "output2");
        assert!(
            ranked.len() > 10 && ranked.windows(2).all(|pair| number(&pair[0], by) >= number(&pair[1], by)),
            "{by}"
        );
        let about = [("EXCD", "NAS"), ("SYMB", text(&ranked[0], "symb"))];
        let price = world.ask("HHDFS00000300", &about).await["output"].clone();
        assert_eq!((&ranked[0]["last"], &ranked[0]["tvol"]), (&price["last"], &price["tvol"]));
    }
}
