#include "ui/inspector/row_edit.h"

#include "engine/edit/type_text.h"
#include "engine/model/error.h"
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

QString typed_type(const Type& type) {
  const QString written = text(type_text(type));
  if (type.kind != Type::Kind::Tensor || !type.shape) return written;
  const qsizetype bracket = written.indexOf(QLatin1Char('['));
  QString sizes = written.mid(bracket + 1).chopped(1);
  sizes.replace(QStringLiteral(", "), QStringLiteral(" × "));
  return written.left(bracket) + QLatin1Char(' ') + (sizes.isEmpty() ? QStringLiteral("scalar") : sizes);
}

}  // namespace lapidary::ui
