//! The master files: which issues there are, for anybody to download, without a key. Zipped texts in CP949, at home of fixed width
//! behind the name, abroad with tabs.

use std::io::{Cursor, Write};

use chrono::{DateTime, Datelike, Days, NaiveTime, Utc, Weekday};
use encoding_rs::EUC_KR;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use spelled_http::Response;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    clock::{from_kst, kst},
    http::{Answer, Request},
    listing::{self, Kind, Listed, Market},
};

/// The path that all of them are below.
pub const PATH: &str = "/common/master";

/// Bytes that a name has at least.
const NAME: usize = 40;

/// Whether a call is for a master file.
pub(super) fn is_meant(request: &Request) -> bool {
    request.path.starts_with(PATH)
}

/// Answers with a file: the one that was put in its place, or the one made from the listing.
pub(super) fn answer(request: &Request, replaced: Option<&Vec<u8>>, now: DateTime<Utc>) -> Answer {
    if request.method != "GET" {
        return Answer::empty(405);
    }
    let name = request.path.strip_prefix(PATH).unwrap_or_default().trim_start_matches('/');
    let Some(zip) = replaced.cloned().or_else(|| zipped_listing(name)) else { return Answer::empty(404) };
    let tag = Sha256::digest(&zip).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
    let (tag, modified) = (format!("\"{tag}\""), refreshed(now).format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let response = match request.header("if-none-match") == Some(&tag) {
        true => Response::new(304),
        false => Response::new(200).header("Content-Type", "application/zip").body(zip),
    };
    Answer(response.header("Last-Modified", modified).header("ETag", tag))
}

/// When the files were last made: in the morning of a business day.
fn refreshed(now: DateTime<Utc>) -> DateTime<Utc> {
    let at = NaiveTime::from_hms_opt(6, 50, 0).unwrap_or_default();
    let here = kst(now).naive_local();
    let mut day = if here.time() < at { here.date() - Days::new(1) } else { here.date() };
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day = day - Days::new(1);
    }
    from_kst(day.and_time(at)).unwrap_or(now)
}

fn zipped_listing(name: &str) -> Option<Vec<u8>> {
    let name = name.strip_suffix(".zip")?;
    let text = text(name, listing::all())?;
    // Their names are in one case or the other.
    let member = if name.ends_with(".cod") { name.to_uppercase() } else { name.to_owned() };
    Some(zipped(&member, &text))
}

/// A zip file with one member.
pub fn zipped(member: &str, content: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let written = zip.start_file(member, SimpleFileOptions::default()).map(|()| zip.write_all(content));
    // Neither can fail in memory, with one member of less than 4 GiB.
    drop(written);
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

/// The master file of this name (without `.zip`) of these issues; `None`: there is no such file.
pub fn text(name: &str, issues: &[Listed]) -> Option<Vec<u8>> {
    let code = match name {
        "kospi_code.mst" => "KOSPI",
        "kosdaq_code.mst" => "KOSDAQ",
        "konex_code.mst" => "KONEX",
        _ => &name.strip_suffix("mst.cod")?.to_uppercase(),
    };
    let mut listed = issues.iter().filter(|listed| listed.market.code() == code).peekable();
    listed.peek()?;
    Some(listed.flat_map(line).collect())
}

fn line(listed: &Listed) -> Vec<u8> {
    match listed.market {
        Market::Kospi => domestic(listed, 227, kospi),
        Market::Kosdaq => domestic(listed, 221, kosdaq),
        Market::Konex => domestic(listed, 184, konex),
        Market::Overseas(market) => overseas(listed, market),
    }
}

fn cp949(text: &str) -> Vec<u8> {
    EUC_KR.encode(text).0.into_owned()
}

/// The part of a line that has columns of fixed width.
struct Tail(Vec<u8>);

impl Tail {
    fn put(&mut self, at: usize, text: &str) {
        for (place, byte) in self.0.iter_mut().skip(at).zip(text.bytes()) {
            *place = byte;
        }
    }

    fn number(&mut self, at: usize, width: usize, number: i64) {
        self.put(at, &format!("{number:0width$}"));
    }

    fn flag(&mut self, at: usize, flag: bool) {
        self.put(at, if flag { "Y" } else { "N" });
    }
}

fn domestic(listed: &Listed, width: usize, fill: impl Fn(&Listed, &mut Tail)) -> Vec<u8> {
    let mut tail = Tail(vec![b' '; width]);
    fill(listed, &mut tail);
    let mut line = format!("{:<9}{:<12}", listed.code, listed.standard_code().unwrap_or_default()).into_bytes();
    let mut name = cp949(listed.korean);
    name.resize(name.len().max(NAME), b' ');
    line.append(&mut name);
    line.append(&mut tail.0);
    line.push(b'\n');
    line
}

fn group(listed: &Listed) -> &'static str {
    match listed.kind {
        Kind::Etf => "EF",
        Kind::Etn => "EN",
        Kind::Reit => "RT",
        Kind::Common | Kind::Preferred | Kind::Spac => "ST",
    }
}

