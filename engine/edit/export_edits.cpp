#include "engine/edit/families.h"
#include "engine/edit/strip.h"
#include "engine/model/error.h"
#include "engine/opsets/convert_opset.h"
#include "engine/opsets/ir_version.h"

namespace lapidary {
namespace {

ModelPointer to_operator_set(const EditArguments& arguments) {
  const std::int64_t version = arguments.integer("version");
  OpsetConversion conversion = convert_opset(arguments.model(), version);
  if (conversion.model) return conversion.model;
  const OpsetBlocker& first = conversion.blockers.front();
  const std::size_t more = conversion.blockers.size() - 1;
  Error error(first.reason +
              (more == 0 ? "" : ", and " + std::to_string(more) + " more cannot be converted"));
  if (!first.node.empty()) error.node(first.node);
  throw error;
}

ModelPointer set_ir_version(const EditArguments& arguments) {
  return with_ir_version(arguments.model(), arguments.integer("version"));
}

ModelPointer strip_model(const EditArguments& arguments) {
  Stripped stripped;
  return strip(*arguments.model(), stripped);
}

}  // namespace

std::vector<Edit> export_edits() {
  using Kind = ParameterKind;
  return {
      {"convert_opset",
       "Write all operators as another version of ONNX's operator set has them, with the same meaning",
       {{"version", Kind::Integer, "the version, 7 to 27", true}},
       to_operator_set},
      {"set_ir_version",
       "Write the model for another version of ONNX's file format",
       {{"version", Kind::Integer, "the version, 3 to 13", true}},
       set_ir_version},
      {"strip", "Leave out documentation, names of nodes, metadata and producer", {}, strip_model},
  };
}

}  // namespace lapidary
