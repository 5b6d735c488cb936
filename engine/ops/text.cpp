// Strings: StringConcat, StringSplit, RegexFullMatch, StringNormalizer.

#include <clocale>
#include <cwctype>

#include <algorithm>
#include <regex>

#include "engine/ops/arguments.h"
#include "engine/ops/broadcast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/operator_table.h"

namespace lapidary {
namespace {

const std::vector<std::string>& strings_of(const KernelContext& context, std::size_t input) {
  if (!context.input(input).is_string()) throw Error(context.node().op_type + " needs strings");
  return context.input(input).strings();
}

void string_concat(KernelContext& context) {
  const auto &a = strings_of(context, 0), &b = strings_of(context, 1);
  const Dims &left = context.input(0).dims(), &right = context.input(1).dims();
  const Dims dims = broadcast_dims(left, right);
  Tensor& output = context.output(0, DataType::String, dims);
  auto next = output.mutable_strings().begin();
  StridedWalk<2>(dims, {broadcast_strides(left, dims), broadcast_strides(right, dims)})
      .for_each_run([&](const auto& offsets, const auto& steps, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i)
          *next++ = a[static_cast<std::size_t>(offsets[0] + i * steps[0])] +
                    b[static_cast<std::size_t>(offsets[1] + i * steps[1])];
      });
}

// --- StringSplit ---

/// Pieces between delimiters; what is beyond `most` splits stays in the last piece.
std::vector<std::string> split_by(const std::string& text, const std::string& delimiter, std::int64_t most) {
  std::vector<std::string> pieces;
  std::size_t begin = 0;
  for (std::size_t end; (most < 0 || static_cast<std::int64_t>(pieces.size()) < most) &&
                        (end = text.find(delimiter, begin)) != std::string::npos;
       begin = end + delimiter.size())
    pieces.push_back(text.substr(begin, end - begin));
  pieces.push_back(text.substr(begin));
  return pieces;
}

/// Words between runs of white space, which also ends nowhere at the borders.
std::vector<std::string> words_of(const std::string& text, std::int64_t most) {
  constexpr const char* space = " \t\n\v\f\r";
  std::vector<std::string> words;
  std::size_t begin = text.find_first_not_of(space);
  while (begin != std::string::npos) {
    const bool is_rest = most >= 0 && static_cast<std::int64_t>(words.size()) == most;
    const std::size_t end = is_rest ? text.find_last_not_of(space) + 1 : text.find_first_of(space, begin);
    words.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
    begin = end == std::string::npos || is_rest ? std::string::npos : text.find_first_not_of(space, end);
  }
  return words;
}

void string_split(KernelContext& context) {
  const auto& texts = strings_of(context, 0);
  const std::string delimiter = context.text("delimiter", "");
  const std::int64_t most = context.integer("maxsplit", -1);
  std::vector<std::vector<std::string>> pieces;
  std::size_t longest = 0;
  for (const auto& text : texts) {
    pieces.push_back(delimiter.empty() ? words_of(text, most) : split_by(text, delimiter, most));
    longest = std::max(longest, pieces.back().size());
  }
  Dims dims = context.input(0).dims();
  Tensor& counts = context.output(1, DataType::Int64, dims);
  dims.push_back(static_cast<std::int64_t>(longest));
  Tensor& output = context.output(0, DataType::String, dims);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    counts.mutable_data<std::int64_t>()[i] = static_cast<std::int64_t>(pieces[i].size());
    std::move(pieces[i].begin(), pieces[i].end(),
              output.mutable_strings().begin() + static_cast<std::ptrdiff_t>(i * longest));
  }
}

void infer_string_split(InferenceContext& context) {
  std::optional<Shape> shape = context.input_shape(0);
  context.set_output(1, DataType::Int64, shape);
  if (shape) shape->push_back(Dimension::unknown());
  context.set_output(0, DataType::String, std::move(shape));
}

// --- RegexFullMatch ---

void regex_full_match(KernelContext& context) {
  const auto& texts = strings_of(context, 0);
  const std::string pattern = context.text("pattern", "");
  std::regex expression;
  try {
    // The matcher whose time and stack do not explode with the text; like RE2 it has no back references.
    expression.assign(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial);
  } catch (const std::regex_error&) {
    throw Error("the pattern '" + pattern + "' cannot be read");
  }
  Tensor& output = context.output(0, DataType::Bool, context.input(0).dims());
  for (std::size_t i = 0; i < texts.size(); ++i)
    output.mutable_data<bool>()[i] = std::regex_match(texts[i], expression);
}

void infer_regex_full_match(InferenceContext& context) {
  context.set_output(0, DataType::Bool, context.input_shape(0));
}

// --- StringNormalizer ---

/// Reads one character of UTF-8 at `at` and moves behind it; bytes that are no UTF-8 stand for themselves.
char32_t next_character(const std::string& text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(at);
  const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  char32_t character = more == 0 ? first : first & (0x3fu >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if ((byte(at + i) & 0xc0u) != 0x80u) return ++at, first;
    character = character << 6 | (byte(at + i) & 0x3fu);
  }
  at += more + 1;
  return character;
}

void append_character(std::string& text, char32_t c) {
  const auto put = [&](char32_t bits) { text.push_back(static_cast<char>(bits)); };
  if (c < 0x80) return put(c);
  const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  put((0xff00u >> (more + 1) & 0xffu) | c >> 6 * more);
  for (int i = more - 1; i >= 0; --i) put(0x80u | (c >> 6 * i & 0x3fu));
}

