//! What the simulated account holds abroad: stocks by the way they are held, and currencies.

use rust_decimal::Decimal;

/// How a position abroad is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldAs {
    /// Paid for.
    Cash,
    /// A loan is secured by it.
    Pledged,
    /// A fraction, which no order can sell.
    MiniStock,
}

/// A position abroad.
#[derive(Debug, Clone)]
pub struct PositionAbroad {
    /// `ovrs_excg_cd`: where its stock is listed.
    pub exchange: String,
    /// `ovrs_pdno`.
    pub code: String,
    /// How it is held.
    pub held_as: HeldAs,
    /// Shares, those that were bought and sold today included.
    pub quantity: Decimal,
    /// What was paid for a share, in the currency.
    pub avg_price: Decimal,
    /// Shares bought today.
    pub bought_today: Decimal,
    /// Shares sold today.
    pub sold_today: Decimal,
}

impl PositionAbroad {
    /// A cash position from before today.
    pub fn cash(exchange: &str, code: &str, quantity: i64, avg_price: Decimal) -> Self {
        Self {
            exchange: exchange.to_owned(),
            code: code.to_owned(),
            held_as: HeldAs::Cash,
            quantity: quantity.into(),
            avg_price,
            bought_today: Decimal::ZERO,
            sold_today: Decimal::ZERO,
        }
    }

    /// The same, held in another way.
    #[must_use]
    pub fn held_as(self, held_as: HeldAs) -> Self {
        Self { held_as, ..self }
    }

    /// Shares of before today.
    pub(super) fn settled(&self) -> Decimal {
        self.quantity - self.bought_today + self.sold_today
    }
}

/// What an account has abroad.
#[derive(Debug, Clone, Default)]
pub struct Abroad {
    /// Positions, in the order they are listed.
    pub positions: Vec<PositionAbroad>,
    /// Cash by currency; of a currency that is not here KIS says nothing.
    pub cash: Vec<(String, Decimal)>,
    /// Whether won are exchanged by themselves (통합증거금).
    pub is_integrated: bool,
    /// Whether the present balance is before today's trades, as it is from 18:10 until half an hour after the American close.
    pub is_late: bool,
}

impl Abroad {
    /// American and Japanese stocks, a pledged one, a fraction, and dollars.
    pub fn demo() -> Self {
        Self {
            positions: vec![
                PositionAbroad::cash("NASD", "AAPL", 10, Decimal::new(22_729, 2)),
                PositionAbroad::cash("AMEX", "SOXL", 21, Decimal::new(3_890, 2)),
                PositionAbroad::cash("NASD", "AAPL", 3, Decimal::new(20_150, 2)).held_as(HeldAs::Pledged),
                PositionAbroad {
                    quantity: Decimal::new(12_638, 6),
                    ..PositionAbroad::cash("NYSE", "NKE", 0, Decimal::new(7_120, 2)).held_as(HeldAs::MiniStock)
                },
                PositionAbroad::cash("TKSE", "7203", 100, Decimal::new(29_500, 1)),
            ],
            cash: vec![("USD".to_owned(), Decimal::new(50_000, 2))],
            is_integrated: true,
            is_late: false,
        }
    }
}
