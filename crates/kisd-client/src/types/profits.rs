//! What an account has gained and settled. The doc comments here are the descriptions in the OpenRPC document.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    TotalsFrom,
    stock::Market,
    trades::{TradeRegion, TradeSide},
};
use crate::number::Number;

/// A stock that was sold on a day, with what it brought. Prices and amounts are in `currency`. What KIS does not say is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RealisedProfit {
    /// The day, of the market.
    pub date: NaiveDate,
    /// At home or abroad.
    pub region: TradeRegion,
    /// The market; null where KIS names none that is known.
    pub market: Option<Market>,
    /// The code.
    pub stock_code: String,
    /// The name.
    pub stock_name: Option<String>,
    /// KRW, USD, HKD, JPY, CNY or VND; null where the market is not known.
    pub currency: Option<String>,
    /// Kind of position, as in a balance: 현금 (cash) and others; at home only.
    pub position: Option<String>,
    /// The day of the loan, of a margin position.
    pub loan_date: Option<NaiveDate>,
    /// Shares sold.
    pub sold_quantity: Number,
    /// What a share had cost.
    pub purchase_price: Option<Number>,
    /// What the shares sold had cost; abroad only.
    pub purchase_amount: Option<Number>,
    /// For what a share was sold, on average.
    pub sold_price: Option<Number>,
    /// For what they were sold together.
    pub sold_amount: Number,
    /// Profit or loss.
    pub profit_loss: Number,
    /// The same in percent.
    pub profit_loss_rate: Option<Number>,
    /// KIS's fee; at home only.
    pub fee: Option<Number>,
    /// Taxes; at home only.
    pub tax: Option<Number>,
    /// Interest of a loan; at home only.
    pub interest: Option<Number>,
    /// Fees and taxes together; abroad only.
    pub costs: Option<Number>,
    /// Won for a unit of the currency; abroad only.
    pub exchange_rate: Option<Number>,
    /// Shares bought on that day; at home only.
    pub bought_quantity: Option<Number>,
    /// What they cost; at home only.
    pub bought_amount: Option<Number>,
    /// Shares held after that day; at home only.
    pub held_quantity: Option<Number>,
}

/// What was traded at home on a day, in won.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayProfit {
    /// The day.
    pub date: NaiveDate,
    /// What was bought.
    pub bought_amount: Number,
    /// Shares bought.
    pub bought_quantity: Option<Number>,
    /// What was sold.
    pub sold_amount: Number,
    /// Shares sold.
    pub sold_quantity: Option<Number>,
    /// Realised profit or loss.
    pub profit_loss: Number,
    /// The same in percent.
    pub profit_loss_rate: Option<Number>,
    /// Fees.
    pub fee: Option<Number>,
    /// Taxes.
    pub tax: Option<Number>,
    /// Interest of loans.
    pub interest: Option<Number>,
}

/// Realised profit and loss in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfitTotals {
    /// At home or abroad.
    pub region: TradeRegion,
    /// The currency.
    pub currency: String,
    /// Profit or loss.
    pub profit_loss: Number,
    /// The same in percent; at home only.
    pub profit_loss_rate: Option<Number>,
    /// For what was sold.
    pub sold_amount: Option<Number>,
    /// For what was bought; at home only.
    pub bought_amount: Option<Number>,
    /// Fees; at home only.
    pub fee: Option<Number>,
    /// Taxes; at home only.
    pub tax: Option<Number>,
    /// Interest of loans; at home only.
    pub interest: Option<Number>,
    /// Fees and taxes together; abroad only.
    pub costs: Option<Number>,
    /// Who added them up: at home KIS, abroad kisd, since KIS adds up different currencies.
    pub totals_from: TotalsFrom,
}

/// Realised profits and losses of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountProfits {
    /// By day and stock, oldest first.
    pub by_stock: Vec<RealisedProfit>,
    /// By day, oldest first; at home only.
    pub by_day: Vec<DayProfit>,
    /// Of each currency in which something was sold.
    pub totals: Vec<ProfitTotals>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Which lists of KIS were read.
    pub regions: Vec<TradeRegion>,
    /// Whether they were read to their end; false only of lists of hundreds of pages.
    pub complete: bool,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered, Korean time; of several answers the first.
    pub as_of: DateTime<FixedOffset>,
}

/// A trade abroad with what it cost and how it was settled. Until the Korean settlement day KIS reckons won by an expected rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transaction {
    /// The day of the trade.
    pub date: NaiveDate,
    /// The day of settlement.
    pub settlement_date: Option<NaiveDate>,
    /// Buying or selling; null where it is neither.
    pub side: Option<TradeSide>,
    /// KIS's word for what it is.
    pub side_name: Option<String>,
    /// The code.
    pub stock_code: String,
    /// The standard code (ISIN).
    pub standard_code: Option<String>,
    /// The name.
    pub stock_name: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// Shares; fractions of a mini-stock are kept.
    pub quantity: Number,
    /// The price of one.
    pub price: Option<Number>,
    /// What they cost, in the currency.
    pub amount: Option<Number>,
    /// What was settled, in the currency.
    pub settled_amount: Option<Number>,
    /// KIS's fee, in the currency.
    pub fee: Option<Number>,
    /// Fees abroad, in the currency.
    pub foreign_fee: Option<Number>,
    /// What they cost, in won.
    pub amount_krw: Option<Number>,
    /// What was settled, in won.
    pub settled_amount_krw: Option<Number>,
    /// KIS's fee, in won.
    pub fee_krw: Option<Number>,
    /// Fees abroad, in won.
    pub foreign_fee_krw: Option<Number>,
    /// Won for a unit of the currency.
    pub exchange_rate: Option<Number>,
    /// The kind of loan, in KIS's words.
    pub loan: Option<String>,
}

/// Trades of some days with their settlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountTransactions {
    /// Oldest first.
    pub transactions: Vec<Transaction>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Which lists of KIS were read.
    pub regions: Vec<TradeRegion>,
    /// Whether they were read to their end; false only of lists of hundreds of pages.
    pub complete: bool,
    /// The name of the account.
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
}
