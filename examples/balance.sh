#!/usr/bin/env bash
# The balance, with curl and jq: examples/balance.sh [SOCKET]
set -euo pipefail
request='{"jsonrpc":"2.0","id":1,"method":"account.balance"}'
reply=$(curl --silent --show-error --fail-with-body --unix-socket "${1:-/run/kisd/kisd.sock}" --data "$request" http://kisd/)
jq --raw-output 'if .error then "\(.error.message) (code \(.error.code))\n" | halt_error(1) else .result |
    "\(.account): \(.total_evaluation) won", (.holdings[] | "\(.stock_code) \(.stock_name): \(.quantity) @ \(.current_price)")
end' <<<"$reply"
