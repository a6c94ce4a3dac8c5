#!/usr/bin/env bash
# Counts the instructions of one balance from memory, in user space, and compares them with benches/instructions.txt; and its
# allocations, client and daemon together (the client makes none).
#
#   benches/instructions.sh          fails if there are more than 5 % too many
#   benches/instructions.sh --write  makes what was counted the figure to compare with
#
# Seconds depend on the machine and on its neighbours; instructions only on the code and the compiler. They are counted in the
# build that the tests have made already: optimised ones are fewer, and grow with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 0; }

bench=$(cargo bench --locked --no-run --profile dev --bench instructions --message-format json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*instructions-[^"]*\)".*/\1/p')
count() { # how many requests in rounds of 32
    valgrind --tool=callgrind --callgrind-out-file="$PWD/target/callgrind.$1" "$bench" "$1" 32 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
few=50 many=350
counted=$((($(count $many) - $(count $few)) / ((many - few) * 32)))
allocations() { # how many in rounds of $2
    valgrind --tool=memcheck --leak-check=no --undef-value-errors=no "$bench" "$1" "$2" 2>&1 |
        sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' | tr -d ,
}
for together in 1 32; do
    allocated=$((($(allocations $many $together) - $(allocations $few $together)) * 100 / ((many - few) * together)))
    printf '%d.%02d allocations a call, %d in flight\n' $((allocated / 100)) $((allocated % 100)) $together
done
file=benches/instructions.txt
if [ "${1:-}" = --write ]; then
    echo "$counted" >$file
    echo "$counted instructions a call, written to $file"
    exit 0
fi
committed=$(cat $file)
echo "$counted instructions a call; committed: $committed"
if [ "$counted" -gt $((committed * 105 / 100)) ]; then
    echo "that is more than 5 % too many: make it cheaper, or say why and run benches/instructions.sh --write"
    exit 1
fi
[ "$counted" -ge $((committed * 95 / 100)) ] || echo "cheaper than committed: benches/instructions.sh --write keeps it so"