fn whole(price: Decimal) -> i64 {
    i64::try_from(price.trunc()).unwrap_or_default()
}

fn kospi(listed: &Listed, tail: &mut Tail) {
    tail.put(22, etp(listed));
    tail.flag(29, listed.kind == Kind::Spac);
    tail.put(32, "0");
    common(listed, tail, 41);
    tail.put(158, class(listed));
    tail.put(159, "NN");
    tail.number(212, 9, market_cap(listed));
}

fn kosdaq(listed: &Listed, tail: &mut Tail) {
    tail.put(18, etp(listed));
    tail.flag(24, listed.kind == Kind::Spac);
    tail.put(27, "0");
    tail.flag(30, listed.administrative);
    common(listed, tail, 36);
    tail.put(153, class(listed));
    tail.put(154, "NN");
    tail.number(206, 9, market_cap(listed));
}

/// The columns that both boards have in one order, from the base price on.
fn common(listed: &Listed, tail: &mut Tail, from: usize) {
    tail.put(0, group(listed));
    tail.number(from, 9, whole(listed.price));
    tail.number(from + 9, 5, listed.lot);
    tail.number(from + 14, 5, listed.lot);
    tail.flag(from + 19, listed.halted);
    tail.flag(from + 20, false);
    tail.flag(from + 21, listed.administrative);
    tail.put(from + 22, "00N");
    tail.flag(from + 25, false);
    tail.put(from + 27, "000000");
    tail.put(from + 33, if listed.administrative { "100N" } else { "040Y" });
    tail.number(from + 40, 12, listed.thousand_shares);
    tail.number(from + 52, 12, listed.par);
    tail.put(from + 64, listed.listed);
    tail.number(from + 72, 15, listed.thousand_shares);
}

fn konex(listed: &Listed, tail: &mut Tail) {
    tail.put(0, "KN");
    tail.number(2, 9, whole(listed.price));
    tail.number(11, 5, listed.lot);
    tail.number(16, 5, listed.lot);
    tail.flag(21, listed.halted);
    tail.flag(22, false);
    tail.flag(23, listed.administrative);
    tail.put(24, "00");
}

fn etp(listed: &Listed) -> &'static str {
    match listed.kind {
        Kind::Etf => "2",
        Kind::Etn => "3",
        _ => "0",
    }
}

fn class(listed: &Listed) -> &'static str {
    match (listed.kind, listed.korean.ends_with('B')) {
        (Kind::Preferred, false) => "1",
        (Kind::Preferred, true) => "2",
        _ => "0",
    }
}

/// In hundreds of millions of won.
fn market_cap(listed: &Listed) -> i64 {
    whole(listed.price).saturating_mul(listed.thousand_shares) / 100_000
}

