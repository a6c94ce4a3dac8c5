//! Every other operation that reads: in the shape that the catalogue says, with values that agree where they name the same thing.

mod values;

use std::collections::BTreeMap;

use kis_catalog::{Container, Effect, Fill, Kind, Method, Mode as OperationMode, Operation, Paging, Shape, catalog};
use serde_json::{Map, Value};

use self::values::Values;
use super::{
    Mode, Options,
    http::{Answer, Request},
    ledger::{input_error, padded, unknown_tr},
    market::{Fields, Sheet, Words},
    orders::{self, Call},
};

/// Rows of a page.
const PAGE: usize = 20;

/// Where lists that are paged by the header alone have come to, by TR.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<&'static str, usize>);

/// Whether the catalogue has an operation with this method and path.
pub(super) fn is_known(request: &Request) -> bool {
    candidates(request).next().is_some()
}

/// The operations with this method and path.
fn candidates<'a>(request: &'a Request) -> impl Iterator<Item = &'static Operation> + use<'a> {
    catalog().operations().filter(|operation| {
        !matches!(operation.method(), Method::WebSocket)
            && operation.kind() != Kind::Auth
            && operation.method().as_str() == request.method
            && operation.path() == request.path
    })
}

/// A parameter by its name, in any case.
fn param<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

impl Places {
    /// Answers a call whose token is good.
    pub(super) fn answer(&mut self, call: &Call<'_>, ordered: impl FnOnce(&Operation) -> Option<Answer>) -> Answer {
        let Call { request, market, options, now, .. } = *call;
        let tr_id = request.header("tr_id").unwrap_or_default();
        let mode = match options.mode {
            Mode::Real => OperationMode::Real,
            Mode::Paper => OperationMode::Paper,
        };
        let is_meant = |operation: &&Operation| {
            let current = operation.tr_id(mode);
            current == Some(tr_id) || current.is_some() && operation.old_tr_ids().any(|old| old == tr_id)
        };
        let Some(operation) = candidates(request).find(is_meant) else {
            return unknown_tr(tr_id, options.mode);
        };
        if let Some(refusal) = refused_parameter(operation, request, options) {
            return refusal;
        }
        if let Some(answer) = ordered(operation) {
            return answer;
        }
        if operation.effect() != Effect::Read {
            return Answer::refusal(&request.path, "SIMU0001", "모의 KIS는 아직 이 주문을 처리하지 않습니다.");
        }
        if let Some(sheet) = market.sheet(operation, request, options, now) {
            return Answer::of(200, &written(operation, &sheet, options.mode)).header("tr_cont", sheet.tr_cont);
        }
        let values = Values::new(operation, request, options, now);
        let rows = self.rows(operation, request, values.rows().unwrap_or(options.list_rows), options.mode);
        let body = body(operation, &values, &rows, options);
        Answer::of(200, &body).header("tr_cont", rows.tr_cont)
    }

    /// Which rows of its lists are on the page that is asked for.
    fn rows(&mut self, operation: &Operation, request: &Request, all: usize, mode: Mode) -> Rows {
        let later = request.header("tr_cont").map(str::trim) == Some("N");
        let id = operation.id();
        let start = match operation.paging() {
            Paging::Keys { nk: Some(nk), .. } if later => {
                param(request, nk.request).unwrap_or_default().trim().parse().unwrap_or(0)
            }
            Paging::Header if later => self.0.get(id).copied().unwrap_or(0),
            _ => 0,
        };
        let is_paged = matches!(operation.paging(), Paging::Keys { by_header: true, .. } | Paging::Header);
        let end = if is_paged { all.min(start.saturating_add(PAGE)) } else { all };
        if operation.paging() == Paging::Header {
            self.0.insert(id, end);
        }
        let more = end < all;
        let tr_cont = match (is_paged, later, more) {
            (false, ..) => "",
            (true, false, true) if mode == Mode::Real => "F",
            (true, _, true) => "M",
            (true, false, false) => "D",
            (true, true, false) => "E",
        };
        Rows { start, end, more, tr_cont }
    }
}

/// The rows of a page.
struct Rows {
    start: usize,
    end: usize,
    more: bool,
    tr_cont: &'static str,
}

