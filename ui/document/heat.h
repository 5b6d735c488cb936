#pragma once

#include <QObject>
#include <QString>
#include <vector>

namespace lapidary::ui {

/// A figure a node that views show as colour: 0 to 1 of the largest, by position in the main graph.
class Heat : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  bool isShown() const { return shown_ && !values_.empty(); }
  bool hasValues() const { return !values_.empty(); }
  /// The share of the largest value; -1 where there is none or heat is switched off.
  double at(int node) const;
  /// The value in units (milliseconds); 0 where there is none.
  double valueAt(int node) const;
  double largest() const { return largest_; }
  double total() const { return total_; }
  const QString& unit() const { return unit_; }

  void setValues(std::vector<double> values, const QString& unit);
  void clear() { setValues({}, {}); }
  void setShown(bool shown);

 Q_SIGNALS:
  void changed();

 private:
  std::vector<double> values_;
  double largest_ = 0, total_ = 0;
  QString unit_;
  bool shown_ = true;
};

}  // namespace lapidary::ui
