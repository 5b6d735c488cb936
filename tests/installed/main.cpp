#include <iostream>

#include "engine/backends.h"
#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"

int main(int, char** argv) try {
  using namespace lapidary;
  const LoadedModel loaded = load_model(argv[1]);
  const auto program = find_backend("cpu").compile(loaded.model, {});
  const auto inputs = read_data(argv[2], {{"image", {}}});
  const auto outputs = program->run({inputs.at(0).second});
  std::cout << loaded.model->graph->nodes.size() << " nodes, scores " << to_string(outputs.at(0).tensor().dims())
            << '\n';
  return outputs[0].tensor().dims() == Dims{10, 10} ? 0 : 1;
} catch (const lapidary::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
