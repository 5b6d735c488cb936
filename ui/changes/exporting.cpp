#include "ui/changes/exporting.h"

#include <QCoreApplication>
#include <algorithm>

#include "engine/backends.h"
#include "engine/edit/edit.h"
#include "engine/opsets/convert_opset.h"
#include "engine/precision/accuracy.h"
#include "engine/precision/quantize_static.h"
#include "engine/precision/unfit_nodes.h"
#include "ui/document/format.h"

namespace lapidary::ui {

namespace {

constexpr int mostNodesNamed = 50;

QString say(const char* sentence) { return QCoreApplication::translate("Export", sentence); }

/// The sets of a folder, or the one that the run settings make.
InputSets input_sets(const ModelPointer& model, const ExportChoice& choice, const RunSettings& settings) {
  if (!choice.calibrationFolder.isEmpty())
    return read_input_sets(*model, choice.calibrationFolder.toStdString());
  RunSettings sized = settings;
  for (const auto& [name, size] : choice.sizes) sized.dimensions[name] = size;
  std::vector<Datum> set;
  for (const auto& [name, datum] : make_inputs(*model, sized)) set.push_back(datum);
  return {set};
}

DataType target_of(ExportNumbers numbers) {
  return numbers == ExportNumbers::Float16    ? DataType::Float16
         : numbers == ExportNumbers::BFloat16 ? DataType::BFloat16
                                              : DataType::Float32;
}

PrecisionConversion in_floating_numbers(const ModelPointer& model, const ExportChoice& choice,
                                        const InputSets& sets) {
  PrecisionOptions options;
  options.target = target_of(choice.numbers);
  options.keep_io = choice.keepIo;
  const ModelPointer base = with_functions_inlined(model);
  if (options.target == DataType::Float16) {
    const UnfitNodes unfit = find_unfit_nodes(base, find_backend("cpu"), sets, options.target);
    options.kept = unfit.reasons;
    options.kept_values = unfit.values;
  }
  return convert_precision(base, options);
}

PrecisionConversion in_integers(const ModelPointer& model, const InputSets& sets) {
  const ModelPointer base = prepared_for_quantization(model);
  return quantize_static(base, find_ranges(base, find_backend("cpu"), sets, {}), {});
}

/// The model in other numbers, with what is to be said about it.
ModelPointer converted(const ModelPointer& model, const ExportChoice& choice, const RunSettings& settings,
                       const JobControl& control, QStringList& messages) {
  const InputSets sets = input_sets(model, choice, settings);
  control.check();
  const PrecisionConversion conversion = choice.numbers == ExportNumbers::Int8
                                             ? in_integers(model, sets)
                                             : in_floating_numbers(model, choice, sets);
  control.check();
  if (choice.numbers != ExportNumbers::Float32)
    for (const TensorAccuracy& output :
         AccuracyTest(model, find_backend("cpu"), sets).measure(conversion.model).outputs)
      messages += say("Output %1 is off by %2 (%3 dB)")
                      .arg(text(output.tensor), percent(output.relative_error), number(output.snr_db()));
  for (const std::string& note : conversion.notes) messages += text(note);
  for (std::size_t i = 0; i < std::min<std::size_t>(conversion.kept.size(), mostNodesNamed); ++i)
    messages +=
        say("%1 stays as it is: %2").arg(text(conversion.kept[i].node), text(conversion.kept[i].reason));
  if (conversion.kept.size() > mostNodesNamed)
    messages += say("… and %1 more").arg(conversion.kept.size() - mostNodesNamed);
  return conversion.model;
}

}  // namespace

Export make_export(const ModelPointer& model, const ExportChoice& choice, const RunSettings& settings,
                   const JobControl& control) {
  Export made{model, {}};
  for (const auto& [name, size] : choice.sizes)
    made.model = apply_step(made.model, {"set_dimension", {{"name", name}, {"value", size}}});
  if (choice.opset > 0 && choice.opset != made.model->opset()) {
    OpsetConversion conversion = convert_opset(made.model, choice.opset);
    for (const OpsetBlocker& blocker : conversion.blockers)
      made.messages += blocker.node.empty() ? text(blocker.reason)
                                            : say("%1: %2").arg(text(blocker.node), text(blocker.reason));
    made.model = std::move(conversion.model);
    if (!made.model) return made;
  }
  control.check();
  if (choice.numbers != ExportNumbers::AsTheyAre)
    made.model = converted(made.model, choice, settings, control, made.messages);
  if (choice.strip) made.model = apply_step(made.model, {"strip"});
  return made;
}

}  // namespace lapidary::ui
