#!/bin/sh
# Makes a base for deploy/Dockerfile from Debian's packages, for a machine that reaches no registry of
# images: stand_in.sh ENGINE NAME. The official image has a Python of its own build in its place.
set -eu
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv bookworm "$tree" >&2
ln -s python3 "$tree/usr/bin/python"
rm "$tree"/usr/lib/python3*/EXTERNALLY-MANAGED # the official image lets pip work beside the venv
# The build trusts whom this machine trusts, such as a company's own proxy.
cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$tree/etc/pip.conf"
tar -C "$tree" -c . | "$1" import - "$2"