/// Every letter in upper or lower case. The C library's Unicode tables serve for all languages.
std::string in_case(const std::string& text, bool upper) {
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_character(text, at);
    if (at - begin == 1 && c >= 0x80) {
      result.push_back(text[begin]);
    } else if (unicode) {
      const auto wide = static_cast<std::wint_t>(c);
      append_character(result,
                       static_cast<char32_t>(upper ? towupper_l(wide, unicode) : towlower_l(wide, unicode)));
    } else {
      append_character(result, c);
    }
  }
  return result;
}

void string_normalizer(KernelContext& context) {
  const auto& texts = strings_of(context, 0);
  const Dims& dims = context.input(0).dims();
  if (dims.size() > 2 || dims.empty() || (dims.size() == 2 && dims[0] != 1))
    throw Error("StringNormalizer takes [C] or [1, C], not " + to_string(dims));
  const std::string action = context.text("case_change_action", "NONE");
  if (action != "NONE" && action != "LOWER" && action != "UPPER")
    throw Error("there is no case_change_action '" + action + "'");
  const bool is_exact = context.integer("is_case_sensitive", 0) != 0;
  const auto compared = [&](const std::string& text) { return is_exact ? text : in_case(text, false); };
  auto stopwords = context.attribute("stopwords", std::vector<std::string>{});
  std::transform(stopwords.begin(), stopwords.end(), stopwords.begin(), compared);
  std::vector<std::string> kept;
  for (const auto& text : texts) {
    if (std::find(stopwords.begin(), stopwords.end(), compared(text)) != stopwords.end()) continue;
    kept.push_back(action == "NONE" ? text : in_case(text, action == "UPPER"));
  }
  if (kept.empty()) kept.emplace_back();  // never nothing: one empty string
  const auto count = static_cast<std::int64_t>(kept.size());
  context.set_output(0, Tensor::of_strings(dims.size() == 2 ? Dims{1, count} : Dims{count}, std::move(kept)));
}

void infer_string_normalizer(InferenceContext& context) {
  std::optional<Shape> shape = context.input_shape(0);
  if (shape && !shape->empty()) shape->back() = Dimension::unknown();
  context.set_output(0, DataType::String, std::move(shape));
}

}  // namespace

void register_text(OperatorTable& table) {
  table.add(Operator("StringConcat", 20, OperatorKind::Other)
                .summary("Each string of X followed by the one of Y, broadcast.")
                .input("X", "T", "First part.")
                .input("Y", "T", "Second part.")
                .output("Z", "T", "The joined strings.")
                .constraint("T", {"tensor(string)"})
                .infer(broadcast_inputs)
                .kernel(string_concat)
                .example(R"(X = string[2]{"a", "b"}; Y = string{"c"})")
                .cost(no_arithmetic()));
  table.add(Operator("StringSplit", 20, OperatorKind::Other)
                .summary("Strings cut at a delimiter or at white space; a new last axis holds the pieces.")
                .input("X", "T1", "The strings to cut.")
                .output("Y", "T2", "The pieces, with empty strings where there are fewer.")
                .output("Z", "T3", "How many pieces each string has.")
                .optional_attribute("delimiter", AttributeType::String,
                                    "Where to cut; white space if empty or left out.")
                .optional_attribute("maxsplit", AttributeType::Int,
                                    "Most cuts, from the left; no limit if left out.")
                .constraint("T1", {"tensor(string)"})
                .constraint("T2", {"tensor(string)"})
                .constraint("T3", {"tensor(int64)"})
                .infer(infer_string_split)
                .kernel(string_split)
                .example(R"(X = string[2]{"one two", "three"})")
                .cost(unknown_cost()));
  table.add(Operator("RegexFullMatch", 20, OperatorKind::Other)
                .summary("Whether a regular expression matches the whole string.")
                .input("X", "T1", "The strings to test.")
                .output("Y", "T2", "True where the whole string matches.")
                .optional_attribute("pattern", AttributeType::String, "The expression.")
                .constraint("T1", {"tensor(string)"})
                .constraint("T2", {"tensor(bool)"})
                .infer(infer_regex_full_match)
                .kernel(regex_full_match)
                .example(R"(X = string[2]{"2024", "year"}; pattern = "[0-9]+")")
                .cost(unknown_cost()));
  table.add(
      Operator("StringNormalizer", 10, OperatorKind::Other)
          .summary("Drops stopwords and changes the case of the strings that are left.")
          .input("X", "tensor(string)", "[C] or [1, C].")
          .output("Y", "tensor(string)", "What is left; one empty string if nothing is.")
          .attribute("case_change_action", std::string("NONE"), "LOWER, UPPER or NONE.")
          .attribute("is_case_sensitive", std::int64_t{0}, "1 compares stopwords exactly.")
          .optional_attribute("locale", AttributeType::String, "Not needed: Unicode's rules serve for all.")
          .optional_attribute("stopwords", AttributeType::Strings, "Strings to drop.")
          .infer(infer_string_normalizer)
          .kernel(string_normalizer)
          .example(
              R"(X = string[3]{"The", "quick", "Fox"}; case_change_action = "LOWER"; is_case_sensitive = 1; stopwords = ["The"])")
          .cost(unknown_cost()));
}

}  // namespace lapidary
