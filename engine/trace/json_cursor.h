#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lapidary {

/// Reads JSON from front to back without building anything: the caller asks for what it expects, and gets
/// views into the text. Every call returns false (and leaves the place undefined) where the text says
/// something else or ends.
class JsonCursor {
 public:
  /// How strictly strings are read. Unescaped: quotes and backslashes may stand inside as they are; a quote
  /// ends the string only where a comma, colon or bracket follows.
  enum class Strings { Strict, Unescaped };

  explicit JsonCursor(std::string_view text, Strings strings = Strings::Strict)
      : at_(text.data()), end_(text.data() + text.size()), strings_(strings) {}

  /// The next character that is no space, not consumed; 0 at the end.
  char peek();
  bool at_end() { return peek() == 0; }
  /// Consumes `wanted` if it stands next.
  bool accept(char wanted);
  /// The text between the quotes, escapes as they stand.
  bool string(std::string_view& raw);
  /// Any value: its text, without the quotes where it is a string.
  bool value(std::string_view& raw);
  bool skip_value();
  /// Inside an object: the next key, or false at its end (then consumed) or at a fault; `failed` tells which.
  bool next_key(std::string_view& key);
  /// Inside an array: true if another element follows; false at its end (then consumed) or at a fault.
  bool next_element();
  bool failed() const { return failed_; }
  const char* position() const { return at_; }
  void move_to(const char* position) { at_ = position, failed_ = false; }
  /// Goes into the object or array that stands next.
  bool enter(char bracket) { return fresh_ = accept(bracket); }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }
  bool separator(char closing);
  bool closes_string(const char* quote) const;
  bool skip_nested();

  const char *at_, *end_;
  Strings strings_;
  bool failed_ = false;
  bool fresh_ = false;  ///< just inside a bracket: no comma is due
};

/// The text that a JSON string's `raw` content stands for; damaged escapes stay as they are.
std::string unescaped(std::string_view raw);

/// Decimal microseconds ("12.345", "1.5e3") as nanoseconds, exact to the last digit that counts. False if it
/// is no number or too large.
bool nanoseconds_from(std::string_view microseconds, long long& time_ns);

}  // namespace lapidary
