#include "engine/runtime/backend.h"

#include <algorithm>
#include <ctime>
#include <unordered_set>

namespace lapidary {

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::vector<Value> required_inputs(const Model& model) {
  std::unordered_set<std::string_view> initialized;
  for (const auto& tensor : model.graph->initializers) initialized.insert(tensor->name);
  for (const auto& tensor : model.graph->sparse_initializers) initialized.insert(tensor->name);
  std::vector<Value> inputs = model.graph->inputs;
  std::stable_partition(inputs.begin(), inputs.end(),
                        [&](const Value& input) { return !initialized.contains(input.name); });
  return inputs;
}

namespace {

bool shape_fits(const Shape& wanted, const Dims& dims) {
  return wanted.size() == dims.size() &&
         std::equal(wanted.begin(), wanted.end(), dims.begin(), [](const Dimension& d, std::int64_t size) {
           return !d.is_constant() || d.value() == size;
         });
}

bool element_fits(const Type& wanted, const Tensor& tensor) {
  return wanted.element == DataType::Undefined || tensor.type() == wanted.element;
}

bool is_map(const Datum& data) { return std::holds_alternative<std::shared_ptr<const MapDatum>>(data.value); }

bool fits(const Type& wanted, const Datum& data) {
  switch (wanted.kind) {
    case Type::Kind::Unknown:
      return true;
    case Type::Kind::Tensor:
      return data.is_tensor() && element_fits(wanted, data.tensor()) &&
             (!wanted.shape || shape_fits(*wanted.shape, data.tensor().dims()));
    case Type::Kind::SparseTensor:
      return !data.is_sequence() && !is_map(data);
    case Type::Kind::Sequence:
      return data.is_sequence() && std::ranges::all_of(data.sequence(), [&](const Datum& element) {
               return fits(*wanted.inner, element);
             });
    case Type::Kind::Map:
      return is_map(data);
    case Type::Kind::Optional:
      return !data.is_present() || fits(*wanted.inner, data);
  }
  return true;
}

std::string description_of(const Datum& data) {
  if (data.is_tensor()) return to_string(data.tensor().full_type());
  if (!data.is_sequence()) return is_map(data) ? "a map" : data.is_present() ? "a sparse tensor" : "nothing";
  const Sequence& elements = data.sequence();
  return elements.empty() ? "an empty sequence" : "a sequence of " + description_of(elements.front());
}

/// What to do about data that does not fit.
std::string advice_for(const Type& wanted, const Datum& data) {
  if (!wanted.is_tensor() || !data.is_tensor()) return "Give data of that kind";
  return element_fits(wanted, data.tensor()) ? "Give data of that size"
                                             : "Convert the data to " + std::string(name_of(wanted.element));
}

}  // namespace

void check_input(const Value& wanted, const Datum& data) {
  if (fits(wanted.type, data)) return;
  throw Error("the model wants " + to_string(wanted.type) + " for this input, and " + description_of(data) +
              " was given")
      .tensor(wanted.name)
      .advice(advice_for(wanted.type, data));
}

std::vector<Datum> arranged_inputs(const Model& model, const std::vector<Value>& wanted,
                                   const std::vector<Datum>& given) {
  std::unordered_set<std::string_view> initialized;
  for (const auto& tensor : model.graph->initializers) initialized.insert(tensor->name);
  std::vector<Datum> arranged(model.graph->inputs.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Value& value = wanted[i];
    const bool present = i < given.size() && given[i].is_present();
    if (!present) {
      if (initialized.contains(value.name) || value.type.kind == Type::Kind::Optional) continue;
      throw Error("no data is given for this input, which wants " + to_string(value.type), Error::Kind::Usage)
          .tensor(value.name);
    }
    check_input(value, given[i]);
    const auto place = std::find_if(model.graph->inputs.begin(), model.graph->inputs.end(),
                                    [&](const Value& input) { return input.name == value.name; });
    arranged[static_cast<std::size_t>(place - model.graph->inputs.begin())] = given[i];
  }
  return arranged;
}

}  // namespace lapidary
