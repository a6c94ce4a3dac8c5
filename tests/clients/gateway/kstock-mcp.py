"""kstock-mcp: what its tools call."""
from client import STOCK, settle, tell, won

settle().follow()
from kstock_mcp import server


def read() -> dict:
    quote, balance = server.get_quote(STOCK, True), server.get_balance()
    return {
        "total": won(balance["summary"]["total_eval_amount"]),
        "price": won(quote["price"]),
        # Those that were sold out today are not among them.
        "holdings": len(balance["holdings"]),
        "book": len(quote["orderbook"]["asks"]) + len(quote["orderbook"]["bids"]),
        "chart": len(server.get_ohlcv(STOCK, "D", "20260101", "20260131")["candles"]),
    }


tell(read)
