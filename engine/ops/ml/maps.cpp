// Maps from keys to numbers: DictVectorizer, CastMap, ZipMap.

#include <algorithm>
#include <map>
#include <numeric>

#include "engine/ops/cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/element_move.h"
#include "engine/ops/families.h"
#include "engine/ops/ml/scores.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"

namespace lapidary {
namespace {

struct MapView {
  Tensor keys;    ///< integers or strings
  Tensor values;  ///< one element for each key
};

/// The values of a map, which are scalars, as one tensor.
Tensor joined_values(const MapDatum& map, DataType without_values) {
  if (map.values.empty()) return Tensor(without_values, {0});
  const DataType type = map.values.front().tensor().type();
  Tensor joined(type, {static_cast<std::int64_t>(map.values.size())});
  dispatch_by_size(type, [&]<class T>() {
    T* to = mutable_elements<T>(joined);
    for (const Datum& value : map.values) {
      const Tensor tensor = value.tensor().aligned();
      if (tensor.type() != type || tensor.size() != 1)
        throw Error("the values of a map must be one element each, all of one type");
      *to++ = *elements<T>(tensor);
    }
  });
  return joined;
}

MapView map_input(const KernelContext& context) {
  const auto* map = std::get_if<std::shared_ptr<const MapDatum>>(&context.datum(0).value);
  if (!map) throw Error(context.node().op_type + " takes a map");
  if ((*map)->keys.size() != static_cast<std::int64_t>((*map)->values.size()))
    throw Error("a map has " + std::to_string((*map)->keys.size()) + " keys and " +
                std::to_string((*map)->values.size()) + " values");
  return {(*map)->keys.aligned(), joined_values(**map, DataType::Float32)};
}

/// Places in `vocabulary` of the map's keys.
template <class T>
std::vector<std::size_t> places_of(const std::vector<T>& keys, const std::vector<T>& vocabulary) {
  std::map<T, std::size_t> places;
  for (std::size_t i = 0; i < vocabulary.size(); ++i) places.emplace(vocabulary[i], i);
  std::vector<std::size_t> found;
  for (const T& key : keys) {
    const auto place = places.find(key);
    // A key outside the vocabulary has no column; scikit-learn's DictVectorizer leaves it out too.
    found.push_back(place == places.end() ? vocabulary.size() : place->second);
  }
  return found;
}

/// [1, width] with value i at places[i] and zeros (or empty text) elsewhere; places from width on are left
/// out.
Tensor spread(const Tensor& values, const std::vector<std::size_t>& places, std::size_t width) {
  Tensor output = zeros_like(values, {1, static_cast<std::int64_t>(width)});
  dispatch_by_size(values.type(), [&]<class T>() {
    for (std::size_t i = 0; i < places.size(); ++i)
      if (places[i] < width) mutable_elements<T>(output)[places[i]] = elements<T>(values)[i];
  });
  return output;
}

// --- DictVectorizer ---

void dict_vectorizer(KernelContext& context) {
  const MapView map = map_input(context);
  const auto texts = context.attribute("string_vocabulary", std::vector<std::string>{});
  const auto numbers = context.integers("int64_vocabulary");
  if (texts.empty() == numbers.empty()) throw Error("needs either string_vocabulary or int64_vocabulary");
  if (map.keys.is_string() == texts.empty() && map.keys.size() > 0)
    throw Error("the map's keys and the vocabulary are of different types");
  std::vector<std::size_t> places;
  if (map.keys.size() > 0)
    places = texts.empty() ? places_of(values_as<std::int64_t>(map.keys), numbers)
                           : places_of(map.keys.strings(), texts);
  Tensor output = spread(map.values, places, std::max(texts.size(), numbers.size()));
  context.set_output(0, std::move(output));
}

void infer_dict_vectorizer(InferenceContext& context) {
  const std::size_t texts =
      context.node().attribute_or("string_vocabulary", std::vector<std::string>{}).size();
  const std::size_t numbers = context.integers("int64_vocabulary").size();
  if ((texts == 0) == (numbers == 0))
    context.report("either string_vocabulary or int64_vocabulary is needed");
  const Type& input = context.input_type(0);
  if (input.kind != Type::Kind::Map || !input.inner) return;
  context.set_output(0, input.inner->element,
                     Shape{1, Dimension(static_cast<std::int64_t>(std::max(texts, numbers)))});
}

// --- CastMap ---

DataType cast_type(const std::string& name) {
  if (name == "TO_FLOAT") return DataType::Float32;
  if (name == "TO_INT64") return DataType::Int64;
  if (name == "TO_STRING") return DataType::String;
  throw Error("there is no cast_to '" + name + "'");
}

/// Places of the keys in ascending order, without gaps.
std::vector<std::size_t> dense_places(const std::vector<std::int64_t>& keys) {
  std::vector<std::size_t> order(keys.size()), places(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  for (std::size_t place = 0; place < order.size(); ++place) places[order[place]] = place;
  return places;
}

void cast_map(KernelContext& context) {
  const MapView map = map_input(context);
  if (map.keys.is_string()) throw Error("CastMap takes a map with integer keys");
  const auto keys = values_as<std::int64_t>(map.keys);
  const std::string form = context.text("map_form", "DENSE");
  if (form != "DENSE" && form != "SPARSE") throw Error("there is no map_form '" + form + "'");
  const DataType type = cast_type(context.text("cast_to", "TO_FLOAT"));
  const Tensor values = cast_tensor(map.values, context.made_type(type));
  if (form == "DENSE") return context.set_output(0, spread(values, dense_places(keys), keys.size()));
  const std::int64_t width = context.integer("max_map", 1);
  if (width < 1 || width > (std::int64_t{1} << 32)) throw Error("max_map is " + std::to_string(width));
  std::vector<std::size_t> places;
  for (const std::int64_t key : keys) {
    if (key < 0 || key >= width)
      throw Error("the map has key " + std::to_string(key) + ", and max_map is " + std::to_string(width));
    places.push_back(static_cast<std::size_t>(key));
  }
  context.set_output(0, spread(values, places, static_cast<std::size_t>(width)));
}

void infer_cast_map(InferenceContext& context) {
  const std::string to = context.text("cast_to", "TO_FLOAT");
  const bool is_sparse = context.text("map_form", "DENSE") == "SPARSE";
  context.set_output(0, cast_type(to),
                     Shape{1, is_sparse ? Dimension(context.integer("max_map", 1)) : Dimension::unknown()});
}

// --- ZipMap ---

void zip_map(KernelContext& context) {
  const ClassLabels labels = class_labels(context, "classlabels_int64s");
  const Tensor& input = context.input(0);
  const FeatureMatrix scores = feature_matrix(context, 0);
  if (scores.columns != static_cast<std::int64_t>(labels.size()))
    throw Error("there are " + std::to_string(scores.columns) + " columns and " +
                std::to_string(labels.size()) + " labels");
  const Dims dims = {scores.columns};
  const Tensor keys =
      labels.are_strings() ? Tensor::of_strings(dims, labels.strings) : Tensor::of(dims, labels.integers);
  Sequence maps;
  for (std::int64_t row = 0; row < scores.rows; ++row) {
    auto map = std::make_shared<MapDatum>();
    map->keys = keys;
    for (const double& score : scores.row(row))
      map->values.emplace_back(tensor_from(input.type(), {}, {&score, 1}));
    Datum datum;
    datum.value = std::shared_ptr<const MapDatum>(std::move(map));
    maps.push_back(std::move(datum));
  }
  context.set_output(0, Datum::sequence(std::move(maps)));
}

void infer_zip_map(InferenceContext& context) {
  const auto texts = context.node().attribute_or("classlabels_strings", std::vector<std::string>{});
  const auto numbers = context.integers("classlabels_int64s");
  if (texts.empty() == numbers.empty())
    return context.report("either classlabels_strings or classlabels_int64s is needed");
  const auto& shape = context.input_shape(0);
  const auto labels = static_cast<std::int64_t>(std::max(texts.size(), numbers.size()));
  if (shape && !shape->empty() && shape->back().value_or(labels) != labels)
    context.report("there are " + shape->back().to_string() + " columns and " + std::to_string(labels) +
                   " labels");
  context.set_output(0, Type::sequence(Type::map(texts.empty() ? DataType::Int64 : DataType::String,
                                                 Type::tensor(DataType::Float32))));
}

Operator ml(const std::string& name) {
  return Operator(name, 1, OperatorKind::ShapeAndLayout, "ai.onnx.ml").cost(no_arithmetic());
}

std::string map_type(const std::string& key, const std::string& value) {
  return "map(" + key + ", tensor(" + value + "))";
}

}  // namespace

void register_maps(OperatorTable& table) {
  table.add(
      ml("DictVectorizer")
          .summary("The values of a map in the order of a vocabulary, with 0 for keys that the map lacks. "
                   "Keys that the vocabulary lacks are left out.")
          .input("X", "T1", "The map.")
          .output("Y", "T2", "The values, [1, size of the vocabulary].")
          .constraint(
              "T1", {map_type("string", "int64"), map_type("int64", "string"), map_type("int64", "float"),
                     map_type("int64", "double"), map_type("string", "float"), map_type("string", "double")})
          .constraint("T2", types::tensors({"int64", "float", "double", "string"}))
          .optional_attribute("string_vocabulary", AttributeType::Strings, "The keys in order, if text.")
          .optional_attribute("int64_vocabulary", AttributeType::Ints, "The keys in order, if integers.")
          .infer(infer_dict_vectorizer)
          .kernel(dict_vectorizer)
          .example("X = map(string[2]{\"c\", \"a\"}; float{8}, float{4}); "
                   "string_vocabulary = [\"a\", \"b\", \"c\"]"));
  table.add(ml("CastMap")
                .summary("The values of a map with integer keys as a tensor, in the order of the keys.")
                .input("X", "T1", "The map.")
                .output("Y", "T2", "The values, [1, C].")
                .constraint("T1", {map_type("int64", "string"), map_type("int64", "float")})
                .constraint("T2", types::tensors({"string", "float", "int64"}))
                .attribute("cast_to", std::string("TO_FLOAT"), "TO_FLOAT, TO_INT64 or TO_STRING.")
                .attribute("map_form", std::string("DENSE"),
                           "DENSE puts the values side by side, SPARSE each at the place that its key says.")
                .attribute("max_map", std::int64_t{1}, "SPARSE: how many places there are.")
                .infer(reporting_errors(infer_cast_map))
                .kernel(cast_map)
                .example("X = map(int64[2]{2, 0}; float{8}, float{4}); map_form = \"SPARSE\"; max_map = 4"));
  table.add(ml("ZipMap")
                .summary("Each row of scores as a map from the labels of the columns to the scores.")
                .input("X", "tensor(float)", "Scores, [N, C] or [C].")
                .output("Z", "T", "One map a row.")
                .constraint("T", {"seq(" + map_type("string", "float") + ")",
                                  "seq(" + map_type("int64", "float") + ")"})
                .optional_attribute("classlabels_strings", AttributeType::Strings, "The labels, if text.")
                .optional_attribute("classlabels_int64s", AttributeType::Ints, "The labels, if integers.")
                .infer(infer_zip_map)
                .kernel(zip_map)
                .example("X = float[2, 2]{0.25, 0.75, 0.5, 0.5}; classlabels_strings = [\"no\", \"yes\"]"));
}

}  // namespace lapidary
