//! Rows typed by hand from KIS's documentation, so that the daemon and the simulator cannot agree on a mistake of the table.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use kis_catalog::{By, Effect, Fill, Key, Kind, Limit, Method, Mode, Operation, Paging, Scope, Shape, catalog};

fn find(name: &str) -> &'static Operation {
    catalog().find(name).expect("an operation").operation
}

#[test]
fn tr_ids_of_both_modes() {
    let pairs = [
        ("domestic-stock-trading-inquire-balance", "TTTC8434R", Some("VTTC8434R")),
        ("domestic-stock-trading-order-cash-buy", "TTTC0012U", Some("VTTC0012U")),
        ("domestic-stock-trading-order-cash-sell", "TTTC0011U", Some("VTTC0011U")),
        ("domestic-stock-trading-order-rvsecncl", "TTTC0013U", Some("VTTC0013U")),
        ("domestic-stock-trading-order-credit-buy", "TTTC0052U", None),
        ("domestic-stock-trading-inquire-psbl-rvsecncl", "TTTC0084R", None),
        ("domestic-stock-trading-inquire-daily-ccld-within-3m", "TTTC0081R", Some("VTTC0081R")),
        ("domestic-stock-trading-inquire-daily-ccld-before-3m", "CTSC9215R", Some("VTSC9215R")),
        // The one pair that is no V before the same digits.
        ("overseas-stock-trading-order-us-sell", "TTTT1006U", Some("VTTT1001U")),
        ("overseas-stock-trading-order-us-buy", "TTTT1002U", Some("VTTT1002U")),
        ("overseas-stock-trading-order-jp-buy", "TTTS0308U", Some("VTTS0308U")),
        ("overseas-stock-trading-inquire-balance", "TTTS3012R", Some("VTTS3012R")),
        ("overseas-stock-trading-inquire-present-balance", "CTRP6504R", Some("VTRP6504R")),
        ("domestic-futureoption-trading-inquire-balance", "CTFO6118R", Some("VTFO6118R")),
        ("domestic-futureoption-trading-order-night", "STTN1101U", None),
        ("domestic-stock-quotations-inquire-price", "FHKST01010100", Some("FHKST01010100")),
        ("domestic-stock-quotations-chk-holiday", "CTCA0903R", None),
        ("overseas-price-quotations-price", "HHDFS00000300", Some("HHDFS00000300")),
        ("realtime-h0stcnt0", "H0STCNT0", Some("H0STCNT0")),
        ("realtime-h0stcni0", "H0STCNI0", Some("H0STCNI9")),
        ("realtime-h0gscni0", "H0GSCNI0", Some("H0GSCNI9")),
        ("realtime-h0ifcni0", "H0IFCNI0", Some("H0IFCNI9")),
        ("realtime-h0stvic0", "H0STVIC0", None),
    ];
    for (id, real, paper) in pairs {
        assert_eq!((find(id).tr_id(Mode::Real), find(id).tr_id(Mode::Paper)), (Some(real), paper), "{id}");
    }
    assert_eq!(find("oauth2-token-p").tr_id(Mode::Real), None);
    assert!(find("oauth2-token-p").available(Mode::Paper) && !find("H0STVIC0").available(Mode::Paper));
}

#[test]
fn old_tr_ids_find_their_successors() {
    let successors = [
        ("TTTC0801U", "domestic-stock-trading-order-cash-sell"),
        ("VTTC0802U", "domestic-stock-trading-order-cash-buy"),
        ("TTTC0803U", "domestic-stock-trading-order-rvsecncl"),
        ("TTTC0851U", "domestic-stock-trading-order-credit-sell"),
        ("TTTC0852U", "domestic-stock-trading-order-credit-buy"),
        ("TTTC8001R", "domestic-stock-trading-inquire-daily-ccld-within-3m"),
        ("VTTC8001R", "domestic-stock-trading-inquire-daily-ccld-within-3m"),
        ("CTSC9115R", "domestic-stock-trading-inquire-daily-ccld-before-3m"),
        ("TTTC8036R", "domestic-stock-trading-inquire-psbl-rvsecncl"),
        ("JTCE1001U", "domestic-futureoption-trading-order-night"),
        ("JTCE1002U", "domestic-futureoption-trading-order-rvsecncl-night"),
        ("JTCE5005R", "domestic-futureoption-trading-inquire-ngt-ccnl"),
        ("JTCE6001R", "domestic-futureoption-trading-inquire-ngt-balance"),
        ("JTCE1004R", "domestic-futureoption-trading-inquire-psbl-ngt-order"),
        ("JTCE6003R", "domestic-futureoption-trading-ngt-margin-detail"),
        ("FHPPG04600000", "domestic-stock-quotations-comp-program-trade-daily"),
        ("FHPPG04600100", "domestic-stock-quotations-comp-program-trade-today"),
        ("FHPPG04650100", "domestic-stock-quotations-program-trade-by-stock"),
        ("FHPPG04650200", "domestic-stock-quotations-program-trade-by-stock-daily"),
        ("HHPPG046600C0", "domestic-stock-quotations-investor-program-trade-today"),
        ("FHPST07020000", "domestic-stock-quotations-comp-interest"),
    ];
    for (old, id) in successors {
        let found = catalog().find(old).expect(old);
        assert_eq!((found.operation.id(), found.by), (id, By::OldTr), "{old}");
    }
}

