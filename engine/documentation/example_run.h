#pragma once

#include <string>
#include <vector>

#include "engine/ops/example.h"

namespace lapidary {

/// A record's example and what the reference kernel makes of it.
struct ExampleRun {
  Example example;
  std::vector<Datum> outputs;  ///< in the order of example.node.outputs
};
/// Throws Error if the record has no example, or where it cannot be read or run.
ExampleRun run_example(const Operator& record);

/// Data in the notation of examples: "float[2, 2]{1, -2, 3, -4}"; after 32 elements it is cut.
std::string example_text(const Datum& datum);
/// "Y = LeakyRelu<alpha = 0.1>(X)", subgraphs written out.
std::string example_text(const Node& node);

}  // namespace lapidary
