use proptest::prelude::*;

use super::*;
use crate::stock::listed::Facts;
use crate::stock::market::Board;

fn stock(market: Market, kind: Kind, base: Option<i64>) -> Stock {
    Stock {
        code: "005930".to_owned(),
        standard_code: None,
        name: "삼성전자".to_owned(),
        english_name: None,
        market,
        kind,
        currency: market.currency().to_owned(),
        decimals: 0,
        base_price: base.map(Decimal::from),
        lot: None,
        sell_lot: None,
        marks: Marks::default(),
        facts: Some(Facts {
            board: Board::Kospi,
            par: None,
            listed: None,
            thousand_shares: None,
            previous_volume: None,
            market_cap: None,
            margin_rate: None,
        }),
    }
}

fn rules(market: Market, kind: Kind) -> Rules {
    Rules::of(&stock(market, kind, None), Stated::default())
}

fn won(price: &str) -> Decimal {
    price.parse().unwrap()
}

#[test]
fn ticks_change_at_every_boundary() {
    for (market, kind, boundary, below, at) in [
        (Market::Krx, Kind::Stock, "2000", "1", "5"),
        (Market::Krx, Kind::Stock, "5000", "5", "10"),
        (Market::Krx, Kind::Stock, "20000", "10", "50"),
        (Market::Krx, Kind::Reit, "50000", "50", "100"),
        (Market::Krx, Kind::Stock, "200000", "100", "500"),
        (Market::Krx, Kind::Stock, "500000", "500", "1000"),
        (Market::Krx, Kind::Etf, "2000", "1", "5"),
        (Market::Krx, Kind::Etn, "2000", "1", "5"),
        (Market::Nasdaq, Kind::Stock, "1", "0.0001", "0.01"),
        (Market::Hkex, Kind::Stock, "10", "0.001", "0.01"),
        (Market::Hkex, Kind::Stock, "20", "0.01", "0.02"),
        (Market::Hkex, Kind::Stock, "50", "0.02", "0.05"),
        (Market::Hkex, Kind::Stock, "100", "0.05", "0.1"),
        (Market::Hkex, Kind::Stock, "200", "0.1", "0.2"),
        (Market::Hkex, Kind::Stock, "500", "0.2", "0.5"),
        (Market::Hkex, Kind::Stock, "1000", "0.5", "1"),
        (Market::Hkex, Kind::Stock, "2000", "1", "2"),
        (Market::Hkex, Kind::Stock, "5000", "2", "5"),
        (Market::Tse, Kind::Stock, "1000", "0.1", "0.5"),
        (Market::Tse, Kind::Stock, "3000", "0.5", "1"),
        (Market::Tse, Kind::Stock, "10000", "1", "5"),
        (Market::Tse, Kind::Stock, "30000", "5", "10"),
        (Market::Tse, Kind::Stock, "100000", "10", "50"),
        (Market::Tse, Kind::Stock, "300000", "50", "100"),
        (Market::Tse, Kind::Stock, "1000000", "100", "500"),
        (Market::Tse, Kind::Stock, "3000000", "500", "1000"),
        (Market::Hsx, Kind::Stock, "10000", "10", "50"),
        (Market::Hsx, Kind::Stock, "50000", "50", "100"),
    ] {
        let rules = rules(market, kind);
        let (boundary, below, at) = (won(boundary), won(below), won(at));
        let name = format!("{market:?} {kind:?} {boundary}");
        assert_eq!(rules.tick(boundary - below), Some(below), "{name}");
        assert_eq!(rules.tick(boundary), Some(at), "{name}");
        // The boundary is a price of both bands, and its neighbours are each a tick of their own band away.
        assert_eq!(rules.price(boundary), Ok(boundary), "{name}");
        assert_eq!(rules.below(boundary), Some(boundary - below), "{name}");
        assert_eq!(rules.above(boundary), Some(boundary + at), "{name}");
        assert_eq!(rules.above(boundary - below), Some(boundary), "{name}");
    }
    for (market, kind, tick) in [
        (Market::Krx, Kind::Elw, "5"),
        (Market::Sse, Kind::Stock, "0.01"),
        (Market::Szse, Kind::Etf, "0.001"),
        (Market::Hnx, Kind::Stock, "100"),
    ] {
        assert_eq!(rules(market, kind).tick(won("1000")), Some(won(tick)), "{market:?}");
    }
    assert_eq!(rules(Market::Krx, Kind::Warrant).tick(won("1000")), None);
}

