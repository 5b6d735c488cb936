#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/cpu/session.h"

namespace lapidary::cpu {

/// A graph with its executables, one for each set of input types that came by; the least recently used go
/// first. Several threads may run it at once.
class Runner {
 public:
  /// `model`'s main graph, from `inputs` to `outputs` by name.
  Runner(ModelPointer model, std::vector<std::string> inputs, std::vector<std::string> outputs, int threads,
         int depth);

  /// Makes the executable for inputs of these types, if it is not there.
  void prepare(const std::vector<InputType>& types);
  std::vector<Datum> run(const std::vector<Datum>& inputs, const RunOptions& options);
  /// Bytes of the arena that was used last.
  std::int64_t arena_bytes() const;
  /// Threads of the executable that was used last; all that it may use before there is one.
  int threads() const;
  std::size_t executable_count() const;
  /// Inputs whose values decide branches or sizes: an executable is made for each of their values.
  const std::vector<bool>& decisive() const { return decisive_; }

  static constexpr std::size_t most_executables = 8;
  /// Decisive inputs that change from run to run are given up on: after so many values, sizes that depend on
  /// them are worked out while running.
  static constexpr int most_decisive_values = 16;

 private:
  struct Entry {
    std::vector<InputType> types;
    std::shared_ptr<const Executable> executable;
    std::vector<std::unique_ptr<Session>> idle;
  };
  struct Lease {
    std::shared_ptr<Entry> entry;
    std::unique_ptr<Session> session;
  };
  void find_decisive_inputs();
  bool fits(const Entry& entry, const std::vector<Datum>& inputs) const;
  bool decides(std::size_t input, const Tensor& tensor) const;
  void count_decisive_value(const std::vector<InputType>& types);
  std::vector<InputType> types_of(const std::vector<Datum>& inputs) const;
  std::shared_ptr<Entry> make_entry(std::vector<InputType> types, const CancelToken& cancel);
  Lease take(const std::vector<Datum>& inputs, const CancelToken& cancel);
  void give_back(Lease lease);

  ModelPointer model_;
  std::vector<std::string> input_names_, output_names_;
  int threads_, depth_;
  std::vector<bool> decisive_;
  std::atomic<bool> specialises_ = true;
  int decisive_values_ = 0;  ///< guarded by mutex_
  WeightStore weights_;
  mutable std::mutex mutex_;
  std::list<std::shared_ptr<Entry>> entries_;  ///< most recently used first
};

}  // namespace lapidary::cpu
