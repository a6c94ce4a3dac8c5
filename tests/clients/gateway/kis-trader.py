"""kis-trader."""
from client import STOCK, settle, tell, won

client = settle().follow()["client"]
stock = client.domestic.stock(STOCK)


def read() -> dict:
    portfolio = client.account.domestic.portfolio()
    book = stock.order_book()
    return {
        "total": won(portfolio.balance.total_evaluation),
        "price": won(stock.quote().current_price),
        "holdings": len(portfolio.positions),
        "book": len(book.asks) + len(book.bids),
        "chart": len(stock.bars(start="20260101", end="20260131")),
    }


tell(read, lambda: stock.buy(quantity=1, limit_price=70_000))
