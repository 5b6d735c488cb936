#pragma once

#include <QColor>
#include <QString>
#include <optional>
#include <vector>

#include "ui/document/document.h"

namespace lapidary::ui {

/// How a row's value, or the title, is changed in place.
struct RowEdit {
  EditStep step;                  ///< all of the edit but the value
  std::string parameter;          ///< of the step, that takes the value
  std::string type;               ///< what is typed is JSON for an attribute of this type; empty: it is text
  QString name;                   ///< of the step in the history
  QString now;                    ///< what the editor begins with
  std::optional<EditStep> reset;  ///< takes the value back to its default
};

/// One line of a section: a caption left, a value right.
struct DescriptionRow {
  QString caption, value;
  bool isWeak = false;          ///< a default, or nothing
  std::optional<Element> link;  ///< what a click selects
  QString tip;                  ///< the whole text where the row shows less
  double bar = -1;              ///< 0 to 1: a bar under the row
  std::optional<RowEdit> edit = {};
};

struct DescriptionSection {
  QString title;
  std::vector<DescriptionRow> rows;
  QString text;  ///< a paragraph under the rows
};

/// All that the inspector says about something, in its fixed order.
struct Description {
  QString badge;  ///< operator type, "group", "value", "model"
  OperatorKind kind = OperatorKind::Other;
  QString title, subtitle;
  std::optional<RowEdit> titleEdit;
  std::vector<DescriptionSection> sections;
  /// What stands below the numbers: what its operator does, notes, metadata.
  std::vector<DescriptionSection> documentation;
  /// Constants and results whose numbers can be shown, by name.
  NamedData numbers;
};

/// Describes an element of the document, or the model itself for nullptr.
Description describe(const Document& document, const Element* element);
/// The description as lines "caption<TAB>value", for the clipboard.
QString to_text(const Description& description);

}  // namespace lapidary::ui
