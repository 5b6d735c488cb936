#pragma once

#include <QString>

#include "engine/model/tensor.h"
#include "ui/jobs/job.h"

namespace lapidary::ui {

/// Writes the elements as text, a line for each row of the last dimension, numbers in full. The file appears,
/// or is replaced, only once all of it is written. Throws Error, or Cancelled.
void write_csv(const QString& path, const Tensor& tensor, const JobControl& control);

}  // namespace lapidary::ui
