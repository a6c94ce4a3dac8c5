//! Rankings: the operation of KIS that each is, and its answer.

mod specs;

use rust_decimal::Decimal;

use self::specs::{ABROAD, HOME, Spec};
use super::{
    Answered, Asked, ReadFault, Unasked, exact, signed,
    stock::{Stock, Venue},
};
use crate::{
    kis::{
        KisError,
        row::{Row, rows},
    },
    wire::types::{self, Board, Market, Ranked, RankingParams},
};

/// A ranking that is asked for.
#[derive(Debug, Clone)]
pub struct Ranking {
    ranking: types::Ranking,
    market: Market,
    board: Option<Board>,
    spec: &'static Spec,
    /// What KIS calls the market.
    venue: Venue,
}

/// What foreigners and institutions buy is of a market that KIS has a letter of its own for.
const OF_INVESTORS: &str = "V";

impl Ranking {
    /// The ranking that is asked for.
    pub fn of(params: &RankingParams) -> Result<Self, Unasked> {
        let names = |specs: &[Spec]| specs.iter().map(|spec| spec.ranking.name()).collect::<Vec<_>>().join(", ");
        if params.ranking == types::Ranking::Unknown {
            return Err(Unasked::Param(format!("ranking must be one of {}", names(&HOME))));
        }
        let market = match params.market.unwrap_or(Market::Krx) {
            Market::Unknown => {
                let all = Market::ALL.map(Market::name).join(", ");
                return Err(Unasked::Param(format!("market must be one of {all}")));
            }
            Market::Un => return Err(Unasked::Lacks("KIS ranks KRX and NXT apart, and not both together".to_owned())),
            market => market,
        };
        let venue = Stock { code: String::new(), market }.venue();
        let is_home = matches!(venue, Venue::Domestic(_));
        let is_board = |board: &Board| matches!(board, Board::Kospi | Board::Kosdaq);
        if params.board.as_ref().is_some_and(|board| !is_board(board)) {
            return Err(Unasked::Param("board must be KOSPI or KOSDAQ".to_owned()));
        }
        if params.board.is_some() && !is_home {
            return Err(Unasked::Param(format!("{} has no boards: leave board out", market.name())));
        }
        let specs: &'static [Spec] = if is_home { &HOME } else { &ABROAD };
        let found = specs.iter().find(|spec| spec.ranking == params.ranking);
        let lacks = || {
            let has = if is_home {
                "what else there is is for KRX".to_owned()
            } else {
                format!("there are {}", names(&ABROAD))
            };
            Unasked::Lacks(format!("KIS has no ranking by {} for {}; {has}", params.ranking.name(), market.name()))
        };
        let spec = found.filter(|spec| market != Market::Nxt || spec.on_nxt).ok_or_else(lacks)?;
        Ok(Self { ranking: params.ranking, market, board: params.board, spec, venue })
    }

    fn currency(&self) -> &'static str {
        Stock { code: String::new(), market: self.market }.currency()
    }
}

impl Asked for Ranking {
    type Answer = types::RankingResult;

    fn call(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let Spec { operation, params, market, board, .. } = self.spec;
        let mut all: Vec<(&'static str, String)> =
            params.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        match self.venue {
            Venue::Overseas(exchange) => all.push((market, exchange.to_owned())),
            Venue::Domestic(letter) => {
                let of_investors = *operation == "domestic-stock-quotations-foreign-institution-total";
                all.push((market, if of_investors { OF_INVESTORS } else { letter }.to_owned()));
                let sector = match self.board {
                    Some(Board::Kospi) => "0001",
                    Some(Board::Kosdaq) => "1001",
                    _ => "0000",
                };
                all.push((board, sector.to_owned()));
            }
        }
        (operation, all)
    }

    fn read(&self, answered: &Answered<'_>) -> Result<types::RankingResult, ReadFault> {
        let is_home = matches!(self.venue, Venue::Domestic(_));
        let container = if is_home { "output" } else { "output2" };
        let mut stocks = Vec::new();
        for row in rows(answered.tr_id, answered.body, container)? {
            let place = u64::try_from(stocks.len()).unwrap_or(u64::MAX).saturating_add(1);
            stocks.extend(if is_home { self.home(&row, place)? } else { self.abroad(&row, place)? });
        }
        Ok(types::RankingResult {
            ranking: self.ranking,
            market: self.market,
            board: self.board,
            currency: self.currency().to_owned(),
            unit: self.spec.unit,
            stocks,
            account_name: answered.account_name.to_owned(),
            as_of: answered.as_of,
        })
    }
}

impl Ranking {
    /// A stock; nothing of a row without one, with which KIS fills up a page.
    fn home(&self, row: &Row<'_>, place: u64) -> Result<Option<Ranked>, KisError> {
        let code = match row.text("mksc_shrn_iscd")? {
            Some(code) => Some(code),
            None => row.text("stck_shrn_iscd")?,
        };
        let Some(code) = code else { return Ok(None) };
        let price = row.unless_zero("stck_prpr")?;
        Ok(Some(Ranked {
            rank: rank(row, "data_rank", place)?,
            stock_code: code.to_owned(),
            name: row.text("hts_kor_isnm")?.map(str::to_owned),
            price: exact(price),
            change: exact(signed(row, "prdy_vrss", "prdy_vrss_sign")?.filter(|_| price.is_some())),
            change_rate: exact(signed(row, "prdy_ctrt", "prdy_vrss_sign")?.filter(|_| price.is_some())),
            volume: exact(row.number("acml_vol")?),
            value: exact(self.value(row, "prdy_vrss_sign")?),
        }))
    }

    fn abroad(&self, row: &Row<'_>, place: u64) -> Result<Option<Ranked>, KisError> {
        let Some(code) = row.text("symb")? else { return Ok(None) };
        let price = row.unless_zero("last")?;
        Ok(Some(Ranked {
            rank: rank(row, "rank", place)?,
            stock_code: code.to_owned(),
            name: row.text("name")?.map(str::to_owned),
            price: exact(price),
            change: exact(signed(row, "diff", "sign")?.filter(|_| price.is_some())),
            change_rate: exact(signed(row, "rate", "sign")?.filter(|_| price.is_some())),
            volume: exact(row.number("tvol")?),
            value: exact(self.value(row, "sign")?),
        }))
    }

    /// What it is ranked by. A change has its sign beside it.
    fn value(&self, row: &Row<'_>, sign: &str) -> Result<Option<Decimal>, KisError> {
        let Spec { ranking, value, scale, .. } = self.spec;
        let is_change = matches!(ranking, types::Ranking::Rise | types::Ranking::Fall);
        let number = if is_change { signed(row, value, sign)? } else { row.number(value)? };
        let scaled = number.map(|number| number.checked_mul(Decimal::from(*scale)));
        scaled.map(|number| number.ok_or_else(|| row.malformed(value, "is too large"))).transpose()
    }
}

/// The place of a row: KIS's word, or where it stands.
fn rank(row: &Row<'_>, name: &str, place: u64) -> Result<u64, KisError> {
    let stated = row.unless_zero(name)?.map(u64::try_from);
    stated.map_or(Ok(place), |rank| rank.map_err(|_| row.malformed(name, "is not a place")))
}
