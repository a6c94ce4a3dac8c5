"""python-kis."""
from client import STOCK, settle, tell, won

kis = settle().follow()["kis"]


def read() -> dict:
    balance = kis.account().balance("KR")
    stock = kis.stock(STOCK)
    quote = stock.quote()
    book = stock.orderbook()
    orderable = kis.account().orderable_amount(market="KRX", symbol=STOCK, price=quote.price)
    return {
        "total": won(balance.total),
        "price": won(quote.price),
        "holdings": len(balance.stocks),
        "name": quote.name,
        "book": len(book.asks) + len(book.bids),
        "chart": len(stock.chart("5d").bars),
        "orderable": won(orderable.amount),
    }


tell(read, lambda: kis.stock(STOCK).buy(price=70_000, qty=1))
