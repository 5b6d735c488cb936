#pragma once

#include <memory>
#include <span>

#include "engine/io/external_data.h"
#include "engine/io/wire_writer.h"
#include "engine/model/model.h"

namespace lapidary {

/// What the structure of a model (everything but its weights) may take in memory: 4 bytes for each byte of
/// the message, and what 100,000 nodes with the shortest names need. A few bytes are enough to write an empty
/// node, so a small hostile file could otherwise fill the memory.
class StructureBudget {
 public:
  explicit StructureBudget(std::size_t message_bytes) : left_(64'000'000 + 4 * message_bytes) {}
  /// Throws Error when more is taken than there is.
  void spend(std::size_t bytes);

 private:
  std::size_t left_;
};

/// What reading a message needs beside its bytes.
struct ReadContext {
  std::shared_ptr<const void> owner;  ///< keeps the bytes alive; tensors share it
  ExternalData* external = nullptr;   ///< nullptr where there can be none
  StructureBudget* budget = nullptr;  ///< nullptr where nothing is counted
  void spend(std::size_t bytes) const {
    if (budget) budget->spend(bytes);
  }
};

/// TensorProto → tensor with name. Large elements stay where they are and share `context.owner`. Throws Error
/// with the tensor named if sizes, type and bytes do not fit together.
NamedTensor read_tensor(std::span<const std::byte> message, const ReadContext& context);
NamedSparseTensor read_sparse_tensor(std::span<const std::byte> message, const ReadContext& context);

/// Where a tensor's elements go when it is written.
struct Placement {
  Metadata external;    ///< location, offset, length; empty: inside the message
  bool elided = false;  ///< a byte in place of the elements, for who asks only about the structure
};

/// Large elements are referred to: `tensor` must live until the message is written out.
WireWriter write_tensor(const NamedTensor& tensor, const Placement& placement = {});
WireWriter write_sparse_tensor(const NamedSparseTensor& tensor);

}  // namespace lapidary
