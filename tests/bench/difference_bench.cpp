// difference_bench MODEL [--json FILE]: how often two programs that are the same are said to differ: compiled
// twice, timed in turns and compared, 200 times.
#include <algorithm>
#include <cstdio>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "engine/runtime/inputs.h"
#include "engine/trace/measurement.h"
#include "tests/support/bench.h"

using namespace lapidary;
using Json = nlohmann::ordered_json;

namespace {

constexpr int comparisons = 200, turns = 20;

std::function<void()> fresh_program(const ModelPointer& model) {
  std::vector<Datum> inputs;
  CompileOptions options;
  for (const Value& input : required_inputs(*model)) {
    inputs.emplace_back(make_input(input, "random", {}, 7));
    options.input_dims[input.name] = inputs.back().tensor().dims();
  }
  const auto program = find_backend("cpu").compile(model, options);
  return [program, inputs] { program->run(inputs); };
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: difference_bench MODEL [--json FILE]\n");
    return 2;
  }
  LoadOptions links;
  links.follow_links = true;
  const ModelPointer model = load_model(argv[1], links).model;
  int claimed = 0;
  std::vector<double> ratios;
  for (int i = 0; i < comparisons; ++i) {
    const auto first = fresh_program(model), second = fresh_program(model);
    warm_up(first);
    warm_up(second);
    const PairedTimes times = time_in_turns(first, second, turns);
    const Comparison comparison = compare_pairs(times.first_ms, times.second_ms);
    claimed += comparison.differs();
    ratios.push_back(comparison.ratio.middle);
  }
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  std::printf("%d comparisons of equal programs: %d said to differ (%.1f %%), ratios %.3f to %.3f\n",
              comparisons, claimed, 100.0 * claimed / comparisons, *least, *most);
  test::report({{"machine", test::machine_json()},
                {"comparisons", comparisons},
                {"said_to_differ", claimed},
                {"smallest_ratio", *least},
                {"largest_ratio", *most}},
               argc, argv);
  return 0;
}
