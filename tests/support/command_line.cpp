#include "tests/support/command_line.h"

#include <QJsonDocument>
#include <QProcess>

namespace lapidary::test {

QJsonObject Outcome::json() const { return QJsonDocument::fromJson(out).object(); }

Outcome run_lapidary(const QStringList& arguments, const QByteArray& input, const QString& folder) {
  QProcess process;
  if (!folder.isEmpty()) process.setWorkingDirectory(folder);
  process.start(qEnvironmentVariable("LAPIDARY_BIN") + QStringLiteral("/lapidary"), arguments);
  process.write(input);
  process.closeWriteChannel();
  if (!process.waitForFinished(120'000)) process.kill();
  return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
          process.readAllStandardOutput(), process.readAllStandardError()};
}

}  // namespace lapidary::test
