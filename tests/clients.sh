#!/usr/bin/env bash
# Clients that nobody here wrote, and the examples, against a demo daemon: MCP Inspector and Gemini CLI from npm, the MCP SDK,
# websockets and web3.py from PyPI, curl and socat, and whatever of examples/ has its runtime on this machine. Public clients of KIS
# against the simulator: mojito2 and python-kis from PyPI; these and more through the gateway (tests/clients/gateway/run.py).
#
#   tests/clients.sh [DIRECTORY]    the programs in DIRECTORY; without it, a debug build is made
#
# What npm and pip install goes below target/clients. A runtime that is missing is named, and what needs it is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ $# -gt 0 ] || cargo build --locked
programs=$(realpath "${1:-target/debug}")
mkdir -p target/clients
installed=$(realpath target/clients)

work=$(mktemp -d)
"$programs/kisd" demo --still >"$work/demo" 2>"$work/log" &
demo=$!
"$programs/kisd" simulate --listen 127.0.0.1:0 --mode both --latency 50ms --by-issue --still --json >"$work/simulated" 2>"$work/calls" &
simulator=$!
trap 'kill $demo $simulator; wait $demo $simulator 2>/dev/null || true; rm -rf "$work"' EXIT
socket=
for _ in $(seq 100); do
    socket=$(sed -n 's/.*daemon on \(.*\)$/\1/p' "$work/demo")
    [ -n "$socket" ] && grep -q "Deposit D+2" "$work/demo" && break
    sleep 0.1
done

failed=0
check() { # a name, a text that must be in the output, a command
    local name=$1 wanted=$2
    shift 2
    if timeout 120 "$@" >"$work/out" 2>&1 && grep -qF -- "$wanted" "$work/out"; then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        tail -n 20 "$work/out"
        failed=1
    fi
}
skip() { echo "skip  $1: $2"; }
has() { command -v "$1" >/dev/null; }
request='{"jsonrpc":"2.0","id":1,"method":"account.balance"}'
total='"total_evaluation":10000000'

if has curl; then
    check "curl" "$total" curl -sS --unix-socket "$socket" -d "$request" http://kisd/
    if has jq; then check "example: bash" "삼성전자" examples/balance.sh "$socket"; else skip "example: bash" "no jq"; fi
else
    skip "curl, example: bash" "no curl"
fi
has socat && check "socat" "$total" sh -c 'echo "$1" | socat - "UNIX-CONNECT:$2"' - "$request" "$socket" || skip "socat" "not installed"
has go && check "example: go" "삼성전자" go run examples/balance.go "$socket" || skip "example: go" "not installed"

if [ -x "$programs/examples/balance" ]; then
    check "example: rust" "worth 10000000 won" sh -c 'timeout 3 "$1" "$2"; true' - "$programs/examples/balance" "$socket"
else
    skip "example: rust" "not built"
fi
if has node; then
    check "example: node" "삼성전자" examples/balance.mjs "$socket"
else
    skip "example: node" "not installed"
fi
if has npm && npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$installed" \
    @modelcontextprotocol/inspector@0 @google/gemini-cli@0 >"$work/npm" 2>&1; then
    inspect() { check "MCP Inspector: $1" "$2" "$installed/node_modules/.bin/mcp-inspector" --cli "$programs/kisctl" --socket "$socket" mcp "${@:3}"; }
    inspect "lists the tools" '"account_balance"' --method tools/list
    inspect "account_balance" "structuredContent" --method tools/call --tool-name account_balance
    inspect "token_status" '"state": "valid"' --method tools/call --tool-name token_status
    inspect "daemon_status" '"coalesced"' --method tools/call --tool-name daemon_status
    inspect "kis_search" "domestic-stock-ranking-short-sale" --method tools/call --tool-name kis_search --tool-arg "query=공매도 상위 종목"
    inspect "kis_describe" "FID_INPUT_ISCD" --method tools/call --tool-name kis_describe --tool-arg operation=FHKST01010100
    inspect "lists the resources" "kisd://rpc/discover" --method resources/list
    inspect "reads the balance" "total_evaluation" --method resources/read --uri kisd://account/balance
    inspect "reads the OpenRPC document" "openrpc" --method resources/read --uri kisd://rpc/discover
    # Gemini CLI starts servers only in folders that its user trusts.
    mkdir -p "$work/home/.gemini" "$work/project"
    echo "{\"$work/project\":\"TRUST_FOLDER\"}" >"$work/home/.gemini/trustedFolders.json"
    gemini() { (cd "$work/project" && HOME="$work/home" "$installed/node_modules/.bin/gemini" "$@"); }
    export -f gemini && export work installed
    check "Gemini CLI: mcp add" "added" bash -c 'gemini "$@"' - mcp add kisd "$programs/kisctl" -- --socket "$socket" mcp
    check "Gemini CLI: mcp list" "Connected" bash -c 'gemini mcp list'
