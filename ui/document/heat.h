#pragma once

#include <QObject>
#include <QString>
#include <vector>

namespace lapidary::ui {

/// A figure a node that views show as colour, by position in the main graph: time as 0 to 1 of the longest, or the
/// errors of a comparison, which stand before it while there are some.
class Heat : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  bool isShown() const { return shown_ && (!values_.empty() || showsErrors()); }
  bool hasValues() const { return !values_.empty(); }
  /// The share that is coloured; -1 where there is none or heat is switched off.
  double at(int node) const;
  /// The value in units (milliseconds); 0 where there is none.
  double valueAt(int node) const;
  double largest() const { return largest_; }
  double total() const { return total_; }
  const QString& unit() const { return unit_; }

  void setValues(std::vector<double> values, const QString& unit);
  void clear() { setValues({}, {}); }
  /// Relative errors; negative where there is none. Empty: time is shown again.
  void setErrors(std::vector<double> errors);
  bool showsErrors() const { return !errors_.empty(); }
  double errorAt(int node) const;
  /// By order of magnitude, from the least error that is coloured to one as large as the value itself.
  static double shareOfError(double error);
  static constexpr double leastError = 1e-8;
  void setShown(bool shown);

 Q_SIGNALS:
  void changed();

 private:
  std::vector<double> values_, errors_;
  double largest_ = 0, total_ = 0;
  QString unit_;
  bool shown_ = true;
};

}  // namespace lapidary::ui
