"""kstock-mcp: its server as an agent has it, by the functions behind its tools."""
import os

from client import STOCK, settle, told, won

given = settle()
os.environ |= {
    "KIS_APP_KEY": given.app_key,
    "KIS_APP_SECRET": given.app_secret,
    "KIS_ACCOUNT_NO": given.account,
    "KIS_ENV": given.mode,
}
import kstock_mcp.config

for environment in kstock_mcp.config.KIS_BASE_URLS:
    kstock_mcp.config.KIS_BASE_URLS[environment] = given.url
from kstock_mcp import server

quote = server.get_quote(STOCK, True)
balance = server.get_balance()
chart = server.get_ohlcv(STOCK, "D", "20260101", "20260131")
told(
    "kstock-mcp",
    balance_total=won(balance["summary"]["total_eval_amount"]),
    holdings=len(balance["holdings"]),
    price_005930=won(quote["price"]),
    book=len(quote["orderbook"]["asks"]) + len(quote["orderbook"]["bids"]),
    chart=len(chart["candles"]),
)
