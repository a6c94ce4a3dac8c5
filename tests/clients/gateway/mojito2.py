"""mojito2."""
from client import STOCK, settle, told, won

given = settle()
import mojito


class KoreaInvestment(mojito.KoreaInvestment):
    def set_base_url(self, mock: bool = True) -> None:
        self.base_url = given.url


broker = KoreaInvestment(
    api_key=given.app_key, api_secret=given.app_secret, acc_no=given.account, mock=given.is_paper
)
balance = broker.fetch_balance()
price = broker.fetch_price(STOCK)
chart = broker.fetch_ohlcv(STOCK, "D")
orderable = broker.check_buy_order(STOCK, 70_000, "00")
# What it does before every order.
hash_key = broker.issue_hashkey({"PDNO": STOCK})
assert len(hash_key) == 64, hash_key
told(
    "mojito2",
    balance_total=won(balance["output2"][0]["tot_evlu_amt"]),
    holdings=len(balance["output1"]),
    price_005930=won(price["output"]["stck_prpr"]),
    chart=len(chart["output2"]),
    orderable=won(orderable["output"]["ord_psbl_cash"]),
    hashkey=hash_key[:8],
)
