"""Public clients of KIS against `kisd simulate --json`, unmodified but for the host: mojito2 and python-kis, token, balance
and price.

kis_clients.py FILE    the file has the line that the simulator has printed"""
import json
import os
import sys
import tempfile
import time
import urllib.request

import mojito
import pykis
import pykis.__env__
import pykis.kis

with open(sys.argv[1]) as file:
    told = json.loads(file.readline())
url = told["base_url"]
real, second, paper = told["accounts"]
# Both leave their tokens where they run.
os.chdir(tempfile.mkdtemp())
os.environ["HOME"] = os.getcwd()


def reset() -> None:
    """No client finds the token that another has had issued, nor its minute."""
    headers = {"X-Kisd-Sim": "1"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/__sim/reset", b"", headers)).read()


class Mojito(mojito.KoreaInvestment):
    def set_base_url(self, mock: bool = True) -> None:
        self.base_url = url


for account, rows in (real, 6), (second, 50), (paper, 6):
    reset()
    if os.path.exists("token.dat"):
        os.remove("token.dat")
    number = f"{account['account_no']}-{account['account_product_code']}"
    client = Mojito(account["app_key"], account["app_secret"], number, mock=account is paper)
    # The token has taken the one call that a paper account has in this second.
    time.sleep(1.1)
    balance = client.fetch_balance()
    assert len(balance["output1"]) == rows, balance
    time.sleep(1.1)
    price = client.fetch_price("005930")
    assert price["output"]["stck_prpr"] == balance["output1"][0]["prpr"] or account is second, price
    print("mojito2", account["mode"], number, balance["output2"][0]["tot_evlu_amt"], price["output"]["stck_prpr"])

for module in pykis.__env__, pykis.kis:
    module.REAL_DOMAIN = module.VIRTUAL_DOMAIN = url
for account in real, paper:
    reset()
    virtual = {"virtual_id": paper["hts_id"], "virtual_appkey": paper["app_key"], "virtual_secretkey": paper["app_secret"]}
    client = pykis.PyKis(
        id=real["hts_id"],
        account=f"{account['account_no']}-{account['account_product_code']}",
        appkey=real["app_key"],
        secretkey=real["app_secret"],
        keep_token=False,
        **(virtual if account is paper else {}),
    )
    balance = client.account().balance("KR")
    assert len(balance.stocks) == 6, balance
    quote = client.stock("005930").quote()
    assert (int(quote.price), quote.name) == (75000, "삼성전자"), quote
    print("python-kis", account["mode"], balance.total, int(quote.price))
