"""kis-utils."""
import os

from client import STOCK, settle, told, won

given = settle()
suffix = "_VTS" if given.is_paper else ""
with open(".env", "w") as file:
    file.write(
        f"KIS_ENVIRONMENT={'모의투자' if given.is_paper else '실전투자'}\n"
        f"KIS_APP_KEY{suffix}={given.app_key}\n"
        f"KIS_APP_SECRET{suffix}={given.app_secret}\n"
        f"KIS_ACCOUNT{suffix}={given.cano}\n"
        f"KIS_ACCOUNT_PROD{suffix}={given.product}\n"
    )
# It looks for .env beside itself, or beside who imports it.
import dotenv

dotenv.load_dotenv(os.path.abspath(".env"))
import kis_utils

kis_utils.BASE_URL = given.url
kis_utils.WS_URL = given.ws
balance = kis_utils.balance()
price = kis_utils.price(STOCK)
chart = kis_utils.daily(STOCK)
orderable = kis_utils.buyable(STOCK, 70_000)
hash_key = kis_utils.hashkey({"PDNO": STOCK})
assert len(hash_key) == 64, hash_key
told(
    "kis-utils",
    balance_total=won(balance["output2"][0]["tot_evlu_amt"]),
    holdings=len(balance["output1"]),
    price_005930=won(price["stck_prpr"].iloc[0]),
    chart=len(chart["output"]),
    orderable=won(orderable["output"]["ord_psbl_cash"]),
    hashkey=hash_key[:8],
)
