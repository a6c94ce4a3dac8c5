//! Parameters and results. The doc comments here are the descriptions in the OpenRPC document.

mod assets;
mod candles;
mod client;
mod daemon;
mod gateway;
mod investors;
mod kis;
mod market;
mod order;
mod orderable;
mod overseas;
mod profits;
mod quote;
mod stock;
mod token;
mod trades;

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    assets::{AssetClass, AssetKind, Assets, AssetsCash, AssetsLoans, AssetsParams, AssetsSource, AssetsTotals},
    candles::{Candle, Candles, CandlesParams, Interval},
    client::{
        ClientAddParams, ClientEntry, ClientList, ClientParams, ClientRemoved, ClientSetup, GatewayState,
        GatewayStatus, HostsStatus, LocalSecret, Program,
    },
    daemon::{
        AccountEntry, AccountList, CONTRACT, Calls, Contract, DaemonStatus, Effect, FailedCalls, Hello, HelloParams,
        LearnedRate, Quota, Right,
    },
    gateway::{GatewayBundle, GatewayTrust, GatewayUntrusted},
    investors::{
        Index, IndexParams, Investors, InvestorsDay, Ranked, Ranking, RankingParams, RankingResult, Trading, Unit,
    },
    kis::{
        CallParams, CallResult, DescribeParams, OperationDescription, OperationEntry, OperationField, OperationLimit,
        OperationPaging, OperationParam, OperationResult, SearchParams, SearchResult, Transport,
    },
    market::{
        Calendar, CalendarDay, CalendarParams, KnownBy, MarketSession, Phase, Session, SessionHours, SessionParams,
    },
    order::{
        Approval, Check, CheckName, CheckOutcome, HaltResult, Halted, KisOrder, NotCancelled, Order, OrderAmendParams,
        OrderApproveParams, OrderCancelParams, OrderGetParams, OrderHaltParams, OrderList, OrderListParams,
        OrderParams, OrderResolveParams, OrderResumeParams, OrderState, OrderType, PlaceParams, PlacedBy, Preview,
        Reason, Route, Side, Step, TimeInForce,
    },
    orderable::{Buyable, BuyableParams, Purchase, QuantityFrom, Sellable, SellableParams},
    overseas::{
        CurrencyBalance, OverseasBalance, OverseasBalanceParams, OverseasDifference, OverseasHolding, OverseasPosition,
        OverseasTotals,
    },
    profits::{AccountProfits, AccountTransactions, DayProfit, ProfitTotals, RealisedProfit, Transaction},
    quote::{Extreme, Level, Orderbook, Price, Prices, PricesParams, QuoteParams, ShortPrice},
    stock::{
        Board, Market, StockEntry, StockInfo, StockInfoParams, StockKind, StockSearchParams, StockSearchResult,
        StockStatus,
    },
    token::{TokenSource, TokenState, TokenStatus},
    trades::{
        AccountExecution, AccountExecutions, AccountOrder, AccountOrderKind, AccountOrderState, AccountOrders,
        AccountOrdersParams, AccountPeriodParams, Fill, OrderOrigin, ReservedOrder, TradeRegion, TradeSide,
    },
};
use super::{codes::ErrorData, number::Number, whole};

/// No parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Parameters of methods about an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountParams {
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Parameters of `account.balance`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BalanceParams {
    /// Greatest age of an answer from memory, in milliseconds. 0: KIS is asked after this call came in. Left out: as configured.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub max_age_ms: Option<u64>,
    /// Longest time that the answer may take, in milliseconds, from 1000 to 600000. Left out: rpc.call_timeout.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    #[schemars(range(min = 1000, max = 600_000))]
    pub timeout_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Parameters of `account.subscribeBalance`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SubscribeBalanceParams {
    /// Least time between two notifications, and the time after which KIS is asked again, in milliseconds; at least what leaves
    /// half of KIS's quota to other callers. Left out: 5000.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "whole::optional")]
    pub interval_ms: Option<u64>,
    /// The name of the account. Left out: the default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// Parameters of the methods that end a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsubscribeParams {
    /// What subscribing answered, on the same connection.
    #[serde(deserialize_with = "whole::required")]
    pub subscription: u64,
}

/// What a balance subscriber receives: the whole state, whenever something in it has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BalanceState {
    /// The newest balance; null if there has been none. Its `as_of` is that of the last change.
    pub balance: Option<Balance>,
    /// Why it is not newer; null if KIS answers.
    pub error: Option<Fault>,
}

/// An error as a part of a state; the same three members as the error of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// The code.
    pub code: i32,
    /// What happened, and what to do.
    pub message: String,
    /// The kind, and when it is worth trying again.
    pub data: Option<ErrorData>,
}

