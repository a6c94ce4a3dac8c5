//! What stands in a field: text as KIS writes it, made of the field's name and label, and the same wherever the same thing is meant.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};
use kis_catalog::{Operation, OutputField};

use crate::{Options, clock::kst, http::Request};

/// Days of a chart at most.
const LONGEST_CHART: usize = 100;

/// Parameters that say which stock, or what else, is asked about.
const CODES: [&str; 11] = [
    "PDNO",
    "FID_INPUT_ISCD",
    "SYMB",
    "OVRS_PDNO",
    "SRS_CD",
    "STCK_CD",
    "STOCK_CODE",
    "ITEM_CD",
    "SHT_CD",
    "ISCD",
    "SHTN_PDNO",
];

/// Fields that are the code of a stock.
const IS_CODE: [&str; 12] = [
    "pdno",
    "shtn_pdno",
    "stck_shrn_iscd",
    "mksc_shrn_iscd",
    "iscd",
    "stck_iscd",
    "symb",
    "ovrs_pdno",
    "srs_cd",
    "sht_cd",
    "stck_cd",
    "code",
];

/// Fields that are its name.
const IS_NAME: [&str; 10] = [
    "prdt_name",
    "hts_kor_isnm",
    "kor_isnm",
    "prdt_abrv_name",
    "prdt_name120",
    "ovrs_item_name",
    "knam",
    "name",
    "isnm",
    "item_name",
];

/// Fields that are its price now.
const IS_PRICE: [&str; 11] = [
    "stck_prpr",
    "prpr",
    "last",
    "now_pric",
    "now_pric2",
    "stck_clpr",
    "clpr",
    "ovrs_now_pric1",
    "inter2_prpr",
    "bond_prpr",
    "futs_prpr",
];

/// Fields that are the cash for an order.
const IS_CASH: [&str; 4] = ["ord_psbl_cash", "nrcvb_buy_amt", "max_buy_amt", "dnca_tot_amt"];

/// Fields that are all that the account is worth.
const IS_TOTAL: [&str; 4] = ["tot_evlu_amt", "nass_amt", "nass_tot_amt", "tot_asst_amt"];

/// What a field means, told by its name and, where the name says nothing, by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Code,
    Name,
    Price,
    Flag,
    Day,
    Time,
    Sign,
    Change,
    Rate,
    UpperLimit,
    LowerLimit,
    Open,
    High,
    Low,
    SomePrice,
    SomeCode,
    SomeName,
    Amount,
    Count,
    /// What can be bought with.
    Cash,
    /// How many shares can be bought with it.
    CashShares,
    /// Everything that the account is worth.
    Total,
    Other,
}

impl Meaning {
    fn of(field: &OutputField) -> Self {
        let (name, label) = (&*field.name.to_ascii_lowercase(), field.label);
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let says = |words: &[&str]| words.iter().any(|word| label.contains(word));
        match () {
            () if IS_CODE.contains(&name) => Self::Code,
            () if IS_NAME.contains(&name) => Self::Name,
            () if IS_PRICE.contains(&name) || name == "psbl_qty_calc_unpr" => Self::Price,
            () if IS_CASH.contains(&name) => Self::Cash,
            () if ["nrcvb_buy_qty", "max_buy_qty"].contains(&name) => Self::CashShares,
            () if IS_TOTAL.contains(&name) => Self::Total,
            () if ends(&["_yn"]) || label.ends_with("여부") => Self::Flag,
            () if ends(&["_dt", "date", "trad_day"]) || name == "xymd" || label.ends_with("일자") => Self::Day,
            () if ends(&["_hour", "_tmd"]) || says(&["시간", "시각"]) => Self::Time,
            () if ends(&["sign"]) || says(&["부호"]) => Self::Sign,
            () if ends(&["ctrt", "_rt", "rate"]) || says(&["율", "률"]) => Self::Rate,
            () if ends(&["_vrss"]) || says(&["전일 대비", "전일대비"]) => Self::Change,
            () if ends(&["mxpr"]) || says(&["상한가"]) => Self::UpperLimit,
            () if ends(&["llam"]) || says(&["하한가"]) => Self::LowerLimit,
            () if ends(&["oprc", "sdpr"]) || ["open", "base"].contains(&name) => Self::Open,
            () if ends(&["hgpr"]) || name == "high" => Self::High,
            () if ends(&["lwpr"]) || name == "low" => Self::Low,
            () if ends(&["_cd", "_code"]) || says(&["코드"]) => Self::SomeCode,
            () if ends(&["nm", "name"]) || label.ends_with('명') => Self::SomeName,
            () if ends(&["prc", "unpr", "pric"]) || name.contains("askp") || says(&["가격", "단가", "호가"]) => {
                Self::SomePrice
            }
            () if ends(&["amt", "pbmn"]) || says(&["금액"]) => Self::Amount,
            () if ends(&["qty", "vol", "cnt"]) || says(&["량", "수"]) => Self::Count,
            () => Self::Other,
        }
    }
}

/// The values of one answer.
#[derive(Debug)]
pub(super) struct Values<'a> {
    operation: &'static str,
    request: &'a Request,
    options: &'a Options,
    now: DateTime<Utc>,
    /// The stock that is asked about.
    code: Option<&'a str>,
    /// Whether its rows are days of one stock.
    is_history: bool,
    /// Which days these are, latest first, if a period is asked for.
    days: Option<Vec<NaiveDate>>,
}

