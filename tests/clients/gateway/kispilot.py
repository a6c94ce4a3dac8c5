"""kispilot."""
from client import STOCK, levels, settle, tell, won

lines = settle()
lines.follow()
from kispilot.api.oauth.kis_token import get_access_token
from kispilot.api.order.order_cash import buy_cash
from kispilot.api.order.order_inquire_balance import inquire_balance
from kispilot.api.order.order_inquire_psbl_order import inquire_psbl_order
from kispilot.api.price.price_inquire_asking_price import inquire_asking_price
from kispilot.api.price.price_inquire_daily_itemchartprice import inquire_daily_itemchartprice
from kispilot.api.price.price_inquire_price import inquire_price

mode = {"mode": lines.mode}
get_access_token()


def read() -> dict:
    balance = inquire_balance(**mode)
    chart = inquire_daily_itemchartprice(STOCK, "20260101", "20260131", **mode)
    return {
        "total": won(balance.output2[0].tot_evlu_amt),
        "price": won(inquire_price(STOCK, **mode).output.stck_prpr),
        "holdings": len(balance.output1),
        "book": levels(vars(inquire_asking_price(STOCK, **mode).output1)),
        "chart": len(chart.output2),
        "orderable": won(inquire_psbl_order(STOCK, "70000", **mode).output.ord_psbl_cash),
    }


tell(read, lambda: buy_cash(STOCK, "1", "00", "70000", **mode))