else
    skip "MCP Inspector, Gemini CLI" "npm cannot install them: $(tail -n 1 "$work/npm" 2>/dev/null)"
fi

if has python3; then
    check "example: python" "삼성전자" examples/balance.py "$socket"
    python="$installed/venv/bin/python"
    if { [ -x "$python" ] || python3 -m venv "$installed/venv"; } >"$work/pip" 2>&1 &&
        "$python" -m pip install --quiet --disable-pip-version-check mcp websockets web3 prometheus_client >>"$work/pip" 2>&1; then
        check "metrics: read by Prometheus's own parser" "kisd_token_issuances" sh -c '
            curl -sS --unix-socket "$1" http://kisd/metrics | "$2" -c "
import sys
from prometheus_client.openmetrics.parser import text_fd_to_metric_families
print(*(family.name for family in text_fd_to_metric_families(sys.stdin)))"' - "$socket" "$python"
        check "MCP SDK for Python" "kisd://rpc/discover ->" "$python" tests/clients/mcp_sdk.py "$programs/kisctl" "$socket"
        check "websockets: subscribes" "10000000" "$python" tests/clients/subscriber.py "$socket"
        check "web3.py: IPC provider" "10000000" "$python" tests/clients/web3_ipc.py "$socket"
    else
        skip "MCP SDK, websockets, web3.py" "pip cannot install them: $(tail -n 1 "$work/pip")"
    fi
    # Public clients of KIS, in the versions that were looked at, straight to the simulator and through the gateway. In an environment
    # of their own: one of them needs another MCP SDK. kis-utils asks for a newer Python than it needs; what it needs, others have.
    python="$installed/kis/bin/python"
    [ -x "$python" ] || python3 -m venv "$installed/kis" >>"$work/pip" 2>&1 || true
    kis_clients=()
    while read -r client packages; do
        # shellcheck disable=SC2086
        if "$python" -m pip install --quiet --disable-pip-version-check $packages </dev/null >>"$work/pip" 2>&1; then
            kis_clients+=("$client")
        else
            skip "$client" "pip cannot install it: $(grep -i error "$work/pip" | tail -n 1)"
        fi
    done <<'END'
python-kis python-kis==2.1.6 typing_extensions
mojito mojito2==0.1.6 pandas
kis-agent kis-agent==1.6.1
kis-wrapper kis-wrapper==0.3.0
kis-trader kis-trader==0.12.2
kispilot kispilot==0.2.2
kstock-mcp kstock-mcp==0.1.0
kis-utils --ignore-requires-python --no-deps kis-utils==0.1.5
END
    if [[ " ${kis_clients[*]} " == *" python-kis mojito "* ]]; then
        check "mojito2 and python-kis: token, balance and price, real and paper" "python-kis paper" \
            "$python" tests/clients/kis_clients.py "$work/simulated"
    fi
    if [ ${#kis_clients[@]} -gt 0 ]; then
        # What it prints is worth reading when all is well, too.
        if timeout 300 "$python" tests/clients/gateway/run.py "$programs" "${kis_clients[@]}"; then
            echo "ok    public clients of KIS through the gateway: ${kis_clients[*]}"
        else
            echo "FAIL  public clients of KIS through the gateway"
            failed=1
        fi
    fi
else
    skip "python" "not installed"
fi
exit $failed
