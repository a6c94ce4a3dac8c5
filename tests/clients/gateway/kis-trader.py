"""kis-trader."""
from client import STOCK, settle, told, won

given = settle()
import kis_trader._internal._endpoints as endpoints

for hosts, host in (
    (endpoints._BASE_URL_BY_ENVIRONMENT, given.url),
    (endpoints._WEBSOCKET_URL_BY_ENVIRONMENT, given.ws),
):
    for environment in hosts:
        hosts[environment] = host
from kis_trader import KISClient

kis = KISClient(
    app_key=given.app_key, app_secret=given.app_secret, account=given.account, environment=given.mode
)
stock = kis.domestic.stock(STOCK)
portfolio = kis.account.domestic.portfolio()
quote = stock.quote()
book = stock.order_book()
bars = stock.bars(start="20260101", end="20260131")
told(
    "kis-trader",
    balance_total=won(portfolio.balance.total_evaluation),
    holdings=len(portfolio.positions),
    price_005930=won(quote.current_price),
    book=len(book.asks) + len(book.bids),
    chart=len(bars),
)
