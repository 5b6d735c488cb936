#include <QDirIterator>
#include <QFileInfo>
#include <QTest>

#include "engine/analysis/check.h"
#include "engine/io/model_file.h"
#include "engine/io/tensor_file.h"

using namespace lapidary;

// Types inferred for ONNX's conformance models, against the outputs recorded beside them.
// LAPIDARY_CONFORMANCE names the folder that holds node/, simple/ and light/.

namespace {

QStringList model_folders() {
  const QString root = qEnvironmentVariable("LAPIDARY_CONFORMANCE");
  QStringList folders;
  if (root.isEmpty()) return folders;
  QDirIterator models(root, {"model.onnx"}, QDir::Files, QDirIterator::Subdirectories);
  while (models.hasNext()) folders << QFileInfo(models.next()).path();
  folders.sort();
  return folders;
}

/// Why a value of this type could not have been inferred as such, or nothing.
QString contradiction(const Type& inferred, const Datum& recorded) {
  if (!inferred.is_known() || !recorded.is_tensor() || !inferred.is_tensor()) return {};
  const Tensor& tensor = recorded.tensor();
  bool fits = inferred.element == tensor.type();
  if (fits && inferred.shape) {
    fits = inferred.shape->size() == tensor.dims().size();
    for (std::size_t i = 0; fits && i < tensor.dims().size(); ++i) {
      const Dimension& dimension = (*inferred.shape)[i];
      fits = !dimension.is_constant() || dimension.value() == tensor.dims()[i];
    }
  }
  if (fits) return {};
  return QString("inferred %1, recorded %2")
      .arg(QString::fromStdString(to_string(inferred)),
           QString::fromStdString(to_string(tensor.full_type())));
}

/// The model without what it declares about its outputs, so that inference stands alone.
Model without_declared_outputs(const Model& model) {
  Model changed = model;
  Graph graph = *model.graph;
  for (auto& output : graph.outputs) output.type = {};
  changed.graph = std::make_shared<const Graph>(std::move(graph));
  return changed;
}

}  // namespace

class InferenceConformanceTest : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    if (model_folders().isEmpty()) QSKIP("LAPIDARY_CONFORMANCE names no folder with conformance models");
  }

  void inferredTypesAgreeWithRecordedOutputs() {
    int compared = 0, unknown = 0;
    QStringList wrong;
    for (const QString& folder : model_folders()) {
      const QString data = folder + "/test_data_set_0";
      try {
        const LoadedModel loaded = load_model((folder + "/model.onnx").toStdString());
        const InferredTypes types = infer_types(without_declared_outputs(*loaded.model));
        std::vector<WantedData> wanted;
        for (const auto& output : loaded.model->graph->outputs) wanted.push_back({output.name, output.type});
        for (const auto& [name, datum] : read_data(data.toStdString(), wanted, "output")) {
          const Type& inferred = types.type_of(name);
          ++compared;
          const bool is_open = !inferred.is_known() || (inferred.is_tensor() && !inferred.shape);
          unknown += is_open;
          if (is_open)
            qDebug().noquote() << "open:" << QFileInfo(folder).fileName() << QString::fromStdString(name);
          const QString reason = contradiction(inferred, datum);
          if (!reason.isEmpty())
            wrong << QFileInfo(folder).fileName() + " " + QString::fromStdString(name) + ": " + reason;
        }
      } catch (const Error& error) {
        qDebug().noquote() << "not compared:" << QFileInfo(folder).fileName() << error.what();
      }
    }
    qInfo() << compared << "outputs compared," << unknown << "without shape";
    QVERIFY2(compared > 0, "no outputs found");
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join('\n')));
  }

  void conformanceModelsAreFoundValid() {
    QStringList alarms;
    for (const QString& folder : model_folders()) {
      try {
        const LoadedModel loaded = load_model((folder + "/model.onnx").toStdString());
        for (const auto& problem : check_model(*loaded.model))
          if (problem.severity == Problem::Severity::Error)
            alarms << QFileInfo(folder).fileName() + ": " + QString::fromStdString(problem.node) + ": " +
                          QString::fromStdString(problem.message);
      } catch (const Error& error) {
        qDebug().noquote() << "not opened:" << QFileInfo(folder).fileName() << error.what();
      }
    }
    QVERIFY2(alarms.isEmpty(), qPrintable(alarms.join('\n')));
  }
};

QTEST_GUILESS_MAIN(InferenceConformanceTest)
#include "inference_conformance_test.moc"
