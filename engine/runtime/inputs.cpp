#include "engine/runtime/inputs.h"

#include <charconv>
#include <optional>
#include <random>

#include "engine/analysis/dimension_name.h"

namespace lapidary {
namespace {

/// "1x3x640x640" or "1,3,640,640" as sizes.
Dims parse_dims(const std::string& text) {
  Dims dims;
  const char *at = text.data(), *end = at + text.size();
  while (at < end) {
    std::int64_t size = 0;
    const auto [next, error] = std::from_chars(at, end, size);
    if (error != std::errc() || size < 0 || (next < end && *next != 'x' && *next != ',' && *next != '*'))
      throw Error("'" + text + "' is not a shape", Error::Kind::Usage).advice("Write it as 1x3x224x224");
    dims.push_back(size);
    at = next < end ? next + 1 : next;
  }
  return dims;
}

Dims resolved_dims(const Value& input, const std::map<std::string, std::int64_t>& dimensions) {
  Dims dims;
  if (!input.type.shape) return dims;
  const auto find = [&](const std::string& name) -> std::optional<std::int64_t> {
    const auto found = dimensions.find(name);
    return found == dimensions.end() ? 1 : found->second;
  };
  for (std::size_t axis = 0; axis < input.type.shape->size(); ++axis) {
    const Dimension& size = (*input.type.shape)[axis];
    dims.push_back(size.is_known() ? size.substitute(find).value_or(1) : *find(dimension_name(input, axis)));
  }
  return dims;
}

std::optional<double> parse_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Tensor random_tensor(DataType type, const Dims& dims, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<double> values(static_cast<std::size_t>(Tensor(DataType::UInt8, dims).size()));
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> integer(0, is_sub_byte(type) ? 3 : 99);
  for (auto& value : values) value = is_floating(type) ? normal(generator) : integer(generator);
  return tensor_from(type, dims, values);
}

/// FNV-1a, so that a name's data does not depend on the standard library.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

}  // namespace

bool is_made_up(const std::string& specification) {
  const std::string word = specification.substr(0, specification.find(':'));
  return word == "random" || word == "zeros" || word == "ones" || parse_number(word).has_value();
}

Tensor make_input(const Value& input, const std::string& specification,
                  const std::map<std::string, std::int64_t>& dimensions, std::uint64_t seed) {
  if (!input.type.is_tensor())
    throw Error("data cannot be made up for " + to_string(input.type), Error::Kind::Usage)
        .tensor(input.name)
        .advice("Give a file for it");
  const auto colon = specification.find(':');
  const std::string word = specification.substr(0, colon);
  const Dims dims = colon == std::string::npos ? resolved_dims(input, dimensions)
                                               : parse_dims(specification.substr(colon + 1));
  const DataType type = input.type.element;
  if (type == DataType::String) return Tensor(type, dims);
  if (word.empty() || word == "random") {
    if (type == DataType::Bool) return make_input(input, "ones", dimensions, seed);
    return random_tensor(type, dims, seed ^ hash_of(input.name));
  }
  const auto value = word == "zeros"  ? std::optional(0.0)
                     : word == "ones" ? std::optional(1.0)
                                      : parse_number(word);
  if (!value)
    throw Error("'" + specification + "' says no data", Error::Kind::Usage)
        .tensor(input.name)
        .advice("Use a file, random, zeros, ones or a number, with :SHAPE behind if needed");
  const Tensor count(DataType::UInt8, dims);
  return tensor_from(type, dims, std::vector<double>(static_cast<std::size_t>(count.size()), *value));
}

}  // namespace lapidary
