#pragma once

#include <string>
#include <vector>

#include "engine/model/model.h"
#include "engine/passes/pass_context.h"

namespace lapidary {

/// What a pass changed, by node labels, so that preview, proof and bisection work for all passes alike.
struct PassResult {
  ModelPointer model;
  std::vector<std::string> changed;
  std::vector<std::string> notes;  ///< what it left, and why, where a person should know
};

/// How far a rewrite may go: Basic keeps every output bit for bit; Extended reorders floating arithmetic; All
/// writes other operators instead, also of a newer operator set.
enum class PassLevel { Basic, Extended, All };

/// "basic", "extended", "all".
std::string_view name_of(PassLevel level);
/// Throws Error of Kind::Usage for any other name.
PassLevel pass_level(std::string_view name);

/// The newest operator set that a level writes where nobody says otherwise: for All the first that has the
/// operators of today's models, and one that runtimes read; 0, the model's own, for the others.
std::int64_t newest_opset_at(PassLevel level);

/// A rewrite of the whole model that keeps what it computes. A value that keeps its name keeps its type and
/// contents; whatever computes something else gets another name. Before each single change a pass asks
/// PassContext::admits() (GraphRewriter::admit() does), and changes nothing that is not admitted.
struct Pass {
  std::string name;         ///< "fold_scale_after"
  std::string description;  ///< one sentence
  PassLevel level;
  PassResult (*apply)(const ModelPointer&, const PassContext&);
};

/// All passes in running order.
const std::vector<Pass>& passes();
/// Those up to a level.
std::vector<Pass> passes_up_to(PassLevel level);
/// Those named in `only`, of any level, or where that is empty those up to the level; without the skipped
/// ones. Throws Error of Kind::Usage for a name that no pass has.
std::vector<Pass> chosen_passes(PassLevel level, const std::vector<std::string>& only,
                                const std::vector<std::string>& skipped);

/// What each pass did in one call of optimize().
struct PassReport {
  std::string name;
  std::size_t changes = 0;
  double ms = 0;
};

struct Optimized {
  ModelPointer model;
  std::vector<PassReport> passes;
  std::vector<std::string> notes;  ///< each once
};

/// Runs the passes in the order given, again and again until none changes anything, or for a bounded number
/// of rounds. Models that bring training graphs stay as they are, since those refer to values by name.
Optimized optimize(ModelPointer model, const std::vector<Pass>& chosen, PassContext context = {});

}  // namespace lapidary
