//! An index: `inquire-index-price` at home, the chart of it abroad, and on paper the chart of it at home too.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::{Answered, Asked, ReadFault, exact, signed};
use crate::{
    kis::{
        KisError,
        row::{Row, row},
    },
    wire::{
        number::Number,
        types::{self, Extreme},
    },
};

/// An index that is asked about.
#[derive(Debug, Clone)]
pub struct Index {
    name: String,
    place: Place,
    /// Today in Korea: a chart has a first and a last day.
    today: NaiveDate,
    /// By its chart, which paper trading has too, and which says less.
    is_chart: bool,
}

/// KIS's code of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Home(String),
    Abroad(&'static str),
}

/// There is no such index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no index \"{shown}\"; known are {}, and KIS's sectors by their four digits", names().join(", "))]
pub struct UnknownIndex {
    shown: String,
}

/// The indices at home: name, what it is called too, KIS's code.
const HOME: [(&str, &str, &str); 5] = [
    ("KOSPI", "코스피", "0001"),
    ("KOSDAQ", "코스닥", "1001"),
    ("KOSPI200", "코스피200", "2001"),
    ("KRX100", "KRX 100", "4001"),
    ("KOSDAQ150", "코스닥150", "3003"),
];

/// Those abroad.
const ABROAD: [(&str, &str, &str); 9] = [
    ("SP500", "S&P500", "SPX"),
    ("NASDAQ", "나스닥", "COMP"),
    ("NASDAQ100", "나스닥100", "NDX"),
    ("DOW", "다우", ".DJI"),
    ("SOX", "필라델피아반도체", "SOX"),
    ("VIX", "빅스", "VIX"),
    ("NIKKEI225", "니케이", "JP#NI225"),
    ("HANGSENG", "항셍", "HK#HS"),
    ("SHANGHAI", "상해종합", "SHANG"),
];

/// The names of all.
pub(super) fn names() -> Vec<&'static str> {
    HOME.iter().chain(&ABROAD).map(|(name, ..)| *name).collect()
}

/// KIS states volumes at home in thousands, and amounts in millions.
const THOUSAND: i64 = 1_000;
pub(super) const MILLION: i64 = 1_000_000;

/// Days of a chart that is asked for its head: over any holidays.
const CHART_DAYS: u64 = 14;

/// Longest name that is repeated to who gave it.
const LONGEST: usize = 32;

impl Index {
    /// The index that a text names.
    pub fn of(text: &str, today: NaiveDate) -> Result<Self, UnknownIndex> {
        let text = text.trim();
        let is = |(name, other, _): &&(&str, &str, &str)| {
            name.eq_ignore_ascii_case(text) || other.eq_ignore_ascii_case(text)
        };
        let (name, place) = if let Some((name, _, code)) = HOME.iter().find(is) {
            (*name, Place::Home((*code).to_owned()))
        } else if let Some((name, _, code)) = ABROAD.iter().find(is) {
            (*name, Place::Abroad(code))
        } else if text.len() == 4 && text.bytes().all(|digit| digit.is_ascii_digit()) {
            (text, Place::Home(text.to_owned()))
        } else {
            let shown = text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
            return Err(UnknownIndex { shown });
        };
        Ok(Self { name: name.to_owned(), place, today, is_chart: false })
    }

    fn code(&self) -> &str {
        match &self.place {
            Place::Home(code) => code,
            Place::Abroad(code) => code,
        }
    }
}

impl UnknownIndex {
    /// What there is instead.
    pub fn suggestions() -> Vec<String> {
        names().into_iter().map(str::to_owned).collect()
    }
}

impl Asked for Index {
    type Answer = types::Index;

    fn call(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let (operation, kind) = match (&self.place, self.is_chart) {
            (Place::Home(_), false) => ("domestic-stock-quotations-inquire-index-price", "U"),
            (Place::Home(_), true) => ("domestic-stock-quotations-inquire-daily-indexchartprice", "U"),
            (Place::Abroad(_), _) => ("overseas-price-quotations-inquire-daily-chartprice", "N"),
        };
        let mut params = vec![("FID_COND_MRKT_DIV_CODE", kind.to_owned()), ("FID_INPUT_ISCD", self.code().to_owned())];
        if self.is_chart || matches!(self.place, Place::Abroad(_)) {
            let first = self.today.checked_sub_days(Days::new(CHART_DAYS)).unwrap_or(self.today);
            params.extend([
                ("FID_INPUT_DATE_1", first.format("%Y%m%d").to_string()),
                ("FID_INPUT_DATE_2", self.today.format("%Y%m%d").to_string()),
                ("FID_PERIOD_DIV_CODE", "D".to_owned()),
            ]);
        }
        (operation, params)
    }

    fn instead(&self) -> Option<Self> {
        let has_other = !self.is_chart && matches!(self.place, Place::Home(_));
        has_other.then(|| Self { is_chart: true, ..self.clone() })
    }

