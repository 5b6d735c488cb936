#include "engine/edit/families.h"
#include "engine/passes/pass.h"

namespace lapidary {
namespace {

/// "PASS NODE" → the rewrite of that pass which starts from that node.
Rewrite rewrite_from(const std::string& text) {
  const std::size_t space = text.find(' ');
  return {text.substr(0, space), space == std::string::npos ? "" : text.substr(space + 1)};
}

ModelPointer optimize_model(const EditArguments& arguments) {
  PassContext context;
  context.fold_limit_bytes = arguments.integer("fold_limit", context.fold_limit_bytes);
  const PassLevel level = pass_level(arguments.text("level", "basic"));
  context.newest_opset = arguments.integer("opset", newest_opset_at(level));
  for (const std::string& domain : arguments.texts("domains")) context.domains.insert(domain);
  for (const std::string& text : arguments.texts("left_out"))
    context.gate->left_out.insert(rewrite_from(text));
  const auto chosen = chosen_passes(level, arguments.texts("passes"), arguments.texts("skipped"));
  return optimize(arguments.model(), chosen, context).model;
}

}  // namespace

std::vector<Edit> pass_edits() {
  return {
      {"optimize",
       "Rewrites the model to fewer or cheaper nodes that compute the same",
       {{"level",
         ParameterKind::Choice,
         "how far rewrites may go; basic if left out",
         false,
         {"basic", "extended", "all"}},
        {"passes", ParameterKind::Texts, "only these passes, of any level"},
        {"skipped", ParameterKind::Texts, "not these passes"},
        {"left_out", ParameterKind::Texts, "single rewrites that are not made: \"PASS NODE\""},
        {"fold_limit", ParameterKind::Integer,
         "the largest tensor in bytes that folding may put into the file"},
        {"opset", ParameterKind::Integer,
         "the newest operator set that may be written, where a fusion needs one; if left out 23 at level "
         "all, else "
         "the model's own"},
        {"domains", ParameterKind::Texts, "other domains whose operators may be written"}},
       optimize_model},
  };
}

}  // namespace lapidary
