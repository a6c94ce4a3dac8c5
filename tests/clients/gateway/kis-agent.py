"""kis-agent."""
import os

from client import STOCK, settle, told, won

given = settle()
os.environ["KIS_TOKEN_PATH"] = os.path.join(os.getcwd(), "token.json")
from kis_agent import Agent

agent = Agent(
    base_url=given.url,
    app_key=given.app_key,
    app_secret=given.app_secret,
    account_no=given.cano,
    account_code=given.product,
)
balance = agent.account_api.get_account_balance()
price = agent.stock_api.get_stock_price(STOCK)
book = agent.stock_api.get_orderbook_raw(STOCK)
orderable = agent.account_api.get_cash_available(STOCK)
told(
    "kis-agent",
    balance_total=won(balance["output2"][0]["tot_evlu_amt"]),
    holdings=len(balance["output1"]),
    price_005930=won(price["output"]["stck_prpr"]),
    book=sum(1 for name in book["output1"] if name.startswith(("askp", "bidp")) and name[4:].isdigit()),
    orderable=won(orderable["output"]["ord_psbl_cash"]),
)
