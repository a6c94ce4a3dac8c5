//! All of KIS's stocks: as many as there are, with names like theirs.

use std::time::{Duration, Instant};

use kis_simulator::crowd;

use super::{
    MasterFile,
    master::read,
    stocks::{Builder, Stocks},
};

fn load(files: &[(String, Vec<u8>)]) -> Stocks {
    let mut builder = Builder::default();
    for file in MasterFile::ALL {
        let (_, zip) = files.iter().find(|(name, _)| name == file.name()).unwrap();
        read(file, zip, |row| builder.push(row)).unwrap();
    }
    builder.finish()
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is this machine that is measured")]
fn all_of_kis_takes_less_than_ten_mebibytes_and_a_search_less_than_five_milliseconds() {
    let files = crowd::masters();
    let (before, began) = (resident_kib(), Instant::now());
    let stocks = load(&files);
    let (took, resident) = (began.elapsed(), resident_kib() - before);
    assert!(stocks.len() > 29_000, "{}", stocks.len());
    assert!(stocks.bytes() < 10 << 20, "{} bytes", stocks.bytes());
    let zipped: usize = files.iter().map(|(_, zip)| zip.len()).sum();
    println!(
        "{} stocks, {zipped} bytes zipped, {} bytes in memory, {resident} KiB resident, loaded in {took:?}",
        stocks.len(),
        stocks.bytes()
    );
    let queries = [
        "삼성전자",
        "삼",
        "전자",
        "ㅅㅅㅈㅈ",
        "ㅅ",
        "ㄱㄱㄱㄱㄱㄱㄱ",
        "삼성전쟈",
        "a",
        "e",
        "ADVANCED",
        "advnaced",
        "holdings group",
        "group holdings energy",
        "005930",
        "KR7005930003",
        "AAPL",
        "n",
        "0",
        "애플",
        "삼선전자",
        "없는종목이름",
        "zzzzzzzz",
        "에스케이하이닉스",
        "테크 바이오 에스",
        "현대자동차",
        "global pacific northern energy therapeutics financial",
    ];
    let mut times: Vec<(Duration, &str)> = Vec::new();
    let rounds = if cfg!(debug_assertions) { 1 } else { 40 };
    for _ in 0..rounds {
        for query in queries {
            let began = Instant::now();
            let found = stocks.search(query, None, 10);
            times.push((began.elapsed(), query));
            assert!(found.len() <= 10);
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("search: p50 {:?}, p99 {:?}, longest {:?}", at(50).0, at(99), times.last().unwrap());
    assert_eq!(stocks.search("ㅅㅅㅈㅈ", None, 1)[0].code, "005930");
    assert_eq!(stocks.search("삼성전쟈", None, 1)[0].code, "005930");
    // The other tests run beside this one, and unoptimised code is no measure.
    if !cfg!(debug_assertions) {
        assert!(at(99).0 < Duration::from_millis(5), "p99 {:?}", at(99));
    }
}
