"""kis-utils."""
from client import STOCK, settle, tell, won

lines = settle()
lines.set_environment()
import kis_utils

lines.run(kis_utils=kis_utils)


def read() -> dict:
    balance = kis_utils.balance()
    orderable = kis_utils.buyable(STOCK, 70_000)
    # What it does before every order.
    hash_key = kis_utils.hashkey({"PDNO": STOCK})
    assert len(hash_key) == 64, hash_key
    return {
        "total": won(balance["output2"][0]["tot_evlu_amt"]),
        "price": won(kis_utils.price(STOCK)["stck_prpr"].iloc[0]),
        "holdings": len(balance["output1"]),
        "chart": len(kis_utils.daily(STOCK)["output"]),
        "orderable": won(orderable["output"]["ord_psbl_cash"]),
    }


tell(read, lambda: kis_utils.buy(STOCK, 1, 70_000, "00"))
