#include "engine/compare/proof.h"

namespace lapidary {
namespace {

constexpr std::size_t most_left_out = 64;

/// The first `limit` rewrites made, without those that are left out.
struct Attempt {
  const ModelPointer& original;
  const std::vector<Pass>& chosen;
  PassContext context;

  Optimized make(std::size_t limit, const std::vector<Rewrite>& left_out) {
    context.gate = std::make_shared<RewriteGate>();
    context.gate->limit = limit;
    context.gate->left_out.insert(left_out.begin(), left_out.end());
    context.types = std::make_shared<TypeCache>();
    return optimize(original, chosen, context);
  }
};

}  // namespace

ProvenOptimization optimize_with_proof(const ModelPointer& original, const std::vector<Pass>& chosen,
                                       const PassContext& context, const EquivalenceTest& test,
                                       bool leave_out_broken) {
  constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  Attempt attempt{original, chosen, context};
  const auto& given = context.gate->left_out;
  std::vector<Rewrite> left_out(given.begin(), given.end());
  ProvenOptimization proven;
  for (;;) {
    proven.optimized = attempt.make(all, left_out);
    proven.equivalence = test.compare(proven.optimized.model);
    if (proven.equivalence.equal || proven.broken.size() >= most_left_out) return proven;
    const std::vector<Rewrite> rewrites = attempt.context.gate->admitted();
    std::size_t equal = 0, differs = rewrites.size();
    while (differs - equal > 1) {
      const std::size_t middle = equal + (differs - equal) / 2;
      (test.compare(attempt.make(middle, left_out).model).equal ? equal : differs) = middle;
    }
    if (rewrites.empty()) return proven;
    proven.broken.push_back(rewrites[differs - 1]);
    left_out.push_back(rewrites[differs - 1]);
    if (!leave_out_broken) return proven;
  }
}

}  // namespace lapidary
