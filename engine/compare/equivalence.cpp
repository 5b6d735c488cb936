#include "engine/compare/equivalence.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "engine/model/short_number.h"
#include "engine/runtime/random_inputs.h"

namespace lapidary {
namespace {

using Clock = std::chrono::steady_clock;

/// Absolute errors count beside the largest number of the tensor: next to it, what cancels is not exact.
Tolerance scaled(Tolerance tolerance, const Datum& want) {
  if (!want.is_tensor() || !is_floating(want.tensor().type())) return tolerance;
  const Summary summary = summarize(want.tensor());
  tolerance.absolute *= std::min(1.0, std::max(std::abs(summary.minimum), std::abs(summary.maximum)));
  return tolerance;
}

}  // namespace

std::string Equivalence::text() const {
  const std::string count = std::to_string(inputs) + (inputs == 1 ? " input" : " inputs");
  if (!equal) return message;
  if (tensor.empty()) return "tested equal on " + count + ", bit for bit";
  return "tested equivalent on " + count + ", worst error " + short_number(max_absolute) + " at tensor '" +
         tensor + "'";
}

EquivalenceTest::EquivalenceTest(ModelPointer original, const Backend& backend, EquivalenceOptions options)
    : backend_(backend), options_(options) {
  const auto program = backend.compile(original, {});
  for (const auto& output : program->outputs()) outputs_.push_back(output.name);
  const RandomInputs random(*original);
  std::string refusal;
  const auto attempt = [&](std::uint64_t seed, RandomInputs::Sizes sizes) -> std::optional<Case> {
    try {
      Case one{random.make(seed, sizes), {}};
      one.outputs = program->run(one.inputs, {nullptr, {}, seed, {}});
      return one;
    } catch (const Error& error) {
      refusal = error.what();
      return std::nullopt;
    }
  };
  const auto begin = Clock::now();
  bool small_fits = random.has_free_dimensions();
  for (int run = 0; run < options_.runs; ++run) {
    const auto seed = options_.seed + static_cast<std::uint64_t>(run);
    std::optional<Case> one;
    if (small_fits) one = attempt(seed, RandomInputs::Sizes::Small);
    if (!one) small_fits = false, one = attempt(seed, RandomInputs::Sizes::Usual);
    if (one) cases_.push_back(std::move(*one));
    if (std::chrono::duration<double>(Clock::now() - begin).count() > options_.seconds) break;
  }
  if (cases_.empty())
    throw Error("the original does not run on inputs that were made up: " + refusal)
        .advice("Leave --verify out, and compare on inputs of your own");
}

Equivalence EquivalenceTest::compare(const ModelPointer& result) const {
  Equivalence found;
  try {
    const auto program = backend_.compile(result, {});
    for (const auto& one : cases_) {
      const auto got = program->run(
          one.inputs, {nullptr, {}, options_.seed + static_cast<std::uint64_t>(found.inputs), {}});
      ++found.inputs;
      for (std::size_t i = 0; i < one.outputs.size(); ++i) {
        const Difference now = difference(got[i], one.outputs[i], scaled(options_.tolerance, one.outputs[i]));
        if (now.max_absolute > found.max_absolute) found.tensor = outputs_[i];
        found.max_absolute = std::max(found.max_absolute, now.max_absolute);
        found.max_relative = std::max(found.max_relative, now.max_relative);
        if (now.equal || !found.equal) continue;
        found.equal = false;
        found.message = "output '" + outputs_[i] + "' " + now.message;
      }
      if (!found.equal) break;
    }
  } catch (const Error& error) {
    found.equal = false;
    found.message = std::string("the result does not run: ") + error.what();
  }
  return found;
}

}  // namespace lapidary
