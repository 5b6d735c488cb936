#include "engine/io/json_tensor.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/model/error.h"

namespace lapidary {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest_text = 64 << 20;
constexpr std::int64_t most_elements = 1 << 20;
constexpr std::size_t deepest = 32;

Json parse(std::string_view text) {
  if (text.size() > largest_text)
    throw Error("JSON is for small tensors, and this is larger than 64 MiB").advice("Use .npz");
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& error) {
    throw Error(std::string("this is no JSON: ") + error.what());
  }
}

/// Sizes of lists in lists, as the first elements have them.
Dims dims_of_lists(const Json& value) {
  Dims dims;
  for (const Json* list = &value; list->is_array(); list = &list->front()) {
    if (dims.size() == deepest)
      throw Error("lists are nested deeper than " + std::to_string(deepest) + " levels");
    dims.push_back(static_cast<std::int64_t>(list->size()));
    if (list->empty()) break;
  }
  return dims;
}

/// The innermost values in order; every list must have the length that `dims` says.
void collect_leaves(const Json& value, std::size_t depth, const Dims& dims,
                    std::vector<const Json*>& leaves) {
  const bool leaf = depth == dims.size();
  if (value.is_array() == leaf || (!leaf && static_cast<std::int64_t>(value.size()) != dims[depth]))
    throw Error("lists in lists have unequal lengths");
  if (leaf)
    leaves.push_back(&value);
  else
    for (const Json& element : value) collect_leaves(element, depth + 1, dims, leaves);
}

double number_of(const Json& leaf) {
  if (leaf.is_boolean()) return leaf.get<bool>() ? 1 : 0;
  if (leaf.is_number()) return leaf.get<double>();
  if (leaf == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (leaf == "Infinity") return std::numeric_limits<double>::infinity();
  if (leaf == "-Infinity") return -std::numeric_limits<double>::infinity();
  throw Error("a number is needed where " + leaf.dump().substr(0, 40) + " stands");
}

DataType type_of_leaves(const std::vector<const Json*>& leaves) {
  const auto all = [&](auto is) {
    return std::all_of(leaves.begin(), leaves.end(), [&](const Json* leaf) { return is(*leaf); });
  };
  if (leaves.empty()) return DataType::Float32;
  if (all([](const Json& leaf) { return leaf.is_boolean(); })) return DataType::Bool;
  if (all([](const Json& leaf) {
        return leaf.is_string() && leaf != "NaN" && leaf != "Infinity" && leaf != "-Infinity";
      }))
    return DataType::String;
  return all([](const Json& leaf) { return leaf.is_number_integer(); }) ? DataType::Int64 : DataType::Float32;
}

/// Conversion of a number that an integer type cannot hold has no defined result.
void check_fits(double number, DataType type) {
  if (!is_integer(type)) return;
  const int magnitude_bits = bits_of(type) - (is_signed(type) ? 1 : 0);
  const double limit = std::ldexp(1.0, magnitude_bits);
  if (number != std::trunc(number) || number >= limit || number < (is_signed(type) ? -limit : 0.0))
    throw Error(Json(number).dump() + " is no " + std::string(name_of(type)));
}

Tensor tensor_from_leaves(DataType type, const Dims& dims, const std::vector<const Json*>& leaves) {
  if (element_count(dims) != static_cast<std::int64_t>(leaves.size()))
    throw Error("has " + std::to_string(leaves.size()) + " elements where its shape (" + to_string(dims) +
                ") needs " + std::to_string(element_count(dims)));
  if (type == DataType::String) {
    std::vector<std::string> strings;
    for (const Json* leaf : leaves) {
      if (!leaf->is_string()) throw Error("a text is needed where " + leaf->dump().substr(0, 40) + " stands");
      strings.push_back(leaf->get<std::string>());
    }
    return Tensor::of_strings(dims, std::move(strings));
  }
  if (type == DataType::Int64 || type == DataType::UInt64) {  // wider than a double's exact integers
    Tensor tensor(type, dims);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (!leaves[i]->is_number_integer())
        throw Error("a whole number is needed where " + leaves[i]->dump().substr(0, 40) + " stands");
      const std::uint64_t value = leaves[i]->is_number_unsigned()
                                      ? leaves[i]->get<std::uint64_t>()
                                      : static_cast<std::uint64_t>(leaves[i]->get<std::int64_t>());
      std::memcpy(tensor.mutable_bytes() + 8 * i, &value, 8);
    }
    return tensor;
  }
  std::vector<double> numbers;
  for (const Json* leaf : leaves) {
    numbers.push_back(number_of(*leaf));
    check_fits(numbers.back(), type);
  }
  return tensor_from(type, dims, numbers);
}

DataType element_of(const Type& type) {
  if (type.kind == Type::Kind::Optional || type.kind == Type::Kind::Sequence) return element_of(*type.inner);
  return type.is_tensor() ? type.element : DataType::Undefined;
}

Dims dims_of(const Json& shape) {
  if (!shape.is_array()) throw Error("\"shape\" is no list");
  Dims dims;
  for (const Json& d : shape) {
    if (!d.is_number_unsigned() || d.get<std::uint64_t>() > (std::uint64_t{1} << 40))
      throw Error("\"shape\" holds what is no size");
    dims.push_back(d.get<std::int64_t>());
  }
  return dims;
}

bool is_typed_tensor(const Json& value) {
  return value.is_object() && value.contains("data") && (value.contains("type") || value.contains("shape"));
}

