"""kis-wrapper."""
from client import STOCK, settle, told, won

given = settle()
import kis
import kis.auth

for environment in kis.auth._URLS:
    kis.auth._URLS[environment] = given.url
client = kis.KIS(
    app_key=given.app_key,
    app_secret=given.app_secret,
    account=given.account,
    env="paper" if given.is_paper else "prod",
)
price = kis.domestic.price(client, STOCK)
balance = kis.domestic.balance(client)
book = kis.domestic.orderbook(client, STOCK)
chart = kis.domestic.daily(client, STOCK)
told(
    "kis-wrapper",
    balance_total=won(balance["output2"][0]["tot_evlu_amt"]),
    holdings=len(balance["output1"]),
    price_005930=won(price["stck_prpr"]),
    book=sum(1 for name in book["output1"] if name.startswith(("askp", "bidp")) and name[4:].isdigit()),
    chart=len(chart if isinstance(chart, list) else chart["output2"]),
)