fn keys(fk: &'static str, nk: &'static str, by_header: bool) -> Paging {
    let key = |request: &'static str| {
        let replies = [
            ("CTX_AREA_FK", "ctx_area_fk"),
            ("CTX_AREA_NK", "ctx_area_nk"),
            ("CTX_AREA_FK50", "ctx_area_fk50"),
            ("CTX_AREA_NK50", "ctx_area_nk50"),
            ("CTX_AREA_NK30", "ctx_area_nk30"),
            ("CTX_AREA_FK100", "ctx_area_fk100"),
            ("CTX_AREA_NK100", "ctx_area_nk100"),
            ("CTX_AREA_FK200", "ctx_area_fk200"),
            ("CTX_AREA_NK200", "ctx_area_nk200"),
        ];
        replies.iter().find(|(name, _)| *name == request).map(|(request, reply)| Key { request, reply })
    };
    Paging::Keys { fk: key(fk), nk: key(nk), by_header }
}

#[test]
fn each_form_of_paging() {
    let cursor = |param, flag, reply| Paging::Cursor { param, flag, reply };
    let forms = [
        ("domestic-stock-quotations-inquire-price", Paging::None),
        ("domestic-stock-trading-inquire-balance", keys("CTX_AREA_FK100", "CTX_AREA_NK100", true)),
        ("domestic-stock-trading-inquire-balance-rlz-pl", keys("CTX_AREA_FK100", "CTX_AREA_NK100", false)),
        ("overseas-stock-trading-inquire-balance", keys("CTX_AREA_FK200", "CTX_AREA_NK200", true)),
        ("overseas-stock-trading-inquire-nccs", keys("CTX_AREA_FK200", "CTX_AREA_NK200", false)),
        ("overseas-price-quotations-period-rights", keys("CTX_AREA_FK50", "CTX_AREA_NK50", false)),
        ("domestic-stock-quotations-lendable-by-company", keys("CTX_AREA_FK200", "CTX_AREA_NK100", false)),
        ("domestic-bond-quotations-avg-unit", keys("CTX_AREA_FK100", "CTX_AREA_NK30", false)),
        ("domestic-futureoption-quotations-margin-rate", keys("", "CTX_AREA_NK200", true)),
        ("domestic-stock-quotations-chk-holiday", keys("CTX_AREA_FK", "CTX_AREA_NK", false)),
        ("overseas-stock-quotations-countries-holiday", keys("CTX_AREA_FK", "CTX_AREA_NK", false)),
        ("domestic-stock-trading-inquire-account-balance", Paging::Header),
        ("overseas-stock-trading-inquire-present-balance", Paging::Header),
        ("domestic-stock-quotations-inquire-time-dailychartprice", Paging::Header),
        ("overseas-price-quotations-multprice", Paging::Header),
        ("overseas-stock-ranking-market-cap", cursor("KEYB", None, None)),
        ("overseas-price-quotations-inquire-time-itemchartprice", cursor("KEYB", Some("NEXT"), None)),
        ("overseas-futureoption-quotations-tick-ccnl", cursor("INDEX_KEY", None, Some("index_key"))),
        ("domestic-stock-ksdinfo-dividend", cursor("CTS", None, None)),
        ("domestic-stock-ranking-dividend-rate", cursor("CTS_AREA", None, None)),
        ("overseas-futureoption-quotations-investor-unpd-trend", cursor("CTS_KEY", None, None)),
    ];
    for (id, paging) in forms {
        assert_eq!(find(id).paging(), paging, "{id}");
    }
}

