//! Numbers as people read them.

use rust_decimal::Decimal;

pub(super) fn won(amount: i64) -> String {
    grouped(Decimal::from(amount))
}

/// With its sign also if it is positive.
pub(super) fn signed(number: Decimal) -> String {
    let plus = if number.is_sign_positive() && !number.is_zero() { "+" } else { "" };
    format!("{plus}{}", grouped(number))
}

/// With commas between thousands.
pub(super) fn grouped(number: Decimal) -> String {
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped_and_decimals_kept() {
        for (number, expected) in
            [("0", "0"), ("999", "999"), ("-1000", "-1,000"), ("68213.5135", "68,213.5135"), ("1234567", "1,234,567")]
        {
            assert_eq!(grouped(number.parse().unwrap()), expected);
        }
        assert_eq!(signed("1234.50".parse().unwrap()), "+1,234.50");
    }
}
