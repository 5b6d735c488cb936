#include "ui/inspector/row_edit.h"

#include "engine/edit/operators.h"
#include "engine/edit/type_text.h"
#include "engine/model/error.h"
#include "engine/ops/operator_table.h"
#include "ui/document/format.h"

namespace lapidary::ui {

std::function<void(EditStep&, const QString&)> put_text(std::string parameter) {
  return [parameter = std::move(parameter)](EditStep& step, const QString& typed) {
    step.parameters[parameter] = typed.toStdString();
  };
}

std::function<void(EditStep&, const QString&)> put_type(std::string parameter) {
  return [parameter = std::move(parameter)](EditStep& step, const QString& typed) {
    QString written = typed.simplified();
    const qsizetype space = written.indexOf(QLatin1Char(' '));
    // "float32 N × 3" is written for people; x as a sign must stand alone, since names may hold it.
    if (space > 0 && !written.contains(QLatin1Char('[')) && !written.contains(QLatin1Char('('))) {
      QString sizes = written.mid(space + 1);
      if (sizes == QLatin1String("scalar")) sizes.clear();
      sizes.replace(QStringLiteral(" x "), QStringLiteral(" × "))
          .replace(QLatin1Char(u'×'), QLatin1Char(','));
      written = written.left(space) + QLatin1Char('[') + sizes + QLatin1Char(']');
    }
    const Type type = type_from_text(written.toStdString());
    if (!type.is_known()) throw Error("a type is needed").advice("Write it as float32 N × 3 × 224 × 224");
    step.parameters[parameter] = type_text(type);
  };
}

std::function<void(EditStep&, const QString&)> put_operator(ModelPointer model) {
  return [model = std::move(model)](EditStep& step, const QString& typed) {
    const std::string written = typed.trimmed().toStdString();
    const std::size_t point = written.rfind('.');
    Node node;
    node.op_type = point == std::string::npos ? written : written.substr(point + 1);
    if (point != std::string::npos) node.domain = written.substr(0, point);
    // Where the domain is not imported yet, the edit imports the newest version.
    const std::int64_t imported = model->opset(node.domain);
    const std::int64_t version = imported > 0 ? imported : newest_version(node.domain);
    if (!model->find_function(node) && !operator_table().find(node.domain, node.op_type, version))
      throw Error("operator set " + std::to_string(version) + " of " +
                  (node.domain.empty() ? "ai.onnx" : node.domain) + " has no operator '" + node.op_type +
                  "'");
    step.parameters["op_type"] = node.op_type;
    if (!node.domain.empty()) step.parameters["domain"] = node.domain;
  };
}

QString typed_type(const Type& type) {
  const QString written = text(type_text(type));
  if (type.kind != Type::Kind::Tensor || !type.shape) return written;
  const qsizetype bracket = written.indexOf(QLatin1Char('['));
  QString sizes = written.mid(bracket + 1).chopped(1);
  sizes.replace(QStringLiteral(", "), QStringLiteral(" × "));
  return written.left(bracket) + QLatin1Char(' ') + (sizes.isEmpty() ? QStringLiteral("scalar") : sizes);
}

}  // namespace lapidary::ui
