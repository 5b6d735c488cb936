#include <algorithm>

#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

using Integers = std::vector<std::int64_t>;

bool has_other_than_zero(const NodeRewrite& rewrite, const char* name) {
  const Integers values = rewrite.integers(name).value_or(Integers());
  return std::any_of(values.begin(), values.end(), [](std::int64_t value) { return value != 0; });
}

/// Until 8 everything has a batch as its first axis; a batch of one can be taken away and put back.
void raise_scan_9(NodeRewrite& rewrite) {
  if (rewrite.has_input(0)) rewrite.refuse("Scan with lengths of sequences ended with operator set 9");
  rewrite.node.inputs.erase(rewrite.node.inputs.begin());
  for (std::size_t i = 0; i < rewrite.node.inputs.size(); ++i) {
    const auto shape = rewrite.shape(rewrite.input(i));
    if (!shape || shape->empty() || shape->front().value_or(0) != 1)
      rewrite.refuse("Scan over a batch of more than one ended with operator set 9");
    rewrite.set_input(i, squeezed(rewrite, rewrite.input(i), {0}));
  }
  for (std::size_t i = 0; i < rewrite.node.outputs.size(); ++i)
    if (rewrite.wants_output(i)) rewrite.pass_output_through(i, "Unsqueeze", {}, {{"axes", Integers{0}}});
  if (const auto directions = rewrite.integers("directions"))
    rewrite.set("scan_input_directions", *directions);
  rewrite.remove("directions");
}

void lower_scan_9(NodeRewrite& rewrite) {
  for (const char* name : {"scan_input_axes", "scan_output_axes", "scan_output_directions"}) {
    if (has_other_than_zero(rewrite, name))
      rewrite.refuse("Scan with " + std::string(name) + " came with operator set 9");
    rewrite.remove(name);
  }
  for (std::size_t i = 0; i < rewrite.node.inputs.size(); ++i)
    rewrite.set_input(i, unsqueezed(rewrite, rewrite.input(i), {0}));
  rewrite.node.inputs.insert(rewrite.node.inputs.begin(), std::string());
  for (std::size_t i = 0; i < rewrite.node.outputs.size(); ++i)
    if (rewrite.wants_output(i)) rewrite.pass_output_through(i, "Squeeze", {}, {{"axes", Integers{0}}});
  if (const auto directions = rewrite.integers("scan_input_directions"))
    rewrite.set("directions", *directions);
  rewrite.remove("scan_input_directions");
}

/// Axes of what is scanned, made non-negative by the inputs' ranks; those of what is collected by the
/// outputs'.
void lower_scan_11(NodeRewrite& rewrite) {
  const std::size_t scanned = static_cast<std::size_t>(rewrite.integer("num_scan_inputs", 1));
  const auto make = [&](const char* name, const std::vector<std::string>& values) {
    auto axes = rewrite.integers(name);
    if (!axes || std::none_of(axes->begin(), axes->end(), [](std::int64_t axis) { return axis < 0; })) return;
    for (std::size_t i = 0; i < axes->size(); ++i)
      (*axes)[i] = non_negative((*axes)[i], rewrite.rank(values.at(values.size() - axes->size() + i)));
    rewrite.set(name, *axes);
  };
  if (rewrite.node.inputs.size() < scanned) rewrite.refuse("it scans more inputs than it has");
  make("scan_input_axes", rewrite.node.inputs);
  make("scan_output_axes", rewrite.node.outputs);
}

}  // namespace

std::vector<Adapter> control_flow_adapters() {
  return {
      {"Scan", 9, raise_scan_9, lower_scan_9},
      {"Scan", 11, nullptr, lower_scan_11},
      {"If", 11},    // what the graphs give may differ in sizes
      {"Loop", 11},  // a loop that carries nothing is refused by the number of its inputs
  };
}

}  // namespace lapidary
