#!/usr/bin/env bash
# fuzz.sh [SECONDS]: feeds damaged models and data files to the readers, and odd inputs to the operators, under ASan and
# UBSan, for SECONDS each (default 60). What is found is kept between calls, so that the next one goes on from there.
# fuzz.sh --fixed: the same inputs each time, made from tests/fuzz alone: for continuous integration.
# fuzz.sh --merge: adds to tests/fuzz what earlier calls found and what reaches further than what is there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
mode=${1:-60}

"$here/install_packages.sh"
"$here/build.sh" fuzz lapidary_load_fuzz lapidary_data_fuzz lapidary_run_fuzz
export ASAN_OPTIONS=allocator_may_return_null=1

# fuzz TARGET FOUND OPTION...: FOUND is the folder for new inputs; one that fails is written beside it.
fuzz() {
  local what=$1 found=$2
  shift 2
  echo "Fuzzing the $what target"
  mkdir -p "$found"
  "$top/build/fuzz/bin/lapidary_${what}_fuzz" -timeout=20 -rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$found-" "$@" "$found" 2>&1 | tail -n 8
}

# fuzz_fixed TARGET OPTION...: from the committed inputs, in the same order everywhere.
fuzz_fixed() {
  local what=$1
  shift
  LC_ALL=C ls "$top/tests/fuzz/${what}_corpus"/* | paste -sd, | tr -d "\n" >"$folder/$what-inputs"
  fuzz "$what" "$folder/$what" -seed=1 -seed_inputs="@$folder/$what-inputs" "$@"
}

if [ "$mode" = --fixed ]; then
  folder=$(mktemp -d)
  fuzz_fixed load -max_total_time=60
  fuzz_fixed data -runs=100000
  fuzz_fixed run -runs=100000
  rm -r "$folder"
  exit
fi
for what in load data run; do
  found="${XDG_CACHE_HOME:-$HOME/.cache}/lapidary/fuzz/$what"
  if [ "$mode" = --merge ]; then
    "$top/build/fuzz/bin/lapidary_${what}_fuzz" -merge=1 -timeout=20 "$top/tests/fuzz/${what}_corpus" "$found"
  else
    fuzz "$what" "$found" -max_total_time="$mode" "$top/tests/fuzz/${what}_corpus"
  fi
done