Datum datum_from(const Json& value, const Type& type, std::size_t depth);

Datum map_from(const Json& value, const Type& type, std::size_t depth) {
  if (!value.is_object() || !value.contains("keys") || !value.contains("values") ||
      !value["values"].is_array())
    throw Error("\"map\" needs \"keys\" and a list of \"values\"");
  const bool known = type.kind == Type::Kind::Map;
  auto map = std::make_shared<MapDatum>();
  map->keys = datum_from(value["keys"], known ? Type::tensor(type.element) : Type(), depth + 1).tensor();
  for (const Json& element : value["values"])
    map->values.push_back(datum_from(element, known ? *type.inner : Type(), depth + 1));
  if (map->keys.size() != static_cast<std::int64_t>(map->values.size()))
    throw Error("a map has not as many keys as values");
  Datum datum;
  datum.value = std::shared_ptr<const MapDatum>(std::move(map));
  return datum;
}

Datum datum_from(const Json& value, const Type& type, std::size_t depth) {
  if (depth > deepest) throw Error("sequences are nested deeper than " + std::to_string(deepest) + " levels");
  if (value.is_null()) return {};
  if (value.is_object() && value.contains("sequence")) {
    if (!value["sequence"].is_array()) throw Error("\"sequence\" is no list");
    Sequence elements;
    for (const Json& element : value["sequence"])
      elements.push_back(
          datum_from(element, type.kind == Type::Kind::Sequence ? *type.inner : Type(), depth + 1));
    return Datum::sequence(std::move(elements));
  }
  if (value.is_object() && value.contains("map")) return map_from(value["map"], type, depth);
  const bool typed = is_typed_tensor(value);
  if (value.is_object() && !typed)
    throw Error("an object is no tensor unless it has \"data\" with \"type\" or \"shape\"");
  const Json& lists = typed ? value["data"] : value;
  Dims dims = dims_of_lists(lists);
  std::vector<const Json*> leaves;
  collect_leaves(lists, 0, dims, leaves);
  if (typed && value.contains("shape")) dims = dims_of(value["shape"]);
  DataType element = element_of(type);
  if (typed && value.contains("type")) {
    const auto named =
        value["type"].is_string() ? data_type_from(value["type"].get<std::string>()) : std::nullopt;
    if (!named) throw Error("\"type\" is no element type");
    element = *named;
  }
  return tensor_from_leaves(element == DataType::Undefined ? type_of_leaves(leaves) : element, dims, leaves);
}

}  // namespace

Datum read_json_datum(std::string_view text, const Type& type) { return datum_from(parse(text), type, 0); }

NamedData read_json_data(std::string_view text, const std::vector<WantedData>& wanted) {
  const Json json = parse(text);
  const bool single =
      !json.is_object() || is_typed_tensor(json) || json.contains("sequence") || json.contains("map");
  if (single && wanted.size() == 1) return {{wanted.front().name, datum_from(json, wanted.front().type, 0)}};
  if (single) throw Error("this JSON is no object of tensors by name");
  NamedData data;
  for (const auto& [name, value] : json.items()) {
    const auto found = std::find_if(wanted.begin(), wanted.end(),
                                    [&, n = name](const WantedData& w) { return w.name == n; });
    try {
      data.emplace_back(name, datum_from(value, found == wanted.end() ? Type() : found->type, 0));
    } catch (Error& error) {
      throw error.tensor(name);
    }
  }
  return data;
}

namespace {

/// The double whose shortest text is also the shortest that gives the float back.
double shortest(float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

Json leaf_from(double value, DataType type) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return type == DataType::Float64 ? value : shortest(static_cast<float>(value));
}

Json json_from(const Datum& datum) {
  if (!datum.is_present()) return nullptr;
  if (datum.is_sequence()) {
    Json elements = Json::array();
    for (const Datum& element : datum.sequence()) elements.push_back(json_from(element));
    return {{"sequence", std::move(elements)}};
  }
  if (const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&datum.value)) {
    Json values = Json::array();
    for (const Datum& element : (*map)->values) values.push_back(json_from(element));
    return {{"map", {{"keys", json_from((*map)->keys)}, {"values", std::move(values)}}}};
  }
  const Tensor& tensor = datum.tensor();
  if (tensor.size() > most_elements)
    throw Error("JSON is for small tensors, and this has " + std::to_string(tensor.size()) + " elements")
        .advice("Use .npz");
  Json data = Json::array();
  if (tensor.is_string()) {
    data = tensor.strings();
  } else if (tensor.type() == DataType::UInt64) {
    const Tensor aligned = tensor.aligned();
    for (const std::uint64_t value : aligned.span<std::uint64_t>()) data.push_back(value);
  } else if (tensor.type() == DataType::Bool) {
    for (const double value : values_as<double>(tensor)) data.push_back(value != 0);
  } else if (is_integer(tensor.type())) {
    data = values_as<std::int64_t>(tensor);
  } else {
    for (const double value : values_as<double>(tensor)) data.push_back(leaf_from(value, tensor.type()));
  }
  return {{"type", name_of(tensor.type())}, {"shape", tensor.dims()}, {"data", std::move(data)}};
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string write_json_datum(const Datum& datum) { return text_of(json_from(datum)); }

std::string write_json_data(const NamedData& data) {
  Json object = Json::object();
  for (const auto& [name, datum] : data) object[name] = json_from(datum);
  return text_of(object);
}

}  // namespace lapidary
