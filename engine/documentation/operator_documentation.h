#pragma once

#include <string>
#include <vector>

#include "engine/ops/operator.h"

namespace lapidary {

/// A line of a documentation's section: "X", "T", "Values of any shape".
struct DocumentationRow {
  std::string name, note, text;
};

struct DocumentationSection {
  std::string title;
  std::vector<DocumentationRow> rows;
};

/// All that is to be said about one version of an operator, for the window and the command line alike.
struct OperatorDocumentation {
  std::string title;     ///< "LeakyRelu"
  std::string subtitle;  ///< "ai.onnx, since version 16"
  std::string summary;
  std::vector<DocumentationSection> sections;
};

/// Made from the records: inputs, outputs, attributes, types, versions with what changed between them (the
/// newest first), and the example with what comes out of it.
OperatorDocumentation document_operator(const Operator& record);
/// The same as lines of plain text.
std::string to_text(const OperatorDocumentation& documentation);

/// What each version of an operator changed, oldest first; the first one has nothing.
struct VersionChanges {
  int since_version;
  std::vector<std::string> changes;
};
std::vector<VersionChanges> version_history(const Operator& record);

}  // namespace lapidary