#[test]
fn neighbours_of_a_wrong_price_are_named() {
    let rules = rules(Market::Krx, Kind::Stock);
    let wrong = |price: &str| rules.price(won(price)).unwrap_err();
    assert_eq!(wrong("70050").to_string(), "70050 is no price here: the tick is 100; next are 70000 and 70100");
    assert_eq!(wrong("200400").to_string(), "200400 is no price here: the tick is 500; next are 200000 and 200500");
    assert_eq!(wrong("0.5").to_string(), "0.5 is no price here: the tick is 1; next is 1");
    assert_eq!(wrong("-70000"), WrongPrice::NoPrice { price: won("-70000") });
    assert_eq!(wrong("0"), WrongPrice::NoPrice { price: Decimal::ZERO });
}

#[test]
fn what_kis_states_decides_and_only_near_the_price_that_it_was_stated_with() {
    let samsung = stock(Market::Krx, Kind::Stock, Some(70_700));
    let stated = Stated {
        tick: Some((won("50"), won("71300"))),
        upper_limit: Some(won("91900")),
        lower_limit: Some(won("49500")),
        lot: Some(10),
        ..Stated::default()
    };
    let rules = Rules::of(&samsung, stated);
    assert_eq!(rules.price(won("71350")), Ok(won("71350")));
    assert_eq!(rules.tick(won("49500")), Some(won("50")), "another band, by the table");
    assert_eq!(rules.tick(won("199999")), Some(won("50")), "the same band, as stated");
    assert_eq!(rules.tick(won("250000")), Some(won("500")), "another band, by the table");
    assert_eq!(rules.limits(), (Some(won("49500")), Some(won("91900"))));
    assert_eq!(rules.price(won("92000")).unwrap_err().to_string(), "92000 is above today's upper limit, 91900");
    assert_eq!(rules.price(won("49450")).unwrap_err().to_string(), "49450 is below today's lower limit, 49500");
    assert_eq!(rules.quantity(20), Ok(20));
    assert_eq!(rules.quantity(25).unwrap_err().to_string(), "25 is no multiple of the lot, 10; next are 20 and 30");
    // A tick without a table holds everywhere.
    let warrant = stock(Market::Krx, Kind::Warrant, None);
    let rules = Rules::of(&warrant, Stated { tick: Some((won("5"), won("100"))), ..Stated::default() });
    assert_eq!(rules.tick(won("100000")), Some(won("5")));
    assert!(rules.price(won("101")).is_err());
}

#[test]
fn limits_are_thirty_percent_cut_to_ticks() {
    for (base, lower, upper) in
        [(70_700, 49_500, 91_900), (1_252, 877, 1_627), (1_999, 1_400, 2_595), (5_000, 3_500, 6_500)]
    {
        let rules = Rules::of(&stock(Market::Krx, Kind::Stock, Some(base)), Stated::default());
        assert_eq!(rules.limits(), (Some(Decimal::from(lower)), Some(Decimal::from(upper))), "{base}");
    }
    let liquidated = Stock { marks: Marks::LIQUIDATION, ..stock(Market::Krx, Kind::Stock, Some(1_000)) };
    assert_eq!(Rules::of(&liquidated, Stated::default()).limits(), (None, None));
    assert_eq!(Rules::of(&stock(Market::Nasdaq, Kind::Stock, Some(100)), Stated::default()).limits(), (None, None));
}

