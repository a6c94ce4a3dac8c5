//! Answers about the past of one issue of the Korea Exchange: days, weeks, months, years, minutes.

use std::iter::successors;

use chrono::{Datelike, NaiveDate};

use super::{
    candle::{Candle, Day},
    domestic::worth,
    hours::{Progress, TRADES},
    issue::Issue,
    sheet::{Fields, Sheet},
    view::{Asked, View, percent, sign, written},
};

/// Rows of the chart of a period, and of the list of days.
const CHART: usize = 100;
const LIST: usize = 30;

pub(super) fn sheet(operation: &str, asked: &Asked<'_>) -> Option<Sheet> {
    match operation {
        "domestic-stock-quotations-inquire-daily-itemchartprice" => Some(chart(asked)),
        "domestic-stock-quotations-inquire-daily-price" => Some(list(asked)),
        "domestic-stock-quotations-inquire-time-itemchartprice" => Some(minutes(asked, 30)),
        "domestic-stock-quotations-inquire-time-dailychartprice" => Some(minutes(asked, 120)),
        _ => None,
    }
}

/// Days that are one candle together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Day,
    Week,
    Month,
    Year,
}

impl Length {
    pub(super) fn of(letter: &str) -> Self {
        match letter {
            "W" => Self::Week,
            "M" => Self::Month,
            "Y" => Self::Year,
            _ => Self::Day,
        }
    }

    fn is_same(self, one: NaiveDate, other: NaiveDate) -> bool {
        match self {
            Self::Day => one == other,
            Self::Week => one.iso_week() == other.iso_week(),
            Self::Month => (one.year(), one.month()) == (other.year(), other.month()),
            Self::Year => one.year() == other.year(),
        }
    }
}

/// A candle of some days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// The first of them.
    pub(super) day: NaiveDate,
    pub(super) candle: Candle,
    /// The close before them.
    pub(super) before: i64,
}

impl Asked<'_> {
    /// Candles of an issue, newest first: those whose first day is from `first` to `last`, and so many at most.
    pub(super) fn rows(
        &self,
        issue: &Issue,
        venue: &str,
        length: Length,
        (first, last): (NaiveDate, NaiveDate),
        most: usize,
    ) -> Vec<Row> {
        let (today, _) = issue.venue.day_at(self.now);
        let country = issue.country();
        let begin = if last >= today { today } else { country.open_until(last) };
        // A time that has begun before `last` is whole, so that it is the same whoever asks.
        let later = successors(Some(begin), |day| day.succ_opt()).skip(1);
        let later: Vec<NaiveDate> = later
            .take_while(|day| *day <= today && length.is_same(*day, begin))
            .filter(|day| country.is_open(*day) || *day == today)
            .collect();
        let listed = issue.first_day();
        let back = successors(Some(begin), |day| Some(country.open_before(*day)));
        let days = later.into_iter().rev().chain(back.take_while(|day| *day >= listed));
        let mut rows: Vec<Row> = Vec::new();
        for day in days {
            let is_over = rows.len() > most || day < first && !rows.is_empty();
            match rows.last_mut() {
                Some(row) if length.is_same(row.day, day) => {
                    row.candle = self.candle(issue, venue, day).and(row.candle);
                    row.day = day;
                }
                _ if is_over => break,
                _ => rows.push(Row { day, candle: self.candle(issue, venue, day), before: 0 }),
            }
        }
        rows.retain(|row| (first..=last).contains(&row.day));
        rows.truncate(most);
        for row in &mut rows {
            row.before =
                self.shifted(Candle::none(self.market.close(issue, country.open_before(row.day))), venue).close;
        }
        rows
    }
}

impl Row {
    pub(super) fn change(&self) -> i64 {
        self.candle.close - self.before
    }

    /// Open, high and low, which are nothing on a day without a trade.
    pub(super) fn traded(&self, price: i64) -> String {
        if self.candle.volume == 0 { 0 } else { price }.to_string()
    }

    fn fields(&self) -> Fields {
        let candle = self.candle;
        Fields::of([
            ("stck_bsop_date", written(self.day)),
            ("stck_clpr", candle.close.to_string()),
            ("stck_oprc", self.traded(candle.open)),
            ("stck_hgpr", self.traded(candle.high)),
            ("stck_lwpr", self.traded(candle.low)),
            ("acml_vol", candle.volume.to_string()),
            ("acml_tr_pbmn", candle.amount.to_string()),
            ("flng_cls_code", "00".to_owned()),
            ("prtt_rate", "0.00".to_owned()),
            ("mod_yn", "N".to_owned()),
            ("prdy_vrss", self.change().to_string()),
            ("prdy_vrss_sign", sign(self.change()).to_owned()),
            ("prdy_ctrt", percent(self.change(), self.before)),
        ])
    }
}

fn chart(asked: &Asked<'_>) -> Sheet {
    let Some((issue, venue)) = asked.issue() else {
        return Sheet::of([("output1", vec![Fields::default()]), ("output2", Vec::new())]);
    };
    let view = asked.view(issue, venue);
    let issue = &view.issue;
    let first = asked.day("FID_INPUT_DATE_1").unwrap_or(view.day);
    let last = asked.day("FID_INPUT_DATE_2").unwrap_or(view.day);
    let length = Length::of(asked.param("FID_PERIOD_DIV_CODE"));
    let rows = asked.rows(issue, venue, length, (first, last), CHART);
    let before = asked.candle(issue, venue, issue.country().open_before(view.day));
    let (ask, bid) = view.best();
    let par = issue.listed.map_or(0, |listed| listed.par);
    let fields = view.fields().with(worth(&view)).with([
        ("prdy_vol", before.volume.to_string()),
        ("stck_prdy_oprc", before.open.to_string()),
        ("stck_prdy_hgpr", before.high.to_string()),
        ("stck_prdy_lwpr", before.low.to_string()),
        ("askp", ask.to_string()),
        ("bidp", bid.to_string()),
        ("prdy_vrss_vol", (view.candle.volume - before.volume).to_string()),
        ("stck_fcam", par.to_string()),
        ("cpfn", (i128::from(par) * i128::from(issue.shares()) / 100_000_000).to_string()),
        ("itewhol_loan_rmnd_ratem", "0.17".to_owned()),
    ]);
    Sheet::of([("output1", vec![fields]), ("output2", rows.iter().map(Row::fields).collect())])
}

