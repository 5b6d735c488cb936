#pragma once

#include <memory>
#include <string>

#include "tests/differential/draft.h"

namespace lapidary::differential {

/// What an engine made of a case: its outputs in the graph's order, or why there are none.
struct Outcome {
  std::vector<Datum> outputs;
  std::string error;
  bool ran() const { return error.empty(); }
};

/// Runs the case on a backend of this program.
Outcome run_on(const std::string& backend, const Case& one, int threads);
/// Runs the case on `reference` with all floating arithmetic in float64.
Outcome run_in_float64(const Case& one);

/// Whether the interface to ONNX Runtime takes and gives tensors of the type.
bool goes_through(DataType type);

/// ONNX Runtime in a process of its own that takes one model after the other. It is started again if it ends.
class Peer {
 public:
  /// `folder`: where tests/peers was installed.
  explicit Peer(std::string folder);
  ~Peer();
  /// Nothing where it cannot take the case: a type that does not go through its interface.
  std::optional<Outcome> run(const Case& one);
  /// How many cases it was given, and ran.
  std::int64_t given = 0, ran = 0;

 private:
  struct Process;
  std::unique_ptr<Process> process_;
};

}  // namespace lapidary::differential
