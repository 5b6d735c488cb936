#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/analysis/nested_graphs.h"
#include "engine/layout/layout.h"
#include "ui/jobs/job.h"

namespace lapidary::ui {

/// All that views need of a snapshot at once, so that what they show of the one before stays whole until
/// then.
struct Derivation {
  ModelPointer model;
  std::shared_ptr<const Hierarchy> hierarchy;
  std::shared_ptr<const GraphIndex> index;
  std::shared_ptr<const InferredTypes> types;
  std::shared_ptr<const NestedGraphs> nested;
  std::shared_ptr<const Layout> layout;
  LayoutOptions asked;   ///< what was open when the work began
  std::vector<int> now;  ///< where the nodes shown before stand
  bool isWhole = true;   ///< nothing was taken over from the snapshot before
};

/// Everything about `model`, which an edit made of the model that `shown` is about. Of a large model what the
/// edit did not touch is taken over (see follow_edit), if `mayFollow`: a person sees the edit at once, and
/// the rest when it is derived anew. Throws Cancelled.
Derivation derive(const ModelPointer& model, const Derivation& shown, const LayoutOptions& options,
                  bool mayFollow, const JobControl& control);

/// "12" or "12/then_branch/3" with the place that the node of the main graph has now; empty if it is gone.
std::string movedPlace(const std::string& place, const std::vector<int>& now);
/// Open parts, after nodes of the main graph moved: their ids are such as "node:12", "node:12/then_branch/3".
std::set<std::string> moved(const std::set<std::string>& open, const std::vector<int>& now);

}  // namespace lapidary::ui
