#!/usr/bin/env bash
# run.sh [MODEL]: installs what is missing, builds a release, and opens MODEL (without one, the bundled sample) in the
# studio. Without a display it prints the graph's summary and the run's profile instead, and writes picture and trace.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
bin="$top/build/release/bin"
sample="$top/resources/samples/digits"
model=${1:-$sample/digits.onnx}
[ -e "$model" ] || { echo "$model: there is no such file. Give the path of an ONNX model, or nothing for the sample." >&2; exit 1; }

"$here/install_packages.sh"
"$here/build.sh" release lapidary_cli lapidary_studio

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  # The sample shows what a run gives; a model of one's own may be large, and waits for its key.
  [ $# -gt 0 ] && exec "$bin/lapidary-studio" "$model"
  exec "$bin/lapidary-studio" --run --panel Outputs "$model"
fi

out=$(dirname "$model")
[ -w "$out" ] || out=$PWD
# The name without the endings of a packed model, then of its form: yolo.v8.onnx.gz gives yolo.v8.
name=$(basename "$model")
name=${name%.gz}
name=${name%.zip}
name=${name%.*}
stem="$(dirname "$model")/$name"
inputs=()
[ -f "$stem.inputs.npz" ] && inputs=(--inputs "$stem.inputs.npz")

"$bin/lapidary" info "$model"
echo
[ ${#inputs[@]} -eq 0 ] || { "$bin/lapidary" run "$model" "${inputs[@]}"; echo; }
"$bin/lapidary" profile "$model" "${inputs[@]}" --trace "$out/$name.trace.json"
echo
"$bin/lapidary" render "$model" -o "$out/$name.png" --expand all
echo "Trace for Perfetto: $out/$name.trace.json"
echo "No display was found, so the studio was not opened."
