#pragma once

#include <string>
#include <string_view>

#include "engine/model/model.h"

namespace lapidary {

/// Reads the notation of examples (engine/ops/example.h), piece by piece from the left. Every call throws
/// Error that shows the rest of the text where it does not fit.
class ExampleText {
 public:
  explicit ExampleText(std::string_view text) : rest_(text) {}

  bool at_end();
  /// True, and steps over it, if `text` comes next.
  bool accept(std::string_view text);
  void expect(std::string_view text);
  /// Letters, digits, underscores and points.
  std::string name();
  /// The name that comes next, without stepping over it; empty if something else comes.
  std::string_view next_name();
  double number();
  std::string quoted();
  Datum datum();
  Type type();
  /// The value of an attribute of that type.
  AttributeValue attribute(AttributeType type);
  [[noreturn]] void fail(const std::string& reason) const;

 private:
  struct Elements;
  Tensor tensor();
  Dims sizes();
  Datum sequence();
  Datum map();
  void read_elements(Elements& elements);
  void read_numbers(Elements& elements);
  GraphPointer graph();
  std::vector<std::string> names(std::string_view close);
  Node node(std::vector<std::string> outputs, std::size_t number);
  template <class T, class Read>
  std::vector<T> list(Read read);

  void skip_spaces();
  std::string_view rest_;
};

}  // namespace lapidary
