#pragma once

#include <QObject>
#include <memory>

#include "engine/compare/run_comparison.h"
#include "ui/document/document.h"

namespace lapidary::ui {

/// What a run is held against.
struct Against {
  enum class Kind { Backend, Model, Recording };
  Kind kind = Kind::Backend;
  std::string backend = "reference";
  bool float64 = false;                      ///< backends: all in float64
  DataType precision = DataType::Undefined;  ///< backends: the model converted to it; Undefined: as it is
  QString path{};                            ///< of the model, or of the file or folder of tensors

  /// "reference in float64", "optimized.onnx".
  QString title() const;
};
/// The backends of this machine, in the precisions that a person may ask for; the most useful first.
std::vector<Against> comparable_backends();

/// The comparison of a document's run with another one: at most one, and it goes when the model changes.
class ComparingRuns : public QObject {
  Q_OBJECT

 public:
  /// The document's; made when it is first asked for.
  static ComparingRuns* of(Document* document);

  /// Runs the model with the document's settings, and what it is held against; a comparison that runs is
  /// cancelled.
  void start(const Against& against);
  void cancel();
  /// The comparison that runs, or nullptr.
  Job* job() const;
  const Against& against() const { return against_; }
  const std::shared_ptr<const RunComparison>& result() const { return result_; }
  /// Why there is none; nothing if nobody asked for it.
  const std::optional<Error>& error() const { return error_; }

  /// The node that makes the tensor in this row of the result; none if the model has changed since.
  std::optional<Element> nodeOf(std::size_t row) const;
  /// The tensor's error relative to its largest element: infinite where only one side is finite, negative
  /// where there is no number for it.
  static double errorOf(const ComparedTensor& tensor);

 Q_SIGNALS:
  /// It began, came, failed or went.
  void changed();

 private:
  explicit ComparingRuns(Document* document);
  void take(std::shared_ptr<const RunComparison> result);
  void showErrors();

  Document* document_;
  ModelPointer model_;  ///< that the result is about
  Against against_;
  std::shared_ptr<const RunComparison> result_;
  std::optional<Error> error_;
};

}  // namespace lapidary::ui