fn refused_parameter(operation: &Operation, request: &Request, options: &Options) -> Option<Answer> {
    let paging = match operation.paging() {
        Paging::Keys { fk, nk, .. } => [fk, nk].into_iter().flatten().map(|key| key.request).collect(),
        _ => Vec::new(),
    };
    for known in operation.params() {
        let given = param(request, known.name);
        let own = match known.fill {
            Some(Fill::AccountNumber) => Some(&options.cano),
            Some(Fill::ProductCode) => Some(&options.product_code),
            Some(Fill::HtsId) => Some(&options.hts_id),
            None => None,
        };
        if own.is_some_and(|own| given != Some(own)) {
            return Some(input_error("OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO"));
        }
        let is_needed = known.required && !paging.contains(&known.name) && !orders::may_lack(operation, &known);
        if is_needed && given.is_none() {
            return Some(input_error("OPSQ2001", &format!("ERROR : INPUT FIELD NOT FOUND [{}]", known.name)));
        }
    }
    None
}

/// What the market knows, in the shape that the catalogue says.
fn written(operation: &Operation, sheet: &Sheet, mode: Mode) -> Map<String, Value> {
    let mut body = Map::new();
    for (key, value, width) in &sheet.keys {
        body.insert((*key).to_owned(), padded(value, *width).into());
    }
    for container in operation.outputs().filter(|container| container.name() != "top") {
        let rows = sheet.outputs.get(container.name()).map(Vec::as_slice).unwrap_or_default();
        let row = |row: &Fields| -> Value {
            let fields = container.fields().map(|field| (field.name.to_owned(), row.value(&field).into()));
            Value::Object(fields.collect())
        };
        let value = match container.shape() {
            Shape::Object | Shape::Frame => row(rows.first().unwrap_or(&Fields::default())),
            Shape::Array | Shape::Unknown => rows.iter().map(row).collect(),
        };
        body.insert(container.name().to_owned(), value);
    }
    let (msg_cd, msg1, width) = match (sheet.words, mode) {
        (Words::Quotation, _) => ("MCA00000", "정상처리 되었습니다.", 0),
        (Words::Other(msg_cd, msg1), Mode::Real) => (msg_cd, msg1, 80),
        (_, Mode::Paper) => ("20310000", "모의투자 조회가 완료되었습니다.", 80),
        (Words::Nothing, Mode::Real) => ("KIOK0560", "조회할 내용이 없습니다", 80),
        (Words::Ledger, Mode::Real) => ("KIOK0510", "조회가 완료되었습니다", 80),
    };
    body.insert("rt_cd".to_owned(), "0".into());
    body.insert("msg_cd".to_owned(), msg_cd.into());
    body.insert("msg1".to_owned(), padded(msg1, width).into());
    body
}

fn body(operation: &Operation, values: &Values<'_>, rows: &Rows, options: &Options) -> Map<String, Value> {
    let mut body = Map::new();
    let is_ledger = operation.kind() == Kind::AccountRead;
    if let Paging::Keys { fk, nk, .. } = operation.paging() {
        for (key, value) in
            [(fk, String::new()), (nk, if rows.more { format!("{:06}", rows.end) } else { String::new() })]
        {
            if let Some(key) = key {
                // The width stands at the end of the name; the two lists of holidays have 20.
                let width = key.reply.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(20);
                body.insert(key.reply.to_owned(), padded(&value, width).into());
            }
        }
    }
    let outputs: Vec<Container> = operation.outputs().collect();
    let today = values.of_today();
    for container in outputs.iter().filter(|container| container.name() != "top") {
        let row = |values: &Values<'_>, at: usize| -> Value {
            let fields = container.fields().map(|field| (field.name.to_owned(), values.of(&field, at).into()));
            Value::Object(fields.collect())
        };
        let value = match container.shape() {
            Shape::Object | Shape::Frame => row(&today, 0),
            Shape::Array | Shape::Unknown => (rows.start..rows.end).map(|at| row(values, at)).collect(),
        };
        body.insert(container.name().to_owned(), value);
    }
    // What stands in the reply itself.
    let envelope = ["rt_cd", "msg_cd", "msg1"];
    for field in outputs.iter().filter(|container| container.name() == "top").flat_map(Container::fields) {
        if !envelope.contains(&field.name) && !field.name.to_ascii_lowercase().starts_with("ctx_area_") {
            body.entry(field.name).or_insert_with(|| today.of(&field, 0).into());
        }
    }
    let (msg_cd, msg1) = match (is_ledger, options.mode, rows.end == 0) {
        (true, Mode::Paper, _) => ("20310000", "모의투자 조회가 완료되었습니다."),
        (true, Mode::Real, true) => ("KIOK0560", "조회할 내용이 없습니다"),
        (true, Mode::Real, false) => ("KIOK0510", "조회가 완료되었습니다"),
        (false, ..) => ("MCA00000", "정상처리 되었습니다."),
    };
    body.insert("rt_cd".to_owned(), "0".into());
    body.insert("msg_cd".to_owned(), msg_cd.into());
    body.insert("msg1".to_owned(), if is_ledger { padded(msg1, 80) } else { msg1.to_owned() }.into());
    body
}