impl<'a> Values<'a> {
    pub(super) fn new(operation: &Operation, request: &'a Request, options: &'a Options, now: DateTime<Utc>) -> Self {
        let code = CODES.iter().find_map(|name| super::param(request, name)).filter(|code| !code.trim().is_empty());
        let mut fields = operation.outputs().flat_map(|container| container.fields());
        let is_history = code.is_some() && fields.any(|field| Meaning::of(&field) == Meaning::Day);
        let days = is_history.then(|| period(request, kst(now).date_naive())).flatten();
        Self { operation: operation.id(), request, options, now, code, is_history, days }
    }

    /// The same without a period: what an answer says beside its list is of today.
    pub(super) fn of_today(&self) -> Self {
        Self { days: None, ..*self }
    }

    /// How many rows its lists have, if the period that is asked for says so.
    pub(super) fn rows(&self) -> Option<usize> {
        self.days.as_ref().map(Vec::len)
    }

    /// The value of a field in the row at a place of the whole list.
    pub(super) fn of(&self, field: &OutputField, row: usize) -> String {
        let stock = self.stock(row);
        let today = self.price(&stock);
        // A day before, the price was lower.
        let days = (kst(self.now).date_naive() - self.day(row)).num_days().min(20);
        let price = today - days * (today / 200);
        let before = price - price / 100;
        let whole = match Meaning::of(field) {
            Meaning::Code => return stock,
            Meaning::Name => return self.name(&stock),
            Meaning::Flag => return "N".to_owned(),
            Meaning::Day => return self.day(row).format("%Y%m%d").to_string(),
            Meaning::Time => return kst(self.now).format("%H%M%S").to_string(),
            Meaning::Sign => return "2".to_owned(),
            Meaning::Rate => return "1.01".to_owned(),
            Meaning::SomeCode => return self.echo(field).unwrap_or("01").to_owned(),
            Meaning::SomeName => return format!("모의 {}", field.label.trim()),
            Meaning::Price | Meaning::SomePrice => price,
            Meaning::Change => price - before,
            Meaning::UpperLimit => before * 13 / 1_000 * 100,
            Meaning::LowerLimit => before * 7 / 1_000 * 100,
            Meaning::Open => before,
            Meaning::High => price + price / 100,
            Meaning::Low => before - before / 100,
            Meaning::Amount => price.saturating_mul(self.figure(field, row, 1_000)),
            Meaning::Count => self.figure(field, row, 100_000),
            Meaning::Cash => self.options.portfolio.deposit,
            Meaning::CashShares => self.options.portfolio.deposit / price.max(1),
            Meaning::Total => self.options.portfolio.total(),
            Meaning::Other => match self.echo(field) {
                Some(value) => return value.to_owned(),
                None => self.figure(field, row, 1_000),
            },
        };
        whole.to_string()
    }

    /// A parameter that comes back.
    fn echo(&self, field: &OutputField) -> Option<&'a str> {
        super::param(self.request, field.name).filter(|value| !value.trim().is_empty())
    }

    /// The stock of a row: the one that is asked about, or those that are held and others after them.
    fn stock(&self, row: usize) -> String {
        match (self.code, self.options.portfolio.positions.get(row)) {
            (Some(code), _) => code.to_owned(),
            (None, Some(position)) => position.code.clone(),
            (None, None) => format!("{:06}", 100_000 + row),
        }
    }

    /// Its price: that of the balance, where it is held.
    fn price(&self, stock: &str) -> i64 {
        let held = self.options.portfolio.positions.iter().find(|position| position.code == stock);
        match held.map_or(0, |position| position.price) {
            0 => 1_000 + i64::from(hash(stock.as_bytes()) % 900) * 100,
            price => price,
        }
    }

    fn name(&self, stock: &str) -> String {
        let held = self.options.portfolio.positions.iter().find(|position| position.code == stock);
        held.map_or_else(|| format!("종목{stock}"), |position| position.name.clone())
    }

    /// The day of a row of the period that is asked for; else today, or as many days before as the row is of a history.
    fn day(&self, row: usize) -> NaiveDate {
        if let Some(day) = self.days.as_ref().and_then(|days| days.get(row)) {
            return *day;
        }
        let today = kst(self.now).date_naive();
        let days = if self.is_history { u64::try_from(row).unwrap_or(0) } else { 0 };
        today.checked_sub_days(Days::new(days)).unwrap_or(today)
    }

    /// A number that is always the same for the same question.
    fn figure(&self, field: &OutputField, row: usize, below: u32) -> i64 {
        let about = format!("{} {} {} {row}", self.operation, self.stock(row), field.name);
        i64::from(hash(about.as_bytes()) % below)
    }
}

/// The weekdays from one day to another, as a request names them, none of them after today; the latest come first.
fn period(request: &Request, today: NaiveDate) -> Option<Vec<NaiveDate>> {
    let named = |name| NaiveDate::parse_from_str(super::param(request, name)?, "%Y%m%d").ok();
    let (first, last) = (named("FID_INPUT_DATE_1")?, named("FID_INPUT_DATE_2")?);
    let back = std::iter::successors(Some(last.min(today)), |day| day.pred_opt());
    let days = back.take_while(|day| *day >= first);
    let weekdays = days.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
    Some(weekdays.take(LONGEST_CHART).collect())
}

/// FNV-1a: the same on every machine and in every version.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
