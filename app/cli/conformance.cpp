#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>

#include "app/cli/isolated_jobs.h"
#include "app/cli/model_options.h"
#include "engine/backends.h"
#include "engine/compare/difference.h"

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

/// Empty if all outputs agree, else the first difference.
std::string compare_outputs(const std::vector<Value>& values, const std::vector<Datum>& got,
                            const std::vector<Datum>& want, const Tolerance& tolerance) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    const Difference found = difference(got[i], want[i], tolerance);
    if (!found.equal) return "output '" + values[i].name + "' " + found.message;
  }
  return {};
}

struct Verdict {
  std::string status, message;
};

Verdict run_test(const ConformanceTest& test, const Backend& backend) {
  try {
    const LoadedModel loaded = load_model(test.model.string());
    const auto program = backend.compile(loaded.model, {});
    // Recorded inputs are numbered as the graph lists them, those with an initializer included.
    const auto listed = wanted_of(loaded.model->graph->inputs);
    const auto needed = wanted_of(program->inputs());
    const auto& outputs = program->outputs();
    if (!test.recorded_output.empty()) {
      const auto got = program->run({counting_input(program->inputs().at(0))});
      const auto message = compare_outputs(
          outputs, got, {read_datum(test.recorded_output.string(), outputs[0].type)}, test.tolerance);
      return {message.empty() ? "passed" : "failed", message};
    }
    if (test.data_sets.empty()) return {"failed", "there is no test_data_set_0 beside the model"};
    for (const auto& folder : test.data_sets) {
      const auto inputs = by_position(read_data(folder.string(), listed, "input"), needed);
      const auto want =
          by_position(read_data(folder.string(), wanted_of(outputs), "output"), wanted_of(outputs));
      const auto message = compare_outputs(outputs, program->run(inputs), want, test.tolerance);
      if (!message.empty()) return {"failed", message};
    }
    return {"passed", ""};
  } catch (const UnsupportedOperatorError& error) {
    return {"unsupported", error.what()};
  } catch (const std::exception& error) {
    return {"failed", error.what()};
  }
}

struct ConformanceOptions {
  std::string folder, backend = "cpu", filter;
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
  run_isolated(tests.size(), job, [&](std::size_t index, const JobEnd& end) {
    const auto line = end.result.find('\n');
    const bool done = end.kind == JobEnd::Kind::Done;
    const std::string status = done ? end.result.substr(0, line) : "failed";
    results[index] = {{"name", tests[index].name},
                      {"status", status},
                      {"message", done ? end.result.substr(line + 1) : end.result},
                      {"ms", end.ms}};
    ++counts[status];
    bar.update(++finished, tests.size());
  });
  Json json = {{"passed", counts["passed"]},
               {"failed", counts["failed"]},
               {"unsupported", counts["unsupported"]},
               {"tests", results}};
  if (output.json) {
    print_json(json);
  } else {
    for (const auto& result : results)
      if (result["status"] != "passed")
        std::cout << result["status"].get<std::string>() << "  " << result["name"].get<std::string>() << "  "
                  << result["message"].get<std::string>() << '\n';
    std::cout << counts["passed"] << " passed, " << counts["failed"] << " failed, " << counts["unsupported"]
              << " unsupported\n";
  }
  return counts["failed"] == 0 ? 0 : 1;
}

}  // namespace

Action declare_conformance(CLI::App& app) {
  auto options = std::make_shared<ConformanceOptions>();
  app.add_option("DIR", options->folder, "Folder of test folders, each with model.onnx and test_data_set_N")
      ->required();
  app.add_option("--backend", options->backend, "What runs the models")->capture_default_str();
  app.add_option("--filter", options->filter, "Only tests whose name this regular expression finds");
  return [options](const Output& output) { return run_conformance(*options, output); };
}

}  // namespace lapidary::cli
