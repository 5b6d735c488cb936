#!/usr/bin/env bash
# screenshots.sh: builds, and takes the pictures of resources/screenshots anew, by the program itself and without a
# display. Those of real models are left as they are where test_data.sh finds no such model.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
"$here/build.sh" release lapidary_studio
source "$here/test_data.sh"

# Settings and recent files of whoever runs this stay out of the pictures.
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
export XDG_CONFIG_HOME=$own XDG_CACHE_HOME=$own XDG_DATA_HOME=$own QT_QPA_PLATFORM=offscreen

# take NAME MODEL SIZE THEME [OPTION...]
take() {
  local name=$1 model=$2 size=$3 theme=$4
  shift 4
  [ -f "$model" ] || { echo "$name.png: $model is missing, the picture stays as it is"; return; }
  "$top/build/release/bin/lapidary-studio" --size "$size" --theme "$theme" "$@" --quit-when-painted \
    --screenshot "$top/resources/screenshots/$name.png" "$model" 2>/dev/null
  echo "$name.png"
}

take digits-run-light "$top/resources/samples/digits/digits.onnx" 1280x800 light --run --panel Outputs
take resnet50-dark "$LAPIDARY_ZOO/resnet50.onnx" 1280x800 dark --run --panel Timeline \
  --select /layer2/layer2.1/conv2/Conv
take swin-t-operators-light "$LAPIDARY_ZOO/swin_t.onnx" 2560x1440 light --run --panel Operators
take det-optimize-light "$LAPIDARY_ZOO/ch_PP-OCRv4_det_infer.onnx" 1280x800 light --command Optimize…
take vit-roofline-light "$LAPIDARY_ZOO/vit_b_16.onnx" 2560x1440 light --run --panel Roofline
take mobilenet-compare-dark "$LAPIDARY_ZOO/mobilenet_v2.onnx" 1280x800 dark --command "Compare Runs" --panel Compare \
  --select /features/features.11/conv/conv.0/conv.0.0/Conv
