#!/usr/bin/env bash
# Debian packages that the tests' guests are made of: downloaded and unpacked, never installed. To be sourced; needs $work, a
# folder for a run's own files.
# shellcheck disable=SC2154 # work belongs to whoever sources this

cache=${XDG_CACHE_HOME:-$HOME/.cache}/visor-test

die() {
  echo "${0##*/tests/}: $*" >&2
  exit 1
}

# The kernel package that a meta package stands for today.
kernel_package() { # META_PACKAGE
  local package
  package=$(apt-cache depends "$1" | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  [[ -n $package ]] || die "the package lists are empty. Run 'apt-get update' as root."
  echo "$package"
}

# Downloads each package that is not in the cache yet, and prints nothing.
download() {
  local package file
  mkdir -p "$cache/packages"
  for package in "$@"; do
    file=$(package_file "$package")
    [[ -n $file ]] && continue
    # As root, apt would download as a user of its own, who may not write here.
    (cd "$cache/packages" && apt-get -q -o APT::Sandbox::User=root download "$package" >"$work/download.log" 2>&1) ||
      die "cannot download package $package: $(tail -n 1 "$work/download.log"). Try 'apt-get update' as root."
  done
}

package_file() {
  find "$cache/packages" -name "$1_*.deb" 2>/dev/null | sort | tail -n 1
}

unpack() { # PACKAGE FOLDER
  mkdir -p "$2"
  dpkg-deb -x "$(package_file "$1")" "$2"
}
