//! Why there is no balance.

use super::whole::Contradiction;
use crate::desk::ReadError;

/// Why there is no balance.
pub type BalanceError = ReadError<BalanceFault>;

/// What is wrong with a balance itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BalanceFault {
    /// What KIS answers cannot be a whole balance.
    NotWhole {
        /// What contradicts what.
        contradiction: Contradiction,
        /// How often it was read.
        reads: usize,
        /// Whether it was so each time, and only an owner who accepts it gets the balance.
        settled: bool,
    },
    /// The account is of a product whose balance KIS gives by another operation.
    NotSupported {
        /// `ACNT_PRDT_CD`.
        product_code: String,
    },
}

impl std::error::Error for BalanceFault {}

impl std::fmt::Display for BalanceFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotWhole { contradiction, reads, settled } => {
                write!(f, "the balance that KIS gives is not whole: {contradiction}; it was read {reads} times")?;
                if *settled {
                    f.write_str(
                        ", alike each time. If the account has short, lent or pledged shares, KIS may add them up in another way: \
                         accept_difference = true in [kis], beside mode, serves the balance, marked \"reconciled\": false",
                    )?;
                }
                Ok(())
            }
            Self::NotSupported { product_code } => {
                write!(
                    f,
                    "account.balance is for stock accounts (product codes 01, 21 and 22), and this one has {product_code}: "
                )?;
                match product_code.as_str() {
                    "03" => f.write_str("KIS's operation for domestic futures and options is CTFO6118R (domestic-futureoption/v1/trading/inquire-balance)"),
                    "08" => f.write_str("KIS's operation for futures abroad is OTFM1412R (overseas-futureoption/v1/trading/inquire-unpd)"),
                    "29" => f.write_str("KIS's operation for retirement pensions is TTTC2202R (domestic-stock/v1/trading/pension/inquire-present-balance)"),
                    _ => f.write_str("KIS's operation for what an account has of every kind is CTRP6548R (domestic-stock/v1/trading/inquire-account-balance)"),
                }
            }
        }
    }
}

/// Whether the balance of such an account is what `account.balance` gives.
pub(super) fn is_supported(product_code: &str) -> bool {
    matches!(product_code, "01" | "21" | "22")
}
