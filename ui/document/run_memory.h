#pragma once

#include <QString>
#include <optional>

#include "ui/document/run.h"

namespace lapidary::ui {

/// What a model was last run with, kept in the program's settings for the models run last: sizes, sources of
/// inputs, repeats and seed. Nothing for a model that never ran through.
std::optional<RunSettings> remembered_run(const QString& path);
void remember_run(const QString& path, const RunSettings& settings);

}  // namespace lapidary::ui
