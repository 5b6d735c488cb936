// canvas_bench MODEL… [--json FILE] [--pictures FOLDER]: how long a frame of the canvas takes at 1600×1000
// with all groups open, over a fixed journey: zooming in from the whole graph to one node and out again at
// several places, and panning at three distances. Offscreen, so painting alone is measured. Besides, how long
// opening all groups keeps the window from answering.
#include <QApplication>
#include <QElapsedTimer>
#include <QTest>
#include <QTimer>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "tests/support/bench.h"
#include "ui/canvas/canvas.h"

using namespace lapidary;
using namespace lapidary::ui;
using Json = nlohmann::ordered_json;

namespace {

class Journey {
 public:
  explicit Journey(Canvas& canvas) : canvas_(canvas) {}

  void zooming() {
    const QRectF whole = canvas_.scene().bounds();
    const QPointF middle = QRectF(canvas_.rect()).center();
    const Camera fit = Camera::fitting(whole, canvas_.rect(), 1);
    for (const double place : {0.1, 0.5, 0.9}) {
      const QPointF at(whole.center().x(), whole.top() + whole.height() * place);
      constexpr int steps = 60;
      for (int step = 0; step <= 2 * steps; ++step) {
        const double t = 1 - std::abs(step - steps) / static_cast<double>(steps);
        const double scale = fit.scale * std::pow(1.5 / fit.scale, t);
        frame({scale, middle - at * scale});
      }
    }
  }

  void panning() {
    const QRectF whole = canvas_.scene().bounds();
    for (const double scale : {1.0, 0.4, 0.1}) {
      const QPointF top(canvas_.width() / 2.0 - whole.center().x() * scale, 0);
      const double way = std::min(whole.height() * scale, 12000.0);
      for (int step = 0; step < 120; ++step) frame({scale, top - QPointF(0, way * step / 120)});
    }
  }

  const std::vector<double>& frames_ms() const { return frames_ms_; }
  std::size_t most() const { return most_; }

 private:
  void frame(const Camera& camera) {
    canvas_.setCamera(camera);
    QElapsedTimer timer;
    timer.start();
    canvas_.repaint();
    frames_ms_.push_back(static_cast<double>(timer.nsecsElapsed()) * 1e-6);
    most_ = std::max(most_, canvas_.lastCount());
  }

  Canvas& canvas_;
  std::vector<double> frames_ms_;
  std::size_t most_ = 0;
};

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// How long opening all groups took until they were painted, and the longest time in it that the window did
/// not answer.
struct Opening {
  double total_ms = 0, longest_pause_ms = 0;
};

std::optional<Opening> openAll(Document& document, Canvas& canvas, const QString& path) {
  document.open(path);
  if (!QTest::qWaitFor([&] { return document.layout() != nullptr || document.error(); }, 60000) ||
      document.error())
    return {};
  QTest::qWait(50);
  const auto first = document.layout();
  Opening opening;
  QElapsedTimer total, pause;
  QTimer heartbeat;
  QObject::connect(&heartbeat, &QTimer::timeout, [&] {
    opening.longest_pause_ms =
        std::max(opening.longest_pause_ms, static_cast<double>(pause.nsecsElapsed()) * 1e-6);
    pause.restart();
  });
  total.start();
  pause.start();
  heartbeat.start(0);
  document.openAllGroups();
  while (document.layout() == first || canvas.scene().layout() != document.layout()) {
    if (total.elapsed() > 120000) return {};
    QApplication::processEvents(QEventLoop::WaitForMoreEvents);
  }
  canvas.repaint();
  QApplication::processEvents();
  opening.total_ms = static_cast<double>(total.nsecsElapsed()) * 1e-6;
  return opening;
}

Json measure(const std::string& path, const QString& pictures) {
  Theme theme;
  JobList jobs;
  Document document(&theme, &jobs);
  Canvas canvas(&document);
  canvas.setAnimated(false);
  canvas.resize(1600, 1000);
  canvas.show();
  const auto opening = openAll(document, canvas, QString::fromStdString(path));
  if (!opening) return {{"model", path}, {"error", "cannot be opened"}};
  QTest::qWait(50);
  Journey journey(canvas);
  journey.zooming();
  journey.panning();
  const std::string name = std::filesystem::path(path).stem().string();
  const auto& frames = journey.frames_ms();
  const double median = percentile(frames, 0.5), p95 = percentile(frames, 0.95), most = percentile(frames, 1);
  std::printf(
      "%-16s %6zu boxes %6zu curves  %4zu frames  median %5.1f ms  95 %% %5.1f ms  longest %5.1f ms  "
      "all groups opened in %6.0f ms, longest pause %5.1f ms\n",
      name.c_str(), document.layout()->boxes.size(), document.layout()->curves.size(), frames.size(), median,
      p95, most, opening->total_ms, opening->longest_pause_ms);
  if (!pictures.isEmpty()) {
    for (const double scale : {0.02, 0.15, 0.45, 1.0}) {
      const QRectF whole = canvas.scene().bounds();
      canvas.setCamera(
          {scale, QPointF(800, 500) - QPointF(whole.center().x(), whole.height() * 0.3) * scale});
      canvas.grab().save(
          QStringLiteral("%1/%2_%3.png").arg(pictures, QString::fromStdString(name)).arg(scale));
    }
  }
  return {{"model", name},
          {"boxes", document.layout()->boxes.size()},
          {"frames", frames.size()},
          {"median_ms", median},
          {"p95_ms", p95},
          {"max_ms", most},
          {"open_all_ms", opening->total_ms},
          {"longest_pause_ms", opening->longest_pause_ms},
          {"most_drawn", journey.most()}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: canvas_bench MODEL… [--json FILE] [--pictures FOLDER]\n");
    return 2;
  }
  qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  QString pictures;
  std::vector<std::string> models;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--json" || argument == "--pictures") {
      if (argument == "--pictures" && i + 1 < argc) pictures = QString::fromLocal8Bit(argv[i + 1]);
      ++i;
    } else {
      models.push_back(argument);
    }
  }
  Json document = {{"machine", test::machine_json()}, {"size", "1600x1000"}, {"rows", Json::array()}};
  for (const std::string& model : models) document["rows"].push_back(measure(model, pictures));
  test::report(document, argc, argv);
}
