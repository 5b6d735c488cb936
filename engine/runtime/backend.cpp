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

}  // namespace

void check_input(const Value& wanted, const Datum& data) {
  if (!wanted.type.is_tensor() || !data.is_tensor()) return;
  const Tensor& tensor = data.tensor();
  const bool type_fits = wanted.type.element == DataType::Undefined || tensor.type() == wanted.type.element;
  const bool fits = type_fits && (!wanted.type.shape || shape_fits(*wanted.type.shape, tensor.dims()));
  if (fits) return;
  throw Error("the model wants " + to_string(wanted.type) + " for this input, and " +
              to_string(tensor.full_type()) + " was given")
      .tensor(wanted.name)
      .advice(type_fits ? "Give data of that size"
                        : "Convert the data to " + std::string(name_of(wanted.type.element)));
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
