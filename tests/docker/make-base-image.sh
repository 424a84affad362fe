#!/bin/sh
# A small Debian with Python as an archive of its files, for `docker import`: what tests build on where no registry can
# be reached. Usage: make-base-image.sh ARCHIVE. As root; takes about a minute.
set -eu
archive=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# The mirror that this machine uses itself.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$suite" '$2 == suite && $3 == "main" { print $1; exit }')
debootstrap --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates,libgomp1 \
    "$suite" "$root" "$mirror" > /dev/null
# Certificates of the network that the machine is in, or no package index could be reached from a build.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
ln -s python3 "$root/usr/bin/python"
rm -rf "$root/var/cache/apt" "$root/var/lib/apt/lists"
mkdir -p "$(dirname "$archive")"
tar -C "$root" -cf "$archive.tmp" .
mv "$archive.tmp" "$archive"
