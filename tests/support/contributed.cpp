#include "tests/support/contributed.h"

#include <random>

#include "engine/analysis/inferred_types.h"
#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/ops/operator_table.h"
#include "tests/support/peer.h"

Q_DECLARE_METATYPE(lapidary::test::PeerAnswer)

namespace lapidary::test {
namespace {

/// Small and large numbers are compared alike: what is near 0 by the largest of its tensor.
std::string disagreement(const std::vector<Datum>& got, const std::vector<Datum>& want,
                         const ContributedCase& row) {
  if (got.size() != want.size()) return "it has " + std::to_string(got.size()) + " outputs";
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Difference found = difference(got[i], want[i], {row.relative, row.absolute});
    if (!found.equal) return "output " + std::to_string(i) + ": " + found.message;
  }
  return {};
}

bool isConstant(const ContributedCase& row, std::size_t index) {
  return std::find(row.constants.begin(), row.constants.end(), index) != row.constants.end();
}

/// The model of one node: inputs are graph inputs, or initializers where the case says so.
ModelPointer modelOf(const ContributedCase& row, NamedData& inputs) {
  ModelBuilder builder(17);
  if (!row.node.domain.empty()) builder.opset(row.node.domain, 1);
  Node node = row.node;
  for (std::size_t i = 0; i < row.inputs.size(); ++i) {
    const std::string name = row.inputs[i].is_present() ? "x" + std::to_string(i) : "";
    node.inputs.push_back(name);
    if (name.empty()) continue;
    if (isConstant(row, i)) {
      builder.initializer(name, row.inputs[i]);
    } else {
      builder.input(name, row.inputs[i].full_type());
      inputs.emplace_back(name, row.inputs[i]);
    }
  }
  for (const auto& output : node.outputs)
    if (!output.empty()) builder.output(output);
  builder.add(node);
  auto model = std::make_shared<Model>(*builder.build());
  model->ir_version = 8;
  // The peer wants to know the types of outputs.
  const InferredTypes types = infer_types(*model);
  auto graph = std::make_shared<Graph>(*model->graph);
  for (auto& output : graph->outputs) output.type = Type::tensor(types.type_of(output.name).element);
  model->graph = graph;
  return model;
}

/// Nothing if the backend computes what is wanted, else how it does not.
std::string complaintOf(const ContributedCase& row, const std::string& backend,
                        const std::vector<Datum>& want) {
  try {
    return disagreement(runContributed(row, backend), want, row);
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

Node contributed(std::string op_type, std::vector<std::pair<std::string, AttributeValue>> attributes,
                 const std::string& outputs, std::string domain) {
  std::vector<std::string> names;
  for (const char letter : outputs) names.push_back(letter == '-' ? "" : "y" + std::to_string(names.size()));
  return node(std::move(op_type), {}, names, std::move(attributes), std::move(domain));
}

std::vector<Datum> runContributed(const ContributedCase& row, const std::string& name) {
  NamedData inputs;
  const ModelPointer model = modelOf(row, inputs);
  std::vector<Datum> data;
  for (const auto& [unused, datum] : inputs) data.push_back(datum);
  for (const auto& backend : backends())
    if (backend.name == name) return backend.compile(model, {})->run(data);
  throw Error("no backend " + name);
}

void add_rows(const std::vector<ContributedCase>& cases) {
  QTest::addColumn<ContributedCase>("row");
  for (const ContributedCase& row : cases)
    QTest::addRow("%s %s", row.node.op_type.c_str(), row.name.c_str()) << row;
}

void add_peer_rows(const std::vector<ContributedCase>& cases) {
  if (folderFromEnvironment("LAPIDARY_PEER").isEmpty())
    QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
  std::vector<PeerJob> jobs;
  std::vector<ContributedCase> compared;
  for (const ContributedCase& row : cases) {
    if (!row.in_peer) continue;
    PeerJob& job = jobs.emplace_back();
    job.model = modelOf(row, job.inputs);
    compared.push_back(row);
  }
  const auto answers = runManyInPeer(jobs);
  QTest::addColumn<ContributedCase>("row");
  QTest::addColumn<PeerAnswer>("answer");
  for (std::size_t i = 0; i < compared.size(); ++i)
    QTest::addRow("%s %s", compared[i].node.op_type.c_str(), compared[i].name.c_str())
        << compared[i] << answers[i];
}

QStringList refusals_of_peer(const std::vector<ContributedCase>& cases) {
  std::vector<PeerJob> jobs;
  for (const ContributedCase& row : cases) {
    PeerJob& job = jobs.emplace_back();
    job.model = modelOf(row, job.inputs);
  }
  QStringList refusals;
  for (const auto& answer : runManyInPeer(jobs)) refusals << answer.error;
  return refusals;
}

void check_peer_row() {
  QFETCH(ContributedCase, row);
  QFETCH(PeerAnswer, answer);
  QVERIFY2(answer.error.isEmpty(), qPrintable("the peer says " + answer.error));
  std::vector<Datum> want;
  for (const auto& [unused, datum] : answer.outputs) want.push_back(datum);
  for (const char* backend : {"reference", "cpu"}) {
    const std::string complaint = complaintOf(row, backend, want);
    QVERIFY2(complaint.empty(), (backend + (": " + complaint)).c_str());
  }
}

void check_inferred_row() {
  QFETCH(ContributedCase, row);
  NamedData inputs;
  const ModelPointer model = modelOf(row, inputs);
  const InferredTypes types = infer_types(*model);
  const auto outputs = runContributed(row, "reference");
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Type& inferred = types.type_of(model->graph->outputs[i].name);
    const Type computed = outputs[i].tensor().full_type();
    bool fits = inferred.element == computed.element && inferred.shape &&
                inferred.shape->size() == computed.shape->size();
    for (std::size_t axis = 0; fits && axis < computed.shape->size(); ++axis)
      fits = !(*inferred.shape)[axis].is_constant() || (*inferred.shape)[axis] == (*computed.shape)[axis];
    QVERIFY2(fits, ("inferred " + to_string(inferred) + " where it is " + to_string(computed)).c_str());
  }
  const ModelCost cost = cost_of(*model, types);
  const Operator* record = operator_table().find(row.node.domain, row.node.op_type, 17);
  QVERIFY(record && record->cost_function && !cost.nodes.empty());
}

void check_backends_row() {
  QFETCH(ContributedCase, row);
  const std::string complaint =
      disagreement(runContributed(row, "cpu"), runContributed(row, "reference"), row);
  QVERIFY2(complaint.empty(), complaint.c_str());
}

Tensor noise(Dims dims, int seed, DataType type) {
  std::mt19937 generator(static_cast<unsigned>(seed));
  std::vector<double> values(static_cast<std::size_t>(element_count(dims)));
  for (double& value : values) {
    const auto drawn = static_cast<std::uint32_t>(generator()) >> 8;
    value = is_integer(type) ? static_cast<double>(drawn % 256) - (is_signed(type) ? 128 : 0)
                             : static_cast<double>(drawn) / (1 << 23) - 1;
  }
  return tensor_from(type, std::move(dims), values);
}

Tensor scaled(const Tensor& tensor, double factor, double offset) {
  auto values = values_as<double>(tensor);
  for (double& value : values) value = value * factor + offset;
  return tensor_from(tensor.type(), tensor.dims(), values);
}

Tensor half(const Tensor& tensor) { return converted(tensor, DataType::Float16); }
Tensor scalar(float value) { return Tensor::scalar(value); }
Tensor byte(int value, DataType type) {
  return tensor_from(type, {}, std::vector<double>{static_cast<double>(value)});
}
Tensor int32s(Dims dims, const std::vector<std::int32_t>& values) {
  return Tensor::of(std::move(dims), values);
}

}  // namespace lapidary::test
