//! Minutes of an issue abroad.

use chrono::{NaiveDate, TimeDelta};

use super::{
    candle::Day,
    hours::{Progress, TRADES},
    overseas::named,
    sheet::{Fields, Sheet},
    view::{Asked, written},
};
use crate::clock::kst;

/// Minutes, or some at once, newest first, from the moment in `KEYB` back: a month at most.
pub(super) fn answer(asked: &Asked<'_>) -> Option<Sheet> {
    let Some(view) = named(asked)? else {
        return Some(Sheet::of([("output1", vec![Fields::default()]), ("output2", Vec::new())]));
    };
    let (issue, place) = (&view.issue, view.issue.venue);
    let width = asked.param("NMIN").parse::<usize>().unwrap_or(1).clamp(1, 120);
    let most = asked.param("NREC").parse::<usize>().unwrap_or(120).clamp(1, 120);
    let key = chrono::NaiveDateTime::parse_from_str(asked.param("KEYB"), "%Y%m%d%H%M%S").ok();
    let (mut on, mut rows) = (view.day, Vec::new());
    let oldest: NaiveDate = view.day - TimeDelta::days(31);
    let mut more = false;
    while on >= oldest && !more {
        let progress = if on == view.day { view.progress } else { Progress { minutes: place.minutes(), trades: 0 } };
        let mut day = Day::new(asked.market, issue, on);
        let begun = (0..progress.minutes + usize::from(progress.trades > 0)).step_by(width);
        for first in begun.rev() {
            let of_day = place.minute_of_day(first);
            let local = on.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(i64::try_from(of_day).unwrap_or(0));
            if key.is_some_and(|key| local > key) {
                continue;
            }
            if rows.len() == most {
                more = true;
                break;
            }
            let whole = (first + width).min(progress.minutes).max(first);
            let mut candle = day.minutes(first, whole);
            if whole == progress.minutes && whole < first + width && progress.trades > 0 {
                candle = candle.and(day.minute(whole, progress.trades.min(TRADES)));
            }
            let seoul = kst(place.moment(on, first, 0));
            rows.push(Fields::of([
                ("tymd", written(on)),
                ("xymd", written(on)),
                ("xhms", local.format("%H%M%S").to_string()),
                ("kymd", seoul.format("%Y%m%d").to_string()),
                ("khms", seoul.format("%H%M%S").to_string()),
                ("open", view.written(candle.open)),
                ("high", view.written(candle.high)),
                ("low", view.written(candle.low)),
                ("last", view.written(candle.close)),
                ("evol", candle.volume.to_string()),
                ("eamt", view.amount(candle.amount)),
            ]));
        }
        on = issue.country().open_before(on);
    }
    let hour = |minute: usize| {
        let of_day = place.minute_of_day(minute);
        (
            format!("{:02}{:02}00", of_day / 60, of_day % 60),
            kst(place.moment(view.day, minute, 0)).format("%H%M00").to_string(),
        )
    };
    let ((stim, sktm), (etim, ektm)) = (hour(0), hour(place.minutes() - 1));
    let more = if more { "1" } else { "0" }.to_owned();
    let head = view.head().with([
        ("stim", stim),
        ("etim", etim),
        ("sktm", sktm),
        ("ektm", ektm),
        ("next", more.clone()),
        ("more", more),
        ("nrec", rows.len().to_string()),
    ]);
    Some(Sheet::of([("output1", vec![head]), ("output2", rows)]))
}
