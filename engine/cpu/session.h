#pragma once

#include <memory>
#include <vector>

#include "engine/cpu/planner.h"

namespace lapidary::cpu {

/// The memory of one run at a time: arena, oneDNN memory objects bound to it, and values known only while
/// running.
struct Session {
  explicit Session(std::shared_ptr<const Executable> plan);

  std::shared_ptr<const Executable> executable;
  std::shared_ptr<std::byte> arena;
  std::vector<std::byte*> address;  ///< by buffer
  std::vector<dnnl::memory> memories;
  std::vector<Datum> data;  ///< by value: what is no static tensor
  dnnl::stream stream;
  const RunOptions* options = nullptr;

  template <class T>
  const T* read(BufferId buffer) const {
    return reinterpret_cast<const T*>(address[buffer]);
  }
  template <class T>
  T* write(BufferId buffer) {
    return reinterpret_cast<T*>(address[buffer]);
  }

  /// Runs all steps on inputs of the executable's types. Throws Error and Cancelled.
  std::vector<Datum> run(const std::vector<Datum>& inputs, const RunOptions& run_options);

 private:
  void bind(BufferId buffer, const std::byte* bytes);
  void run_steps();

  std::vector<std::vector<int>> memories_of_;                          ///< by buffer
  std::vector<std::vector<std::pair<BufferId, std::int64_t>>> views_;  ///< by buffer: views into it
};

}  // namespace lapidary::cpu
