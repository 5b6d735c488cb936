#pragma once

#include <functional>
#include <vector>

namespace lapidary {

/// The middle of measurements; 0 for none.
double median_of(std::vector<double> values);
/// Median absolute deviation, scaled to what a normal distribution calls standard deviation.
double deviation_of(std::vector<double> values);

/// A figure with the interval that holds the true one 19 times in 20.
struct Interval {
  double middle = 0, low = 0, high = 0;
};

/// The median, and between which of the measurements the median of endlessly many lies (the binomial
/// interval, which asks for no distribution). Below 6 measurements, where no two are sure enough, the
/// smallest and largest.
Interval median_interval(std::vector<double> measurements);

/// How much longer the second of two programs takes than the first.
struct Comparison {
  Interval ratio;  ///< second by first
  int pairs = 0;
  /// Below this, where a program's memory happens to lie makes as much.
  static constexpr double least_difference = 0.01;
  /// True if the interval leaves "no difference" out by more than that.
  bool differs() const;
};

/// From measurements of both that were taken in turns: the i-th of each are neighbours in time, so that what
/// the machine does besides meets both.
Comparison compare_pairs(const std::vector<double>& first, const std::vector<double>& second);

/// Times both in turns, and swaps who is first each time. Milliseconds of each, by turn.
struct PairedTimes {
  std::vector<double> first_ms, second_ms;
};
PairedTimes time_in_turns(const std::function<void()>& first, const std::function<void()>& second, int turns);

/// Runs until three in a row differ by at most 5 % and none is the fastest so far by more than that, at least
/// twice, at most 50 times or for 3 seconds. Returns how often it ran.
int warm_up(const std::function<void()>& run);

}  // namespace lapidary
