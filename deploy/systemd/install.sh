#!/bin/sh
# Installs reconciler as a service, or brings it up to date; calling it again changes nothing that is in order.
#   install.sh [--root DIR] [--docker] [--python PYTHON] WHEEL|CHECKOUT
#   install.sh [--root DIR] --uninstall
# The program goes to /opt/reconciler, the configuration to /etc/reconciler, where what is there already is left as it
# is. With --root everything goes below DIR, and neither users nor services are touched.
set -eu
umask 022

root='' docker='' uninstall='' python=python3 what=''
folder=$(cd "$(dirname "$0")" && pwd)

usage() {
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

fail() {
    echo "error: $1" >&2
    [ -z "${2:-}" ] || echo "hint: $2" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
        --root) [ $# -gt 1 ] || usage; root=${2%/}; shift ;;
        --python) [ $# -gt 1 ] || usage; python=$2; shift ;;
        --docker) docker=yes ;;
        --uninstall) uninstall=yes ;;
        -h | --help) usage ;;
        -*) echo "error: there is no option $1" >&2; usage ;;
        *) [ -z "$what" ] || usage; what=$1 ;;
    esac
    shift
done

program=$root/opt/reconciler
settings=$root/etc/reconciler
units=$root/etc/systemd/system
is_real=''
[ -n "$root" ] || is_real=yes

as_root() {
    [ -z "$is_real" ] || [ "$(id -u)" = 0 ] || fail "this needs root" "call it with sudo, or try it with --root DIR"
}

has_systemd() {
    [ -n "$is_real" ] && [ -d /run/systemd/system ]
}

say_if_new() { # FROM TO MODE
    if cmp -s "$1" "$2"; then return; fi
    install -D -m "$3" "$1" "$2"
    echo "wrote $2"
}

uninstall() {
    as_root
    if has_systemd; then systemctl disable --now reconciler.service 2> /dev/null || true; fi
    rm -f "$units/reconciler.service" "$units/reconciler.service.d/docker.conf" "$root/usr/local/bin/reconciler"
    rmdir "$units/reconciler.service.d" 2> /dev/null || true
    rm -rf "$program"
    if has_systemd; then systemctl daemon-reload; fi
    echo "removed the program and its unit; $settings, $root/var/lib/reconciler and the user reconciler are still there"
}

make_user() {
    [ -n "$is_real" ] || return 0
    if ! getent passwd reconciler > /dev/null; then
        useradd --system --user-group --home-dir /var/lib/reconciler --no-create-home \
            --shell /usr/sbin/nologin reconciler
        echo "made the user reconciler"
    fi
}

# Packages with the hashes of requirements.txt where a checkout has it, else what the wheel asks for.
make_environment() { # FOLDER
    if command -v uv > /dev/null; then
        uv venv --quiet --python "$(command -v "$python")" "$1"
        set -- uv pip install --quiet --python "$1/bin/python"
    else
        "$python" -m venv "$1" || fail "$python cannot make an environment" "install python3-venv, or uv"
        set -- "$1/bin/python" -m pip install --quiet --disable-pip-version-check
    fi
    if [ -f "$what/requirements.txt" ]; then
        "$@" --require-hashes -r "$what/requirements.txt"
        "$@" --no-deps "$what"
    else
        "$@" "$what"
    fi
}

# Beside the old one and then in its place, so that no daemon ever finds half a program. Programs of an environment hold
# its path, which is why it is made where it will stay, and a link leads to it.
install_program() {
    new=$program/releases/$(date -u +%Y%m%dT%H%M%SZ)-$$
    mkdir -p "$program/releases"
    trap 'rm -rf "$new"' EXIT
    make_environment "$new"
    "$new/bin/reconciler" --help > /dev/null || fail "the program that was installed does not start"
    before=$(readlink "$program/current" 2> /dev/null || true)
    ln -sfn "releases/$(basename "$new")" "$program/current.new"
    mv -T "$program/current.new" "$program/current"
    trap - EXIT
    ln -sfn current/bin "$program/bin"
    # The one before stays: a daemon that has not been started anew runs from it.
    for old in "$program/releases"/*; do
        case $old in "$new" | "$program/${before:-none}") ;; *) rm -rf "$old" ;; esac
    done
    echo "installed $("$new/bin/python" -c 'import reconciler; print("reconciler", reconciler.__version__)') into $new"
    mkdir -p "$root/usr/local/bin"
    ln -sfn /opt/reconciler/bin/reconciler "$root/usr/local/bin/reconciler"
}

install_settings() {
    install -d -m 0750 "$settings"
    if [ ! -e "$settings/config.yaml" ]; then
        install -m 0640 "$folder/config.yaml" "$settings/config.yaml"
        echo "wrote $settings/config.yaml: name the sources in it"
    fi
    if [ ! -e "$settings/environment" ]; then
        printf '# Variables of the daemon, such as tokens that config.yaml names.\n#RECONCILER_OPTIONS=--max-parallel 4\n' \
            > "$settings/environment"
        chmod 0640 "$settings/environment"
    fi
    [ -z "$is_real" ] || chown -R root:reconciler "$settings"
}

install_units() {
    say_if_new "$folder/reconciler.service" "$units/reconciler.service" 0644
    if [ -n "$docker" ]; then
        say_if_new "$folder/docker.conf" "$units/reconciler.service.d/docker.conf" 0644
    fi
}

start() {
    has_systemd || return 0
    systemctl daemon-reload
    systemctl enable --quiet reconciler.service
    if systemctl is-active --quiet reconciler.service; then
        systemctl restart reconciler.service
        echo "restarted reconciler.service; steps that ran go on"
    else
        echo "start it with: systemctl start reconciler"
    fi
}

if [ -n "$uninstall" ]; then
    [ -z "$what" ] || usage
    uninstall
    exit 0
fi
[ -n "$what" ] || usage
[ -e "$what" ] || fail "there is no $what" "name a wheel, or a checkout of reconciler"
as_root
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null ||
    fail "$python is not Python 3.11 or newer" "name one with --python"
home=$("$python" -c 'import os, sys; print(os.path.realpath(sys.base_prefix))')
case $is_real$home in
    yes/home/* | yes/root/*) fail "the service could not see $home" "name a Python outside of home folders with --python" ;;
esac
make_user
install_program
install_settings
install_units
start
