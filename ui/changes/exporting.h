#pragma once

#include <QString>
#include <QStringList>
#include <map>
#include <string>

#include "engine/io/model_file.h"
#include "ui/document/run.h"

namespace lapidary::ui {

/// The numbers that an exported model computes in.
enum class ExportNumbers { AsTheyAre, Float16, BFloat16, Float32, Int8 };

/// What a person wants exported.
struct ExportChoice {
  std::int64_t opset = 0;  ///< 0: as it is
  ExportNumbers numbers = ExportNumbers::AsTheyAre;
  bool keepIo = true;         ///< with floating numbers: inputs and outputs stay as they are
  QString calibrationFolder;  ///< inputs to find ranges with; empty: those of the run settings
  std::map<std::string, std::int64_t> sizes;  ///< numbers for free dimensions
  bool strip = false;
  WeightPlacement weights = WeightPlacement::AsBefore;

  bool operator==(const ExportChoice&) const = default;
};

/// A model as it would be exported.
struct Export {
  ModelPointer model;    ///< nullptr where something stands against it
  QStringList messages;  ///< what stands against it; what was kept, and why; how far results are off
};

/// Throws Error, and Cancelled.
Export make_export(const ModelPointer& model, const ExportChoice& choice, const RunSettings& settings,
                   const JobControl& control);

}  // namespace lapidary::ui