/// 24 columns.
fn overseas(listed: &Listed, market: &str) -> Vec<u8> {
    let (country, exchange, name, open, close) = match market {
        "NAS" => ("US", "NASD", "나스닥", "0930", "1600"),
        "NYS" => ("US", "NYSE", "뉴욕", "0930", "1600"),
        "AMS" => ("US", "AMEX", "아멕스", "0930", "1600"),
        "HKS" => ("HK", "SEHK", "홍콩", "0930", "1600"),
        "TSE" => ("JP", "TKSE", "도쿄", "0900", "1530"),
        "SHS" => ("CN", "SHAA", "상해", "0930", "1500"),
        "SZS" => ("CN", "SZAA", "심천", "0930", "1500"),
        "HNX" => ("VN", "HASE", "하노이", "0900", "1500"),
        _ => ("VN", "VNSE", "호치민", "0900", "1500"),
    };
    let fund = listed.kind == Kind::Etf;
    let price = format!("{:.*}", listed.decimals as usize, listed.price);
    let (decimals, lot) = (listed.decimals.to_string(), listed.lot.to_string());
    let (real_symbol, depositary) = (format!("D{market}{}", listed.code), listed.korean.ends_with("ADR"));
    let columns: [&str; 24] = [
        country,
        exchange,
        market,
        name,
        listed.code,
        &real_symbol,
        listed.korean,
        listed.english,
        if fund { "3" } else { "2" },
        listed.currency,
        &decimals,
        "0",
        &price,
        &lot,
        &lot,
        open,
        close,
        if depositary { "Y" } else { "N" },
        "",
        "",
        "",
        "1",
        if fund { "001" } else { "" },
        "",
    ];
    let mut line = cp949(&columns.join("\t"));
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_widths_and_columns_that_kis_documents() {
        let all = listing::all();
        for (name, tail) in [("kospi_code.mst", 227), ("kosdaq_code.mst", 221), ("konex_code.mst", 184)] {
            let text = text(name, all).unwrap();
            assert!(text.ends_with(b"\n"));
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                assert!(line.len() > 9 + 12 + NAME + tail, "{name}");
                assert!(line[..21].is_ascii() && line[line.len() - 1 - tail..].is_ascii(), "{name}");
            }
        }
        let kospi = text("kospi_code.mst", all).unwrap();
        let samsung = kospi.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"005930 ")).unwrap();
        let (head, tail) = samsung.split_at(samsung.len() - 227);
        assert_eq!(&head[9..21], b"KR7005930003");
        assert_eq!(EUC_KR.decode(&head[21..]).0.trim(), "삼성전자");
        let tail = std::str::from_utf8(tail).unwrap();
        let columns = [&tail[0..2], &tail[41..50], &tail[50..55], &tail[60..63], &tail[93..105], &tail[105..113]];
        assert_eq!(columns, ["ST", "000075000", "00001", "NNN", "000000000100", "19750611"]);
        assert_eq!((&tail[113..128], &tail[158..159], &tail[212..221]), ("000000005919638", "0", "004439728"));
        let apple = text("nasmst.cod", all).unwrap();
        let apple = EUC_KR.decode(&apple).0.lines().next().unwrap().to_owned();
        let columns: Vec<&str> = apple.split('\t').collect();
        assert_eq!(columns.len(), 24);
        assert_eq!(columns[4..13], ["AAPL", "DNASAAPL", "애플", "APPLE INC", "2", "USD", "4", "0", "232.5100"]);
        assert!(text("elw_code.mst", all).is_none() && text("shimst.cod", all).is_none());
    }

    #[test]
    fn files_are_made_in_the_morning_of_business_days() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        for (now, made) in [
            ("2026-11-27T06:49:59+09:00", "2026-11-26T06:50:00+09:00"),
            ("2026-11-27T06:50:00+09:00", "2026-11-27T06:50:00+09:00"),
            ("2026-11-29T23:00:00+09:00", "2026-11-27T06:50:00+09:00"),
            ("2026-11-30T01:00:00+09:00", "2026-11-27T06:50:00+09:00"),
        ] {
            assert_eq!(refreshed(at(now)), at(made), "{now}");
        }
    }
}
