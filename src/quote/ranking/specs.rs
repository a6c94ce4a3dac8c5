//! What each ranking is at KIS: the operation, its parameters, and the field that it is ranked by.

use crate::wire::types::{self, Unit};

/// What a ranking is at KIS.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) ranking: types::Ranking,
    pub(super) operation: &'static str,
    /// Its parameters, but for market and board.
    pub(super) params: &'static [(&'static str, &'static str)],
    /// The parameter of the market.
    pub(super) market: &'static str,
    /// That of the board; none abroad.
    pub(super) board: &'static str,
    /// Whether NXT has it.
    pub(super) on_nxt: bool,
    /// The field that it is ranked by, what it counts, and in how much.
    pub(super) value: &'static str,
    pub(super) unit: Unit,
    pub(super) scale: i64,
}

/// Parameters of the volume ranking; what it is ordered by stands apart.
macro_rules! volume_rank {
    ($ranking:ident, $by:literal, $value:literal, $unit:ident) => {
        Spec {
            ranking: types::Ranking::$ranking,
            operation: "domestic-stock-quotations-volume-rank",
            params: &[
                ("FID_COND_SCR_DIV_CODE", "20171"),
                ("FID_DIV_CLS_CODE", "0"),
                ("FID_BLNG_CLS_CODE", $by),
                ("FID_TRGT_CLS_CODE", "111111111"),
                ("FID_TRGT_EXLS_CLS_CODE", "0000000000"),
                ("FID_INPUT_PRICE_1", ""),
                ("FID_INPUT_PRICE_2", ""),
                ("FID_VOL_CNT", ""),
                ("FID_INPUT_DATE_1", ""),
            ],
            market: "FID_COND_MRKT_DIV_CODE",
            board: "FID_INPUT_ISCD",
            on_nxt: true,
            value: $value,
            unit: Unit::$unit,
            scale: 1,
        }
    };
}

/// Parameters of the ranking of rises and falls, against the close before.
macro_rules! fluctuation {
    ($ranking:ident, $sort:literal) => {
        Spec {
            ranking: types::Ranking::$ranking,
            operation: "domestic-stock-ranking-fluctuation",
            params: &[
                ("fid_cond_scr_div_code", "20170"),
                ("fid_rank_sort_cls_code", $sort),
                ("fid_input_cnt_1", "0"),
                ("fid_prc_cls_code", "1"),
                ("fid_input_price_1", ""),
                ("fid_input_price_2", ""),
                ("fid_vol_cnt", ""),
                ("fid_trgt_cls_code", "0"),
                ("fid_trgt_exls_cls_code", "0"),
                ("fid_div_cls_code", "0"),
                ("fid_rsfl_rate1", ""),
                ("fid_rsfl_rate2", ""),
            ],
            market: "fid_cond_mrkt_div_code",
            board: "fid_input_iscd",
            on_nxt: true,
            value: "prdy_ctrt",
            unit: Unit::Percent,
            scale: 1,
        }
    };
}

/// Parameters of the two rankings that take them in the same words.
macro_rules! of_market {
    ($ranking:ident, $operation:literal, $screen:literal, $value:literal, $unit:ident, $scale:literal) => {
        Spec {
            ranking: types::Ranking::$ranking,
            operation: $operation,
            params: &[
                ("fid_cond_scr_div_code", $screen),
                ("fid_div_cls_code", "0"),
                ("fid_trgt_cls_code", "0"),
                ("fid_trgt_exls_cls_code", "0"),
                ("fid_input_price_1", ""),
                ("fid_input_price_2", ""),
                ("fid_vol_cnt", ""),
            ],
            market: "fid_cond_mrkt_div_code",
            board: "fid_input_iscd",
            on_nxt: true,
            value: $value,
            unit: Unit::$unit,
            scale: $scale,
        }
    };
}

/// Parameters of what foreigners and institutions have bought and sold, by shares.
macro_rules! investors {
    ($ranking:ident, $sort:literal, $who:literal, $value:literal) => {
        Spec {
            ranking: types::Ranking::$ranking,
            operation: "domestic-stock-quotations-foreign-institution-total",
            params: &[
                ("FID_COND_SCR_DIV_CODE", "16449"),
                ("FID_DIV_CLS_CODE", "0"),
                ("FID_RANK_SORT_CLS_CODE", $sort),
                ("FID_ETC_CLS_CODE", $who),
            ],
            market: "FID_COND_MRKT_DIV_CODE",
            board: "FID_INPUT_ISCD",
            on_nxt: false,
            value: $value,
            unit: Unit::Shares,
            scale: 1,
        }
    };
}

