"""Sets kisd up for gateway.py.

gateway_setup.py --configuration WORK      WORK/gateway.toml, for the simulated KIS that WORK/kis tells of
gateway_setup.py PROGRAMS WORK ACCOUNT     a client for each program over an account, and WORK/clients-ACCOUNT, which tells of them"""
import json
import os
import subprocess
import sys
import time

from gateway import CLIENTS


def configuration(work):
    with open(f"{work}/kis") as opened:
        told = json.loads(opened.readline())
    real, _, paper = told["accounts"]
    lines = ['default_account = "main"']
    for name, account in ("main", real), ("practice", paper):
        lines += [f"[accounts.{name}]", f'base_url = "{told["base_url"]}"']
        lines += [f'{key} = "{account[key]}"' for key in ("mode", "app_key", "app_secret", "account_no", "hts_id")]
    lines += ["[token]", f'file = "{work}/state/token.json"', "[rpc]", f'socket = "{work}/gateway.sock"']
    lines += ["[gateway]", 'listen = "127.0.0.1:0"', ""]
    with open(os.open(f"{work}/gateway.toml", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write("\n".join(lines))


def clients(programs, work, account):
    kisctl = [f"{programs}/kisctl", "--json", "--socket", f"{work}/gateway.sock", "--account", account]
    for _ in range(100):
        if subprocess.run([*kisctl, "client", "list"], capture_output=True).returncode == 0:
            break
        time.sleep(0.1)
    # Some programs on paper need quotations that only the real environment has.
    also = ["--also", "main"] if account == "practice" else []
    all_told = []
    for program in CLIENTS:
        made = [*kisctl, "client", "add", f"{program}-{account}", "--for", program, *also]
        told = json.loads(subprocess.run(made, capture_output=True, check=True).stdout)
        names = ("app_key", "app_secret", "account_no", "account_product_code", "mode")
        told = {"client": program, "base_url": told["gateway"]["base_url"], **{name: told[name] for name in names}}
        all_told.append({**told, "hts_id": "somebody"})
    with open(f"{work}/clients-{account}", "w") as file:
        json.dump(all_told, file)


if sys.argv[1] == "--configuration":
    configuration(sys.argv[2])
else:
    clients(*sys.argv[1:4])
