"""A simulated KIS, a kisd with a gateway, and a key pair of the gateway for each program and account."""
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

ACCOUNTS = {"main": "real", "practice": "paper"}
PRICE = ["FHKST01010100", "FID_COND_MRKT_DIV_CODE=J", "FID_INPUT_ISCD=005930"]


class World:
    def __init__(self, programs: str, work: str, clients: list[str]) -> None:
        self.programs, self.work, self.clients = programs, work, clients
        # kisd is started again on the same port.
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.lines, self.expected = {}, {}

    def __enter__(self) -> "World":
        simulate = ["simulate", "--listen", "127.0.0.1:0", "--mode", "both", "--latency", "100ms", "--still", "--json"]
        self.kis = self.start("kis", *simulate)
        self.told = json.loads(self.wait_for(self.first_line))
        self.configure()
        self.start_daemon()
        for account, mode in ACCOUNTS.items():
            for client in self.clients:
                self.lines[client, mode] = self.made(account, client, mode)
            total = self.asked("--account", account, "balance")["total_evaluation"]
            price = self.asked("--account", account, "kis", "call", *PRICE)["body"]["output"]["stck_prpr"]
            self.expected[mode] = total, int(price)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.daemon, self.kis:
            process.terminate()
            process.wait(10)

    def made(self, account: str, client: str, mode: str) -> str:
        """What kisctl prints for a new client."""
        # Some programs on paper ask for what KIS has on real accounts only.
        also = ["--also", "main"] if mode == "paper" else []
        return self.kisctl("--account", account, "client", "add", f"{client}-{mode}", "--for", client, *also).stdout

    def start(self, name: str, *arguments: str) -> subprocess.Popen:
        with open(f"{self.work}/{name}.out", "w") as out, open(f"{self.work}/{name}.log", "a") as log:
            return subprocess.Popen([f"{self.programs}/kisd", *arguments], stdout=out, stderr=log)

    def start_daemon(self) -> None:
        self.daemon = self.start("kisd", "run", "--config", f"{self.work}/kisd.toml")
        self.wait_for(self.gateway_serves)

    def restart(self, max_age: str = "0s") -> None:
        self.daemon.terminate()
        self.daemon.wait(10)
        self.configure(max_age)
        self.start_daemon()

    def wait_for(self, what):
        for _ in range(200):
            if found := what():
                return found
            time.sleep(0.1)
        with open(f"{self.work}/kisd.log") as log:
            sys.exit(f"{what.__name__} did not come about\n{log.read()[-3000:]}")

    def first_line(self) -> str:
        with open(f"{self.work}/kis.out") as file:
            return file.readline()

    def gateway_serves(self) -> bool:
        listed = self.kisctl("--json", "client", "list", check=False)
        return listed.returncode == 0 and json.loads(listed.stdout)["gateway"]["state"] == "serving"

    def kisctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [f"{self.programs}/kisctl", "--socket", f"{self.work}/kisd.sock", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=check)

    def asked(self, *arguments: str) -> dict:
        return json.loads(self.kisctl("--json", *arguments).stdout)

    def configure(self, max_age: str = "0s") -> None:
        lines = ['default_account = "main"']
        for name, mode in ACCOUNTS.items():
            lines += [f"[accounts.{name}]", f'base_url = "{self.told["base_url"]}"']
            lines += [f'{key} = "{self.account(mode)[key]}"' for key in ("mode", "app_key", "app_secret", "account_no")]
        # The minute of KIS passes on the simulator's clock alone.
        lines += ["[token]", f'file = "{self.work}/token.json"', 'issue_interval = "1s"']
        lines += ["[rpc]", f'socket = "{self.work}/kisd.sock"', "[gateway]", f'listen = "127.0.0.1:{self.port}"']
        lines += ["[gateway.max_age]", f'quotations = "{max_age}"', f'accounts = "{max_age}"', ""]
        with open(os.open(f"{self.work}/kisd.toml", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines))

    def account(self, mode: str) -> dict:
        return next(account for account in self.told["accounts"] if account["mode"] == mode)

    def straight(self, lines: str, mode: str) -> str:
        """Lines of kisctl's with KIS's own host and key."""
        lines = lines.replace(f"http://127.0.0.1:{self.port}", self.told["base_url"])
        lines = re.sub(r"(?<=[\"=])[A-Za-z0-9]{36}(?=[\"\n])", self.account(mode)["app_key"], lines)
        return re.sub(r"[A-Za-z0-9]{180}", self.account(mode)["app_secret"], lines)

    def steer(self, what: str, body: dict) -> None:
        self.simulator(f"/__sim/{what}", json.dumps(body).encode())

    def simulator(self, path: str, body: bytes | None = None) -> dict:
        request = urllib.request.Request(self.told["base_url"] + path, body, {"X-Kisd-Sim": "1"})
        return json.loads(urllib.request.urlopen(request).read())

    def calls(self) -> dict[str, int]:
        """How many KIS has seen."""
        calls = self.simulator("/__sim/calls")["calls"]
        token = sum(1 for call in calls if call["path"] == "/oauth2/tokenP")
        orders = sum(1 for call in calls if "/order" in call["path"])
        return {"token": token, "orders": orders, "other": len(calls) - token - orders}

    def end_tokens(self) -> None:
        """What another program does that has new tokens issued with the same key."""
        for _ in range(2):
            time.sleep(3)
            # KIS issues one token a minute.
            self.steer("time", {"advance_ms": 61_000})
            self.steer("token", {"revoke": True})
