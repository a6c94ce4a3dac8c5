//! As many issues as KIS lists, with made-up names: for measurements. Beside those of the listing, and the same in every run.

use super::{
    listing::{self, Kind, Listed, Market},
    masters::{text, zipped},
};

/// Each master file with how many issues it has at KIS: some 4,000 at home and 25,000 abroad.
const SIZES: [(&str, usize); 12] = [
    ("kospi_code.mst", 2_300),
    ("kosdaq_code.mst", 1_810),
    ("konex_code.mst", 115),
    ("nasmst.cod", 5_200),
    ("nysmst.cod", 3_400),
    ("amsmst.cod", 4_300),
    ("hksmst.cod", 2_700),
    ("tsemst.cod", 4_400),
    ("shsmst.cod", 2_300),
    ("szsmst.cod", 2_900),
    ("hnxmst.cod", 320),
    ("hsxmst.cod", 420),
];

const SYLLABLES: &str = "삼성현대한화엘지에스코프로바이오케미칼테크전자제약건설중공업인터내셔널홀딩금융투";

const WORDS: [&str; 16] = [
    "ADVANCED",
    "GLOBAL",
    "PACIFIC",
    "NORTHERN",
    "ENERGY",
    "THERAPEUTICS",
    "FINANCIAL",
    "TECHNOLOGIES",
    "ACQUISITION",
    "CAPITAL",
    "HOLDINGS",
    "GROUP",
    "INTERNATIONAL",
    "PHARMA",
    "RESOURCES",
    "ETF",
];

/// The same numbers in every run.
struct Random(fastrand::Rng);

impl Random {
    fn up_to(&mut self, most: usize) -> usize {
        self.0.usize(..most)
    }

    fn korean(&mut self) -> String {
        let syllables: Vec<char> = SYLLABLES.chars().collect();
        let length = 4 + self.up_to(7);
        (0..length).filter_map(|_| syllables.get(self.up_to(syllables.len()))).collect()
    }

    fn english(&mut self) -> String {
        let words = 2 + self.up_to(3);
        (0..words).filter_map(|_| WORDS.get(self.up_to(WORDS.len())).copied()).collect::<Vec<_>>().join(" ")
    }
}

/// All master files by name, zipped, of a crowd of issues. Their texts stay in memory for good.
pub fn masters() -> Vec<(String, Vec<u8>)> {
    let mut random = Random(fastrand::Rng::with_seed(7));
    let files = SIZES.iter().filter_map(|(name, count)| {
        let issues = crowd(name, *count, &mut random)?;
        Some((format!("{name}.zip"), zipped(name, &text(name, &issues)?)))
    });
    files.collect()
}

fn crowd(file: &str, count: usize, random: &mut Random) -> Option<Vec<Listed>> {
    let is_in = |listed: &&Listed| text(file, std::slice::from_ref(*listed)).is_some();
    let mut issues: Vec<Listed> = listing::all().iter().filter(is_in).cloned().collect();
    let model = issues.first()?.clone();
    for number in issues.len()..count {
        let code = match model.market {
            Market::Kospi => format!("{:06}", 500_000 + 10 * number),
            Market::Kosdaq => format!("{:06}", 700_000 + 10 * number),
            Market::Konex => format!("{:06}", 900_000 + 10 * number),
            Market::Overseas(market) => format!("{}{number}", market.get(..1)?),
        };
        let kind = if number % 7 == 0 { Kind::Etf } else { Kind::Common };
        let (code, korean, english) = (code.leak(), random.korean().leak(), random.english().leak());
        issues.push(Listed { code, kind, korean, english, ..model.clone() });
    }
    Some(issues)
}
