// edit_bench [--json FILE]: what changing one node of a large graph costs, and what deriving its types costs.
// The graph is a chain of 100,000 operators beside weights of 64 MB.
#include <cstdio>

#include "engine/analysis/check.h"
#include "engine/model/edit.h"
#include "engine/runtime/backend.h"
#include "tests/support/bench.h"
#include "tests/support/model_builder.h"

using namespace lapidary;
using Json = nlohmann::ordered_json;

namespace {

constexpr int nodes = 100'000, repeats = 200;

ModelPointer chain() {
  test::ModelBuilder builder;
  builder.input("value_0", DataType::Float32, Shape{Dimension::symbol("N"), 256});
  builder.initializer("weights", Tensor(DataType::Float32, {256, 65536}));
  for (int i = 0; i < nodes; ++i)
    builder.add(test::node(i % 2 ? "Relu" : "Add",
                           i % 2 ? std::vector<std::string>{"value_" + std::to_string(i)}
                                 : std::vector<std::string>{"value_" + std::to_string(i), "value_0"},
                           {"value_" + std::to_string(i + 1)}));
  builder.output("value_" + std::to_string(nodes));
  return builder.build();
}

Json measure(const char* what, int times, const auto& work) {
  std::vector<double> times_ms;
  for (int i = 0; i < times; ++i) {
    const std::int64_t begin_ns = now_ns();
    work(i);
    times_ms.push_back(static_cast<double>(now_ns() - begin_ns) * 1e-6);
  }
  const test::Spread spread = test::spread_of(times_ms);
  std::printf("%-40s %9.4f ms (%.4f to %.4f)\n", what, spread.median, spread.minimum, spread.maximum);
  return {
      {"what", what}, {"median_ms", spread.median}, {"min_ms", spread.minimum}, {"max_ms", spread.maximum}};
}

}  // namespace

int main(int argc, char** argv) {
  ModelPointer model = chain();
  Json document = {{"machine", test::machine_json()}, {"rows", Json::array()}};
  Json& rows = document["rows"];
  rows.push_back(measure("change one node", repeats, [&](int i) {
    const std::size_t index = static_cast<std::size_t>(i) * 487 % nodes;
    Node changed = *model->graph->nodes[index];
    changed.name = "changed";
    model = with_node(*model, index, std::move(changed));
  }));
  rows.push_back(measure("infer all types", 5, [&](int) { infer_types(*model); }));
  rows.push_back(measure("check", 5, [&](int) { check_model(*model); }));
  test::report(document, argc, argv);
}
