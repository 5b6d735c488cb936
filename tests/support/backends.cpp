#include "tests/support/backends.h"

#include <QStringList>
#include <algorithm>

#include "engine/backends.h"
#include "engine/runtime/inputs.h"
#include "tests/support/tensors.h"

namespace lapidary::test {
namespace {

std::vector<Datum> random_inputs(const Model& model) {
  std::vector<Datum> inputs;
  for (const auto& input : model.graph->inputs) inputs.emplace_back(make_input(input, "random", {}, 7));
  return inputs;
}

class Implementations : public RunObserver {
 public:
  void step(const Step& step, std::int64_t, std::int64_t, int) override {
    list << QString::fromStdString(step.op_type + ": " + step.implementation);
  }
  QStringList list;
};

}  // namespace

QString difference_of_backends(const ModelPointer& model, double rtol, double atol, int steps) {
  const auto inputs = random_inputs(*model);
  const auto want = find_backend("reference").compile(model, {})->run(inputs);
  for (const int threads : {1, 2}) {
    CompileOptions options;
    options.threads = threads;
    const auto program = find_backend("cpu").compile(model, options);
    for (int run = 0; run < 2; ++run) {
      const auto got = program->run(inputs);
      for (std::size_t i = 0; i < want.size(); ++i) {
        const bool whole = is_integer(want[i].tensor().type());
        const QString found = whole ? difference(got[i].tensor(), want[i].tensor(), 0, steps)
                                    : difference(got[i].tensor(), want[i].tensor(), rtol, atol);
        if (!found.isEmpty())
          return QStringLiteral("output %1, %2 threads: %3").arg(i).arg(threads).arg(found);
      }
    }
  }
  return {};
}

QString implementations(const ModelPointer& model) {
  Implementations observer;
  RunOptions options;
  options.observer = &observer;
  find_backend("cpu").compile(model, {})->run(random_inputs(*model), options);
  return observer.list.join(QStringLiteral(", "));
}

}  // namespace lapidary::test
