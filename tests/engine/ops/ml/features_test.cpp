#include "tests/support/kernel_cases.h"

using namespace lapidary;
using namespace lapidary::test;

/// Scaling, imputing and choosing features; categories and maps.
class FeaturesTest : public QObject {
  Q_OBJECT

 private slots:
  void computes_data();
  void computes() { check_kernel_case(); }
  void refuses_data();
  void refuses() { check_kernel_case(); }
  void infers_data();
  void infers() { check_inference_case(); }
};

namespace {

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;
using Texts = std::vector<std::string>;
using Reals = std::vector<float>;

Node ml(const std::string& op, Attributes attributes = {}, std::vector<std::string> inputs = {"x"}) {
  return node(op, std::move(inputs), {"y"}, std::move(attributes), "ai.onnx.ml");
}

Tensor pairs(const Reals& values) {
  return Tensor::of({static_cast<std::int64_t>(values.size() / 2), 2}, values);
}
Tensor texts(Texts values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return Tensor::of_strings({count}, std::move(values));
}

AttributeValue tensor_attribute(Tensor tensor) {
  auto named = std::make_shared<NamedTensor>();
  named->tensor = std::move(tensor);
  return std::shared_ptr<const NamedTensor>(std::move(named));
}

template <class T>
Datum map_of(Tensor keys, const std::vector<T>& values) {
  auto map = std::make_shared<MapDatum>();
  map->keys = std::move(keys);
  for (const T& value : values) map->values.emplace_back(Tensor::of(Dims{}, std::vector<T>{value}));
  Datum datum;
  datum.value = std::shared_ptr<const MapDatum>(std::move(map));
  return datum;
}

void add_values() {
  const Tensor x = pairs({3, 4, 0, 0});
  add_kernel_case("scale", ml("Scaler", {{"offset", Reals{1, 2}}, {"scale", Reals{2, 10}}}), {x},
                  {pairs({4, 20, -2, -20})});
  add_kernel_case("one scale for all", ml("Scaler", {{"scale", Reals{2}}}), {ints({3, 4})}, {reals({6, 8})});
  add_kernel_case("greatest", ml("Normalizer"), {pairs({3, -4, -2, -4, 0, 0})},
                  {pairs({1, -4 / 3.0f, 1, 2, 0, 0})});
  add_kernel_case("L1", ml("Normalizer", {{"norm", std::string("L1")}}), {pairs({3, -1, 0, 0})},
                  {pairs({0.75f, -0.25f, 0, 0})});
  add_kernel_case("L2", ml("Normalizer", {{"norm", std::string("L2")}}), {pairs({3, -4, 0, 0})},
                  {pairs({0.6f, -0.8f, 0, 0})});
  add_kernel_case("impute a number", ml("Imputer", {{"imputed_value_floats", Reals{9, 8}}}), {x},
                  {pairs({3, 4, 9, 8})});
  add_kernel_case("impute NaN",
                  ml("Imputer", {{"imputed_value_floats", Reals{7}}, {"replaced_value_float", not_a_number}}),
                  {pairs({not_a_number, 1})}, {pairs({7, 1})});
  add_kernel_case(
      "impute integers",
      ml("Imputer", {{"imputed_value_int64s", list({5})}, {"replaced_value_int64", std::int64_t{-1}}}),
      {ints({-1, 2})}, {ints({5, 2})});
  add_kernel_case("binarize", ml("Binarizer", {{"threshold", 1.0f}}), {reals({0.5f, 1, 1.5f, not_a_number})},
                  {reals({0, 0, 1, 0})});
  add_kernel_case("binarize integers", ml("Binarizer"), {ints({-1, 0, 7})}, {ints({0, 0, 1})});
  add_kernel_case("join", ml("FeatureVectorizer", {{"inputdimensions", list({3, 1})}}, {"a", "b"}), {x, x},
                  {Tensor::of({2, 4}, Reals{3, 4, 0, 3, 0, 0, 0, 0})});
  add_kernel_case("join all", ml("FeatureVectorizer", {}, {"a", "b"}), {ints({1, 2}), reals({3})},
                  {Tensor::of({1, 3}, Reals{1, 2, 3})});
  add_kernel_case("columns", ml("ArrayFeatureExtractor", {}, {"x", "i"}), {counting({2, 3}), ints({2, 0, 2})},
                  {Tensor::of({2, 3}, Reals{2, 0, 2, 5, 3, 5})});
  add_kernel_case("columns of a vector of text", ml("ArrayFeatureExtractor", {}, {"x", "i"}),
                  {texts({"a", "b"}), ints({1})}, {Tensor::of_strings({1, 1}, {"b"})});
  add_kernel_case("no columns", ml("ArrayFeatureExtractor", {}, {"x", "i"}), {counting({2, 3}), ints({})},
                  {Tensor(DataType::Float32, {2, 0})});
}

void add_categories() {
  const Attributes towns = {{"keys_strings", Texts{"Rom", "Bern"}}, {"values_int64s", list({1, 2})}};
  add_kernel_case("text to numbers", ml("LabelEncoder", towns), {texts({"Bern", "Rom", "Wien"})},
                  {ints({2, 1, -1})}, 2);
  add_kernel_case("numbers to text",
                  ml("LabelEncoder", {{"keys_int64s", list({1, 2})}, {"values_strings", Texts{"a", "b"}}}),
                  {ints({2, 3})}, {texts({"b", "_Unused"})}, 2);
  add_kernel_case(
      "every NaN is one key",
      ml("LabelEncoder",
         {{"keys_floats", Reals{0, not_a_number}}, {"values_floats", Reals{1, 2}}, {"default_float", 3.0f}}),
      {reals({-0.0f, -not_a_number, 5})}, {reals({1, 2, 3})}, 2);
  add_kernel_case(
      "the last of equal keys",
      ml("LabelEncoder", {{"keys_tensor", tensor_attribute(Tensor::of({2}, std::vector<std::int16_t>{1, 1}))},
                          {"values_tensor", tensor_attribute(Tensor::of({2}, std::vector<double>{2, 3}))},
                          {"default_tensor", tensor_attribute(Tensor::of({1}, std::vector<double>{0.5}))}}),
      {Tensor::of({2}, std::vector<std::int16_t>{1, 2})}, {Tensor::of({2}, std::vector<double>{3, 0.5})}, 4);
  add_kernel_case("large integers",
                  ml("LabelEncoder", {{"keys_int64s", list({(std::int64_t{1} << 60) + 1})},
                                      {"values_int64s", list({(std::int64_t{1} << 60) + 3})}}),
                  {ints({(std::int64_t{1} << 60) + 1, std::int64_t{1} << 60})},
                  {ints({(std::int64_t{1} << 60) + 3, -1})}, 4);
  const Attributes classes = {{"classes_strings", Texts{"a", "b"}}};
  add_kernel_case("text to positions", ml("LabelEncoder", classes), {texts({"b", "c"})}, {ints({1, -1})}, 1);
  add_kernel_case("positions to text", ml("LabelEncoder", classes), {ints({0, 2})}, {texts({"a", "_Unused"})},
                  1);
  const Attributes mapper = {{"cats_strings", Texts{"a", "b"}}, {"cats_int64s", list({7, 9})}};
  add_kernel_case("mapped text", ml("CategoryMapper", mapper), {texts({"b", "z"})}, {ints({9, -1})});
  add_kernel_case("mapped integers", ml("CategoryMapper", mapper), {ints({7, 8})}, {texts({"a", "_Unused"})});
  add_kernel_case("unit vectors", ml("OneHotEncoder", {{"cats_int64s", list({7, 9})}}), {ints({9, 7, 1})},
                  {Tensor::of({3, 2}, Reals{0, 1, 1, 0, 0, 0})});
  add_kernel_case("unit vectors of cut fractions", ml("OneHotEncoder", {{"cats_int64s", list({7, 9})}}),
                  {reals({9.9f, -7.5f, 1e30f, not_a_number})},
                  {Tensor::of({4, 2}, Reals{0, 1, 0, 0, 0, 0, 0, 0})});
  add_kernel_case("unit vectors of text", ml("OneHotEncoder", {{"cats_strings", Texts{"a", "b"}}}),
                  {Tensor::of_strings({1, 2}, {"b", "z"})}, {Tensor::of({1, 2, 2}, Reals{0, 1, 0, 0})});
}

void add_maps() {
  add_kernel_case("a map by text", ml("DictVectorizer", {{"string_vocabulary", Texts{"a", "b", "c"}}}),
                  {map_of<float>(texts({"c", "z", "a"}), {8, 1, 4})}, {Tensor::of({1, 3}, Reals{4, 0, 8})});
  add_kernel_case("a map of text", ml("DictVectorizer", {{"int64_vocabulary", list({5, 6})}}),
                  {map_of<std::string>(ints({6}), {"six"})}, {Tensor::of_strings({1, 2}, {"", "six"})});
  add_kernel_case("an empty map", ml("DictVectorizer", {{"int64_vocabulary", list({5, 6})}}),
                  {map_of<float>(ints({}), {})}, {Tensor::of({1, 2}, Reals{0, 0})});
  add_kernel_case("a dense map", ml("CastMap"), {map_of<float>(ints({9, -2}), {1, 2})},
                  {Tensor::of({1, 2}, Reals{2, 1})});
  add_kernel_case("a sparse map of text as numbers",
                  ml("CastMap", {{"map_form", std::string("SPARSE")},
                                 {"max_map", std::int64_t{3}},
                                 {"cast_to", std::string("TO_INT64")}}),
                  {map_of<std::string>(ints({2, 0}), {"7", "-5"})}, {Tensor::of({1, 3}, list({-5, 0, 7}))});
  add_kernel_case("a map as text", ml("CastMap", {{"cast_to", std::string("TO_STRING")}}),
                  {map_of<float>(ints({1}), {1.5f})}, {Tensor::of_strings({1, 1}, {"1.5"})});
  const Tensor keys = texts({"no", "yes"});
  add_kernel_case("maps of rows", ml("ZipMap", {{"classlabels_strings", Texts{"no", "yes"}}}),
                  {pairs({0.25f, 0.75f, 1, 0})},
                  {Datum::sequence({map_of<float>(keys, {0.25f, 0.75f}), map_of<float>(keys, {1, 0})})});
  add_kernel_case("a map of a vector", ml("ZipMap", {{"classlabels_int64s", list({4, 5})}}), {reals({1, 2})},
                  {Datum::sequence({map_of<float>(ints({4, 5}), {1, 2})})});
}

}  // namespace

