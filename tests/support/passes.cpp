#include "tests/support/passes.h"

#include <QStringList>
#include <QTest>
#include <algorithm>

#include "engine/analysis/check.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/runtime/inputs.h"
#include "engine/runtime/suggested_inputs.h"

namespace lapidary::test {

std::vector<Pass> passes_named(const std::vector<std::string>& names) {
  std::vector<Pass> chosen = passes();
  std::erase_if(chosen, [&](const Pass& pass) {
    return std::find(names.begin(), names.end(), pass.name) == names.end();
  });
  if (chosen.size() != names.size()) qFatal("a pass of these names is missing");
  return chosen;
}

ModelPointer after_pass(const ModelPointer& model, const std::string& pass, const PassContext& context) {
  return optimize(model, passes_named({pass}), context).model;
}

QString operators(const Model& model) {
  QStringList types;
  for (const auto& node : model.graph->nodes)
    if (node->op_type != "Constant") types << QString::fromStdString(node->op_type);
  return types.join(QLatin1Char(' '));
}

QString parting(const ModelPointer& before, const ModelPointer& after, double tolerance) {
  for (const auto& problem : check_model(*after))
    if (problem.severity == Problem::Severity::Error)
      return QString::fromStdString(problem.node + ": " + problem.message);
  const Backend& backend = find_backend("reference");
  const auto first = backend.compile(before, {}), second = backend.compile(after, {});
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    std::vector<Datum> inputs;
    for (const auto& value : unfilled_inputs(*before))
      inputs.push_back(make_input(value, "random", {{"N", 2}, {"H", 6}, {"W", 5}}, seed));
    const auto want = first->run(inputs), got = second->run(inputs);
    for (std::size_t i = 0; i < want.size(); ++i) {
      const Difference found = difference(got[i], want[i], {tolerance, tolerance});
      if (!found.equal) return QString::fromStdString(first->outputs()[i].name + ": " + found.message);
    }
  }
  return {};
}

void add_rewrite_columns() {
  QTest::addColumn<QString>("pass");
  QTest::addColumn<ModelPointer>("model");
  QTest::addColumn<QString>("after");
}

void add_rewrite(const char* name, const char* pass, const ModelPointer& model, const char* after) {
  QTest::newRow(name) << QString::fromLatin1(pass) << model << QString::fromLatin1(after);
}

void check_rewrite(double tolerance) {
  QFETCH(QString, pass);
  QFETCH(ModelPointer, model);
  QFETCH(QString, after);
  const ModelPointer result = after_pass(model, pass.toStdString());
  QCOMPARE(operators(*result), after);
  if (!after.contains(QLatin1String("Random"))) QCOMPARE(parting(model, result, tolerance), QString());
}

}  // namespace lapidary::test
