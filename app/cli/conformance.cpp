#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>

#include "app/cli/isolated_jobs.h"
#include "app/cli/model_options.h"
#include "engine/analysis/every_node.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"
#include "engine/ops/operator_table.h"

namespace lapidary::cli {
namespace {

namespace fs = std::filesystem;

/// One test of ONNX's backend suite: a model, and folders of recorded inputs and outputs.
struct ConformanceTest {
  std::string name;
  fs::path model;
  std::vector<fs::path> data_sets;
  Tolerance tolerance{1e-3, 1e-7};  ///< ONNX's own default
  fs::path recorded_output;         ///< a "light" model: one output file beside it, and inputs that count up
};

ConformanceTest folder_test(const fs::path& folder) {
  ConformanceTest test{folder.filename().string(), folder / "model.onnx", {}, {}, {}};
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("test_data_set_"))
      test.data_sets.push_back(entry.path());
  std::sort(test.data_sets.begin(), test.data_sets.end());
  if (std::ifstream file(folder / "data.json"); file) {
    const Json json = Json::parse(file, nullptr, false);
    if (json.is_object()) test.tolerance = {json.value("rtol", 1e-3), json.value("atol", 1e-7)};
  }
  return test;
}

/// The tests in a folder: each sub-folder with a model.onnx, and each light model with its output beside it.
/// The folder itself may be one test, or hold folders of tests.
std::vector<ConformanceTest> find_tests(const fs::path& folder, int depth = 0) {
  std::vector<ConformanceTest> tests;
  if (fs::exists(folder / "model.onnx")) return {folder_test(folder)};
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path path = entry.path();
    if (entry.is_directory() && depth < 2) {
      for (auto& test : find_tests(path, depth + 1)) tests.push_back(std::move(test));
    } else if (path.extension() == ".onnx") {
      const fs::path output = folder / (path.stem().string() + "_output_0.pb");
      if (fs::exists(output)) tests.push_back({path.stem().string(), path, {}, {}, output});
    }
  }
  std::sort(tests.begin(), tests.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return tests;
}

/// What ONNX's runner feeds light models: 0, 1/n, 2/n, …
Datum counting_input(const Value& value) {
  Dims dims;
  if (value.type.shape)
    for (const auto& d : *value.type.shape) dims.push_back(d.value_or(1));
  Tensor tensor(DataType::Float32, dims);
  for (std::int64_t i = 0; i < tensor.size(); ++i)
    tensor.mutable_data<float>()[i] =
        static_cast<float>(static_cast<double>(i) / static_cast<double>(tensor.size()));
  return tensor;
}

std::vector<Datum> by_position(const NamedData& data, const std::vector<WantedData>& wanted) {
  std::vector<Datum> result(wanted.size());
  for (const auto& [name, datum] : data)
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i].name == name) result[i] = datum;
  return result;
}

std::vector<WantedData> wanted_of(const std::vector<Value>& values) {
  std::vector<WantedData> wanted;
  for (const auto& value : values) wanted.push_back({value.name, value.type});
  return wanted;
}

/// Empty if all outputs agree, else the first difference. Where the model makes random numbers, outputs agree
/// that have equal types and shapes; `is_random` becomes true where they are not equal otherwise.
std::string compare_outputs(const std::vector<Value>& values, const std::vector<Datum>& got,
                            const std::vector<Datum>& want, const Tolerance& tolerance, bool may_be_random,
                            bool& is_random) {
  if (got.size() != want.size())
    return std::to_string(got.size()) + " outputs came where " + std::to_string(want.size()) +
           " are recorded";
  for (std::size_t i = 0; i < want.size(); ++i) {
    const Difference found = difference(got[i], want[i], tolerance);
    if (found.equal) continue;
    const bool same_form = got[i].is_tensor() && want[i].is_tensor() &&
                           got[i].tensor().type() == want[i].tensor().type() &&
                           got[i].tensor().dims() == want[i].tensor().dims();
    if (!may_be_random || !same_form) return "output '" + values[i].name + "' " + found.message;
    is_random = true;
  }
  return {};
}

/// True if an operator of the model makes random numbers, whether in the main graph, a body or a function.
bool makes_random_numbers(const Model& model) {
  bool found = false;
  for_each_node(model, [&](const Node& node, const Function* function) {
    const Operator* record =
        operator_table().find(node.domain, node.op_type, opset_within(model, function, node.domain));
    found = found || (record && !record->is_deterministic);
  });
  return found;
}

struct Verdict {
  std::string status, message;
};

constexpr const char* random_message = "random: types and shapes agree";

/// Runs the model on each recorded set and compares.
Verdict compare_sets(const ConformanceTest& test, const LoadedModel& loaded, Program& program) {
  // Recorded inputs are numbered as the graph lists them, those with an initializer included.
  const auto listed = wanted_of(loaded.model->graph->inputs);
  const auto needed = wanted_of(program.inputs());
  const auto& outputs = program.outputs();
  const bool may_be_random = makes_random_numbers(*loaded.model);
  bool is_random = false;
  for (const auto& folder : test.data_sets) {
    const auto inputs = by_position(read_data(folder.string(), listed, "input"), needed);
    const auto want =
        by_position(read_data(folder.string(), wanted_of(outputs), "output"), wanted_of(outputs));
    const auto message =
        compare_outputs(outputs, program.run(inputs), want, test.tolerance, may_be_random, is_random);
    if (!message.empty()) return {"failed", message};
  }
  return {"passed", is_random ? random_message : ""};
}