void FeaturesTest::computes_data() {
  kernel_columns();
  add_values();
  add_categories();
  add_maps();
}

void FeaturesTest::refuses_data() {
  kernel_columns();
  const Tensor x = pairs({3, 4});
  add_refusal("scales of another number", ml("Scaler", {{"scale", Reals{1, 2, 3}}}), {x}, "'scale' has 3");
  add_refusal("a scalar", ml("Scaler"), {Tensor::scalar(1.0f)}, "not a scalar");
  add_refusal("an unknown norm", ml("Normalizer", {{"norm", std::string("L3")}}), {x}, "'L3'");
  add_refusal("nothing to impute", ml("Imputer"), {x}, "'imputed_value_floats' is needed");
  add_refusal("integers for floats", ml("Imputer", {{"imputed_value_int64s", list({1})}}), {x},
              "'imputed_value_floats'");
  add_refusal("imputed for other features", ml("Imputer", {{"imputed_value_floats", Reals{1, 2, 3}}}), {x},
              "needs 2");
  add_refusal("imputed too large", ml("Imputer", {{"imputed_value_int64s", list({INT64_MAX})}}),
              {Tensor::of({1}, std::vector<std::int32_t>{0})}, "does not fit");
  add_refusal("text to binarize", ml("Binarizer"), {texts({"a"})}, "not supported");
  add_refusal("rows of unequal number", ml("FeatureVectorizer", {}, {"a", "b"}), {x, counting({2, 2})},
              "has 2 rows");
  add_refusal("widths of another number",
              ml("FeatureVectorizer", {{"inputdimensions", list({1})}}, {"a", "b"}), {x, x}, "needs 2");
  add_refusal("a negative width", ml("FeatureVectorizer", {{"inputdimensions", list({-1})}}, {"a"}), {x},
              "holds -1");
  add_refusal("a column beyond", ml("ArrayFeatureExtractor", {}, {"x", "i"}), {x, ints({2})}, "column 2");
  add_refusal("a negative column", ml("ArrayFeatureExtractor", {}, {"x", "i"}), {x, ints({-1})}, "column -1");
  add_refusal("keys without values", ml("LabelEncoder", {{"keys_int64s", list({1})}}), {ints({1})}, "values_",
              4);
  add_refusal("keys and values of unequal number",
              ml("LabelEncoder", {{"keys_int64s", list({1})}, {"values_int64s", list({})}}), {ints({1})},
              "needs 1", 4);
  add_refusal("keys of another type",
              ml("LabelEncoder", {{"keys_int64s", list({1})}, {"values_int64s", list({1})}}), {texts({"a"})},
              "the keys are int64", 4);
  add_refusal("two kinds of keys",
              ml("LabelEncoder",
                 {{"keys_int64s", list({1})}, {"keys_floats", Reals{1}}, {"values_int64s", list({1})}}),
              {ints({1})}, "more than one", 4);
  add_refusal("lists of unequal length",
              ml("CategoryMapper", {{"cats_strings", Texts{"a"}}, {"cats_int64s", list({})}}), {ints({1})},
              "needs 1");
  add_refusal("no category", ml("OneHotEncoder", {{"cats_int64s", list({1})}, {"zeros", std::int64_t{0}}}),
              {ints({2})}, "element 0 is no known category");
  add_refusal("no categories", ml("OneHotEncoder"), {ints({2})}, "needs either");
  add_refusal("text for numbers", ml("OneHotEncoder", {{"cats_int64s", list({1})}}), {texts({"a"})},
              "categories are numbers");
  add_refusal("a tensor for a map", ml("DictVectorizer", {{"int64_vocabulary", list({1})}}), {ints({1})},
              "takes a map");
  add_refusal("no vocabulary", ml("DictVectorizer"), {map_of<float>(ints({1}), {1})}, "needs either");
  add_refusal("keys of the other kind", ml("DictVectorizer", {{"int64_vocabulary", list({1})}}),
              {map_of<float>(texts({"a"}), {1})}, "different types");
  add_refusal("fewer values than keys", ml("CastMap"), {map_of<float>(ints({1, 2}), {1})},
              "2 keys and 1 values");
  add_refusal("text keys to cast", ml("CastMap"), {map_of<float>(texts({"a"}), {1})}, "integer keys");
  const Attributes sparse = {{"map_form", std::string("SPARSE")}, {"max_map", std::int64_t{2}}};
  add_refusal("a key beyond", ml("CastMap", sparse), {map_of<float>(ints({2}), {1})}, "has key 2");
  add_refusal("a negative key", ml("CastMap", sparse), {map_of<float>(ints({-1}), {1})}, "has key -1");
  add_refusal("an unknown form", ml("CastMap", {{"map_form", std::string("THIN")}}),
              {map_of<float>(ints({0}), {1})}, "'THIN'");
  add_refusal("an unknown target", ml("CastMap", {{"cast_to", std::string("TO_INT")}}),
              {map_of<float>(ints({0}), {1})}, "'TO_INT'");
  add_refusal("text that is no number", ml("CastMap"), {map_of<std::string>(ints({0}), {"x"})},
              "not a number");
  add_refusal("columns without labels", ml("ZipMap", {{"classlabels_int64s", list({4})}}), {x},
              "2 columns and 1 labels");
}

