"""mojito2."""
from client import STOCK, settle, tell, won

broker = settle().follow()["broker"]


def read() -> dict:
    balance = broker.fetch_balance()
    price = broker.fetch_price(STOCK)
    orderable = broker.check_buy_order(STOCK, 70_000, "00")
    # What it does before every order.
    hash_key = broker.issue_hashkey({"PDNO": STOCK})
    assert len(hash_key) == 64, hash_key
    return {
        "total": won(balance["output2"][0]["tot_evlu_amt"]),
        "price": won(price["output"]["stck_prpr"]),
        "holdings": len(balance["output1"]),
        "chart": len(broker.fetch_ohlcv(STOCK, "D")["output2"]),
        "orderable": won(orderable["output"]["ord_psbl_cash"]),
    }


tell(read, lambda: broker.create_limit_buy_order(STOCK, 70_000, 1))
