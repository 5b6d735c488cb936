#include "engine/edit/history.h"

#include <algorithm>
#include <unordered_map>

namespace lapidary {
namespace {

std::int64_t bytes_of(const std::string& text) {
  return static_cast<std::int64_t>(sizeof text + text.capacity());
}

std::int64_t bytes_of(const std::vector<std::string>& texts) {
  std::int64_t bytes = 0;
  for (const auto& text : texts) bytes += bytes_of(text);
  return bytes;
}

}  // namespace

/// How often each part is held, from snapshots down to tensors' bytes. A part counts its bytes, and enters
/// what is inside, when it is first held, and gives back when it is last let go.
class EditHistory::Holdings {
 public:
  void hold(const Model& model) { count(model, 1); }
  void let_go(const Model& model) { count(model, -1); }
  std::int64_t bytes() const { return bytes_; }

 private:
  /// Calls `inside` where the part was not held before, or is not any more.
  template <class F>
  void part(const void* identity, std::int64_t bytes, int difference, F&& inside) {
    if (!identity) return;
    int& held = held_[identity];
    const bool before = held > 0;
    held += difference;
    const bool after = held > 0;
    if (!after) held_.erase(identity);
    if (before == after) return;
    bytes_ += difference * bytes;
    inside();
  }

  void count(const Model& model, int difference) {
    graph(model.graph, difference);
    for (const auto& function : model.functions)
      part(function.get(), sizeof *function, difference, [&] {
        for (const auto& inner : function->nodes) node(inner, difference);
      });
  }
  void graph(const GraphPointer& pointer, int difference) {
    if (!pointer) return;
    part(pointer.get(), sizeof *pointer, difference, [&] {
      chunks(pointer->nodes, difference, [&](const auto& inner) { node(inner, difference); });
      chunks(pointer->initializers, difference, [&](const auto& inner) { tensor(inner, difference); });
      chunks(pointer->value_infos, difference, [](const Value&) {});
    });
  }
  /// Elements lie one behind the other in each chunk that sequences share, so a gap tells where the next one
  /// begins.
  template <class T, class F>
  void chunks(const PersistentVector<T>& sequence, int difference, F&& inside) {
    std::vector<const T*> chunk;
    const auto finish = [&] {
      if (!chunk.empty())
        part(chunk.front(), static_cast<std::int64_t>(chunk.size() * sizeof(T)), difference, [&] {
          for (const T* element : chunk) inside(*element);
        });
      chunk.clear();
    };
    for (const T& element : sequence) {
      if (!chunk.empty() && chunk.back() + 1 != &element) finish();
      chunk.push_back(&element);
    }
    finish();
  }
  void node(const std::shared_ptr<const Node>& pointer, int difference) {
    const auto bytes =
        static_cast<std::int64_t>(sizeof *pointer + pointer->attributes.size() * sizeof(Attribute)) +
        bytes_of(pointer->inputs) + bytes_of(pointer->outputs);
    part(pointer.get(), bytes, difference, [&] {
      for (const auto& attribute : pointer->attributes) {
        if (const auto* body = std::get_if<GraphPointer>(&attribute.value)) graph(*body, difference);
        if (const auto* named = std::get_if<std::shared_ptr<const NamedTensor>>(&attribute.value))
          tensor(*named, difference);
      }
    });
  }
  void tensor(const std::shared_ptr<const NamedTensor>& pointer, int difference) {
    if (!pointer) return;
    part(pointer.get(), sizeof *pointer, difference, [&] {
      const Tensor& data = pointer->tensor;
      part(data.bytes().data(), static_cast<std::int64_t>(data.size_bytes()), difference, [] {});
    });
  }

  std::unordered_map<const void*, int> held_;
  std::int64_t bytes_ = 0;
};

EditHistory::EditHistory(ModelPointer model, std::int64_t budget_bytes)
    : budget_bytes_(budget_bytes), saved_(model), holdings_(std::make_unique<Holdings>()) {
  holdings_->hold(*model);
  first_bytes_ = holdings_->bytes();
  entries_.push_back({{}, std::move(model)});
}

EditHistory::~EditHistory() = default;
EditHistory::EditHistory(EditHistory&&) noexcept = default;
EditHistory& EditHistory::operator=(EditHistory&&) noexcept = default;

std::int64_t EditHistory::held_bytes() const { return holdings_->bytes() - first_bytes_; }

void EditHistory::push(std::string name, ModelPointer model) {
  while (entries_.size() > index_ + 1) {
    holdings_->let_go(*entries_.back().model);
    entries_.pop_back();
  }
  holdings_->hold(*model);
  entries_.push_back({std::move(name), std::move(model)});
  ++index_;
  while (held_bytes() > budget_bytes_ && index_ > 0) forget_oldest();
}

void EditHistory::forget_oldest() {
  holdings_->let_go(*entries_.front().model);
  entries_.erase(entries_.begin());
  entries_.front().name.clear();
  --index_;
  ++dropped_;
}

void EditHistory::undo() {
  if (can_undo()) --index_;
}

void EditHistory::redo() {
  if (can_redo()) ++index_;
}

void EditHistory::go_to(std::size_t index) { index_ = std::min(index, entries_.size() - 1); }

}  // namespace lapidary
