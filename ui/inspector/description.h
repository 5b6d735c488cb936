#pragma once

#include <QColor>
#include <QString>
#include <optional>
#include <vector>

#include "ui/document/document.h"
#include "ui/inspector/row_edit.h"

namespace lapidary::ui {

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
/// Describes what is selected: where that is several nodes of a graph, what they have in common.
Description describe_selection(const Document& document);
/// The description as lines "caption<TAB>value", for the clipboard.
QString to_text(const Description& description);

}  // namespace lapidary::ui
