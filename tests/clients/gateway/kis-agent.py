"""kis-agent."""
import os

from client import STOCK, levels, settle, tell, won

lines = settle()
# Else it is kept where the package is installed.
os.environ["KIS_TOKEN_PATH"] = os.path.abspath("token.json")
agent = lines.follow()["agent"]


def read() -> dict:
    balance = agent.get_account_balance()
    price = agent.get_stock_price(STOCK)
    orderable = agent.account_api.get_cash_available(STOCK)
    return {
        "total": won(balance["output2"][0]["tot_evlu_amt"]),
        "price": won(price["output"]["stck_prpr"]),
        "holdings": len(balance["output1"]),
        "book": levels(agent.get_orderbook_raw(STOCK)["output1"]),
        "orderable": won(orderable["output"]["ord_psbl_cash"]),
    }


tell(read, lambda: agent.order_stock_cash("buy", STOCK, "00", "1", "70000"))