#[test]
fn lots_are_of_the_stock_else_of_the_market() {
    let lot = |market, kind| rules(market, kind).lot();
    assert_eq!((lot(Market::Krx, Kind::Stock), lot(Market::Krx, Kind::Elw)), (Some(1), Some(10)));
    assert_eq!((lot(Market::Tse, Kind::Stock), lot(Market::Hkex, Kind::Stock)), (Some(100), None));
    let tencent = Stock { lot: Some(400), ..stock(Market::Hkex, Kind::Stock, None) };
    assert_eq!(Rules::of(&tencent, Stated::default()).lot(), Some(400));
    assert_eq!(rules(Market::Krx, Kind::Stock).quantity(0), Err(WrongQuantity::Nothing { lot: 1 }));
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let kinds = [Kind::Stock, Kind::Etf, Kind::Etn, Kind::Elw, Kind::Reit];
    (prop::sample::select(Market::ALL.to_vec()), prop::sample::select(kinds.to_vec()))
        .prop_map(|(market, kind)| rules(market, kind))
        .prop_filter("has a table", |rules| rules.tick(Decimal::ONE).is_some())
}

fn any_decimal() -> impl Strategy<Value = Decimal> {
    (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0_u32..29)
        .prop_map(|(low, middle, high, negative, scale)| Decimal::from_parts(low, middle, high, negative, scale))
}

#[test]
fn a_trillion_is_the_most() {
    assert_eq!((MOST_PRICE.to_string().as_str(), LEAST_TICK.to_string().as_str()), ("1000000000000", "0.00000001"));
}

proptest! {
    #[test]
    fn no_number_is_too_odd(market in prop::sample::select(Market::ALL.to_vec()), numbers in [(); 5].map(|()| any_decimal())) {
        let [price, tick, at, base, limit] = numbers;
        let stated = Stated { tick: Some((tick, at)), base_price: Some(base), upper_limit: Some(limit), ..Stated::default() };
        for stated in [stated, Stated { upper_limit: None, ..stated }, Stated { tick: None, upper_limit: None, ..stated }] {
            let rules = Rules::of(&stock(market, Kind::Stock, None), stated);
            let _ = (rules.price(price), rules.limits(), rules.above(price), rules.below(price), rules.tick(price));
        }
    }

    #[test]
    fn a_price_is_right_or_lies_between_two_that_are(rules in any_rules(), price in 1_u64..20_000_000_000) {
        let price = Decimal::new(i64::try_from(price).unwrap(), 4);
        match rules.price(price) {
            Ok(same) => prop_assert_eq!(same, price),
            Err(WrongPrice::OffTick { below, above, .. }) => {
                let above = above.unwrap();
                prop_assert!(above > price && rules.price(above).is_ok());
                if let Some(below) = below {
                    prop_assert!(below < price && rules.price(below).is_ok());
                    // And nothing between them is.
                    prop_assert_eq!(rules.above(below), Some(above));
                    prop_assert_eq!(rules.below(above), Some(below));
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn going_up_and_down_again_comes_back(rules in any_rules(), price in 1_u64..2_000_000) {
        let on_tick = rules.above(Decimal::from(price)).unwrap();
        prop_assert_eq!(rules.below(rules.above(on_tick).unwrap()), Some(on_tick));
    }

    #[test]
    fn counted_limits_are_prices_within_thirty_percent(base in 1_i64..5_000_000) {
        let etf = Rules::of(&stock(Market::Krx, Kind::Etf, Some(base)), Stated::default());
        let share = Rules::of(&stock(Market::Krx, Kind::Stock, Some(base)), Stated::default());
        for rules in [etf, share] {
            let (Some(lower), Some(upper)) = rules.limits() else { panic!("no limits") };
            prop_assert_eq!(rules.price(lower), Ok(lower));
            prop_assert_eq!(rules.price(upper), Ok(upper));
            let base = Decimal::from(base);
            prop_assert!(upper - base <= base * Decimal::new(3, 1) && base - lower <= base * Decimal::new(3, 1));
        }
    }

    #[test]
    fn a_quantity_is_right_or_lies_between_two_that_are(lot in 1_u32..1_000, quantity: u64) {
        let rules = Rules::of(&Stock { lot: Some(lot), ..stock(Market::Hkex, Kind::Stock, None) }, Stated::default());
        match rules.quantity(quantity) {
            Ok(same) => prop_assert!(same == quantity && same % u64::from(lot) == 0),
            Err(WrongQuantity::Nothing { .. }) => prop_assert_eq!(quantity, 0),
            Err(WrongQuantity::OddLot { below, above, .. }) => prop_assert!(below < quantity && quantity < above),
        }
    }
}