void FeaturesTest::infers_data() {
  inference_columns();
  const auto add = [](const char* name, Node made, std::vector<Type> inputs, std::string wanted,
                      std::string problem = "") {
    InferenceCase row;
    row.node = std::move(made);
    row.inputs = std::move(inputs);
    row.wanted = {std::move(wanted)};
    row.problem = std::move(problem);
    row.opset = 4;
    add_inference_case(name, std::move(row));
  };
  add("scaler", ml("Scaler"), {int64s({"N", "4"})}, "float32 N × 4");
  add("imputer", ml("Imputer"), {int64s({"N", "4"})}, "int64 N × 4");
  add("vectorizer", ml("FeatureVectorizer", {{"inputdimensions", list({2, 3})}}, {"a", "b"}),
      {floats({"N", "2"}), floats({"N", "3"})}, "float32 N × 5");
  add("vectorizer with symbols", ml("FeatureVectorizer", {}, {"a", "b"}),
      {floats({"N", "C"}), floats({"N", "3"})}, "float32 N × C + 3");
  add("columns", ml("ArrayFeatureExtractor", {}, {"x", "i"}), {floats({"N", "9"}), int64s({"K", "2"})},
      "float32 N × 2*K");
  add("columns of a vector", ml("ArrayFeatureExtractor", {}, {"x", "i"}), {floats({"9"}), int64s({"3"})},
      "float32 1 × 3");
  add("labels", ml("LabelEncoder", {{"keys_strings", Texts{"a"}}, {"values_floats", Reals{1}}}),
      {Type::tensor(DataType::String, Shape{Dimension::symbol("N")})}, "float32 N");
  add("labels of another type",
      ml("LabelEncoder", {{"keys_strings", Texts{"a"}}, {"values_floats", Reals{1}}}), {int64s({"N"})},
      "float32 N", "the keys are string");
  add("unit vectors", ml("OneHotEncoder", {{"cats_int64s", list({1, 2, 3})}}), {int64s({"N", "2"})},
      "float32 N × 2 × 3");
  add("dictionary", ml("DictVectorizer", {{"int64_vocabulary", list({1, 2, 3})}}),
      {Type::map(DataType::Int64, Type::tensor(DataType::Float64))}, "float64 1 × 3");
  add("sparse map", ml("CastMap", {{"map_form", std::string("SPARSE")}, {"max_map", std::int64_t{9}}}),
      {Type::map(DataType::Int64, Type::tensor(DataType::Float32))}, "float32 1 × 9");
  add("maps", ml("ZipMap", {{"classlabels_int64s", list({1, 2})}}), {floats({"N", "2"})},
      "sequence of map from int64 to float32");
  add("maps of other columns", ml("ZipMap", {{"classlabels_int64s", list({1, 2})}}), {floats({"N", "3"})},
      "sequence of map from int64 to float32", "3 columns and 2 labels");
}

QTEST_GUILESS_MAIN(FeaturesTest)
#include "features_test.moc"