/// The balance of the account. Amounts are whole won. What KIS does not say is null, and so is what depends on a price that the
/// market has not loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Balance {
    /// Securities and D+2 cash together (tot_evlu_amt).
    pub total_evaluation: Option<i64>,
    /// Cash today (dnca_tot_amt).
    pub deposit: Option<i64>,
    /// Profit or loss of everything held (evlu_pfls_smtl_amt).
    pub total_profit_loss: Option<i64>,
    /// Profit or loss in percent of what was paid, two decimals; 0 when nothing was bought.
    pub profit_loss_rate: Option<Number>,
    /// Everything held, rows of quantity 0 left out.
    pub holdings: Vec<Holding>,
    /// What was paid for everything held (pchs_amt_smtl_amt).
    pub purchase_amount: i64,
    /// What everything held is worth (evlu_amt_smtl_amt).
    pub evaluation_amount: Option<i64>,
    /// Cash on the next settlement day, D+1 (nxdy_excc_amt).
    pub deposit_d1: Option<i64>,
    /// Cash on the settlement day after it, D+2 (prvs_rcdl_excc_amt).
    pub deposit_d2: Option<i64>,
    /// Net assets (nass_amt).
    pub net_assets: Option<i64>,
    /// Real money or paper trading.
    pub mode: Mode,
    /// The account number with its middle hidden.
    pub account: String,
    /// The name of the account.
    #[serde(default)]
    pub account_name: String,
    /// When KIS answered, Korean time.
    pub as_of: DateTime<FixedOffset>,
    /// Whose prices it is calculated with.
    #[serde(default)]
    pub price_basis: PriceBasis,
    /// Who added up the totals.
    #[serde(default)]
    pub totals_from: TotalsFrom,
    /// KIS's own totals, where those above are not or are null; else null.
    pub kis_totals: Option<KisTotals>,
    /// Whether the holdings are worth what KIS's total says.
    #[serde(default)]
    pub evaluation_check: EvaluationCheck,
    /// Whether what was paid for the holdings adds up to KIS's total, to a won each. False only where accept_difference is set.
    #[serde(default = "yes")]
    pub reconciled: bool,
}

fn yes() -> bool {
    true
}

/// Whose prices a balance is calculated with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PriceBasis {
    /// The regular market of the Korea Exchange.
    #[default]
    Krx,
    /// NXT, for stocks that are traded there.
    Nxt,
    /// Both as KIS unifies them.
    Unified,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Who added up the totals of a balance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TotalsFrom {
    /// KIS.
    #[default]
    Kis,
    /// kisd, from the holdings: each page of KIS's answer has the prices of its moment, and KIS's totals are of the last page's.
    Rows,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Whether the holdings are worth what KIS's total says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationCheck {
    /// They are, to a won each.
    Agrees,
    /// They are not, and were not when KIS was asked again.
    Differs,
    /// It cannot be said: there are several pages, or a price is missing.
    #[default]
    NotMade,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// Totals as KIS has added them up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KisTotals {
    /// Securities and D+2 cash together (tot_evlu_amt).
    pub total_evaluation: i64,
    /// Profit or loss of everything held (evlu_pfls_smtl_amt).
    pub total_profit_loss: i64,
    /// What was paid for everything held (pchs_amt_smtl_amt).
    pub purchase_amount: i64,
    /// What everything held is worth (evlu_amt_smtl_amt).
    pub evaluation_amount: i64,
    /// Net assets (nass_amt).
    pub net_assets: i64,
}

/// One position. Price, worth and profit or loss are null while the market has not loaded its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holding {
    /// Six characters (pdno).
    pub stock_code: String,
    /// Name, usually Korean (prdt_name).
    pub stock_name: String,
    /// Shares (hldg_qty).
    pub quantity: i64,
    /// Average purchase price in won (pchs_avg_pric); up to four decimals.
    pub avg_price: Number,
    /// Price in won (prpr).
    pub current_price: Option<i64>,
    /// Worth in won (evlu_amt).
    pub evaluation_amount: Option<i64>,
    /// Profit or loss in won (evlu_pfls_amt).
    pub profit_loss: Option<i64>,
    /// Profit or loss in percent, two decimals (evlu_pfls_rt).
    pub profit_loss_rate: Option<Number>,
    /// Shares that can be sold now (ord_psbl_qty).
    pub available_quantity: i64,
    /// Paid in won (pchs_amt); KIS loses up to a won of it.
    pub purchase_amount: i64,
    /// Kind of position: 현금 (cash), 자기융자 (margin loan) and others (trad_dvsn_name).
    pub position: String,
    /// Day of the loan (loan_dt); null for cash, and for loans of which KIS does not say it.
    pub loan_date: Option<NaiveDate>,
    /// Amount of the loan in won (loan_amt).
    pub loan_amount: Option<i64>,
}

/// Real money or paper trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real money.
    Real,
    /// 모의투자.
    Paper,
    /// A value that this client does not know: the daemon is newer.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}
