use std::io::Write;

use kis_simulator::{
    listing::{self, Listed},
    masters::{text, zipped},
};

use super::*;
use crate::stock::listed::Stock;
use crate::stock::stocks::{Builder, Stocks};

const KOSPI: MasterFile = MasterFile::Domestic(Board::Kospi);
const NASDAQ: MasterFile = MasterFile::Overseas(Market::Nasdaq);

fn plain(file: MasterFile) -> Vec<u8> {
    text(file.name().trim_end_matches(".zip"), listing::all()).unwrap()
}

fn refused(file: MasterFile, content: &[u8]) -> String {
    read(file, &zipped("member", content), |_| {}).unwrap_err().to_string()
}

fn everything() -> Stocks {
    let mut builder = Builder::default();
    for file in MasterFile::ALL {
        read(file, &zipped("member", &plain(file)), |row| builder.push(row)).unwrap();
    }
    builder.finish()
}

fn stock(stocks: &Stocks, code: &str, market: Market) -> Stock {
    stocks.of_market(code, Some(market)).unwrap()
}

#[test]
fn every_column_is_read_as_it_is_written() {
    let stocks = everything();
    assert_eq!(stocks.len(), listing::all().len());
    for Listed { code, korean, currency, price, lot, halted, administrative, .. } in
        listing::all().iter().filter(|listed| listed.is_domestic())
    {
        let stock = stock(&stocks, code, Market::Krx);
        assert_eq!((&*stock.name, &*stock.currency, stock.base_price), (*korean, *currency, Some(*price)), "{code}");
        assert_eq!((stock.lot.map(i64::from), stock.english_name), (Some(*lot), None), "{code}");
        assert_eq!(stock.marks.has(Marks::HALTED), *halted, "{code}");
        assert_eq!(stock.marks.has(Marks::ADMINISTRATIVE), *administrative, "{code}");
    }
    let samsung = stock(&stocks, "005930", Market::Krx);
    let facts = samsung.facts.unwrap();
    assert_eq!((facts.board, facts.par, facts.market_cap), (Board::Kospi, Some(100), Some(4_439_728)));
    assert_eq!((facts.thousand_shares, facts.margin_rate), (Some(5_919_638), Some(40)));
    assert_eq!((facts.listed.unwrap().to_string().as_str(), samsung.kind), ("1975-06-11", Kind::Stock));
    assert!(samsung.marks.has(Marks::CREDIT) && !samsung.marks.has(Marks::PREFERRED));
    assert!(stock(&stocks, "005935", Market::Krx).marks.has(Marks::PREFERRED));
    assert!(stock(&stocks, "473950", Market::Krx).marks.has(Marks::SPAC));
    let kinds = ["069500", "Q530036", "088260", "0126Z0"].map(|code| stock(&stocks, code, Market::Krx).kind);
    assert_eq!(kinds, [Kind::Etf, Kind::Etn, Kind::Reit, Kind::Stock]);
    assert_eq!(stock(&stocks, "069500", Market::Krx).facts.unwrap().par, None);
    let konex = stock(&stocks, "140610", Market::Krx).facts.unwrap();
    assert_eq!((konex.board, konex.listed), (Board::Konex, None));
    let apple = stock(&stocks, "AAPL", Market::Nasdaq);
    assert_eq!((&*apple.name, apple.english_name.as_deref()), ("애플", Some("APPLE INC")));
    assert_eq!((apple.decimals, apple.standard_code, apple.facts), (4, None, None));
    assert_eq!(apple.base_price.unwrap().to_string(), "232.5100");
    assert_eq!(stock(&stocks, "01810", Market::Hkex).lot, Some(200));
    assert_eq!(stock(&stocks, "TSM", Market::Nyse).kind, Kind::DepositaryReceipt);
}

