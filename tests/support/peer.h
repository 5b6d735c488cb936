#pragma once

#include <QString>
#include <map>
#include <string>
#include <vector>

#include "engine/io/tensor_file.h"
#include "engine/model/model.h"

namespace lapidary::test {

/// The folder named by an environment variable, or empty if it is unset or there is no such folder.
QString folderFromEnvironment(const char* variable);

/// What ONNX Runtime says of a model.
struct PeerResult {
  NamedData outputs;
  double created_ms = 0;
  std::vector<double> times_ms;  ///< sorted
};

/// Runs the model in ONNX Runtime (LAPIDARY_PEER must be set). Throws std::runtime_error with its message if
/// it fails.
PeerResult runInPeer(const QString& model, const NamedData& inputs, int runs = 1, int threads = 2);

/// A model and its data, for runManyInPeer().
struct PeerJob {
  ModelPointer model;
  NamedData inputs;
};
/// What the peer says of one of many models: outputs, or why it cannot run it.
struct PeerAnswer {
  NamedData outputs;
  QString error;
};
/// Runs every model once in one process, without the peer's optimizer (LAPIDARY_PEER must be set).
std::vector<PeerAnswer> runManyInPeer(const std::vector<PeerJob>& jobs);

/// Has the peer's optimizer rewrite a model file (level: basic, extended or all) and save the result. Throws
/// std::runtime_error with its message if it fails.
void optimizeInPeer(const QString& model, const QString& result, const QString& level);

/// A real model, and the sizes of its inputs in tests, by input name; "sr" of the voice models is a sampling
/// rate.
struct ZooModel {
  const char* name;
  std::map<std::string, Dims> dims;
};
const std::vector<ZooModel>& zooModels();
/// Random data for a zoo model: images and states normal, token numbers below 100, masks 0 or 1.
NamedData zooInputs(const Model& model, const ZooModel& zoo);

}  // namespace lapidary::test
