#include "engine/reference/reference_backend.h"

#include "engine/differentiation/gradient.h"
#include "engine/reference/interpreter.h"
#include "engine/runtime/runnable.h"

namespace lapidary {
namespace {

class ReferenceProgram : public Program {
 public:
  ReferenceProgram(ModelPointer model, const CompileOptions& options)
      : model_(with_gradients(std::move(model))),
        keep_(options.keep_intermediates),
        inputs_(required_inputs(*model_)),
        outputs_(model_->graph->outputs),
        interpreter_(model_, options.float64) {
    if (!keep_) return;
    for (const auto& node : model_->graph->nodes)
      for (const auto& name : node->outputs) add_kept_output(name);
  }

  const std::vector<Value>& inputs() const override { return inputs_; }
  const std::vector<Value>& outputs() const override { return outputs_; }

  std::vector<Datum> run(const std::vector<Datum>& inputs, const RunOptions& options) override {
    std::vector<Datum> by_graph_order = arranged_inputs(*model_, inputs_, inputs);
    if (options.observer) options.observer->run_begin(now_ns());
    std::unordered_map<std::string, Datum> kept;
    const auto nothing = [](const std::string&) { return Datum(); };
    auto outputs = interpreter_.run(*model_->graph, std::move(by_graph_order), nothing, options,
                                    keep_ ? &kept : nullptr);
    for (std::size_t i = outputs.size(); i < outputs_.size(); ++i) outputs.push_back(kept[outputs_[i].name]);
    if (options.observer) options.observer->run_end(now_ns());
    return outputs;
  }

 private:
  void add_kept_output(const std::string& name) {
    if (name.empty()) return;
    for (const auto& output : model_->graph->outputs)
      if (output.name == name) return;
    Value value;
    value.name = name;
    outputs_.push_back(std::move(value));
  }

  ModelPointer model_;
  bool keep_;
  std::vector<Value> inputs_, outputs_;
  Interpreter interpreter_;
};

}  // namespace

Backend reference_backend() {
  Backend backend;
  backend.name = "reference";
  backend.kind = "built in";
  backend.device = "CPU, one thread";
  backend.version = LAPIDARY_VERSION;
  backend.availability = [] { return Availability{}; };
  backend.refusal = [](const std::string& domain, const std::string& op_type,
                       std::int64_t since_version) -> std::string {
    const Operator* record = operator_table().find(domain, op_type, since_version);
    return record && record->kernel_function ? "" : "no kernel is written for it";
  };
  backend.compile = [](ModelPointer model, const CompileOptions& options) -> std::shared_ptr<Program> {
    check_runnable(*model);
    return std::make_shared<ReferenceProgram>(std::move(model), options);
  };
  return backend;
}

}  // namespace lapidary
