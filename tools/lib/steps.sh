# shellcheck shell=bash
# Shared by ./run and ./test: titles with the time spent, and when the page has to be built.

bold() {
  if [[ -t 1 ]]; then printf '\033[1m%s\033[0m' "$*"; else printf '%s' "$*"; fi
}

# Tenths of a second since START (a value of $EPOCHREALTIME), as "12.3 s".
time_since() {
  local tenths=$((${EPOCHREALTIME/[.,]/} / 100000 - ${1/[.,]/} / 100000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# step TITLE COMMAND...: runs the command under a title and says how long it took.
step() {
  local title=$1 started=$EPOCHREALTIME status=0
  shift
  printf '%s\n' "$(bold "==> $title")"
  "$@" || status=$?
  if ((status)); then
    printf '    %s failed after %s\n' "$title" "$(time_since "$started")"
  else
    printf '    %s\n' "$(time_since "$started")"
  fi
  return "$status"
}

# quietly LOG COMMAND...: on a terminal the output is the progress; elsewhere only a failure's last lines are shown.
quietly() {
  local log=$1 status=0
  shift
  if [[ -t 1 ]]; then
    "$@" || status=$?
  else
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 || {
      status=$?
      tail -n 40 "$log"
      echo "The whole log: $log"
    }
  fi
  return "$status"
}

page_is_current() { # REPOSITORY
  local web=$1/web
  [[ -f $web/dist/index.html ]] || return 1
  [[ -z $(find "$web" -path "$web/node_modules" -prune -o -path "$web/dist" -prune -o -path "$web/dev" -prune -o \
    -type f -newer "$web/dist/index.html" -print -quit) ]]
}

# npm leaves .package-lock.json behind when an installation is complete.
page_packages() { # REPOSITORY
  local web=$1/web
  [[ $web/node_modules/.package-lock.json -nt $web/package-lock.json ]] && return
  (cd "$web" && npm ci --no-audit --no-fund --loglevel=error)
}

build_page() { # REPOSITORY
  page_is_current "$1" && return
  page_packages "$1" && (cd "$1/web" && npm run build)
}

build_preset() { # REPOSITORY PRESET [TARGET...]
  local repository=$1 preset=$2
  shift 2
  # A checkout in another folder finds the same objects in the compiler cache.
  export CCACHE_BASEDIR=$repository CCACHE_NOHASHDIR=1
  # Ninja configures again by itself when a CMake file changed, but not when the checkout was moved or copied.
  local directory=$repository/build/$preset
  local home
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$directory/CMakeCache.txt" 2>/dev/null)
  if [[ ! -f $directory/build.ninja || ! $home -ef $repository ]]; then
    (cd "$repository" && cmake --fresh --preset "$preset") || return
  fi
  (cd "$repository" && cmake --build --preset "$preset" ${1:+--target "$@"})
}
