"""Public clients of KIS through kisd's gateway, set up by nothing but the lines that kisctl prints for each.

run.py PROGRAMS [CLIENT]...  PROGRAMS is the directory of kisd and kisctl; a simulated KIS and a kisd are started
    --without                all at once and straight to KIS with its one key: what it is like without a gateway

Each program reads balance, price and more, and must get what kisd itself says: several processes of each at once; all at
once on a paper account; all at once on a real one while somebody ends the token; and one process of each that lives
through a restart of kisd, and then tries to buy, which it may not.

Prints a table of each round; exits with 1 if a process did not serve in time or read something else."""
import argparse
import concurrent.futures
import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time

from world import World

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = ["python-kis", "mojito", "kis-agent", "kis-utils", "kis-wrapper", "kis-trader", "kispilot", "kstock-mcp"]
# Processes of one client at once.
AT_ONCE = 3
# How long a process may take to read everything, in seconds.
PATIENCE = 120


class Program:
    """A process of a client."""

    def __init__(self, world: World, client: str, mode: str, lines: str) -> None:
        self.name, self.mode = f"{client} {mode}", mode
        home = tempfile.mkdtemp(dir=world.work)
        with open(f"{home}/lines", "w") as file:
            file.write(lines)
        given = {"LINES": f"{home}/lines", "MODE": mode, "TMPDIR": home, "HOME": home, "PATH": os.environ["PATH"]}
        command = [sys.executable, "-W", "ignore", f"{HERE}/{client}.py"]
        self.log = open(f"{home}/log", "w+")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.log}
        self.process = subprocess.Popen(command, env=given, text=True, **pipes)
        self.began = time.monotonic()

    def ask(self, what: str) -> None:
        self.began = time.monotonic()
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def read(self) -> dict:
        """What it has said, or why nothing."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            ready = selector.select(max(0, self.began + PATIENCE - time.monotonic()))
        line = self.process.stdout.readline() if ready else ""
        result = {"name": self.name, "mode": self.mode, "seconds": time.monotonic() - self.began}
        if line:
            return {**result, "read": json.loads(line)}
        self.end()
        self.log.seek(0)
        why = self.log.read().strip().splitlines()[-15:] if ready else [f"nothing in {PATIENCE} s"]
        return {**result, "read": None, "why": why}

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def told(world: World, title: str, results: list[dict], before: dict) -> bool:
    """A round as a table; whether all is well."""
    served = [result for result in results if result["read"]]
    slowest = max(result["seconds"] for result in results)
    calls = world.calls()
    seen = f"KIS saw {sum(calls.values()) - sum(before.values())} calls, {calls['token'] - before['token']} for a token"
    print(f"{title}: {len(served)} of {len(results)} served, the slowest in {slowest:.1f} s; {seen}")
    good = len(served) == len(results)
    for name in dict.fromkeys(result["name"] for result in results):
        group = [result for result in results if result["name"] == name]
        read = next((result["read"] for result in group if result["read"]), {})
        count, seconds = sum(1 for result in group if result["read"]), max(result["seconds"] for result in group)
        figures = "  ".join(f"{name} {value}" for name, value in read.items())
        print(f"  {name:17} {count} of {len(group)} {seconds:5.1f} s  {figures}")
    for result in results:
        expected = world.expected[result["mode"]]
        if result["read"]:
            read = result["read"]["total"], result["read"]["price"]
            if read != expected:
                print(f"--- {result['name']} read {read}, and kisd {expected}")
                good = False
        else:
            print(f"--- {result['name']}, after {result['seconds']:.1f} s", *result["why"], sep="\n    ")
    sys.stdout.flush()
    return good


def at_once(world: World, title: str, runs: list[tuple[str, str, str]], meanwhile=None) -> bool:
    before = world.calls()
    programs = [Program(world, *run) for run in runs]
    disturbing = threading.Thread(target=meanwhile or (lambda: None))
    disturbing.start()
    for program in programs:
        # No further line is wanted.
        program.process.stdin.close()
    with concurrent.futures.ThreadPoolExecutor(len(programs)) as pool:
        results = list(pool.map(Program.read, programs))
    disturbing.join()
    for program in programs:
        program.end()
    return told(world, title, results, before)


def rounds(world: World, clients: list[str]) -> bool:
    def of(mode: str, some: list[str], count: int = AT_ONCE) -> list[tuple[str, str, str]]:
        return [(client, mode, world.lines[client, mode]) for client in some] * count

    good = True
    for client in clients:
        good &= at_once(world, f"{AT_ONCE} of {client}", of("real", [client]))
    # One call a second, eight programs with questions of their own, and some wait ten seconds for an answer: their processes must not
    # ask one after another for the same.
    world.restart(max_age="10s")
    good &= at_once(world, "all at once, paper", of("paper", clients))
    world.restart()
    before = world.calls()
    alive = [Program(world, *run) for run in of("real", clients, 1)]
    good &= told(world, "one of each", [program.read() for program in alive], before)
    world.restart()
    good &= at_once(world, "all at once, real, while the token is ended twice", of("real", clients), world.end_tokens)
    before = world.calls()
    for program in alive:
        program.ask("read")
    results = [program.read() for program in alive]
    good &= told(world, "those of before, after a restart of kisd and the end of two tokens", results, before)
    good &= orders_are_refused(world, alive)
    for program in alive:
        program.end()
    return good


def orders_are_refused(world: World, programs: list[Program]) -> bool:
    """A client that may only read is told so in words that reach whoever uses it, and nothing goes to KIS."""
    before, good = world.calls(), True
    for program in programs:
        # It has no orders.
        if program.name.startswith("kstock-mcp"):
            continue
        program.ask("buy")
        said = (program.read()["read"] or {}).get("told", "nothing")
        is_told = "has not the right to trade" in said and "nothing was sent" in said
        print(f"  {program.name:17} {'is told' if is_told else 'IS NOT TOLD: ' + said[-500:]}")
        good &= is_told
    ordered = world.calls()["orders"] - before["orders"]
    print(f"orders of those that may only read: {ordered} reached KIS")
    return good and ordered == 0


def without(world: World, clients: list[str]) -> bool:
    for mode in "real", "paper":
        world.steer("reset", {})
        runs = [(client, mode, world.straight(world.lines[client, mode], mode)) for client in clients]
        at_once(world, f"all at once and straight to KIS, {mode}", runs * AT_ONCE)
    return True


def main() -> bool:
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("clients", nargs="*", default=CLIENTS)
    parser.add_argument("--without", action="store_true")
    options = parser.parse_args()
    clients = options.clients
    with tempfile.TemporaryDirectory() as work, World(os.path.abspath(options.programs), work, clients) as world:
        return without(world, clients) if options.without else rounds(world, clients)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