#[test]
fn what_is_no_master_file_is_refused_and_told_why() {
    let good = plain(KOSPI);
    let changed = |at: usize, with: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + with.len()].copy_from_slice(with);
        bad
    };
    let line = good.iter().position(|byte| *byte == b'\n').unwrap();
    let tail = line - 227;
    assert_eq!(refused(KOSPI, b""), "is empty");
    assert_eq!(refused(KOSPI, &good[..good.len() - 9]), format!("breaks off in line {}", text_lines(&good)));
    assert_eq!(refused(KOSPI, &good[..line + 40]), "breaks off in line 2");
    // The end of the last line alone is nothing to miss, and blank lines are no stocks.
    for fine in [&good[..good.len() - 1], &[&good[..], b"\r\n \n"].concat()] {
        assert_eq!(read(KOSPI, &zipped("member", fine), |_| {}), Ok(text_lines(&good)));
    }
    for (bad, problem) in [
        (changed(tail, b"1x"), "line 1 has no group where it belongs"),
        (changed(tail + 41, b"0000x5000"), "line 1 has letters where a number belongs"),
        (changed(tail + 60, b"?"), "line 1 has something else where Y or N belongs"),
        (changed(9, b"KR79 30003  "), "line 1 has a standard code that is none"),
        (changed(0, b"\xc7\xd1       "), "line 1 has a code that is none"),
        (changed(21, b"\xff\xff\xff\xff"), "line 1 is not in KIS's encoding, CP949"),
        // A byte that is missing shifts all columns.
        ([&good[..tail + 30], &good[tail + 31..]].concat(), "line 1 has no group where it belongs"),
        (b"<html><body>Service unavailable</body></html>\n".to_vec(), "line 1 is shorter than its columns"),
        (
            encoding_rs::EUC_KR.decode(&good).0.replace('삼', "\u{1F600}").into_bytes(),
            "line 1 is not in KIS's encoding, CP949",
        ),
    ] {
        assert_eq!(refused(KOSPI, &bad), problem);
    }
    let good = plain(NASDAQ);
    let text = encoding_rs::EUC_KR.decode(&good).0.into_owned();
    for (bad, problem) in [
        (text.replacen('\t', " ", 1), "line 1 has fewer than 24 columns"),
        (text.replacen('\n', "\t\n", 1), "line 1 has more than 24 columns"),
        (text.replacen("\tNAS\t", "\tNYS\t", 1), "line 1 is of another market"),
        (text.replacen("232.5100", "232,5100", 1), "line 1 has letters where a number belongs"),
        (text.replacen("232.5100", "-1", 1), "line 1 has letters where a number belongs"),
        (text.replacen("\tUSD\t", "\tdollar\t", 1), "line 1 has a currency that is none"),
    ] {
        assert_eq!(refused(NASDAQ, &encoding_rs::EUC_KR.encode(&bad).0), problem);
    }
    assert!(refused(NASDAQ, &plain(MasterFile::Overseas(Market::Nyse))).ends_with("is of another market"));
}

fn text_lines(content: &[u8]) -> usize {
    content.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn zip_files_are_read_under_a_cap() {
    let zip = zipped("kospi_code.mst", &plain(KOSPI));
    let refused = |zip: &[u8]| read(KOSPI, zip, |_| {}).unwrap_err();
    assert!(matches!(refused(&zip[..zip.len() / 2]), Torn::Zip(_)), "torn");
    assert!(matches!(refused(b"<html>"), Torn::Zip(_)), "a page");
    assert!(matches!(refused(b""), Torn::Zip(_)), "nothing");
    let mut flipped = zip.clone();
    flipped[zip.len() / 2] ^= 0x40;
    assert!(matches!(refused(&flipped), Torn::Zip(_)), "another byte: {}", refused(&flipped));
    // 100 MiB of zeros are small when they are zipped.
    let bomb = zipped("kospi_code.mst", &vec![b'0'; 100 << 20]);
    assert!(bomb.len() < MOST_ZIPPED);
    assert_eq!(refused(&bomb), Torn::TooLarge(100));
    assert_eq!(refused(&vec![0; 100 << 20]), Torn::TooLarge(100));
    let mut two = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["a", "b"] {
        two.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        two.write_all(b"x").unwrap();
    }
    assert_eq!(refused(&two.finish().unwrap().into_inner()), Torn::Zip("it has 2 members".to_owned()));
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes: Vec<u8>, at in 0_usize..60_000, with: u8) {
        let _ = read(KOSPI, &bytes, |_| {});
        let mut content = plain(KOSPI);
        let at = at % content.len();
        content[at] = with;
        let _ = read(KOSPI, &zipped("member", &content), |_| {});
        let _ = read(NASDAQ, &zipped("member", &bytes), |_| {});
    }
}