Verdict run_test(const ConformanceTest& test, const Backend& backend) {
  try {
    const LoadedModel loaded = load_model(test.model.string());
    const auto program = backend.compile(loaded.model, {});
    const auto& outputs = program->outputs();
    if (!test.recorded_output.empty()) {
      const auto got = program->run({counting_input(program->inputs().at(0))});
      bool is_random = false;
      const auto message =
          compare_outputs(outputs, got, {read_datum(test.recorded_output.string(), outputs[0].type)},
                          test.tolerance, false, is_random);
      return {message.empty() ? "passed" : "failed", message};
    }
    if (test.data_sets.empty()) return {"failed", "there is no test_data_set_0 beside the model"};
    return compare_sets(test, loaded, *program);
  } catch (const UnsupportedOperatorError& error) {
    return {"unsupported", error.what()};
  } catch (const std::bad_alloc&) {
    throw;  // ends the process, which says so
  } catch (const std::exception& error) {
    return {"failed", error.what()};
  }
}

struct ConformanceOptions {
  std::string folder, backend = "cpu", filter;
  MemoryLimitOption memory_limit;
};

std::vector<ConformanceTest> chosen_tests(const ConformanceOptions& options) {
  if (!fs::is_directory(options.folder))
    throw Error("there is no such folder", Error::Kind::Usage).file(options.folder);
  auto tests = find_tests(options.folder);
  try {
    const std::regex filter(options.filter);
    std::erase_if(tests, [&](const auto& test) { return !std::regex_search(test.name, filter); });
  } catch (const std::regex_error&) {
    throw Error("--filter '" + options.filter + "' is not a regular expression", Error::Kind::Usage);
  }
  if (tests.empty()) throw Error("no test is found there").file(options.folder);
  return tests;
}

void print_results(const std::vector<Json>& results, std::map<std::string, int>& counts,
                   const std::vector<std::string>& random) {
  for (const auto& result : results)
    if (result["status"] != "passed")
      std::cout << result["status"].get<std::string>() << "  " << result["name"].get<std::string>() << "  "
                << result["message"].get<std::string>() << '\n';
  std::cout << counts["passed"] << " passed, " << counts["failed"] << " failed, " << counts["unsupported"]
            << " unsupported\n";
  if (random.empty()) return;
  std::cout << "compared by type and shape only, because they are random:";
  for (const auto& name : random) std::cout << ' ' << name;
  std::cout << '\n';
}

int run_conformance(const ConformanceOptions& options, const Output& output) {
  const auto tests = chosen_tests(options);
  const Backend& backend = find_backend(options.backend);
  std::vector<Json> results(tests.size());
  std::map<std::string, int> counts = {{"passed", 0}, {"failed", 0}, {"unsupported", 0}};
  ProgressBar bar("conformance", output);
  std::size_t finished = 0;
  const auto job = [&](std::size_t index) {
    const Verdict verdict = run_test(tests[index], backend);
    return verdict.status + "\n" + verdict.message;
  };
  IsolationLimits limits;
  limits.memory_bytes = options.memory_limit.bytes() / limits.processes;
  const auto note = [&](std::size_t index, const JobEnd& end) {
    const auto line = end.result.find('\n');
    const bool done = end.kind == JobEnd::Kind::Done;
    const std::string status = done ? end.result.substr(0, line) : "failed";
    results[index] = {{"name", tests[index].name},
                      {"status", status},
                      {"message", done ? end.result.substr(line + 1) : end.result},
                      {"ms", end.ms}};
    ++counts[status];
    bar.update(++finished, tests.size());
  };
  run_isolated(tests.size(), job, note, limits);
  std::vector<std::string> random;
  for (const auto& result : results)
    if (result["message"] == random_message) random.push_back(result["name"]);
  if (output.json)
    print_json({{"passed", counts["passed"]},
                {"failed", counts["failed"]},
                {"unsupported", counts["unsupported"]},
                {"random", random},
                {"tests", results}});
  else
    print_results(results, counts, random);
  return counts["failed"] + counts["unsupported"] == 0 ? 0 : 1;
}

}  // namespace

Action declare_conformance(CLI::App& app) {
  auto options = std::make_shared<ConformanceOptions>();
  app.add_option("DIR", options->folder, "Folder of test folders, each with model.onnx and test_data_set_N")
      ->required();
  app.add_option("--backend", options->backend, "What runs the models")->capture_default_str();
  app.add_option("--filter", options->filter, "Only tests whose name this regular expression finds");
  options->memory_limit.declare(app);
  return [options](const Output& output) { return run_conformance(*options, output); };
}

}  // namespace lapidary::cli
