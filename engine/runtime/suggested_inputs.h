#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/analysis/inferred_types.h"

namespace lapidary {

/// The inputs that nothing in the model fills, in graph order: those that someone has to give.
std::vector<Value> unfilled_inputs(const Model& model);

/// Symbols in the shapes of the unfilled inputs, each once, in order of appearance; sizes without a name are
/// called as dimension_name() says.
std::vector<std::string> free_dimensions(const Model& model);

/// What a model may be given so that it runs, as far as the graph tells.
struct SuggestedInputs {
  /// A number for every free dimension: 1 for a batch, else what is usual for such an input, or a size that
  /// the model's constants ask for where the usual one does not fit.
  std::map<std::string, std::int64_t> dimensions;
  /// Numbers for integer inputs: what the model compares them to, or an index that every table has.
  std::map<std::string, std::int64_t> values;
  /// Integer inputs of which the graph says nothing; 1 is as good a guess as any.
  std::vector<std::string> guessed;
};

/// `types` are those of the model without any number given. `check` is called between steps and may throw.
SuggestedInputs suggest_inputs(const Model& model, const InferredTypes& types,
                               const std::function<void()>& check = {});

}  // namespace lapidary
