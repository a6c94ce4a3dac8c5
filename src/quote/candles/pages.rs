//! The calls of KIS that have candles, and how each answers.

use std::cmp::Reverse;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::{
    super::{Answered, ReadFault, stock::Venue},
    Bar, Value, Wanted,
};
use crate::{
    kis::{
        KisError,
        row::{Row, row, rows},
    },
    wire::types::Interval,
};

/// Where candles come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Days and longer at home.
    Days(&'static str),
    /// Minutes of today at home.
    Today,
    /// Minutes of days before.
    Past,
    /// Days and longer abroad.
    DaysAbroad(&'static str),
    /// Minutes abroad, which KIS gathers itself.
    MinutesAbroad,
}

/// What a call answered.
pub(super) struct Page {
    /// Newest first.
    pub(super) bars: Vec<Bar>,
    /// Whether there were as many rows as a page has: there may be more.
    pub(super) is_full: bool,
}

impl Source {
    /// The first to be asked.
    pub(super) fn of(wanted: &Wanted) -> Self {
        let is_abroad = matches!(wanted.stock.venue(), Venue::Overseas(_));
        match (wanted.interval, is_abroad) {
            (Interval::Day, false) => Self::Days("D"),
            (Interval::Week, false) => Self::Days("W"),
            (Interval::Month, false) => Self::Days("M"),
            (Interval::Year, false) => Self::Days("Y"),
            (Interval::Week, true) => Self::DaysAbroad("1"),
            (Interval::Month | Interval::Year, true) => Self::DaysAbroad("2"),
            (Interval::Day, true) => Self::DaysAbroad("0"),
            (_, true) => Self::MinutesAbroad,
            (_, false) if wanted.to.date() == wanted.now.date() => Self::Today,
            (_, false) => Self::Past,
        }
    }

    /// Rows of a whole page.
    const fn page(self) -> usize {
        match self {
            Self::Days(_) | Self::DaysAbroad(_) => 100,
            Self::Today => 30,
            Self::Past | Self::MinutesAbroad => 120,
        }
    }

    /// The call for the page that ends at `end`.
    pub(super) fn call(
        self,
        wanted: &Wanted,
        end: NaiveDateTime,
        is_first: bool,
    ) -> (&'static str, Vec<(&'static str, String)>) {
        let code = wanted.stock.code.clone();
        let (day, time) = (end.format("%Y%m%d").to_string(), end.format("%H%M%S").to_string());
        let text = str::to_owned;
        match (self, wanted.stock.venue()) {
            (Self::Days(period), Venue::Domestic(market) | Venue::Overseas(market)) => {
                // Before there was a stock exchange.
                let first = wanted.from.map_or_else(|| text("19560303"), |from| from.format("%Y%m%d").to_string());
                let params = vec![
                    ("FID_COND_MRKT_DIV_CODE", text(market)),
                    ("FID_INPUT_ISCD", code),
                    ("FID_INPUT_DATE_1", first),
                    ("FID_INPUT_DATE_2", day),
                    ("FID_PERIOD_DIV_CODE", text(period)),
                    ("FID_ORG_ADJ_PRC", text(if wanted.adjusted { "0" } else { "1" })),
                ];
                ("domestic-stock-quotations-inquire-daily-itemchartprice", params)
            }
            (Self::Today, Venue::Domestic(market) | Venue::Overseas(market)) => {
                let params = vec![
                    ("FID_COND_MRKT_DIV_CODE", text(market)),
                    ("FID_INPUT_ISCD", code),
                    ("FID_INPUT_HOUR_1", time),
                    ("FID_PW_DATA_INCU_YN", text("N")),
                    ("FID_ETC_CLS_CODE", String::new()),
                ];
                ("domestic-stock-quotations-inquire-time-itemchartprice", params)
            }
            (Self::Past, Venue::Domestic(market) | Venue::Overseas(market)) => {
                let params = vec![
                    ("FID_COND_MRKT_DIV_CODE", text(market)),
                    ("FID_INPUT_ISCD", code),
                    ("FID_INPUT_HOUR_1", time),
                    ("FID_INPUT_DATE_1", day),
                    ("FID_PW_DATA_INCU_YN", text("Y")),
                ];
                ("domestic-stock-quotations-inquire-time-dailychartprice", params)
            }
            (Self::DaysAbroad(kind), Venue::Domestic(exchange) | Venue::Overseas(exchange)) => {
                let params = vec![
                    ("AUTH", String::new()),
                    ("EXCD", text(exchange)),
                    ("SYMB", code),
                    ("GUBN", text(kind)),
                    ("BYMD", day),
                    ("MODP", text(if wanted.adjusted { "1" } else { "0" })),
                ];
                ("overseas-price-quotations-dailyprice", params)
            }
            (Self::MinutesAbroad, Venue::Domestic(exchange) | Venue::Overseas(exchange)) => {
                let is_newest = is_first && wanted.to == wanted.now;
                let params = vec![
                    ("AUTH", String::new()),
                    ("EXCD", text(exchange)),
                    ("SYMB", code),
                    ("NMIN", wanted.minutes().unwrap_or(1).to_string()),
                    ("PINC", text("1")),
                    ("NEXT", text(if is_newest { "" } else { "1" })),
                    ("NREC", self.page().to_string()),
                    ("FILL", String::new()),
                    ("KEYB", if is_newest { String::new() } else { day + &time }),
                ];
                ("overseas-price-quotations-inquire-time-itemchartprice", params)
            }
        }
    }

    /// Reads a page.
    pub(super) fn read(self, wanted: &Wanted, answered: &Answered<'_>) -> Result<Page, ReadFault> {
        let found = rows(answered.tr_id, answered.body, "output2")?;
        if found.is_empty() && matches!(self, Self::Days(_) | Self::Today) {
            // Of a stock that it does not know KIS answers as of one, with nothing in it.
            let stock = row(answered.tr_id, answered.body, "output1")?;
            if stock.is_blank("hts_kor_isnm") && stock.unless_zero("stck_prpr")?.is_none() {
                return Err(wanted.stock.not_known().into());
            }
        }
        let is_full = found.len() >= self.page();
        let mut bars = Vec::with_capacity(found.len());
        for row in &found {
            bars.extend(self.bar(wanted, row)?);
        }
        // KIS gives them so; an answer that does not must not lose rows.
        bars.sort_by_key(|bar| Reverse(bar.at));
        Ok(Page { bars, is_full })
    }

    /// A row; `None`: it has no day, as KIS pads some lists.
    fn bar(self, wanted: &Wanted, row: &Row<'_>) -> Result<Option<Bar>, KisError> {
        let (day, time) = match self {
            Self::Days(_) => ("stck_bsop_date", None),
            Self::Today | Self::Past => ("stck_bsop_date", Some("stck_cntg_hour")),
            Self::DaysAbroad(_) => ("xymd", None),
            Self::MinutesAbroad => ("xymd", Some("xhms")),
        };
        let Some(day) = row.date(day)? else { return Ok(None) };
        let at = at(row, day, time)?;
        let [open, high, low, close] = match self {
            Self::Days(_) => ["stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr"],
            Self::Today | Self::Past => ["stck_oprc", "stck_hgpr", "stck_lwpr", "stck_prpr"],
            Self::DaysAbroad(_) => ["open", "high", "low", "clos"],
            Self::MinutesAbroad => ["open", "high", "low", "last"],
        };
        // A row without a price is of a day on which there was none yet.
        let Some(close) = row.unless_zero(close)? else { return Ok(None) };
        // Its volume is that of the minute before until something is traded.
        let is_running = time.is_some() && at.date() == wanted.now.date() && is_same_minute(at, wanted.now);
        let (volume, value) = match self {
            Self::Days(_) => (row.number("acml_vol")?, Value::Own(row.number("acml_tr_pbmn")?)),
            Self::Today | Self::Past => {
                (row.number("cntg_vol")?, row.number("acml_tr_pbmn")?.map_or(Value::Own(None), Value::SinceOpen))
            }
            Self::DaysAbroad(_) => (row.number("tvol")?, Value::Own(row.number("tamt")?)),
            Self::MinutesAbroad => (row.number("evol")?, Value::Own(row.number("eamt")?)),
        };
        let (open, high, low) = (row.unless_zero(open)?, row.unless_zero(high)?, row.unless_zero(low)?);
        Ok(Some(Bar { at, open, high, low, close, volume: volume.filter(|_| !is_running), value }))
    }
}

fn is_same_minute(one: NaiveDateTime, other: NaiveDateTime) -> bool {
    (one.hour(), one.minute()) == (other.hour(), other.minute())
}

fn at(row: &Row<'_>, day: NaiveDate, time: Option<&str>) -> Result<NaiveDateTime, KisError> {
    let Some(name) = time else { return Ok(day.and_time(NaiveTime::MIN)) };
    let time = row.text(name)?.and_then(|text| NaiveTime::parse_from_str(text, "%H%M%S").ok());
    time.map(|time| day.and_time(time)).ok_or_else(|| row.malformed(name, "is not a time of the form HHMMSS"))
}
