#!/usr/bin/env bash
# demo.sh WGNS_USER: the main job on this machine alone, in namespaces of its own.
#
#   demo-host  10.88.0.1 ──────────── veth ──────────── 10.88.0.2  demo-isp, with an HTTP echo
#       │ the client's UDP socket                            │ the provider's UDP socket
#   client-demo  10.99.0.2 ═════════ tunnel ═════════ 10.99.0.1  demo-provider, with the same echo
#
# The echo answers with its caller's address: asked from demo-host it is the outer one, asked
# through `wgns-user exec client-demo` it is the tunnel's.
set -euo pipefail

wgns_user=$(readlink -f "$1")
echo_server=$(dirname "$(readlink -f "$0")")/echo.py
folder=$(mktemp -d)
pids=()

enter() {
    local namespace=$1
    shift
    nsenter "--net=/run/netns/$namespace" "$@"
}

# What the demo could leave behind, one name a line.
machine() {
    local path
    find /proc -mindepth 2 -maxdepth 2 -name exe -lname "$wgns_user" 2>/dev/null || true
    for path in /run/netns /etc/netns /run/wgns-user /run/wireguard /sys/class/net; do
        [[ ! -d $path ]] || find "$path" -mindepth 1 -maxdepth 1
    done | sort
}

is_as_before() {
    machine >"$folder/after"
    cmp -s "$folder/before" "$folder/after"
}

stop_all() {
    local pid namespace
    for namespace in client-demo demo-provider; do
        [[ ! -e /run/wgns-user/$namespace ]] || "$wgns_user" down "$namespace" || true
    done
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    for namespace in demo-host demo-isp; do
        [[ ! -e /run/netns/$namespace ]] || ip netns del "$namespace" || true
    done
}

finish() {
    local status=$? tries
    trap - EXIT
    stop_all
    # A process that has been told to end may need a moment.
    for ((tries = 0; tries < 50; tries++)); do
        ! is_as_before || break
        sleep 0.1
    done
    if ! diff "$folder/before" "$folder/after" >&2; then
        echo "demo: the lines above were left behind, or taken away" >&2
        status=1
    fi
    rm -rf "$folder"
    exit "$status"
}

make_network() {
    local namespace
    for namespace in demo-host demo-isp; do
        ip netns add "$namespace"
        ip -n "$namespace" link set lo up
    done
    ip -n demo-host link add up0 type veth peer name up0 netns demo-isp
    ip -n demo-host addr add 10.88.0.1/24 dev up0
    ip -n demo-isp addr add 10.88.0.2/24 dev up0
    ip -n demo-host link set up0 up
    ip -n demo-isp link set up0 up
}

write_files() {
    local client provider
    umask 077
    client=$("$wgns_user" genkey)
    provider=$("$wgns_user" genkey)
    cat >"$folder/demo-provider.conf" <<CONF
[Interface]
PrivateKey = $provider
Address = 10.99.0.1/24
DNS = 10.99.0.1
ListenPort = 51820
AllowFromTunnel = tcp/80

[Peer]
PublicKey = $("$wgns_user" pubkey <<<"$client")
AllowedIPs = 10.99.0.2/32
CONF
    cat >"$folder/client-demo.conf" <<CONF
[Interface]
PrivateKey = $client
Address = 10.99.0.2/32
DNS = 10.99.0.1

[Peer]
PublicKey = $("$wgns_user" pubkey <<<"$provider")
AllowedIPs = 0.0.0.0/0
Endpoint = 10.88.0.2:51820
CONF
}

start_echo() {
    # Not by way of enter: the pid must be the server's, not that of a shell around it.
    nsenter "--net=/run/netns/$1" python3 -B "$echo_server" "$2" 80 &
    pids+=($!)
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        ! enter "$1" curl --silent --noproxy '*' --output /dev/null "http://$2/" || return 0
        sleep 0.1
    done
    echo "demo: the echo in $1 did not start" >&2
    return 1
}

# ask URL COMMAND…: what the echo at URL answers when COMMAND runs curl.
ask() {
    local url=$1
    shift
    "$@" curl --silent --show-error --noproxy '*' --max-time 20 "$url"
}

main() {
    local outside inside
    make_network
    write_files
    enter demo-isp "$wgns_user" up "$folder/demo-provider.conf"
    start_echo demo-isp 10.88.0.2
    start_echo demo-provider 10.99.0.1
    enter demo-host "$wgns_user" up "$folder/client-demo.conf"

    outside=$(ask http://10.88.0.2/ enter demo-host)
    inside=$(ask http://10.99.0.1/ enter demo-host "$wgns_user" exec client-demo --)
    echo
    echo "caller's address, asked from outside the namespace: $outside"
    echo "caller's address, asked from inside the namespace:  $inside"
    echo
    "$wgns_user" status client-demo
    if [[ -z $inside || $outside == "$inside" ]]; then
        echo "demo: the two addresses should differ" >&2
        return 1
    fi
}

for name in demo-host demo-isp demo-provider client-demo; do
    if [[ -e /run/netns/$name ]]; then
        echo "demo: a namespace $name exists already; remove it first: ip netns del $name" >&2
        exit 1
    fi
done
machine >"$folder/before"
trap finish EXIT
trap 'exit 130' INT TERM
main
