// import_bench [EVENTS] [--json FILE]: reading a trace of a million events, as PyTorch and as ONNX Runtime
// write them: time, and the process's peak memory.
#include <sys/resource.h>

#include <QTemporaryDir>
#include <cstdio>
#include <fstream>
#include <random>

#include "engine/trace/import_trace.h"
#include "tests/support/bench.h"

using namespace lapidary;
using Json = nlohmann::ordered_json;

namespace {

std::string torch_event(int i, long long time_ns) {
  char text[400];
  std::snprintf(
      text, sizeof text,
      R"({"ph":"X","cat":"cpu_op","name":"aten::op%d","pid":1,"tid":%d,"ts":%lld.%03lld,"dur":0.750,)"
      R"("args":{"External id":%d,"Record function id":0,"Sequence number":%d,"Ev Idx":%d}})",
      i % 200, i % 4, time_ns / 1000, time_ns % 1000, i, i, i);
  return text;
}

std::string onnx_runtime_event(int i, long long time_ns) {
  char text[700];
  std::snprintf(
      text, sizeof text,
      R"({"cat" : "Node","pid" :1,"tid" :1,"dur" :1,"ts" :%lld,"ph" : "X","name" :"/block%d/Conv_kernel_time",)"
      R"("args" : {"provider" : "CPUExecutionProvider","op_name" : "Conv","node_index" : "%d",)"
      R"("mem_in_use_peak" : "%d","output_size" : "802816","parameter_size" : "16640",)"
      R"("input_type_shape" : [{"float":[1,64,56,56]},{"float":[64,64,1,1]},{"float":[64]}],)"
      R"("output_type_shape" : [{"float":[1,64,56,56]}]}})",
      time_ns / 1000, i % 200, i % 200, i);
  return text;
}

Json measure(const char* name, int events, std::string (*event)(int, long long)) {
  QTemporaryDir folder;
  const std::string path = folder.filePath("trace.json").toStdString();
  std::ofstream file(path);
  std::mt19937 random(1);
  long long time_ns = 1'700'000'000'000'000'000;
  file << "[\n";
  for (int i = 0; i < events; ++i, time_ns += 1000 + random() % 5000)
    file << event(i, time_ns) << (i + 1 < events ? ",\n" : "\n]\n");
  file.close();
  const std::int64_t begin_ns = now_ns();
  const ImportedTrace imported = import_trace(path);
  const double seconds = static_cast<double>(now_ns() - begin_ns) * 1e-9;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%-12s %zu spans read in %.2f s, peak memory so far %ld MB\n", name,
              imported.trace.spans.size(), seconds, usage.ru_maxrss / 1000);
  return {{"writer", name},
          {"spans", imported.trace.spans.size()},
          {"seconds", seconds},
          {"peak_rss_bytes", usage.ru_maxrss * 1024}};
}

}  // namespace

int main(int argc, char** argv) {
  const int events = argc > 1 && argv[1][0] != '-' ? std::atoi(argv[1]) : 1'000'000;
  Json document = {{"machine", test::machine_json()}, {"rows", Json::array()}};
  document["rows"].push_back(measure("PyTorch", events, torch_event));
  document["rows"].push_back(measure("ONNX Runtime", events, onnx_runtime_event));
  test::report(document, argc, argv);
  return 0;
}
