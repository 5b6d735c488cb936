#include "tests/support/contributed.h"

#include <random>

#include "engine/analysis/inferred_types.h"
#include "engine/analysis/model_cost.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/ops/operator_table.h"
#include "tests/support/peer.h"

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

void agreeWithPeer(const std::vector<ContributedCase>& rows) {
  if (folderFromEnvironment("LAPIDARY_PEER").isEmpty())
    QSKIP("LAPIDARY_PEER names no folder with onnxruntime-node");
  std::vector<PeerJob> jobs;
  std::vector<const ContributedCase*> compared;
  for (const ContributedCase& row : rows) {
    if (!row.in_peer) continue;
    PeerJob& job = jobs.emplace_back();
    job.model = modelOf(row, job.inputs);
    compared.push_back(&row);
  }
  const auto answers = runManyInPeer(jobs);
  std::string complaints;
  for (std::size_t i = 0; i < compared.size(); ++i) {
    const ContributedCase& row = *compared[i];
    if (!answers[i].error.isEmpty()) {
      complaints +=
          "\n" + row.node.op_type + " " + row.name + ": the peer says " + answers[i].error.toStdString();
      continue;
    }
    std::vector<Datum> want;
    for (const auto& [unused, datum] : answers[i].outputs) want.push_back(datum);
    for (const char* backend : {"reference", "cpu"}) {
      std::string complaint;
      try {
        complaint = disagreement(runContributed(row, backend), want, row);
      } catch (const Error& error) {
        complaint = error.what();
      }
      if (!complaint.empty())
        complaints += "\n" + row.node.op_type + " " + row.name + " on " + backend + ": " + complaint;
    }
  }
  QVERIFY2(complaints.empty(), complaints.c_str());
}

void inferWhatTheyCompute(const std::vector<ContributedCase>& rows) {
  std::string complaints;
  for (const ContributedCase& row : rows) {
    const auto complain = [&](const std::string& text) {
      complaints += "\n" + row.node.op_type + " " + row.name + ": " + text;
    };
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
      if (!fits) complain("inferred " + to_string(inferred) + " where it is " + to_string(computed));
    }
    const Operator* record = operator_table().find(row.node.domain, row.node.op_type, 17);
    if (!record || !record->cost_function) complain("no cost");
  }
  QVERIFY2(complaints.empty(), complaints.c_str());
}

void agreeAmongThemselves(const std::vector<ContributedCase>& rows) {
  for (const ContributedCase& row : rows) {
    const std::string complaint =
        disagreement(runContributed(row, "cpu"), runContributed(row, "reference"), row);
    QVERIFY2(complaint.empty(), (row.node.op_type + " " + row.name + ": " + complaint).c_str());
  }
}

Tensor noise(Dims dims, int seed, DataType type) {
  std::mt19937 generator(static_cast<unsigned>(seed));
  std::vector<double> values(static_cast<std::size_t>(element_count(dims)));
  for (double& value : values) {
    const unsigned drawn = generator() >> 8;
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

Tensor scalar(float value) { return Tensor::scalar(value); }
Tensor byte(int value, DataType type) {
  return tensor_from(type, {}, std::vector<double>{static_cast<double>(value)});
}
Tensor int32s(Dims dims, const std::vector<std::int32_t>& values) {
  return Tensor::of(std::move(dims), values);
}

}  // namespace lapidary::test
