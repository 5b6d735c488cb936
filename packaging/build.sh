#!/usr/bin/env bash
# build.sh PRESET [TARGET...]: configures once and builds; prints only what matters. Run by run.sh and test.sh.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=$1
shift
build="$top/build/$preset"

# Let the compiler cache work across clones of the project.
export CCACHE_BASEDIR="$top" CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

mkdir -p "$build"
if [ ! -f "$build/build.ninja" ]; then
  echo "Configuring $preset"
  (cd "$top" && cmake --preset "$preset" >"$build/configure.log" 2>&1) || { tail -n 30 "$build/configure.log" >&2; exit 1; }
fi
[ -t 1 ] && exec cmake --build "$build" --target "${@:-all}"
cmake --build "$build" --target "${@:-all}" >"$build/build.log" 2>&1 || { tail -n 60 "$build/build.log" >&2; exit 1; }
