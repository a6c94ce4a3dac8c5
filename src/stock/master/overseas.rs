//! A line of a market abroad: 24 columns between tabs.

use rust_decimal::Decimal;

use super::{Row, code, decoded};
use crate::stock::{
    listed::Marks,
    market::{Kind, Market},
};

const COLUMNS: usize = 24;

/// Places that prices may have behind the point.
const MOST_DECIMALS: u8 = 8;

pub(super) fn row(market: Market, line: &[u8], told: &mut impl FnMut(&Row<'_>)) -> Result<(), &'static str> {
    let mut cells = [&b""[..]; COLUMNS];
    let mut count = 0;
    for cell in line.split(|byte| *byte == b'\t') {
        *cells.get_mut(count).ok_or("has more than 24 columns")? = cell;
        count += 1;
    }
    if count < COLUMNS {
        return Err("has fewer than 24 columns");
    }
    let [
        _,
        _,
        excd,
        _,
        symbol,
        _,
        knam,
        enam,
        stis,
        curr,
        zdiv,
        _,
        base,
        bnit,
        anit,
        ..,
        depositary,
        _,
        _,
        _,
        _,
        etyp,
        _,
    ] = cells;
    if Some(excd.trim_ascii()) != market.quote_code().map(str::as_bytes) {
        return Err("is of another market");
    }
    let (korean, english) = (decoded(knam)?, decoded(enam)?);
    let currency = match curr.trim_ascii() {
        [] => market.currency(),
        curr => code(curr).ok().filter(|code| code.len() == 3).ok_or("has a currency that is none")?,
    };
    let decimals = number(zdiv)?.unwrap_or_default();
    let decimals =
        u8::try_from(decimals).ok().filter(|places| *places <= MOST_DECIMALS).ok_or("has a zdiv that is none")?;
    if korean.is_empty() && english.is_empty() {
        // Nobody could find it, and nobody could be told what it is.
        return Ok(());
    }
    let lot = |cell| number(cell).map(|lot| lot.and_then(|lot| u32::try_from(lot).ok()).unwrap_or_default());
    told(&Row {
        code: code(symbol)?,
        standard_code: "",
        korean,
        english,
        market,
        kind: kind(stis.trim_ascii(), etyp.trim_ascii(), depositary.trim_ascii()),
        currency,
        decimals,
        lot: lot(bnit)?,
        sell_lot: lot(anit)?,
        base_price: decimal(base)?.filter(|price| *price > Decimal::ZERO),
        marks: Marks::default(),
        facts: None,
    });
    Ok(())
}

fn kind(stis: &[u8], etyp: &[u8], depositary: &[u8]) -> Kind {
    match (stis, etyp) {
        (b"1", _) => Kind::Index,
        (b"2", _) if depositary == b"Y" => Kind::DepositaryReceipt,
        (b"2", _) => Kind::Stock,
        (b"3", b"002") => Kind::Etn,
        (b"3", _) => Kind::Etf,
        (b"4", _) => Kind::Warrant,
        _ => Kind::Other,
    }
}

fn decimal(cell: &[u8]) -> Result<Option<Decimal>, &'static str> {
    match cell.trim_ascii() {
        [] => Ok(None),
        text => std::str::from_utf8(text)
            .ok()
            .and_then(|text| Decimal::from_str_exact(text).ok())
            .filter(|number| !number.is_sign_negative())
            .map(Some)
            .ok_or("has letters where a number belongs"),
    }
}

/// A whole number, which may be written with zeros behind the point.
fn number(cell: &[u8]) -> Result<Option<i64>, &'static str> {
    let Some(number) = decimal(cell)? else { return Ok(None) };
    match number.is_integer() {
        true => i64::try_from(number).map(Some).map_err(|_| "has a number that is too long"),
        false => Err("has a fraction where a whole number belongs"),
    }
}
