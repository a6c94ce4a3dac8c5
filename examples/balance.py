#!/usr/bin/env python3
"""The balance, with nothing but Python's standard library: examples/balance.py [SOCKET]"""
import json
import socket
import sys

path = sys.argv[1] if len(sys.argv) > 1 else "/run/kisd/kisd.sock"
with socket.socket(socket.AF_UNIX) as kisd:
    kisd.connect(path)
    lines = kisd.makefile("rw", encoding="utf-8")
    request = {"jsonrpc": "2.0", "id": 1, "method": "account.balance"}
    print(json.dumps(request), file=lines, flush=True)
    reply = json.loads(lines.readline())

if "error" in reply:
    sys.exit(f"{reply['error']['message']} (code {reply['error']['code']})")
balance = reply["result"]


def won(amount):  # KIS says nothing of a price before the market has loaded it
    return "–" if amount is None else f"{amount:,}"


print(f"{balance['account']}: {won(balance['total_evaluation'])} won")
for holding in balance["holdings"]:
    print(f"{holding['stock_code']} {holding['stock_name']}: {holding['quantity']:,} @ {won(holding['current_price'])}")
