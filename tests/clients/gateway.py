"""Public clients of KIS through kisd's gateway, changed by nothing but host and keys: token, balance and price.

gateway.py FILE [COUNT]      COUNT processes of each client in FILE, all at once; exit code 1 if one does not serve, or they disagree
gateway.py --one NAME FILE   one client in this process

FILE is a list of {client, base_url, app_key, app_secret, account_no, account_product_code, mode, hts_id}."""
import json
import os
import subprocess
import sys
import tempfile


def mojito(told):
    import mojito

    class Client(mojito.KoreaInvestment):
        def set_base_url(self, mock: bool = True) -> None:
            self.base_url = told["base_url"]

    number = f"{told['account_no']}-{told['account_product_code']}"
    client = Client(told["app_key"], told["app_secret"], number, mock=told["mode"] == "paper")
    balance = client.fetch_balance()
    return balance["output2"][0]["tot_evlu_amt"], client.fetch_price("005930")["output"]["stck_prpr"]


def python_kis(told):
    import pykis
    import pykis.__env__
    import pykis.kis

    for module in pykis.__env__, pykis.kis:
        module.REAL_DOMAIN = module.VIRTUAL_DOMAIN = told["base_url"]
    key, secret = told["app_key"], told["app_secret"]
    virtual = {"virtual_id": told["hts_id"], "virtual_appkey": key, "virtual_secretkey": secret}
    client = pykis.PyKis(
        id=told["hts_id"],
        account=f"{told['account_no']}-{told['account_product_code']}",
        appkey=key,
        secretkey=secret,
        keep_token=False,
        **(virtual if told["mode"] == "paper" else {}),
    )
    total = sum(int(stock.amount) for stock in client.account().balance("KR").stocks) + int(
        client.account().balance("KR").withdrawable_amount
    )
    return total, int(client.stock("005930").quote().price)


def kis_agent(told):
    from kis_agent import Agent

    agent = Agent(
        base_url=told["base_url"],
        app_key=told["app_key"],
        app_secret=told["app_secret"],
        account_no=told["account_no"],
        account_code=told["account_product_code"],
    )
    return (
        agent.get_account_balance()["output2"][0]["tot_evlu_amt"],
        agent.get_stock_price("005930")["output"]["stck_prpr"],
    )


def kis_wrapper(told):
    import kis
    import kis.auth

    for environment in kis.auth._URLS:
        kis.auth._URLS[environment] = told["base_url"]
    number = f"{told['account_no']}-{told['account_product_code']}"
    environment = "paper" if told["mode"] == "paper" else "prod"
    client = kis.KIS(told["app_key"], told["app_secret"], number, environment)
    balance = kis.domestic.balance(client)
    price = kis.domestic.price(client, "005930")
    return balance["output2"][0]["tot_evlu_amt"], price["stck_prpr"]


def kis_trader(told):
    import kis_trader
    import kis_trader._internal._endpoints as endpoints

    for environment in endpoints._BASE_URL_BY_ENVIRONMENT:
        endpoints._BASE_URL_BY_ENVIRONMENT[environment] = told["base_url"]
    client = kis_trader.KISClient(
        app_key=told["app_key"],
        app_secret=told["app_secret"],
        account=f"{told['account_no']}-{told['account_product_code']}",
        environment=told["mode"],
    )
    balance = client.account.domestic.balance()
    return int(balance.total_evaluation), int(client.domestic.stock("005930").quote().current_price)


def kispilot(told):
    prefix = "PAPER" if told["mode"] == "paper" else "REAL"
    os.environ[f"{prefix}_APPKEY"], os.environ[f"{prefix}_APP_SECRET"] = told["app_key"], told["app_secret"]
    account = "PAPER_" if told["mode"] == "paper" else ""
    os.environ[f"{account}CANO"] = told["account_no"]
    os.environ[f"{account}ACNT_PRDT_CD"] = told["account_product_code"]
    import kispilot.api.config as config

    for mode in config.DOMAIN:
        config.DOMAIN[mode] = told["base_url"]
    from kispilot.api.oauth.kis_token import get_access_token
    from kispilot.api.order.order_inquire_balance import inquire_balance
    from kispilot.api.price.price_inquire_price import inquire_price

    get_access_token()
    balance = inquire_balance(mode=told["mode"])
    price = inquire_price("005930", mode=told["mode"])
    return balance.output2[0].tot_evlu_amt, price.output.stck_prpr


def kstock_mcp(told):
    os.environ.update(
        KIS_APP_KEY=told["app_key"],
        KIS_APP_SECRET=told["app_secret"],
        KIS_ACCOUNT_NO=f"{told['account_no']}-{told['account_product_code']}",
        KIS_ENV=told["mode"],
    )
    import httpx2
    import kstock_mcp.config
    from kstock_mcp.kis_client import KISClient

    for environment in kstock_mcp.config.KIS_BASE_URLS:
        kstock_mcp.config.KIS_BASE_URLS[environment] = told["base_url"]
    client = KISClient(kstock_mcp.config.Settings.from_env(), httpx2.Client())
    return client.get_balance()["summary"]["total_eval_amount"], client.get_quote("005930")["price"]


CLIENTS = {
    "mojito": mojito,
    "python-kis": python_kis,
    "kis-agent": kis_agent,
    "kis-wrapper": kis_wrapper,
    "kis-trader": kis_trader,
    "kispilot": kispilot,
    "kstock-mcp": kstock_mcp,
}


def one(name, file):
    with open(file) as opened:
        told = next(told for told in json.load(opened) if told["client"] == name)
    total, price = CLIENTS[name](told)
    print(json.dumps({"client": name, "total": int(total), "price": int(price)}))


def everybody(file, count):
    with open(file) as opened:
        names = [told["client"] for told in json.load(opened)]
    started = []
    for name in names:
        for _ in range(count):
            home = tempfile.mkdtemp()
            # Nothing of what is on this machine, and no network but loopback.
            environment = {"HOME": home, "PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore", "NO_PROXY": "*"}
            command = [sys.executable, os.path.abspath(__file__), "--one", name, os.path.abspath(file)]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            started.append((name, subprocess.Popen(command, cwd=home, env=environment, text=True, **pipes)))
    served, said = {name: 0 for name in names}, set()
    for name, process in started:
        try:
            out, error = process.communicate(timeout=100)
        except subprocess.TimeoutExpired:
            process.kill()
            out, error = process.communicate()
        line = out.strip().splitlines()[-1:] or [""]
        try:
            answer = json.loads(line[0])
            served[name] += 1
            said.add((answer["total"], answer["price"]))
        except (ValueError, KeyError):
            print(f"{name}: {(error or out).strip()[-600:]}", file=sys.stderr)
    for name in names:
        print(f"{name:12} {served[name]} of {count}")
    print("agreed" if len(said) == 1 else "disagreed", *sorted(said))
    sys.exit(0 if len(said) == 1 and sum(served.values()) == len(started) else 1)


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        one(*sys.argv[2:4])
    else:
        everybody(sys.argv[1], int((sys.argv[2:] or ["1"])[0]))
