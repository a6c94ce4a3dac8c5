//! The table: a row each.

use super::Method;
use crate::{
    codes::Kind,
    types::{
        self, AccountParams, Balance, BalanceParams, CallParams, CallResult, ClientAddParams, ClientParams,
        ClientRemoved, ClientSetup, DescribeParams, Effect, Hello, HelloParams, NoParams, OperationDescription, Right,
        SearchParams, SearchResult, SubscribeBalanceParams, UnsubscribeParams,
    },
};

methods! {
    /// Cash, totals and every holding of the account.
    AccountBalance = "account.balance": Read, Read, (BalanceParams) -> Balance,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            NotSupported, UnknownAccount];

    /// The whole balance as a notification, and again whenever something in it has changed. Subscribers share their calls to KIS;
    /// a slow one gets the newest state. Over WebSocket and the JSON stream.
    AccountSubscribeBalance = "account.subscribeBalance": Read, Read, (SubscribeBalanceParams) -> u64,
        [NotSupported, UnknownAccount];

    /// Ends a subscription of this connection; whether there was one.
    AccountUnsubscribeBalance = "account.unsubscribeBalance": Read, Read, (UnsubscribeParams) -> bool, [];

    /// The accounts by name, with their app keys, the state of each token, and what the caller may do.
    AccountList = "account.list": Read, Read, (NoParams) -> types::AccountList, [];

    /// KIS's list of a day's orders at home and abroad, whoever placed them: what was filled, what waits, what was amended and
    /// cancelled, and reservations. Every page is read.
    AccountOrders = "account.orders": Read, Read, (types::AccountOrdersParams) -> types::AccountOrders,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, Overloaded];
    /// What can be bought of a stock: with the account's own money, and with 미수 or by exchange, told apart. KIS is asked with the
    /// kind of order that is meant, so that its margin rate counts.
    AccountBuyable = "account.buyable": Read, Read, (types::BuyableParams) -> types::Buyable,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// What can be sold of a stock that is held in cash, as KIS says it: less than is held where some waits in orders.
    AccountSellable = "account.sellable": Read, Read, (types::SellableParams) -> types::Sellable,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// What was filled of the orders of some days, at home and abroad, whoever placed them. Every page of KIS's list is read.
    AccountExecutions = "account.executions": Read, Read, (types::AccountPeriodParams) -> types::AccountExecutions,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, Overloaded];

    /// Realised profits and losses of some days by stock and day, with fees and taxes, and totals in each currency. KIS has them for
    /// real accounts only.
    AccountProfits = "account.profits": Read, Read, (types::AccountPeriodParams) -> types::AccountProfits,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, Overloaded];

    /// Trades of some days with fees, settlement and exchange rate. KIS has them abroad only, and for real accounts only.
    AccountTransactions = "account.transactions": Read, Read, (types::AccountPeriodParams) -> types::AccountTransactions,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, Overloaded];
    /// Stocks abroad and money in other currencies. What is held is by the call that shows what has just been traded, fractions
    /// included, and no market is counted twice; money is by another call, with its own time.
    AccountOverseasBalance = "account.overseasBalance": Read, Read, (types::OverseasBalanceParams) -> types::OverseasBalance,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported];

    /// All that the account has, by class; its cash today, on D+1 and on D+2 with their dates, what can be taken out, 미수금, and
    /// loans. Made of several calls of KIS, each of which is named.
    AccountAssets = "account.assets": Read, Read, (types::AssetsParams) -> types::Assets,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported];

    /// The price of a stock at home or abroad, in full: change, limits, volume, 52 weeks, ratios, and what is out of the ordinary
    /// about it. Numbers are exact; what KIS does not say is null.
    QuotePrice = "quote.price": Read, Read, (types::QuoteParams) -> types::Price,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// The prices of up to 30 stocks in short, each with its own error. What several callers ask within a few milliseconds is one
    /// call of KIS, where the mode has one for several stocks.
    QuotePrices = "quote.prices": Read, Read, (types::PricesParams) -> types::Prices, [UnknownAccount];

    /// The order book of a stock: up to ten prices a side, best first, with what waits at each, and during an auction what it
    /// would end with.
    QuoteOrderbook = "quote.orderbook": Read, Read, (types::QuoteParams) -> types::Orderbook,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// Candles of a stock, from minutes to years, oldest first: as many pages of KIS as they take, none lost and none twice.
    QuoteCandles = "quote.candles": Read, Read, (types::CandlesParams) -> types::Candles,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// An index at home or abroad: what it is now, its change, its session, and at home how many of its stocks rise and fall.
    QuoteIndex = "quote.index": Read, Read, (types::IndexParams) -> types::Index,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// Who buys and sells a stock of the Korea Exchange, day by day: private persons, foreigners, institutions.
    QuoteInvestors = "quote.investors": Read, Read, (types::QuoteParams) -> types::Investors,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// On which days a market trades, and in which hours: by what KIS says, which is asked once a day, and by a table of holidays and
    /// special days, which tells its years. What is not known is null.
    MarketCalendar = "market.calendar": Read, Read, (types::CalendarParams) -> types::Calendar, [UnknownAccount];

    /// What a market does now, when that changes next, and how it is known. A halt or an unplanned closing is not seen here.
    MarketSession = "market.session": Read, Read, (types::SessionParams) -> types::MarketSession, [UnknownAccount];

    /// What an order would be, checked as if it were placed, and sent nowhere: every check with its outcome, the amount, fees and tax,
    /// and whether it would wait for a person.
    OrderPreview = "order.preview": Trade, Read, (types::OrderParams) -> types::Preview,
        [UnknownAccount, OrderRefused, NotSupported];

    /// Places an order, once: under an id of the caller's own, or by its preview. The same id again gives the same order and sends
    /// nothing. An order whose outcome is not known is never sent again; `order.get` tells when it is found.
    OrderPlace = "order.place": Trade, Trade, (types::PlaceParams) -> types::Order,
        [UnknownAccount, OrderRefused, UpstreamRejected, OutcomeUnknown, NotFound, NotSupported];

    /// Gives all that is not filled of an order another price or type.
    OrderAmend = "order.amend": Trade, Trade, (types::OrderAmendParams) -> types::Order,
        [UnknownAccount, OrderRefused, UpstreamRejected, OutcomeUnknown, NotFound, NotSupported];

    /// Cancels an order, or a part of it. KIS only says that it has received it; what comes of it, `order.get` tells.
    OrderCancel = "order.cancel": Trade, Trade, (types::OrderCancelParams) -> types::Order,
        [UnknownAccount, OrderRefused, UpstreamRejected, OutcomeUnknown, NotFound, NotSupported];

    /// An order with its whole life.
    OrderGet = "order.get": Read, Read, (types::OrderGetParams) -> types::Order, [UnknownAccount, NotFound, OrderRefused];

    /// Orders that were placed by kisd, the newest first.
    OrderList = "order.list": Read, Read, (types::OrderListParams) -> types::OrderList, [UnknownAccount, OrderRefused];

    /// Sends an order that waits for a person, after all checks have been made again.
    OrderApprove = "order.approve": Approve, Trade, (types::OrderApproveParams) -> types::Order,
        [UnknownAccount, OrderRefused, UpstreamRejected, OutcomeUnknown, NotFound];

    /// Refuses an order that waits for a person.
    OrderDeny = "order.deny": Approve, Trade, (types::OrderApproveParams) -> types::Order,
        [UnknownAccount, OrderRefused, NotFound];

    /// Settles an order whose outcome is not known, by what a person has seen at KIS.
    OrderResolve = "order.resolve": Approve, Trade, (types::OrderResolveParams) -> types::Order,
        [UnknownAccount, OrderRefused, NotFound];

    /// Refuses every new order from now on, also after a restart; cancellations go out. Cancels the open ones where that is wanted.
    OrderHalt = "order.halt": Trade, Trade, (types::OrderHaltParams) -> types::HaltResult, [UnknownAccount, OrderRefused];

    /// Lets orders go on after a halt.
    OrderResume = "order.resume": Approve, Trade, (types::OrderResumeParams) -> types::HaltResult,
        [UnknownAccount, OrderRefused];
    /// The stocks that come first by volume, change, worth, short sales, or what foreigners and institutions buy; thirty at home. Paper
    /// trading has none.
    MarketRanking = "market.ranking": Read, Read, (types::RankingParams) -> types::RankingResult,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported];

    /// KIS's operations that fit words in Korean or English, a sentence, a TR id, a path or the name of a field; the best first.
    /// KIS is not asked.
    KisSearch = "kis.search": Read, Read, (SearchParams) -> SearchResult, [];

    /// Everything that is known of an operation of KIS: parameters with their values, fields of the answer, paging. KIS is not
    /// asked.
    KisDescribe = "kis.describe": Read, Read, (DescribeParams) -> OperationDescription, [NotFound];

    /// Calls any operation of KIS that reads, and answers what KIS answered. Account number and TR id are filled in, pages are
    /// joined, and values are left as KIS wrote them.
    KisCall = "kis.call": Read, Read, (CallParams) -> CallResult,
        [TokenUnavailable, CredentialsRejected, RateLimited, UpstreamUnreachable, UpstreamRejected, UpstreamMalformed,
            UnknownAccount, NotSupported, NotFound];

    /// Stocks by name or a part of it in Korean or English, code, standard code, or initials such as ㅅㅅㅈㅈ; the best first, one letter
    /// may be wrong. From KIS's lists of all markets, which kisd keeps; KIS is not asked.
    StockSearch = "stock.search": Read, Read, (types::StockSearchParams) -> types::StockSearchResult, [UpstreamUnreachable];

    /// What KIS's lists say of a stock: names, market, kind, base price, tick, lot, status, shares. KIS is not asked.
    StockInfo = "stock.info": Read, Read, (types::StockInfoParams) -> types::StockInfo, [UpstreamUnreachable, NotFound];

    /// The state of the access token; never the token itself.
    TokenStatus = "token.status": Read, Read, (AccountParams) -> types::TokenStatus, [UnknownAccount];

    /// Renews the access token now if KIS's rule of one a minute allows it, else says when. KIS notifies the account's owner of
    /// every issuance, and within six hours of one hands out the same token again.
    TokenRefresh = "token.refresh": Refresh, Issue, (AccountParams) -> types::TokenStatus,
        [TokenUnavailable, CredentialsRejected, UnknownAccount];

    /// The state of the access token as a notification, and again whenever it has changed. Over WebSocket and the JSON stream.
    TokenSubscribeStatus = "token.subscribeStatus": Read, Read, (AccountParams) -> u64, [];

    /// Ends a subscription of this connection; whether there was one.
    TokenUnsubscribeStatus = "token.unsubscribeStatus": Read, Read, (UnsubscribeParams) -> bool, [];

    /// The clients of the gateway: programs that speak to KIS, and reach it through kisd with a key pair of their own.
    ClientList = "client.list": Admin, Read, (NoParams) -> types::ClientList, [];

    /// Makes a client of the gateway, with a local key pair that is worth nothing at KIS. The secret is told once.
    ClientAdd = "client.add": Admin, Control, (ClientAddParams) -> ClientSetup, [UnknownAccount];

    /// What a program has to be told to be this client, but for its secret.
    ClientShow = "client.show": Admin, Read, (ClientParams) -> ClientSetup, [NotFound];

    /// Gives a client a new key pair; the old one ends at once. The secret is told once.
    ClientRotate = "client.rotate": Admin, Control, (ClientParams) -> ClientSetup, [NotFound];

    /// Takes a client its key pair, which ends at once.
    ClientRemove = "client.remove": Admin, Control, (ClientParams) -> ClientRemoved, [NotFound];

    /// Makes the certificate with which the gateway is KIS under KIS's own host names, or another in its place. The authority that
    /// signs it is limited to those names, and its key is destroyed at once.
    GatewayTrust = "gateway.trust": Admin, Control, (NoParams) -> types::GatewayTrust, [];

    /// Removes that certificate, with its key and the bundle.
    GatewayUntrust = "gateway.untrust": Admin, Control, (NoParams) -> types::GatewayUntrusted, [];

    /// What a program has to trust that reaches the gateway under KIS's host names: the system's roots and that of the certificate.
    GatewayBundle = "gateway.bundle": Read, Read, (NoParams) -> types::GatewayBundle, [NotFound];

    /// Says what the program calls itself, for as long as its connection lasts: the log shows it beside the uses of rights, as its own
    /// claim. Nothing depends on it.
    DaemonHello = "daemon.hello": Read, Read, (HelloParams) -> Hello, [];

    /// Version, account, token, quota, and counters of calls and connections.
    DaemonStatus = "daemon.status": Read, Read, (NoParams) -> types::DaemonStatus, [];

    /// Counters and histograms as OpenMetrics text, which Prometheus reads; GET /metrics on the socket is the same.
    DaemonMetrics = "daemon.metrics": Read, Read, (NoParams) -> String, [];

    /// This document: everything that the socket serves, as OpenRPC.
    RpcDiscover = "rpc.discover": Read, Read, (NoParams) -> serde_json::Value, [];
}