fn list(asked: &Asked<'_>) -> Sheet {
    let Some((issue, venue)) = asked.issue() else { return Sheet::of([("output", Vec::new())]) };
    let (today, _) = issue.venue.day_at(asked.now);
    let length = Length::of(asked.param("FID_PERIOD_DIV_CODE"));
    // One more, to compare the volume of the last with.
    let rows = asked.rows(&issue, venue, length, (issue.first_day(), today), LIST + 1);
    let fields = rows.iter().enumerate().take(LIST).map(|(at, row)| {
        let before = rows.get(at + 1).map_or(0, |before| before.candle.volume);
        row.fields().with([
            ("prdy_vrss_vol_rate", percent(row.candle.volume - before, before)),
            ("hts_frgn_ehrt", percent(super::noise::below(super::noise::mix(issue.seed, 4), 60), 100)),
            ("acml_prtt_rate", "0.00".to_owned()),
        ])
    });
    Sheet::of([("output", fields.collect())])
}

/// The minute of a day that a time as `HHMMSS` is in.
fn minute_of(hour: &str) -> Option<usize> {
    let hour = hour.get(..4)?;
    let (hours, minutes) = (hour.get(..2)?.parse::<usize>().ok()?, hour.get(2..)?.parse::<usize>().ok()?);
    Some(hours * 60 + minutes)
}

/// Minutes up to an hour, newest first: of today, or of the day that is asked for. An hour to come has the price of now.
fn minutes(asked: &Asked<'_>, most: usize) -> Sheet {
    let Some((issue, venue)) = asked.issue() else {
        return Sheet::of([("output1", vec![Fields::default()]), ("output2", Vec::new())]);
    };
    let view = asked.view(issue, venue);
    let country = view.issue.country();
    let mut day = match asked.day("FID_INPUT_DATE_1") {
        Some(day) if day < view.day => country.open_until(day),
        _ => view.day,
    };
    let until = minute_of(asked.param("FID_INPUT_HOUR_1")).unwrap_or(24 * 60);
    let goes_on = asked.param("FID_PW_DATA_INCU_YN") == "Y";
    let mut rows = of_day(asked, &view, venue, day, until, most);
    // KIS keeps minutes for a year.
    let oldest = view.day - chrono::TimeDelta::days(366);
    while goes_on && rows.len() < most && country.open_before(day) >= oldest.max(view.issue.first_day()) {
        day = country.open_before(day);
        rows.extend(of_day(asked, &view, venue, day, 24 * 60, most - rows.len()));
    }
    if day < oldest {
        rows.clear();
    }
    Sheet::of([("output1", vec![view.fields()]), ("output2", rows)])
}

fn of_day(asked: &Asked<'_>, view: &View, venue: &str, on: NaiveDate, until: usize, most: usize) -> Vec<Fields> {
    let place = view.issue.venue;
    let mut day = Day::new(asked.market, &view.issue, on);
    let progress = if on == view.day { view.progress } else { Progress { minutes: place.minutes(), trades: 0 } };
    let asked_for: Vec<usize> = (0..place.minutes()).filter(|minute| place.minute_of_day(*minute) <= until).collect();
    let Some(newest) = asked_for.last().copied() else { return Vec::new() };
    let made = newest.min(progress.minutes);
    let trades = if made == progress.minutes { progress.trades } else { TRADES };
    let up_to = day.until(if trades == TRADES {
        Progress { minutes: made + 1, trades: 0 }
    } else {
        Progress { minutes: made, trades }
    });
    let mut amount = asked.shifted(up_to, venue).amount;
    let mut rows = Vec::new();
    for minute in asked_for.into_iter().rev().take(most) {
        let is_to_come = (minute, 1) > (progress.minutes, progress.trades);
        let candle = match (is_to_come, minute == progress.minutes) {
            (true, _) => Candle::none(view.price),
            (false, true) => asked.shifted(day.minute(minute, progress.trades), venue),
            (false, false) => asked.shifted(day.minute(minute, TRADES), venue),
        };
        // A minute in which nothing was traded has no row, but for those to come of a day that goes on.
        if candle.volume == 0 && !(is_to_come && progress.trades > 0) {
            continue;
        }
        let of_day = place.minute_of_day(minute);
        rows.push(Fields::of([
            ("stck_bsop_date", written(on)),
            ("stck_cntg_hour", format!("{:02}{:02}00", of_day / 60, of_day % 60)),
            ("stck_prpr", candle.close.to_string()),
            ("stck_oprc", candle.open.to_string()),
            ("stck_hgpr", candle.high.to_string()),
            ("stck_lwpr", candle.low.to_string()),
            ("cntg_vol", candle.volume.to_string()),
            ("acml_tr_pbmn", amount.to_string()),
        ]));
        amount -= candle.amount;
    }
    rows
}
