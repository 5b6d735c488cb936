#include "engine/cpu/cpu_backend.h"

#include <fstream>
#include <set>
#include <thread>

#include "engine/cpu/runner.h"
#include "engine/differentiation/gradient.h"
#include "engine/runtime/runnable.h"

namespace lapidary {
namespace {

using cpu::InputType;
using cpu::Runner;

int physical_cores() {
  std::ifstream file("/proc/cpuinfo");
  std::set<std::string> cores;
  std::string line, package;
  while (std::getline(file, line)) {
    if (line.starts_with("physical id")) package = line;
    if (line.starts_with("core id")) cores.insert(package + line);
  }
  if (!cores.empty()) return static_cast<int>(cores.size());
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::vector<std::string> names_of(const std::vector<Value>& values) {
  std::vector<std::string> names;
  for (const auto& value : values) names.push_back(value.name);
  return names;
}

class CpuProgram : public Program {
 public:
  CpuProgram(ModelPointer model, const CompileOptions& options)
      : model_(with_gradients(std::move(model))),
        threads_(options.threads > 0 ? options.threads : physical_cores()),
        inputs_(required_inputs(*model_)),
        outputs_(outputs_of(*model_, options.keep_intermediates)),
        runner_(model_, names_of(model_->graph->inputs), names_of(outputs_), threads_, 0) {
    if (const auto types = known_types(options.input_dims)) runner_.prepare(*types);
  }

  const std::vector<Value>& inputs() const override { return inputs_; }
  const std::vector<Value>& outputs() const override { return outputs_; }
  std::int64_t arena_bytes() const override { return runner_.arena_bytes(); }
  int threads() const override { return runner_.threads(); }

  std::vector<Datum> run(const std::vector<Datum>& inputs, const RunOptions& options) override {
    const auto arranged = arranged_inputs(*model_, inputs_, inputs);
    if (options.observer) options.observer->run_begin(now_ns());
    auto outputs = runner_.run(arranged, options);
    if (options.observer) options.observer->run_end(now_ns());
    return outputs;
  }

 private:
  static std::vector<Value> outputs_of(const Model& model, bool keep_intermediates) {
    std::vector<Value> outputs = model.graph->outputs;
    if (!keep_intermediates) return outputs;
    std::set<std::string> named;
    for (const auto& output : outputs) named.insert(output.name);
    for (const auto& node : model.graph->nodes)
      for (const auto& name : node->outputs) {
        if (name.empty() || !named.insert(name).second) continue;
        outputs.emplace_back();
        outputs.back().name = name;
      }
    return outputs;
  }

  /// Types of all graph inputs where sizes are fixed or given; nothing if some can only be known from data.
  std::optional<std::vector<InputType>> known_types(const std::map<std::string, Dims>& given) const {
    std::vector<InputType> types;
    for (std::size_t i = 0; i < model_->graph->inputs.size(); ++i) {
      const Value& input = model_->graph->inputs[i];
      InputType& type = types.emplace_back();
      const bool required = std::any_of(inputs_.begin(), inputs_.end(),
                                        [&](const Value& value) { return value.name == input.name; }) &&
                            !has_initializer(input.name);
      if (!required) {
        type.is_absent = true;
        continue;
      }
      if (!input.type.is_tensor() || runner_.decisive()[i] || bits_of(input.type.element) < 8)
        return std::nullopt;
      std::optional<Dims> dims;
      if (const auto found = given.find(input.name); found != given.end())
        dims = found->second;
      else if (input.type.shape)
        dims = constant_dims(*input.type.shape);
      if (!dims) return std::nullopt;
      type.is_static = true;
      type.element = input.type.element;
      type.dims = *dims;
    }
    return types;
  }

  bool has_initializer(const std::string& name) const {
    const auto& initializers = model_->graph->initializers;
    return std::any_of(initializers.begin(), initializers.end(),
                       [&](const auto& tensor) { return tensor->name == name; });
  }

  ModelPointer model_;
  int threads_;
  std::vector<Value> inputs_, outputs_;
  Runner runner_;
};

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("model name"))
      if (const auto colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "CPU";
}

std::string device_text() {
  const auto isa = dnnl::get_effective_cpu_isa();
  const std::string set = isa >= dnnl::cpu_isa::avx512_core ? "AVX-512"
                          : isa >= dnnl::cpu_isa::avx2      ? "AVX2"
                          : isa >= dnnl::cpu_isa::avx       ? "AVX"
                                                            : "SSE4.1";
  const int cores = physical_cores();
  return processor_name() + ", " + std::to_string(cores) + (cores == 1 ? " core, " : " cores, ") + set;
}

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

}  // namespace

Backend cpu_backend() {
  Backend backend;
  backend.name = "cpu";
  backend.kind = "built in";
  backend.device = device_text();
  backend.version = onednn_version();
  backend.availability = [] { return Availability{}; };
  backend.refusal = [](const std::string& domain, const std::string& op_type,
                       std::int64_t since_version) -> std::string {
    const Operator* record = operator_table().find(domain, op_type, since_version);
    if (!record || !record->kernel_function) return "no kernel is written for it";
    const std::string name = normalized_domain(domain).empty() ? op_type : domain + "." + op_type;
    return cpu::has_own_kernel(name) ? "" : "runs the reference kernel";
  };
  backend.compile = [](ModelPointer model, const CompileOptions& options) -> std::shared_ptr<Program> {
    check_runnable(*model);
    return std::make_shared<CpuProgram>(std::move(model), options);
  };
  return backend;
}

}  // namespace lapidary