/// Rankings at home.
pub(super) const HOME: [Spec; 13] = [
    volume_rank!(Volume, "0", "acml_vol", Shares),
    volume_rank!(VolumeIncrease, "1", "vol_inrt", Percent),
    volume_rank!(Turnover, "2", "vol_tnrt", Percent),
    volume_rank!(TradeValue, "3", "acml_tr_pbmn", Currency),
    fluctuation!(Rise, "0"),
    fluctuation!(Fall, "1"),
    of_market!(MarketCap, "domestic-stock-ranking-market-cap", "20174", "stck_avls", Currency, 100_000_000),
    of_market!(VolumePower, "domestic-stock-ranking-volume-power", "20168", "tday_rltv", Percent, 1),
    Spec {
        ranking: types::Ranking::ShortSale,
        operation: "domestic-stock-ranking-short-sale",
        params: &[
            ("FID_COND_SCR_DIV_CODE", "20482"),
            ("FID_PERIOD_DIV_CODE", "D"),
            ("FID_INPUT_CNT_1", "0"),
            ("FID_APLY_RANG_VOL", ""),
            ("FID_APLY_RANG_PRC_1", ""),
            ("FID_APLY_RANG_PRC_2", ""),
            ("FID_TRGT_CLS_CODE", ""),
            ("FID_TRGT_EXLS_CLS_CODE", ""),
        ],
        market: "FID_COND_MRKT_DIV_CODE",
        board: "FID_INPUT_ISCD",
        on_nxt: false,
        value: "ssts_cntg_qty",
        unit: Unit::Shares,
        scale: 1,
    },
    investors!(ForeignBuys, "0", "1", "frgn_ntby_qty"),
    investors!(ForeignSells, "1", "1", "frgn_ntby_qty"),
    investors!(InstitutionBuys, "0", "2", "orgn_ntby_qty"),
    investors!(InstitutionSells, "1", "2", "orgn_ntby_qty"),
];

/// A ranking abroad.
macro_rules! abroad {
    ($ranking:ident, $operation:literal, [$($param:expr),*], $value:literal, $unit:ident) => {
        Spec {
            ranking: types::Ranking::$ranking,
            operation: $operation,
            params: &[("KEYB", ""), ("AUTH", ""), ("VOL_RANG", "0"), $($param),*],
            market: "EXCD",
            board: "",
            on_nxt: false,
            value: $value,
            unit: Unit::$unit,
            scale: 1,
        }
    };
}

/// Rankings abroad.
pub(super) const ABROAD: [Spec; 5] = [
    abroad!(Volume, "overseas-stock-ranking-trade-vol", [("NDAY", "0"), ("PRC1", ""), ("PRC2", "")], "tvol", Shares),
    abroad!(
        TradeValue,
        "overseas-stock-ranking-trade-pbmn",
        [("NDAY", "0"), ("PRC1", ""), ("PRC2", "")],
        "tamt",
        Currency
    ),
    abroad!(Rise, "overseas-stock-ranking-updown-rate", [("NDAY", "0"), ("GUBN", "1")], "rate", Percent),
    abroad!(Fall, "overseas-stock-ranking-updown-rate", [("NDAY", "0"), ("GUBN", "0")], "rate", Percent),
    abroad!(MarketCap, "overseas-stock-ranking-market-cap", [], "tomv", Currency),
];

#[cfg(test)]
mod tests {
    use kis_catalog::catalog;

    use super::*;

    #[test]
    fn every_ranking_names_an_operation_with_all_of_its_parameters_and_a_field_that_it_has() {
        for spec in HOME.iter().chain(&ABROAD) {
            let operation = catalog().find(spec.operation).unwrap().operation;
            let mut given: Vec<&str> = spec.params.iter().map(|(name, _)| *name).collect();
            given.extend([spec.market, spec.board].into_iter().filter(|name| !name.is_empty()));
            let mut wanted: Vec<&str> = operation.params().map(|param| param.name).collect();
            given.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(given, wanted, "{:?}", spec.ranking);
            let has = operation.outputs().any(|output| output.fields().any(|field| field.name == spec.value));
            assert!(has, "{} has no {}", spec.operation, spec.value);
        }
        assert_eq!(HOME.map(|spec| spec.ranking), types::Ranking::ALL);
    }
}
