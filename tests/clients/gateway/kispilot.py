"""kispilot."""
import os
import sys

from client import STOCK, settle, told, won

given = settle()
os.environ["KISPILOT_HOME"] = os.getcwd()
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
key, account = ("PAPER_", "PAPER_") if given.is_paper else ("REAL_", "")
os.environ |= {
    f"{key}APPKEY": given.app_key,
    f"{key}APP_SECRET": given.app_secret,
    f"{account}CANO": given.cano,
    f"{account}ACNT_PRDT_CD": given.product,
}
# This file is called as the package.
sys.path.pop(0)
import kispilot.api.config as config

for hosts, host in (config.DOMAIN, given.url), (config.WS_DOMAIN, given.ws):
    for mode in hosts:
        hosts[mode] = host
from kispilot.api.oauth.kis_token import get_access_token
from kispilot.api.order.order_inquire_balance import inquire_balance
from kispilot.api.order.order_inquire_psbl_order import inquire_psbl_order
from kispilot.api.price.price_inquire_asking_price import inquire_asking_price
from kispilot.api.price.price_inquire_daily_itemchartprice import inquire_daily_itemchartprice
from kispilot.api.price.price_inquire_price import inquire_price

get_access_token()
price = inquire_price(STOCK, mode=given.mode)
balance = inquire_balance(mode=given.mode)
book = inquire_asking_price(STOCK, mode=given.mode)
chart = inquire_daily_itemchartprice(STOCK, "20260101", "20260131", mode=given.mode)
orderable = inquire_psbl_order(STOCK, "70000", mode=given.mode)
told(
    "kispilot",
    balance_total=won(balance.output2[0].tot_evlu_amt),
    holdings=len(balance.output1),
    price_005930=won(price.output.stck_prpr),
    book=sum(1 for name in vars(book.output1) if name.startswith(("askp", "bidp")) and name[4:].isdigit()),
    chart=len(chart.output2),
    orderable=won(orderable.output.ord_psbl_cash),
)
