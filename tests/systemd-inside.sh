#!/bin/bash
# Runs inside the container of tests/systemd.sh: each line is a promise of docs/ or of the units.
set -u
failed=0
check() { # what command…
    local what=$1
    shift
    if "$@" >/kisd/output 2>&1; then echo "ok      $what"; else
        echo "FAILED  $what"
        sed 's/^/        /' /kisd/output
        failed=1
    fi
}
until_true() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; "$@"; }
says() { grep -q -- "$1" <<<"$("${@:2}" 2>&1)" || { "${@:2}"; return 1; }; }
property() { systemctl show kisd --property "$1" --value; }
issuances() { journalctl -u simulator --no-pager | grep -c 'path="/oauth2/tokenP".*status=200'; }
changed() { [ "$(property "$1")" != "$2" ]; }
mute() { systemd-run --quiet --pipe --wait --uid="$1" -- /usr/local/bin/kisctl --socket /run/kisd/kisd.sock balance; }

cd /kisd || exit 1
install -m 755 kisd kisctl /usr/local/bin/
install -m 644 systemd/kisd.service systemd/kisd.socket /etc/systemd/system/
useradd --uid 1000 --no-create-home owner
useradd --uid 1001 --no-create-home stranger
# A KIS that has issued nothing yet.
fresh_simulator() {
    systemctl stop simulator 2>/dev/null
    systemd-run --quiet --unit simulator --collect /usr/local/bin/kisd simulate --listen 127.0.0.1:8765
    until_true bash -c 'exec 3<>/dev/tcp/127.0.0.1/8765'
}
fresh_simulator
until_true says 'base_url' journalctl -u simulator --no-pager
value() { journalctl -u simulator -o cat --no-pager | sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" | head -n 1; }

install -d -m 700 /etc/kisd
umask 077
value app_key >/etc/kisd/app_key
value app_secret >/etc/kisd/app_secret
cat >/etc/kisd/config.toml <<TOML
[kis]
mode = "paper"
account_no = "$(value account_no)"
account_product_code = "01"
base_url = "$(value base_url)"

[rpc]
allow_uids = [1000]
TOML
check "the configuration is accepted" env CREDENTIALS_DIRECTORY=/etc/kisd kisd check --config /etc/kisd/config.toml
check "also by root, who plays no part of systemd" says '/var/lib/kisd/token.json' kisd check
systemctl daemon-reload
systemctl start kisd.socket
check "nothing runs before somebody asks" test "$(property ActiveState)" = inactive
check "asking the socket starts the service, and root is answered" says 005930 kisctl balance
check "it has told systemd that it is ready" test "$(property ActiveState)" = active
check "its status names the token" until_true says 'token valid until' systemctl status kisd --no-pager
check "the configured user is answered" says 005930 mute 1000
check "another user is refused" says '-32056' mute 1001
refresh() { systemd-run --quiet --pipe --wait --uid="$1" -- /usr/local/bin/kisctl --socket /run/kisd/kisd.sock token refresh; }
check "the configured user may not ask for a renewal" says 'rpc.allow_refresh_uids' refresh 1000
check "root may, and is told when it is time" says 'one token a minute' kisctl token refresh
check "it runs as a user that is not root" test "$(stat -c %u "/proc/$(property MainPID)")" != ''
uid=$(awk '/^Uid:/ { print $2 }' "/proc/$(property MainPID)/status")
check "that user is a dynamic one" test "$uid" -ge 61184 -a "$uid" -le 65519
check "the mirror is its own and private" test "$(stat -c '%a %u' /var/lib/private/kisd/token.json)" = "600 $uid"
denied() { ! systemd-run --quiet --pipe --wait --uid=1000 -- /bin/cat "$1"; }
check "nobody else reads the mirror" denied /var/lib/private/kisd/token.json
check "nor the configuration" denied /etc/kisd/config.toml
check "nor the environment" denied "/proc/$(property MainPID)/environ"
check "the exposure is at most 1.3" test "$(systemd-analyze security --no-pager kisd | awk '/Overall exposure/ { print ($(NF-2) <= 1.3) }')" = 1
check "one token has been issued" test "$(issuances)" = 1

pid=$(property MainPID)
kill -9 "$pid"
check "after kill -9 it is started again" until_true changed MainPID "$pid"
check "and answers with the cached token" says 005930 kisctl balance
check "which was not issued again" test "$(issuances)" = 1
check "and the log says so" says 'Using cached token (still valid)' journalctl -u kisd --no-pager

mkdir -p /run/systemd/system/kisd.service.d
printf '[Service]\nWatchdogSec=2s\n' >/run/systemd/system/kisd.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart kisd
pid=$(property MainPID)
sleep 3
check "the watchdog is fed" test "$(property MainPID)" = "$pid"
kill -STOP "$pid"
check "a process that has stopped is restarted by the watchdog" until_true changed MainPID "$pid"
check "and answers" says 005930 kisctl balance

pid=$(property MainPID)
check "it knows which boot this is" grep -qz "KISD_BOOT_ID=$(tr -d - </proc/sys/kernel/random/boot_id)" "/proc/$pid/environ"
check "a reload, which could change nothing, fails" sh -c '! systemctl reload kisd'
check "and says what to do" until_true says 'systemctl restart kisd' journalctl -u kisd --no-pager
check "and does not restart it" test "$(property MainPID)" = "$pid"
check "which answers" says 005930 kisctl balance
systemctl restart kisd &
check "a client that asks during a restart is answered" says 005930 kisctl balance
wait
check "no secret is in the journal of kisd" sh -c '! journalctl -u kisd -o cat --no-pager | grep -qF -f /etc/kisd/app_key'

check "kisctl doctor finds all well" says 'all is well' kisctl doctor
check "a monitor hears that it is" says 'kisd OK' kisctl status --check
check "kisctl logs shows the journal of the service" says 'KIS issued an access token' kisctl logs --lines 1000

printf '\n[gateway]\nlisten = "127.0.0.1:9443"\n' >>/etc/kisd/config.toml
systemctl restart kisd
check "the gateway serves" until_true says 'serves on http://127.0.0.1:9443' kisctl status
kisctl --json client add bot --uid 1000 >/kisd/client
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" /kisd/client; }
body="{\"grant_type\":\"client_credentials\",\"appkey\":\"$(member app_key)\",\"appsecret\":\"$(member app_secret)\"}"
# In files, since systemd-run would take the dollars for its own.
printf 'POST /oauth2/tokenP HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "${#body}" "$body" >/kisd/request
echo 'exec 3<>/dev/tcp/127.0.0.1/9443; cat /kisd/request >&3; cat <&3' >/kisd/ask
chmod 755 /kisd && chmod 644 /kisd/request /kisd/ask
token() { systemd-run --quiet --pipe --wait --uid="$1" -- /bin/bash /kisd/ask; }
check "a program of its client's user has a token" says '"expires_in":86400' token 1000
check "one of another user has none" says 'is for programs of uid 1000, and this one is of uid 1001' token 1001
check "and KIS was asked for none" test "$(issuances)" = 1

check "it can be removed" systemctl disable --now kisd.service kisd.socket
check "the socket is gone" test ! -e /run/kisd/kisd.sock
rm -r /etc/systemd/system/kisd.* /usr/local/bin/kisd /usr/local/bin/kisctl /etc/kisd /var/lib/private/kisd /var/lib/kisd
check "and so is everything else" test -z "$(find / -xdev -name '*kisd*' -not -path '/kisd*' -not -path '/proc/*' -not -path '/run/*' 2>/dev/null)"

# Once more, by kisctl init.
install -m 755 kisd kisctl /usr/local/bin/
fresh_simulator
answers() { printf '%s\n' paper "$(value app_key)" "$(value app_secret)" 12345678-01 y; }
check "kisctl init sets up the service of the system" says 'installed and started' \
    sh -c "$(declare -f value answers); "'answers | SUDO_UID=1000 kisctl init --system --base-url http://127.0.0.1:8765'
check "which answers root" says 005930 kisctl balance
check "and who has become root to install it" says 005930 mute 1000
check "and is well" says 'all is well' kisctl doctor
systemctl disable --now kisd.service kisd.socket 2>/dev/null

fresh_simulator
useradd --uid 1002 --create-home third
chmod 755 /etc /etc/systemd /etc/systemd/user /usr/local/bin
# A minimal system lacks the PAM module that says where the user's runtime directory is.
mkdir -p /run/systemd/system/user@.service.d
printf '[Service]\nEnvironment=XDG_RUNTIME_DIR=/run/user/%%i\n' >/run/systemd/system/user@.service.d/runtime.conf
systemctl daemon-reload
check "a user has a systemd" systemctl start user@1002.service
as_third() { systemd-run --quiet --pipe --wait --uid=1002 --gid=1002 --setenv=XDG_RUNTIME_DIR=/run/user/1002 --setenv=HOME=/home/third -- "$@"; }
answers >/kisd/answers && chmod 644 /kisd/answers && chmod 755 /kisd
check "kisctl init sets up a service of the user" says 'installed and started' as_third sh -c 'kisctl init --base-url http://127.0.0.1:8765 </kisd/answers'
check "which answers" says 005930 as_third kisctl balance
check "and is well" says 'all is well' as_third kisctl doctor
check "a session that does not say where it is finds it too" says 005930 \
    systemd-run --quiet --pipe --wait --uid=1002 --gid=1002 --setenv=HOME=/home/third -- kisctl balance
check "its file can be reloaded" as_third systemctl --user reload kisd
check "one that is refused fails the reload" sh -c '! "$@"' sh \
    systemd-run --quiet --pipe --wait --uid=1002 --gid=1002 --setenv=XDG_RUNTIME_DIR=/run/user/1002 --setenv=HOME=/home/third -- \
    sh -c 'echo nonsense >>~/.config/kisd/config.toml; systemctl --user reload kisd'
check "and the daemon goes on" says 005930 as_third kisctl balance
exit $failed
