#include "engine/trace/json_cursor.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace lapidary {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

constexpr int deepest = 200;

}  // namespace

char JsonCursor::peek() {
  while (at_ < end_ && is_space(*at_)) ++at_;
  return at_ < end_ ? *at_ : '\0';
}

bool JsonCursor::accept(char wanted) {
  if (peek() != wanted || at_ >= end_) return false;
  ++at_;
  fresh_ = false;
  return true;
}

bool JsonCursor::closes_string(const char* quote) const {
  const char* next = quote + 1;
  while (next < end_ && is_space(*next)) ++next;
  return next < end_ && std::strchr(",:]}", *next) != nullptr;
}

bool JsonCursor::string(std::string_view& raw) {
  if (!accept('"')) return fail();
  const char* begin = at_;
  for (;; ++at_) {
    at_ = static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
    if (!at_) {
      at_ = end_;
      return fail();
    }
    if (strings_ == Strings::Unescaped) {
      if (closes_string(at_)) break;
      continue;
    }
    const char* first = at_;  // an odd number of backslashes before a quote makes it part of the string
    while (first > begin && first[-1] == '\\') --first;
    if ((at_ - first) % 2 == 0) break;
  }
  raw = {begin, static_cast<std::size_t>(at_ - begin)};
  ++at_;
  return true;
}

bool JsonCursor::skip_nested() {
  int depth = 0;
  std::string_view text;
  while (at_ < end_) {
    switch (*at_) {
      case '"':
        if (!string(text)) return false;
        continue;
      case '{':
      case '[':
        if (++depth > deepest) return fail();
        break;
      case '}':
      case ']':
        if (--depth == 0) {
          ++at_;
          return true;
        }
        break;
      default:
        break;
    }
    ++at_;
  }
  return fail();
}

bool JsonCursor::value(std::string_view& raw) {
  const char first = peek();
  if (first == '"') return string(raw);
  const char* begin = at_;
  if (first == '{' || first == '[') {
    if (!skip_nested()) return false;
  } else {
    while (at_ < end_ && !is_space(*at_) && !std::strchr(",]}\":", *at_)) ++at_;
    if (at_ == begin || at_ == end_) return fail();
  }
  raw = {begin, static_cast<std::size_t>(at_ - begin)};
  return true;
}

bool JsonCursor::skip_value() {
  std::string_view ignored;
  return value(ignored);
}

/// What must stand before the next member: nothing at first, else a comma. False at the closing bracket.
bool JsonCursor::separator(char closing) {
  const bool first = fresh_;
  fresh_ = false;
  if (accept(closing)) return false;
  if (first) return true;
  if (!accept(',')) return fail();
  return !accept(closing);  // a comma before the bracket is forgiven
}

bool JsonCursor::next_key(std::string_view& key) {
  return separator('}') && string(key) && (accept(':') || fail());
}

bool JsonCursor::next_element() { return separator(']') && (!at_end() || fail()); }

std::string unescaped(std::string_view raw) {
  if (raw.find('\\') == std::string_view::npos) return std::string(raw);
  const auto text = nlohmann::json::parse('"' + std::string(raw) + '"', nullptr, false);
  return text.is_string() ? text.get<std::string>() : std::string(raw);
}

bool nanoseconds_from(std::string_view text, long long& time_ns) {
  constexpr long long largest = 9'000'000'000'000'000'000;
  const bool negative = !text.empty() && text[0] == '-';
  std::size_t i = negative ? 1 : 0;
  if (i == text.size()) return false;
  long long value = 0;
  int decimals = -1;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && decimals < 0) {
      decimals = 0;
    } else if (c >= '0' && c <= '9') {
      if (decimals >= 3) continue;  // below a nanosecond
      if (value > largest / 10) return false;
      value = value * 10 + (c - '0');
      if (decimals >= 0) ++decimals;
    } else {
      break;
    }
  }
  if (i < text.size()) {  // an exponent, or no number at all
    double microseconds = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), microseconds);
    if (error != std::errc() || rest != text.data() + text.size() || !(std::abs(microseconds) < 9e15))
      return false;
    time_ns = std::llround(microseconds * 1e3);
    return true;
  }
  for (int missing = std::max(decimals, 0); missing < 3; ++missing) {
    if (value > largest / 10) return false;
    value *= 10;
  }
  time_ns = negative ? -value : value;
  return true;
}

}  // namespace lapidary
