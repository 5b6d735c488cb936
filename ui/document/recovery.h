#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/edit/history.h"
#include "engine/edit/journal.h"
#include "engine/model/error.h"
#include "ui/jobs/job.h"

namespace lapidary::ui {

/// What could be made again of a journal's edits.
struct Recovery {
  std::string journal;          ///< its path
  std::vector<EditStep> steps;  ///< made again, in order
  std::optional<Error> error;   ///< why that is not all
};

/// Makes the steps that the file lacks again, each a step of `history`. Where the file is no longer the one
/// that the journal knows, all steps are tried.
Recovery recover_edits(const JournalContent& journal, const std::string& path, EditHistory& history,
                       const JobControl& control);

/// The journal with work in it that belongs to the model at `path`, if there is one.
std::optional<JournalContent> journal_of(const std::string& path);
/// All journals with work in them.
std::vector<JournalContent> journals();

/// "rename node" for {"edit": "rename_node", …}.
std::string step_title(const EditStep& step);

}  // namespace lapidary::ui