    fn read(&self, answered: &Answered<'_>) -> Result<types::Index, ReadFault> {
        let is_home = matches!(self.place, Place::Home(_));
        let container = if is_home && !self.is_chart { "output" } else { "output1" };
        let row = row(answered.tr_id, answered.body, container)?;
        let index = if is_home { self.home(&row, answered)? } else { self.abroad(&row, answered)? };
        // Of an index that it does not know KIS answers as of one, with nothing in it.
        if index.value.is_none() && index.previous_close.is_none() {
            return Err(UnknownIndex { shown: self.name.clone() }.into());
        }
        Ok(index)
    }
}

impl Index {
    fn home(&self, row: &Row<'_>, answered: &Answered<'_>) -> Result<types::Index, KisError> {
        let value = row.unless_zero("bstp_nmix_prpr")?;
        let change = signed(row, "bstp_nmix_prdy_vrss", "prdy_vrss_sign")?.filter(|_| value.is_some());
        let before = match row.unless_zero("prdy_nmix")? {
            Some(before) => Some(before),
            None => value.zip(change).and_then(|(value, change)| value.checked_sub(change)),
        };
        let scaled = |name: &str, scale: i64| -> Result<Option<Number>, KisError> {
            let number = row.number(name)?.map(|number| number.checked_mul(Decimal::from(scale)));
            let number = number.map(|number| number.ok_or_else(|| row.malformed(name, "is too large")));
            Ok(exact(number.transpose()?))
        };
        Ok(types::Index {
            value: exact(value),
            change: exact(change),
            change_rate: exact(signed(row, "bstp_nmix_prdy_ctrt", "prdy_vrss_sign")?.filter(|_| value.is_some())),
            open: exact(row.unless_zero("bstp_nmix_oprc")?),
            high: exact(row.unless_zero("bstp_nmix_hgpr")?),
            low: exact(row.unless_zero("bstp_nmix_lwpr")?),
            previous_close: exact(before),
            volume: scaled("acml_vol", THOUSAND)?,
            trade_value: scaled("acml_tr_pbmn", MILLION)?,
            rising: exact(row.number("ascn_issu_cnt")?),
            unchanged: exact(row.number("stnr_issu_cnt")?),
            falling: exact(row.number("down_issu_cnt")?),
            high_of_year: extreme(row, "dryy_bstp_nmix_hgpr", "dryy_bstp_nmix_hgpr_date")?,
            low_of_year: extreme(row, "dryy_bstp_nmix_lwpr", "dryy_bstp_nmix_lwpr_date")?,
            ..self.empty(row, answered)?
        })
    }

    fn abroad(&self, row: &Row<'_>, answered: &Answered<'_>) -> Result<types::Index, KisError> {
        let value = row.unless_zero("ovrs_nmix_prpr")?;
        Ok(types::Index {
            value: exact(value),
            change: exact(signed(row, "ovrs_nmix_prdy_vrss", "prdy_vrss_sign")?.filter(|_| value.is_some())),
            change_rate: exact(signed(row, "prdy_ctrt", "prdy_vrss_sign")?.filter(|_| value.is_some())),
            open: exact(row.unless_zero("ovrs_prod_oprc")?),
            high: exact(row.unless_zero("ovrs_prod_hgpr")?),
            low: exact(row.unless_zero("ovrs_prod_lwpr")?),
            previous_close: exact(row.unless_zero("ovrs_nmix_prdy_clpr")?),
            ..self.empty(row, answered)?
        })
    }

    fn empty(&self, row: &Row<'_>, answered: &Answered<'_>) -> Result<types::Index, KisError> {
        Ok(types::Index {
            index: self.name.clone(),
            code: self.code().to_owned(),
            name: row.text("hts_kor_isnm")?.map(str::to_owned),
            value: None,
            change: None,
            change_rate: None,
            open: None,
            high: None,
            low: None,
            previous_close: None,
            volume: None,
            trade_value: None,
            rising: None,
            unchanged: None,
            falling: None,
            high_of_year: None,
            low_of_year: None,
            account_name: answered.account_name.to_owned(),
            as_of: answered.as_of,
        })
    }
}

fn extreme(row: &Row<'_>, value: &str, date: &str) -> Result<Option<Extreme>, KisError> {
    let Some(number) = row.unless_zero(value)? else { return Ok(None) };
    Ok(Some(Extreme { price: Number(number), date: row.date(date)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_has_several_names_and_a_sector_its_digits() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
        for (text, code) in [
            ("kospi", "0001"),
            (" 코스닥 ", "1001"),
            ("KOSPI200", "2001"),
            ("0002", "0002"),
            ("s&p500", "SPX"),
            ("니케이", "JP#NI225"),
            ("다우", ".DJI"),
        ] {
            assert_eq!(Index::of(text, today).unwrap().code(), code, "{text}");
        }
        for text in ["", "삼성전자", "00001", "KOSPI 200 futures"] {
            let error = Index::of(text, today).unwrap_err();
            assert!(error.to_string().contains("KOSPI, KOSDAQ, KOSPI200"), "{error}");
        }
    }
}