#[test]
fn a_balance_is_described_as_kis_documents_it() {
    let balance = find("domestic-stock-trading-inquire-balance");
    assert_eq!(balance.korean_name(), "주식잔고조회");
    assert_eq!(balance.path(), "/uapi/domestic-stock/v1/trading/inquire-balance");
    assert_eq!((balance.method(), balance.kind(), balance.effect()), (Method::Get, Kind::AccountRead, Effect::Read));
    assert_eq!((balance.scope(), balance.group()), (Scope::Account, "domestic-stock-account"));

    let names: Vec<(&str, bool)> = balance.params().map(|param| (param.name, param.required)).collect();
    let wanted = [
        "CANO",
        "ACNT_PRDT_CD",
        "AFHR_FLPR_YN",
        "OFL_YN",
        "INQR_DVSN",
        "UNPR_DVSN",
        "FUND_STTL_ICLD_YN",
        "FNCG_AMT_AUTO_RDPT_YN",
        "PRCS_DVSN",
        "CTX_AREA_FK100",
        "CTX_AREA_NK100",
    ];
    assert_eq!(names.iter().map(|(name, _)| *name).collect::<Vec<_>>(), wanted);
    assert!(names.contains(&("INQR_DVSN", true)) && names.contains(&("OFL_YN", false)));
    let cano = balance.params().next().unwrap();
    assert_eq!((cano.label, cano.fill, cano.values), ("종합계좌번호", Some(Fill::AccountNumber), None));
    let product = balance.params().nth(1).unwrap();
    assert_eq!(product.fill, Some(Fill::ProductCode));

    let parts: Vec<(&str, Shape, usize)> =
        balance.outputs().map(|part| (part.name(), part.shape(), part.fields().len())).collect();
    assert!(parts.contains(&("output1", Shape::Array, 26)) && parts.contains(&("output2", Shape::Array, 24)));
    let cash = balance.outputs().find(|part| part.name() == "output2").unwrap().fields().next().unwrap();
    assert_eq!((cash.name, cash.label), ("dnca_tot_amt", "예수금총금액"));
}

#[test]
fn a_frame_has_its_values_in_order() {
    let trades = find("H0STCNT0");
    assert_eq!(trades.method(), Method::WebSocket);
    let frame = trades.outputs().next().unwrap();
    let fields: Vec<&str> = frame.fields().map(|field| field.name).collect();
    assert_eq!((frame.name(), frame.shape(), fields.len()), ("frame", Shape::Frame, 47));
    assert_eq!((fields[0], fields[2], fields[46]), ("MKSC_SHRN_ISCD", "STCK_PRPR", "MARKET_CLS_CODE"));
    assert_eq!(find("H0STASP0").outputs().next().unwrap().fields().len(), 63);
    let notice = find("H0STCNI9").params().find(|param| param.name == "tr_key").unwrap();
    assert_eq!(notice.fill, Some(Fill::HtsId));
    assert_eq!(find("H0STCNI0").scope(), Scope::Owner);
}

#[test]
fn own_limits_and_whose_a_reply_is() {
    let limit = |calls, seconds, all_customers| Some(Limit { calls, seconds, all_customers });
    assert_eq!(find("CTCA0903R").limit(), limit(1, 86_400, false));
    assert_eq!(find("oauth2-token-p").limit(), limit(1, 60, false));
    assert_eq!(find("FHPST02400200").limit(), limit(120, 1, true));
    assert_eq!(find("FHKST01010100").limit(), None);
    assert_eq!(find("domestic-stock-quotations-psearch-title").scope(), Scope::Owner);
    assert_eq!(find("domestic-stock-quotations-intstock-grouplist").scope(), Scope::Owner);
    assert_eq!(find("domestic-stock-quotations-intstock-multprice").scope(), Scope::Public);
    assert_eq!(find("oauth2-approval").effect(), Effect::Issue);
}

#[test]
fn a_name_that_does_not_exist_suggests_the_nearest() {
    let missed = |name: &str| catalog().find(name).unwrap_err();
    let near = |name: &str, id: &str| assert_eq!(missed(name).suggestions[0], id, "{name}");
    near("domestic-stock-quotations-inquire-pric", "domestic-stock-quotations-inquire-price");
    near("domestic-stock-trading-inqiure-balance", "domestic-stock-trading-inquire-balance");
    near("TTTC8434", "domestic-stock-trading-inquire-balance");
    near("chk-holidy", "domestic-stock-quotations-chk-holiday");
    near("H0STCNT1", "realtime-h0stcnt0");

    // The last part of a path names every operation that ends so.
    let balances = missed("inquire-balance").suggestions;
    assert!(balances.len() == 5 && balances.iter().all(|id| id.ends_with("inquire-balance")), "{balances:?}");
    for odd in ["", " ", "주식", &"x".repeat(1_000_000)] {
        assert!(missed(odd).suggestions.len() == 5 && missed(odd).to_string().len() < 1000);
    }
    let error = missed("chk-holidy");
    assert!(!error.ambiguous);
    let told = error.to_string();
    assert!(
        told.starts_with("KIS has no operation chk-holidy; the nearest are domestic-stock-quotations-chk-holiday, ")
    );
}
