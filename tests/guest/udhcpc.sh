#!/bin/sh
# What busybox's DHCP client calls with the lease in its environment.
# shellcheck disable=SC2154
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/${mask:-24}" dev "$interface"
for gateway in $router; do ip route add default via "$gateway" dev "$interface"; done
for server in $dns; do echo "nameserver $server"; done > /etc/resolv.conf
