#include "tests/support/passes.h"

#include <QStringList>
#include <QTest>
#include <algorithm>

#include "engine/analysis/check.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/runtime/inputs.h"
#include "engine/runtime/suggested_inputs.h"
#include "tests/support/peer.h"

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

namespace {

struct Row {
  const char *name, *pass;
  ModelPointer model;
};

std::vector<Row>& rows() {
  static std::vector<Row> all;
  return all;
}

NamedData inputs_of(const Model& model) {
  NamedData inputs;
  for (const auto& value : unfilled_inputs(model))
    inputs.emplace_back(value.name, make_input(value, "random", {{"N", 2}, {"H", 6}, {"W", 5}}, 1));
  return inputs;
}

}  // namespace

void check_rewrites_in_peer(double tolerance) {
  if (folderFromEnvironment("LAPIDARY_PEER").isEmpty())
    QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
  std::vector<PeerJob> jobs;
  std::vector<const char*> names;
  for (const Row& row : rows()) {
    const ModelPointer after = after_pass(row.model, row.pass);
    if (after == row.model) continue;
    names.push_back(row.name);
    for (const ModelPointer& model : {row.model, after}) jobs.push_back({model, inputs_of(*row.model)});
  }
  const auto answers = runManyInPeer(jobs);
  int compared = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const PeerAnswer &before = answers[2 * i], &after = answers[2 * i + 1];
    if (!before.error.isEmpty()) continue;
    QVERIFY2(after.error.isEmpty(), qPrintable(QString::fromLatin1(names[i]) + ": " + after.error));
    ++compared;
    for (std::size_t k = 0; k < before.outputs.size(); ++k) {
      const Difference found =
          difference(after.outputs[k].second, before.outputs[k].second, {tolerance, tolerance});
      QVERIFY2(found.equal, (std::string(names[i]) + ": " + found.message).c_str());
    }
  }
  QVERIFY(compared > 0);
}

void add_rewrite_columns() {
  rows().clear();
  QTest::addColumn<QString>("pass");
  QTest::addColumn<ModelPointer>("model");
  QTest::addColumn<QString>("after");
}

void add_rewrite(const char* name, const char* pass, const ModelPointer& model, const char* after) {
  rows().push_back({name, pass, model});
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
