use std::sync::LazyLock;

use kis_simulator::{
    listing,
    masters::{text, zipped},
};

use crate::stock::{
    market::Market,
    master::{MasterFile, read},
    resolve::Unresolved,
    stocks::{Builder, FileState, Stocks},
};

fn stocks_without(missing: Option<MasterFile>) -> Stocks {
    let mut builder = Builder::default();
    for file in MasterFile::ALL {
        let content = text(file.name().trim_end_matches(".zip"), listing::all()).unwrap();
        let is_there = missing != Some(file);
        let stocks = is_there.then(|| read(file, &zipped("member", &content), |row| builder.push(row)).unwrap());
        builder.file(FileState { file, stocks, problem: None });
    }
    builder.finish()
}

fn all() -> Stocks {
    stocks_without(None)
}

fn codes(stocks: &Stocks, query: &str) -> Vec<String> {
    stocks.search(query, None, 5).into_iter().map(|stock| stock.code).collect()
}

#[test]
fn the_best_hit_comes_first() {
    let stocks = all();
    for (query, first) in [
        ("005930", "005930"),
        ("KR7005930003", "005930"),
        ("kr7005930003", "005930"),
        ("삼성전자", "005930"),
        ("삼성 전자", "005930"),
        ("삼성전자우", "005935"),
        ("삼성전", "005930"),
        ("삼성", "005930"),
        ("삼", "005930"),
        ("ㅅㅅㅈㅈ", "005930"),
        ("ㅅㅅㅈㅈㅇ", "005935"),
        ("ㅎㄷㅊ", "005380"),
        ("ㅎㅇㄴㅅ", "000660"),
        ("skㅎㅇㄴㅅ", "000660"),
        ("하이닉스", "000660"),
        ("에스케이하이닉스", "000660"),
        ("네이버", "035420"),
        ("naver", "035420"),
        ("현대자동차", "005380"),
        ("현대차", "005380"),
        ("현대차2우b", "005387"),
        ("kodex 200", "069500"),
        ("코스닥150 레버리지", "233740"),
        ("레버리지 코스닥150", "233740"),
        ("0126z0", "0126Z0"),
        ("0126Z0", "0126Z0"),
        ("Q530036", "Q530036"),
        ("aapl", "AAPL"),
        ("애플", "AAPL"),
        ("apple", "AAPL"),
        ("엔비디아", "NVDA"),
        ("brk/b", "BRK/B"),
        ("00700", "00700"),
        ("텐센트", "00700"),
        // One letter wrong, missing, too much, or swapped.
        ("삼성전쟈", "005930"),
        ("삼선전자", "005930"),
        ("삼서전자", "005930"),
        ("samsing", ""),
        ("테슬러", "TSLA"),
        ("nvdia", "NVDA"),
        ("micorsoft", "MSFT"),
        ("카카어", "035720"),
        ("asdfghjkl", ""),
        ("", ""),
        ("   ", ""),
        ("!?", ""),
    ] {
        let found = codes(&stocks, query);
        assert_eq!(found.first().map_or("", String::as_str), first, "{query}: {found:?}");
    }
    let found = codes(&stocks, "ㅅㅅㅈㅈ");
    assert_eq!(found[..2], ["005930", "005935"]);
    assert_eq!(codes(&stocks, "삼성전자")[..2], ["005930", "005935"]);
}

#[test]
fn a_market_and_a_limit_narrow_it_down_and_nothing_comes_twice() {
    let stocks = all();
    let found = stocks.search("비야디", None, 10);
    assert_eq!(found.len(), 2);
    let found = stocks.search("비야디", Some(Market::Szse), 10);
    assert_eq!((found.len(), found[0].code.as_str()), (1, "002594"));
    assert!(stocks.search("삼성전자", Some(Market::Nasdaq), 10).is_empty());
    assert_eq!(stocks.search("a", None, 3).len(), 3);
    // FPT is its code, and both of its names.
    assert_eq!(codes(&stocks, "FPT"), ["FPT"]);
    let mut all: Vec<_> = stocks.search("a", None, usize::MAX).into_iter().map(|s| (s.market, s.code)).collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn a_code_is_koreas_else_of_the_only_market_that_has_it() {
    let stocks = all();
    let resolved = |text: &str, market| stocks.resolve(text, market).map(|stock| (stock.market, stock.code));
    assert_eq!(resolved("005930", None), Ok((Market::Krx, "005930".to_owned())));
    assert_eq!(resolved("AAPL", None), Ok((Market::Nasdaq, "AAPL".to_owned())));
    assert_eq!(resolved("삼성전자", None).unwrap().1, "005930");
    assert_eq!(resolved("애플", None).unwrap().1, "AAPL");
    assert_eq!(resolved("KR7005930003", None).unwrap().1, "005930");
    assert_eq!(resolved("하이닉스", None).unwrap().1, "000660", "only one has it");
    assert_eq!(resolved("비야디", Some(Market::Hkex)).unwrap().1, "01211");
    let told = |text: &str, market| stocks.resolve(text, market).unwrap_err().to_string();
    assert_eq!(
        told("비야디", None),
        "\"비야디\" is listed on several markets; say which: HKEX 01211 (비야디), SZSE 002594 (비야디)"
    );
    assert!(told("삼성", None).starts_with("there is no stock \"삼성\"; near are KRX 005930 (삼성전자), "));
    assert!(told("005931", None).contains("KRX 005930 (삼성전자)"), "{}", told("005931", None));
    assert!(told("삼성전쟈", None).contains("KRX 005930 (삼성전자)"));
    assert!(
        told("AAPL", Some(Market::Nyse)).starts_with("there is no stock \"AAPL\" on NYSE; near are NASDAQ AAPL (애플)")
    );
    assert_eq!(told("asdfghjkl", None), "there is no stock \"asdfghjkl\"");
    assert!(matches!(stocks.resolve("", None), Err(Unresolved::Unknown { .. })));
    // By code alone a name is nothing.
    assert!(stocks.of_market("삼성전자", None).is_err());
}

#[test]
fn a_missing_file_is_told_where_it_matters() {
    let stocks = stocks_without(Some(MasterFile::Overseas(Market::Nyse)));
    assert_eq!(stocks.resolve("005930", None).unwrap().code, "005930");
    assert_eq!(stocks.resolve("AAPL", None).unwrap().code, "AAPL");
    assert!(matches!(stocks.resolve("JPM", None), Err(Unresolved::Missing { file: "nysmst.cod.zip", .. })));
    assert!(matches!(stocks.resolve("JPM", Some(Market::Nasdaq)), Err(Unresolved::Unknown { .. })));
    let stocks = stocks_without(Some(MasterFile::ALL[0]));
    assert!(matches!(stocks.resolve("AAPL", None), Err(Unresolved::Missing { file: "kospi_code.mst.zip", .. })));
    assert_eq!(stocks.resolve("AAPL", Some(Market::Nasdaq)).unwrap().code, "AAPL");
}

proptest::proptest! {
    #[test]
    fn no_query_is_too_odd(query: String) {
        static STOCKS: LazyLock<Stocks> = LazyLock::new(all);
        let stocks = &*STOCKS;
        let _ = (stocks.search(&query, None, 5), stocks.resolve(&query, None), stocks.of_market(&query, None));
    }
}
