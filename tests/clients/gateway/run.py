"""Runs the public clients of KIS, several processes of each at once and then all of them, and looks whether each has read what
the others have.

run.py KEYS                 KEYS is a JSON list of {client, base_url, app_key, app_secret, account_no, account_product_code, mode,
                            hts_id}: each client has keys of its own, as the gateway gives them
run.py --simulator FILE     FILE has the line of `kisd simulate --json`: all have the simulator's own key, as without a gateway
    --mode real|paper       which of its accounts
    --one                   one process after another, each with a simulator that has forgotten the one before

Prints a table; exits with 1 if a process did not serve in time, or read something else than the others."""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = ["python-kis", "mojito2", "kis-agent", "kis-utils", "kis-wrapper", "kis-trader", "kispilot", "kstock-mcp"]
PATIENCE = 120
AT_ONCE = 3


def run(entry: dict, home: str) -> dict:
    """One process: what it has read, or why not."""
    names = ["base_url", "app_key", "app_secret", "account_no", "account_product_code", "mode", "hts_id"]
    own = {name.upper(): entry[name] for name in [*names, "real_app_key", "real_app_secret"] if name in entry}
    environment = {**os.environ, **own, "TMPDIR": home, "PYTHONDONTWRITEBYTECODE": "1"}
    program = [sys.executable, os.path.join(HERE, f"{entry['client']}.py")]
    began = time.monotonic()
    try:
        done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=PATIENCE)
        failed = done.returncode != 0
        said, why = done.stdout, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])
    except subprocess.TimeoutExpired:
        failed, said, why = True, "", [f"nothing in {PATIENCE} s"]
    result = {"entry": entry, "seconds": time.monotonic() - began, "read": None, "why": why[-15:]}
    if not failed:
        result["read"] = json.loads(said)
    return result


def at_once(entries: list[dict], home: str) -> list[dict]:
    with concurrent.futures.ThreadPoolExecutor(len(entries)) as pool:
        return list(pool.map(lambda entry: run(entry, home), entries))


def label(entry: dict) -> str:
    return f"{entry['client']} {entry['mode']}"


def agreed(results: list[dict]) -> set:
    """The different totals and prices that were read, by mode: one of each, if all agree."""
    read = [result for result in results if result["read"]]
    return {(result["entry"]["mode"], result["read"]["balance_total"], result["read"]["price_005930"]) for result in read}


def table(title: str, results: list[dict]) -> bool:
    """Prints what a round has come to; whether all is well."""
    groups: dict[str, list[dict]] = {}
    for result in results:
        groups.setdefault(label(result["entry"]), []).append(result)
    served = sum(1 for result in results if result["read"])
    slowest = max(result["seconds"] for result in results)
    print(f"{title}: {served} of {len(results)} served, the slowest in {slowest:.1f} s")
    for name, group in groups.items():
        read = next((result["read"] for result in group if result["read"]), {})
        count = sum(1 for result in group if result["read"])
        seconds = max(result["seconds"] for result in group)
        figures = "  ".join(f"{name} {value}" for name, value in read.items() if name != "client")
        print(f"  {name:18} {count} of {len(group)}  {seconds:5.1f} s  {figures}")
    modes = [mode for mode, _, _ in agreed(results)]
    if differ := len(modes) != len(set(modes)):
        print(f"  They do not agree: {sorted(agreed(results))}")
    return served == len(results) and not differ


def tell_failures(results: list[dict]) -> None:
    for result in results:
        if not result["read"]:
            print(f"\n--- {label(result['entry'])}, after {result['seconds']:.1f} s")
            print("\n".join(line[:500] for line in result["why"]))


def steer(url: str, what: str, body: dict) -> None:
    headers = {"X-Kisd-Sim": "1"}
    request = urllib.request.Request(f"{url}/__sim/{what}", json.dumps(body).encode(), headers)
    urllib.request.urlopen(request).read()


def of_simulator(path: str, mode: str) -> list[dict]:
    with open(path) as file:
        told = json.loads(file.readline())
    account = next(account for account in told["accounts"] if account["mode"] == mode)
    real = next(account for account in told["accounts"] if account["mode"] == "real")
    real = {"real_app_key": real["app_key"], "real_app_secret": real["app_secret"]}
    return [{"client": client, "base_url": told["base_url"], **account, **real} for client in CLIENTS]


def main() -> bool:
    parser = argparse.ArgumentParser()
    parser.add_argument("keys", nargs="?")
    parser.add_argument("--simulator")
    parser.add_argument("--mode", choices=["real", "paper"], default="real")
    parser.add_argument("--one", action="store_true")
    options = parser.parse_args()
    if options.simulator:
        entries = of_simulator(options.simulator, options.mode)
    else:
        with open(options.keys) as file:
            entries = json.load(file)
    with tempfile.TemporaryDirectory() as home:
        if options.one:
            results = []
            for entry in entries:
                steer(entry["base_url"], "reset", {})
                # A paper account takes one call a second, and no client waits for that.
                steer(entry["base_url"], "limit", {"calls_per_second": 20})
                results.append(run(entry, home))
            good = table("one after another", results)
            tell_failures(results)
            return good
        good = True
        for entry in entries:
            if options.simulator:
                steer(entry["base_url"], "reset", {})
            results = at_once([entry] * AT_ONCE, home)
            good &= table(f"{AT_ONCE} of {label(entry)}", results)
            tell_failures(results)
        if options.simulator:
            steer(entries[0]["base_url"], "reset", {})
        results = at_once(entries * AT_ONCE, home)
        good &= table(f"all at once, {AT_ONCE} of each", results)
        tell_failures(results)
        return good


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
