//! All that an account has: `inquire-account-balance` with its classes, and what other calls say of cash and of 미수금.

use chrono::{DateTime, FixedOffset, NaiveDate};
use rust_decimal::Decimal;

use super::{
    asking::{Asking, Fault, row, rows, shown},
    plain,
    present::{self, Present, Which, present},
};
use crate::{
    account::{
        Balance,
        calls::{Called, Told},
    },
    kis::{KisError, row::Row},
    market::Calendar,
    wire::{
        number::Number,
        types::{AssetClass, AssetKind, Assets, AssetsCash, AssetsLoans, AssetsSource, AssetsTotals, Market},
    },
};

const WHOLE: &str = "domestic-stock-trading-inquire-account-balance";
const MARGIN: &str = "domestic-stock-trading-intgr-margin";
const BALANCE: &str = "domestic-stock-trading-inquire-balance";

/// What KIS's rows are, by their place.
const KINDS: [AssetKind; 20] = [
    AssetKind::Stocks,
    AssetKind::Funds,
    AssetKind::Ima,
    AssetKind::Bonds,
    AssetKind::ElsDls,
    AssetKind::Wrap,
    AssetKind::Trust,
    AssetKind::Rp,
    AssetKind::OverseasStocks,
    AssetKind::OverseasBonds,
    AssetKind::Gold,
    AssetKind::CdCp,
    AssetKind::ShortTermBonds,
    AssetKind::OtherProducts,
    AssetKind::ForeignShortTermBonds,
    AssetKind::ForeignElsDls,
    AssetKind::ForeignCash,
    AssetKind::Cash,
    AssetKind::SubscriptionCash,
    AssetKind::Total,
];

/// How far back the day of trading before another is looked for.
const LOOKED_BACK: usize = 30;

/// An answer, or why KIS has none for this account.
type Said<T> = Result<(T, DateTime<FixedOffset>), String>;

/// All that the account has.
pub async fn assets(asking: &Asking<'_>) -> Result<Assets, Fault> {
    if asking.is_paper() {
        asking.needs_stocks("account.assets in paper trading")?;
    }
    let params = [("INQR_DVSN_1", String::new()), ("BSPR_BF_DT_APLY_YN", String::new())];
    let margin = [
        ("CMA_EVLU_AMT_ICLD_YN", "N".to_owned()),
        // The other way round than in the present balance: 02 is won.
        ("WCRC_FRCR_DVSN_CD", "02".to_owned()),
        ("FWEX_CTRT_FRCR_DVSN_CD", "02".to_owned()),
    ];
    let whole = async {
        match asking.one(WHOLE, params).await {
            // Of a real account it is the answer itself.
            Err(fault) if !asking.is_paper() => Err(fault),
            answer => said(answer, |called| shown(called.as_of)),
        }
    };
    let balance = async { said(asking.balance().await, |balance| shown(balance.as_of)) };
    let margin = async { said(asking.one(MARGIN, margin).await, |called| shown(called.as_of)) };
    let money = async { said(present(asking, Which::All).await, |money| shown(money.called.as_of)) };
    let days = async { Ok::<_, Fault>(asking.days().await) };
    let (whole, balance, margin, money, told) = futures_util::try_join!(whole, balance, margin, money, days)?;
    let sources = vec![
        source(WHOLE, &whole),
        source(BALANCE, &balance),
        source(MARGIN, &margin),
        source(present::OPERATION, &money),
    ];
    let now = asking.account.key.client.clock().now();
    let first = sources.iter().filter_map(|source| source.as_of).min();
    let balance = balance.ok().map(|(balance, _)| balance);
    let money = money.ok().map(|(money, _)| money);
    let mut assets = Assets {
        classes: None,
        cash: cash(balance.as_deref(), money.as_ref(), settled_on(&told, shown(now).date_naive())),
        loans: AssetsLoans {
            total: None,
            margin: None,
            secured: None,
            cma: None,
            mmf_cma: None,
            subscription: None,
            short_sold: None,
        },
        totals: AssetsTotals {
            total_assets: None,
            net_assets: None,
            purchase_amount: None,
            evaluation_amount: None,
            profit_loss: None,
        },
        sources,
        mode: asking.mode(),
        account: asking.account.id.to_string(),
        account_name: asking.account.name.to_string(),
        as_of: first.unwrap_or_else(|| shown(now)),
    };
    if let Ok((called, _)) = margin {
        assets.cash.receivable = asking.read(|| number(&row(&called, "output")?, "rcvb_amt"))?;
    }
    match whole {
        Ok((called, _)) => asking.read(|| of_whole(&called, assets)),
        Err(_) => Ok(of_others(balance.as_deref(), money.as_ref(), assets)),
    }
}

/// What KIS says, or that it has nothing of the kind; another fault is one of the whole.
fn said<T>(answer: Result<T, Fault>, as_of: impl FnOnce(&T) -> DateTime<FixedOffset>) -> Result<Said<T>, Fault> {
    match answer {
        Ok(answer) => {
            let as_of = as_of(&answer);
            Ok(Ok((answer, as_of)))
        }
        Err(fault) if fault.is_a_no() => Ok(Err(fault.to_string())),
        Err(fault) => Err(fault),
    }
}

fn source<T>(operation: &str, said: &Said<T>) -> AssetsSource {
    AssetsSource {
        operation: operation.to_owned(),
        as_of: said.as_ref().ok().map(|(_, as_of)| *as_of),
        missing: said.as_ref().err().cloned(),
    }
}

fn number(row: &Row<'_>, name: &str) -> Result<Option<Number>, KisError> {
    Ok(row.number(name)?.map(plain))
}

