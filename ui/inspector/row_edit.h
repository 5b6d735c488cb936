#pragma once

#include <QString>
#include <QStringList>
#include <functional>
#include <optional>

#include "engine/edit/edit.h"

namespace lapidary::ui {

/// How a row's value, or a title, is changed in place.
struct RowEdit {
  EditStep step;  ///< all of the edit but the value
  QString name;   ///< of the step in the history
  QString now;    ///< what the editor begins with
  /// Puts what was typed or chosen into the step; throws Error that says what is wrong with it.
  std::function<void(EditStep&, const QString&)> put;
  std::optional<EditStep> reset = {};  ///< takes the value back to its default
  QString resetTitle = {};             ///< what that is called
  QStringList choices = {};            ///< one of these is to be chosen
  bool isFlag = false;                 ///< "0" or "1": a check box
  bool isLong = false;                 ///< several lines: Ctrl+Enter takes them
};

/// The typed text is the parameter.
std::function<void(EditStep&, const QString&)> put_text(std::string parameter);
/// The typed text is a type: "float32 N × 3 × 224 × 224", "float32[N, 3]", "int64" of any shape, "int64
/// scalar".
std::function<void(EditStep&, const QString&)> put_type(std::string parameter);
/// The typed text is an operator that the model may use, a function of its own too: "Relu",
/// "com.microsoft.Gelu".
std::function<void(EditStep&, const QString&)> put_operator(ModelPointer model);
/// What put_type() begins with.
QString typed_type(const Type& type);

}  // namespace lapidary::ui
