"""How a public client is set up, and how it says what it has read. It is set up by what `kisctl client add NAME --for PROGRAM`
prints, and by nothing else.

A program runs in a home of its own, since clients leave tokens at home and where they run. It gets from its environment
LINES, a file with these lines, and MODE, real or paper."""
import json
import os
import sys
import tempfile

STOCK = "005930"

# Clients print what they like: it goes to the other stream.
OUT = os.dup(1)
os.dup2(2, 1)


class Lines:
    """What kisctl has printed: environment, Python, or one after the other."""

    def __init__(self) -> None:
        with open(os.environ["LINES"]) as file:
            text = file.read()
        self.mode = os.environ["MODE"]
        environment, is_there, self.python = text.partition("\n# python")
        if is_there:
            # The rest of the comment.
            self.python = "#" + self.python
        else:
            environment, self.python = "", text
        self.environment = [line.split("=", 1) for line in environment.splitlines() if not line.startswith("#")]

    def set_environment(self) -> None:
        os.environ.update(self.environment)

    def run(self, **names: object) -> dict:
        """Runs what is Python, and gives back what it has named."""
        exec(self.python, names)
        return names

    def follow(self) -> dict:
        self.set_environment()
        return self.run()


def settle() -> Lines:
    """Moves to an empty home. To be called before a client is imported, which may look for its home at once."""
    lines = Lines()
    home = tempfile.mkdtemp()
    for name in "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME":
        os.environ[name] = home
    # What a client wants from elsewhere fails at once: nothing but loopback is asked.
    for name in "http_proxy", "https_proxy", "all_proxy":
        os.environ[name] = os.environ[name.upper()] = "http://127.0.0.1:9"
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    os.chdir(home)
    # Some programs here are called as the package that they import.
    sys.path.pop(0)
    return lines


def won(text: object) -> int:
    """An amount, however a client gives it."""
    return int(float(str(text)))


def levels(book: dict) -> int:
    """How many levels an order book has, of KIS's own fields."""
    return sum(1 for name in book if name[:4] in ("askp", "bidp") and name[4:].isdigit())


def tell(read, buy=None) -> None:
    """Says what is read, as one line of JSON; then for each line on the standard input it reads again, or buys and says what
    came of it."""
    command = "read"
    while command:
        if command == "read":
            said = read()
            assert said["total"] and said["price"], said
        else:
            said = {"told": outcome(buy)}
        os.write(OUT, json.dumps(said, ensure_ascii=False).encode() + b"\n")
        command = sys.stdin.readline().strip()
    # Some clients leave threads behind that wait for the internet.
    os._exit(0)


def outcome(buy) -> str:
    """What a client tells of an order."""
    try:
        return str(buy())
    except Exception as error:
        return str(error)