/// The next two settlement days after today, if today is one of trading.
fn settled_on(told: &Told, today: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let calendar = Calendar::of(Market::Krx, &told.days);
    let Some(second) = calendar.settlement(today) else { return (None, None) };
    // What was traded on the day of trading before today is settled one day sooner.
    let mut before = today.pred_opt();
    for _ in 0..LOOKED_BACK {
        match before.map(|day| (day, calendar.day(day).open)) {
            Some((day, Some(true))) => return (calendar.settlement(day), Some(second)),
            Some((day, Some(false))) => before = day.pred_opt(),
            _ => break,
        }
    }
    (None, Some(second))
}

fn cash(
    balance: Option<&Balance>,
    money: Option<&Present>,
    (deposit_d1_date, deposit_d2_date): (Option<NaiveDate>, Option<NaiveDate>),
) -> AssetsCash {
    let won = |won: Option<i64>| won.map(|won| plain(won.into()));
    let totals = balance.map(|balance| &balance.totals);
    let money = money.map(|money| &money.totals);
    AssetsCash {
        deposit: won(totals.and_then(|totals| totals.deposit)),
        deposit_d1: won(totals.and_then(|totals| totals.deposit_d1)),
        deposit_d1_date,
        deposit_d2: won(totals.and_then(|totals| totals.deposit_d2)),
        deposit_d2_date,
        total_deposit: money.and_then(|money| money.total_deposit),
        withdrawable: money.and_then(|money| money.withdrawable),
        receivable: None,
        receivable_today: None,
        cma: None,
        subscription_deposit: None,
    }
}

/// With what KIS says of the whole.
fn of_whole(called: &Called, assets: Assets) -> Result<Assets, KisError> {
    let rows = rows(called, "output1")?;
    let totals = row(called, "output2")?;
    let of = |name| number(&totals, name);
    // Accounts of some products have other classes, and KIS has added some before: another count is another order.
    let classes = if rows.len() == KINDS.len() {
        Some(rows.iter().zip(KINDS).map(|(row, kind)| class(row, kind)).collect::<Result<Vec<_>, _>>()?)
    } else {
        None
    };
    let deposit = assets.cash.deposit;
    Ok(Assets {
        classes,
        cash: AssetsCash {
            deposit: if deposit.is_some() { deposit } else { of("dncl_amt")? },
            total_deposit: of("tot_dncl_amt")?,
            receivable_today: of("thdt_rcvb_amt")?,
            cma: of("cma_evlu_amt")?,
            subscription_deposit: of("sbsc_dncl_amt")?,
            ..assets.cash
        },
        loans: AssetsLoans {
            total: of("loan_amt_smtl")?,
            margin: of("crdt_fncg_amt")?,
            secured: of("tot_mgln_amt")?,
            cma: of("cma_auto_loan_amt")?,
            mmf_cma: of("mmf_cma_mgge_loan_amt")?,
            subscription: of("pbst_sbsc_fnds_loan_use_amt")?,
            short_sold: of("stln_evlu_amt")?,
        },
        totals: AssetsTotals {
            total_assets: of("tot_asst_amt")?,
            net_assets: of("nass_tot_amt")?,
            purchase_amount: of("pchs_amt_smtl")?,
            evaluation_amount: of("evlu_amt_smtl")?,
            profit_loss: of("evlu_pfls_amt_smtl")?,
        },
        ..assets
    })
}

fn class(row: &Row<'_>, class: AssetKind) -> Result<AssetClass, KisError> {
    Ok(AssetClass {
        class,
        purchase_amount: number(row, "pchs_amt")?,
        evaluation_amount: number(row, "evlu_amt")?,
        profit_loss: number(row, "evlu_pfls_amt")?,
        loans: number(row, "crdt_lnd_amt")?,
        net_assets: number(row, "real_nass_amt")?,
        weight: number(row, "whol_weit_rt")?,
    })
}

/// With the classes of which other calls tell: stocks, stocks abroad, cash.
fn of_others(balance: Option<&Balance>, money: Option<&Present>, assets: Assets) -> Assets {
    let won = |won: Option<i64>| won.map(|won| plain(won.into()));
    let empty = |class| AssetClass {
        class,
        purchase_amount: None,
        evaluation_amount: None,
        profit_loss: None,
        loans: None,
        net_assets: None,
        weight: None,
    };
    let loans = balance.and_then(|balance| {
        let each = balance.holdings.iter().map(|holding| holding.loan_amount.map(Decimal::from));
        each.sum::<Option<Decimal>>().map(plain)
    });
    let stocks = balance.map(|balance| AssetClass {
        purchase_amount: won(Some(balance.totals.purchase_amount)),
        evaluation_amount: won(balance.totals.evaluation_amount),
        profit_loss: won(balance.totals.profit_loss),
        loans,
        ..empty(AssetKind::Stocks)
    });
    let abroad = money.map(|money| AssetClass {
        purchase_amount: money.totals.purchase_amount,
        evaluation_amount: money.totals.evaluation_amount,
        profit_loss: money.totals.profit_loss,
        ..empty(AssetKind::OverseasStocks)
    });
    let foreign =
        money.map(|money| AssetClass { evaluation_amount: money.totals.foreign_cash, ..empty(AssetKind::ForeignCash) });
    let cash = balance
        .map(|balance| AssetClass { evaluation_amount: won(balance.totals.deposit_d2), ..empty(AssetKind::Cash) });
    Assets {
        classes: Some([stocks, abroad, foreign, cash].into_iter().flatten().collect()),
        loans: AssetsLoans { margin: loans, ..assets.loans },
        ..assets
    }
}
