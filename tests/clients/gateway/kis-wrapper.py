"""kis-wrapper."""
from client import STOCK, levels, settle, tell, won

names = settle().follow()
client, domestic = names["client"], names["kis"].domestic


def read() -> dict:
    balance = domestic.balance(client)
    return {
        "total": won(balance["output2"][0]["tot_evlu_amt"]),
        "price": won(domestic.price(client, STOCK)["stck_prpr"]),
        "holdings": len(balance["output1"]),
        "book": levels(domestic.orderbook(client, STOCK)["output1"]),
        "chart": len(domestic.daily(client, STOCK)),
    }


tell(read, lambda: domestic.buy(client, STOCK, 1, 70_000))
