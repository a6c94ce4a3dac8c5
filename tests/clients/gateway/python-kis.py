"""python-kis."""
from client import STOCK, settle, told, won

given = settle()
import pykis
import pykis.__env__
import pykis.client.websocket
import pykis.kis

for module in pykis.__env__, pykis.kis:
    module.REAL_DOMAIN = module.VIRTUAL_DOMAIN = given.url
for module in pykis.__env__, pykis.client.websocket:
    module.WEBSOCKET_REAL_DOMAIN = module.WEBSOCKET_VIRTUAL_DOMAIN = given.ws
virtual = {"virtual_id": given.hts_id, "virtual_appkey": given.app_key, "virtual_secretkey": given.app_secret}
kis = pykis.PyKis(
    id=given.hts_id,
    account=given.account,
    appkey=given.real_key,
    secretkey=given.real_secret,
    keep_token=False,
    **(virtual if given.is_paper else {}),
)
balance = kis.account().balance("KR")
stock = kis.stock(STOCK)
quote = stock.quote()
book = stock.orderbook()
chart = stock.chart("5d")
orderable = kis.account().orderable_amount(market="KRX", symbol=STOCK, price=quote.price)
told(
    "python-kis",
    balance_total=won(balance.total),
    holdings=len(balance.stocks),
    price_005930=won(quote.price),
    name=quote.name,
    book=len(book.asks) + len(book.bids),
    chart=len(chart.bars),
    orderable=won(orderable.amount),
)
