"""What a test program of a public client gets from its environment, and how it says what it has read.

A program changes nothing of its client but hosts and keys. It runs in a home of its own, since clients leave tokens at home and
where they run; it must call `settle` before it imports its client, which may look for its home at once."""
import json
import os
import sys
import tempfile

STOCK = "005930"


class Given:
    """The account, its keys, and where KIS is."""

    def __init__(self) -> None:
        self.url = os.environ["BASE_URL"]
        self.ws = self.url.replace("http", "ws", 1)
        self.app_key = os.environ["APP_KEY"]
        self.app_secret = os.environ["APP_SECRET"]
        # KIS itself knows a paper key and a real one apart; through the gateway one key is both.
        self.real_key = os.environ.get("REAL_APP_KEY", self.app_key)
        self.real_secret = os.environ.get("REAL_APP_SECRET", self.app_secret)
        self.cano = os.environ["ACCOUNT_NO"]
        self.product = os.environ["ACCOUNT_PRODUCT_CODE"]
        self.account = f"{self.cano}-{self.product}"
        self.mode = os.environ["MODE"]
        self.is_paper = self.mode == "paper"
        self.hts_id = os.environ["HTS_ID"]


def settle() -> Given:
    """Moves to an empty home."""
    given = Given()
    home = tempfile.mkdtemp(prefix="kis-client-")
    for name in "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME":
        os.environ[name] = home
    # Nothing but loopback may be asked: what a client wants from elsewhere fails at once.
    for name in "http_proxy", "https_proxy", "all_proxy":
        os.environ[name] = os.environ[name.upper()] = "http://127.0.0.1:9"
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    os.chdir(home)
    return given


def won(text: object) -> int:
    """An amount, however a client gives it."""
    return int(float(str(text)))


def told(client: str, **read: object) -> None:
    """What was read, as one line of JSON, whatever the client itself prints."""
    assert read["balance_total"] and read["price_005930"], read
    line = json.dumps({"client": client, **read}, ensure_ascii=False)
    sys.stdout.flush()
    os.write(OUT, line.encode() + b"\n")
    # Some clients leave threads behind that wait for the internet.
    os._exit(0)


# Clients print what they like: it goes to the other stream.
OUT = os.dup(1)
os.dup2(2, 1)
sys.stdout = sys.stderr
