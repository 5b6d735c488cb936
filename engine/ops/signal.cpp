#include <algorithm>
#include <cmath>

#include "engine/ops/arguments.h"
#include "engine/ops/cast.h"
#include "engine/ops/cost.h"
#include "engine/ops/families.h"
#include "engine/ops/fourier.h"
#include "engine/ops/known_values.h"
#include "engine/ops/operator_table.h"
#include "engine/ops/types.h"
#include "engine/ops/working_memory.h"

namespace lapidary {
namespace {

using Complex = FourierTransform::Complex;

/// How many numbers an element of a signal has: its last axis, 1 for real and 2 for complex signals.
std::int64_t parts_of(const Dims& dims) {
  if (dims.size() < 2 || (dims.back() != 1 && dims.back() != 2))
    throw Error("a signal is " + to_string(dims) + ", whose last axis is not 1 (real) or 2 (complex)");
  return dims.back();
}

Complex element(const std::vector<double>& signal, std::int64_t position, std::int64_t parts) {
  const double* const number = signal.data() + position * parts;
  return {number[0], parts == 2 ? number[1] : 0.0};
}

/// The frequencies that a one-sided spectrum of a real signal keeps.
constexpr std::int64_t one_sided(std::int64_t length) { return length / 2 + 1; }

// --- DFT ---

/// Of a DFT: along which axis, how many points, and which of the four kinds.
struct DftSettings {
  std::int64_t axis, length;
  bool inverse, onesided;

  bool makes_real_signal() const { return inverse && onesided; }
  std::int64_t points() const { return onesided && !inverse ? one_sided(length) : length; }
  std::int64_t parts() const { return makes_real_signal() ? 1 : 2; }
};

/// Version 17 takes the axis as an attribute, by default 1; version 20 as an input, by default the last of
/// the signal's own.
DftSettings read_dft(const KernelContext& context, const Dims& dims) {
  DftSettings s{};
  s.inverse = context.integer("inverse", 0) != 0;
  s.onesided = context.integer("onesided", 0) != 0;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t given = context.version() < 20 ? context.integer("axis", 1)
                             : context.has_input(2) ? single_integer(context, 2)
                                                    : -2;
  s.axis = KernelContext::normalized_axis(given, rank);
  if (s.axis == rank - 1)
    throw Error("the last axis holds the parts of complex numbers and cannot be transformed");
  if (s.onesided && !s.inverse && dims.back() == 2)
    throw Error("a one-sided spectrum needs a real signal, and this one is complex")
        .advice("Set onesided to 0");
  const std::int64_t size = dims[s.axis];
  s.length = context.has_input(1)    ? single_integer(context, 1)
             : s.makes_real_signal() ? 2 * (size - 1)
                                     : size;
  if (s.length < 1) throw Error("a DFT needs at least one point, and has " + std::to_string(s.length));
  return s;
}

/// A one-sided spectrum made whole: the other half is the mirrored conjugate, and what pairs with itself is
/// real.
void mirror(std::vector<Complex>& spectrum) {
  const auto length = static_cast<std::int64_t>(spectrum.size());
  spectrum[0] = spectrum[0].real();
  for (std::int64_t k = 1; 2 * k < length; ++k) spectrum[length - k] = std::conj(spectrum[k]);
  if (length % 2 == 0) spectrum[length / 2] = spectrum[length / 2].real();
}

/// A short line transformed as short_transform() does; false if it cannot.
bool transform_single(std::vector<Complex>& line, bool inverse) {
  std::vector<std::complex<float>> values(line.begin(), line.end());
  if (!short_transform(values, inverse)) return false;
  std::copy(values.begin(), values.end(), line.begin());
  return true;
}

void dft(KernelContext& context) {
  const Tensor& signal = context.input(0);
  const Dims& dims = signal.dims();
  const std::int64_t parts = parts_of(dims);
  const DftSettings s = read_dft(context, dims);
  const std::int64_t size = dims[s.axis], points = s.points();
  Dims output_dims = dims;
  output_dims[s.axis] = points;
  output_dims.back() = s.parts();
  const FourierTransform transform(s.length);
  const auto input = values_as<double>(signal);
  auto output = working_memory<double>(output_dims);
  const std::int64_t inner = element_count(Dims(dims.begin() + s.axis + 1, dims.end() - 1));
  const std::int64_t outer = element_count(Dims(dims.begin(), dims.begin() + s.axis));
  const std::int64_t used = std::min(size, s.makes_real_signal() ? one_sided(s.length) : s.length);
  auto line = working_memory<Complex>({s.length});
  const bool is_single = signal.type() == DataType::Float32 && parts == 2 && s.parts() == 2;
  for (std::int64_t at = 0; at < outer * inner; ++at) {
    context.cancel.check();
    const std::int64_t first = at / inner * inner * size + at % inner;
    std::fill(line.begin(), line.end(), Complex{});
    for (std::int64_t i = 0; i < used; ++i) line[i] = element(input, first + i * inner, parts);
    if (s.makes_real_signal()) mirror(line);
    if (!(is_single && transform_single(line, s.inverse)))
      s.inverse ? transform.inverse(line.data()) : transform.forward(line.data());
    double* const start = output.data() + (at / inner * inner * points + at % inner) * s.parts();
    for (std::int64_t k = 0; k < points; ++k) {
      start[k * inner * s.parts()] = line[k].real();
      if (s.parts() == 2) start[k * inner * 2 + 1] = line[k].imag();
    }
  }
  context.set_output(0, tensor_from(signal.type(), output_dims, output));
}

/// The known single element of an integer input; unknown where it is not known or absent.
Dimension known_single(InferenceContext& context, std::size_t input) {
  const auto values = context.has_input(input) ? known_values(context, input) : std::nullopt;
  return values && values->size() == 1 ? values->front() : Dimension::unknown();
}

void infer_dft(InferenceContext& context) {
  context.set_output(0, context.input_element(0), std::nullopt);
  if (!context.input_shape(0)) return;
  Shape shape = *context.input_shape(0);
  if (shape.size() < 2) return context.report("a signal needs at least two axes");
  const bool inverse = context.integer("inverse", 0) != 0, onesided = context.integer("onesided", 0) != 0;
  shape.back() = inverse && onesided ? 1 : 2;
  Dimension given = context.version() < 20 ? Dimension(context.integer("axis", 1)) : Dimension(-2);
  if (context.version() >= 20 && context.has_input(2)) given = known_single(context, 2);
  if (!given.is_constant()) {
    Shape unknown(shape.size());
    unknown.back() = shape.back();
    return context.set_output(0, context.input_element(0), unknown);
  }
  const auto axis = normalized_axis(context, given.value(), shape.size());
  if (!axis) return;
  if (*axis + 1 == static_cast<std::int64_t>(shape.size()))
    return context.report("the last axis cannot be transformed");
  Dimension& size = shape[*axis];
  if (context.has_input(1))
    size = known_single(context, 1);
  else if (inverse && onesided)
    size = Dimension(2) * (size - 1);
  if (onesided && !inverse) size = floor_div(size, 2) + 1;
  context.set_output(0, context.input_element(0), shape);
}

/// The usual count of a fast transform, 5·N·log2(N) for each line; the length is that of the longer side.
std::optional<Cost> dft_cost(const CostContext& context) {
  const auto input = context.input_dims(0), output = context.output_dims(0);
  if (!input || !output || input->size() != output->size() || input->size() < 2) return std::nullopt;
  double lines = 1, length = 1;
  for (std::size_t axis = 0; axis + 1 < input->size(); ++axis) {
    lines *= static_cast<double>((*output)[axis]);
    if ((*input)[axis] != (*output)[axis])
      length = static_cast<double>(std::max((*input)[axis], (*output)[axis]));
  }
  if (length == 1) length = static_cast<double>((*input)[input->size() - 2]);
  return Cost{0, 5 * lines * std::log2(std::max(length, 2.0))};
}

// --- STFT ---

struct StftSettings {
  std::int64_t batch, size, parts, step, length, frames, points;
};

StftSettings read_stft(const KernelContext& context) {
  const Dims& dims = context.input(0).dims();
  if (dims.size() != 3) throw Error("a signal is " + to_string(dims) + ", not [batch, length, 1 or 2]");
  StftSettings s{};
  s.batch = dims[0], s.size = dims[1], s.parts = parts_of(dims);
  s.step = single_integer(context, 1);
  if (s.step < 1) throw Error("frame_step is " + std::to_string(s.step) + ", and must be at least 1");
  if (context.has_input(2) && context.input(2).rank() != 1) throw Error("the window must have one axis");
  s.length = context.has_input(3)   ? single_integer(context, 3)
             : context.has_input(2) ? context.input(2).size()
                                    : s.size;
  if (s.length < 1) throw Error("frame_length is " + std::to_string(s.length) + ", and must be at least 1");
  const bool onesided = context.integer("onesided", 1) != 0;
  if (onesided && s.parts == 2)
    throw Error("a one-sided spectrum needs a real signal, and this one is complex")
        .advice("Set onesided to 0");
  s.frames = s.size < s.length ? 0 : 1 + (s.size - s.length) / s.step;
  s.points = onesided ? one_sided(s.length) : s.length;
  return s;
}

void stft(KernelContext& context) {
  const StftSettings s = read_stft(context);
  const Tensor& signal = context.input(0);
  const auto input = values_as<double>(signal);
  const FourierTransform transform(s.length);
  auto window = working_memory<double>({s.length}, 1.0);
  if (context.has_input(2)) {
    // A window shorter than the frame leaves its end silent.
    window = values_as<double>(context.input(2));
    window.resize(static_cast<std::size_t>(s.length), 0.0);
  }
  const Dims dims{s.batch, s.frames, s.points, 2};
  auto output = working_memory<double>(dims);
  auto frame = working_memory<Complex>({s.length});
  double* next = output.data();
  for (std::int64_t at = 0; at < s.batch * s.frames; ++at) {
    context.cancel.check();
    const std::int64_t begin = at / s.frames * s.size + at % s.frames * s.step;
    for (std::int64_t i = 0; i < s.length; ++i) frame[i] = window[i] * element(input, begin + i, s.parts);
    transform.forward(frame.data());
    for (std::int64_t k = 0; k < s.points; ++k) {
      *next++ = frame[k].real();
      *next++ = frame[k].imag();
    }
  }
  context.set_output(0, tensor_from(signal.type(), dims, output));
}

void infer_stft(InferenceContext& context) {
  Shape shape{Dimension::unknown(), Dimension::unknown(), Dimension::unknown(), 2};
  const auto& signal = context.input_shape(0);
  if (signal && signal->size() != 3)
    context.report("a signal needs three axes: batch, length, and 1 or 2 parts");
  if (signal && signal->size() == 3) {
    shape[0] = (*signal)[0];
    Dimension length = (*signal)[1];
    const auto& window = context.input_shape(2);
    if (context.has_input(2)) length = window && window->size() == 1 ? window->front() : Dimension::unknown();
    if (context.has_input(3)) length = known_single(context, 3);
    shape[1] = floor_div((*signal)[1] - length, known_single(context, 1)) + 1;
    shape[2] = context.integer("onesided", 1) != 0 ? floor_div(length, 2) + 1 : length;
  }
  context.set_output(0, context.input_element(0), shape);
}

std::optional<Cost> stft_cost(const CostContext& context) {
  const auto dims = context.output_dims(0);
  if (!dims || dims->size() != 4) return std::nullopt;
  const bool onesided = context.node.attribute_or("onesided", std::int64_t{1}) != 0;
  const double length = static_cast<double>(onesided ? 2 * ((*dims)[2] - 1) : (*dims)[2]);
  const double frames = static_cast<double>((*dims)[0]) * static_cast<double>((*dims)[1]);
  return Cost{0, frames * length * (1 + 5 * std::log2(std::max(length, 2.0)))};
}

// --- MelWeightMatrix ---

double number_of(const KernelContext& context, std::size_t input) {
  const auto values = values_as<double>(context.input(input));
  if (values.size() != 1) throw Error("input " + std::to_string(input) + " must hold one number");
  return values[0];
}

/// The first bin of each of count + 2 points that are equally far apart on the mel scale,
/// mel(f) = 2595·log10(1 + f/700).
std::vector<std::int64_t> mel_bins(std::int64_t count, std::int64_t length, double rate, double low,
                                   double high) {
  const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double step = (mel(high) - mel(low)) / static_cast<double>(count + 2);
  std::vector<std::int64_t> bins;
  for (std::int64_t i = 0; i < count + 2; ++i) {
    const double hertz = 700 * (std::pow(10, (static_cast<double>(i) * step + mel(low)) / 2595) - 1);
    const double bin = std::floor(static_cast<double>(length + 1) * hertz / rate);
    if (!(bin >= 0 && bin <= static_cast<double>(one_sided(length))))
      throw Error("the edges reach beyond the frequencies of the spectrum")
          .advice(
              "Choose lower_edge_hertz of at least 0 and upper_edge_hertz of at most half the sample rate");
    bins.push_back(static_cast<std::int64_t>(bin));
  }
  return bins;
}

DataType mel_type(std::int64_t number) {
  const DataType type = data_type_from_number(number);
  return type == DataType::Undefined ? DataType::Float32 : type;
}

void mel_weight_matrix(KernelContext& context) {
  const std::int64_t count = single_integer(context, 0), length = single_integer(context, 1);
  const double rate = number_of(context, 2);
  if (count < 1 || length < 1 || !(rate > 0))
    throw Error("num_mel_bins, dft_length and sample_rate must be above 0");
  const Dims dims{one_sided(length), count};
  // Refuses sizes that cannot be had before the bins are listed.
  Tensor sized(context.made_type(mel_type(context.integer("output_datatype", 1))), dims);
  const auto bins = mel_bins(count, length, rate, number_of(context, 3), number_of(context, 4));
  auto output = working_memory<double>(dims);
  const auto set = [&](std::int64_t bin, std::int64_t band, std::int64_t part, std::int64_t whole) {
    if (bin >= dims[0])
      throw Error("a band reaches beyond the spectrum's " + std::to_string(dims[0]) + " bins");
    output[bin * count + band] = static_cast<double>(part) / static_cast<double>(whole);
  };
  for (std::int64_t band = 0; band < count; ++band) {
    const std::int64_t left = bins[band], center = bins[band + 1], right = bins[band + 2];
    if (left == center) set(center, band, 1, 1);
    for (std::int64_t bin = left; bin <= center && left < center; ++bin)
      set(bin, band, bin - left, center - left);
    for (std::int64_t bin = center; bin < right; ++bin) set(bin, band, right - bin, right - center);
  }
  context.set_output(0, tensor_from(sized.type(), dims, output));
}

void infer_mel_weight_matrix(InferenceContext& context) {
  context.set_output(0, mel_type(context.integer("output_datatype", 1)),
                     Shape{floor_div(known_single(context, 1), 2) + 1, known_single(context, 0)});
}

Operator dft_operator() {
  return Operator("DFT", 17, OperatorKind::Other)
      .summary("The discrete Fourier transform along one axis, or its inverse, for signals of any length.")
      .attribute("axis", std::int64_t{1},
                 "The axis to transform; negative counts from the end. Never the last axis.")
      .attribute("inverse", std::int64_t{0}, "1 for the inverse transform, which divides by the length.")
      .attribute(
          "onesided", std::int64_t{0},
          "1: forward gives only the lower half of a real signal's spectrum; inverse takes such a half and "
          "gives a real signal.")
      .input("input", "T1", "The signal [..., 1] if real, [..., 2] with real and imaginary parts if complex.")
      .optional_input(
          "dft_length", "T2",
          "Scalar: points of the transform. The signal is cut or filled up with zeros to it. As long as "
          "the axis if left out; for a real signal from half a spectrum twice its last index.")
      .output("output", "T1", "The transform [..., 2]; [..., 1] where half a spectrum becomes a real signal.")
      .constraint("T1", types::floats_and_bfloat16())
      .constraint("T2", types::tensors({"int32", "int64"}))
      .infer(infer_dft)
      .kernel(dft)
      .cost(dft_cost)
      .example("input = float[1, 4, 1]{1, 2, 3, 4}");
}

Operator stft_operator() {
  return Operator("STFT", 17, OperatorKind::Other)
      .summary("Fourier transforms of overlapping pieces of a signal, each weighted by a window.")
      .attribute("onesided", std::int64_t{1},
                 "1 keeps only the lower half of each spectrum; for real signals.")
      .input("signal", "T1", "The signal [batch, length, 1] if real, [batch, length, 2] if complex.")
      .input("frame_step", "T2", "Scalar: samples from the start of one piece to the start of the next.")
      .optional_input("window", "T1", "Weights of a piece's samples; all 1 if left out.")
      .optional_input("frame_length", "T2",
                      "Scalar: samples of a piece. That of the window if left out, or else the whole signal.")
      .output("output", "T1", "Spectra [batch, pieces, frequencies, 2].")
      .constraint("T1", types::floats_and_bfloat16())
      .constraint("T2", types::tensors({"int32", "int64"}))
      .infer(infer_stft)
      .kernel(stft)
      .cost(stft_cost)
      .example("signal = float[1, 6, 1]{1, 2, 3, 4, 5, 6}; frame_step = int64{2}; window = float[2]{0.5, 1}");
}

}  // namespace

void register_signal(OperatorTable& table) {
  const Operator first = dft_operator();
  table.add(first);
  table.add(first.at(20).without_attribute("axis").optional_input(
      "axis", "tensor(int64)",
      "Scalar: the axis to transform, never the last; by default the one before it."));
  table.add(stft_operator());
  table.add(
      Operator("MelWeightMatrix", 17, OperatorKind::Other)
          .summary(
              "A matrix that turns a spectrum into bands equally wide on the mel scale, each a triangle of "
              "height 1.")
          .attribute("output_datatype", std::int64_t{1},
                     "Element type of the matrix, as TensorProto's number.")
          .input("num_mel_bins", "T1", "Scalar: how many bands.")
          .input("dft_length", "T1", "Scalar: points of the transform that made the spectrum.")
          .input("sample_rate", "T1", "Scalar: samples a second of the signal.")
          .input("lower_edge_hertz", "T2", "Scalar: where the lowest band begins.")
          .input("upper_edge_hertz", "T2", "Scalar: where the highest band ends.")
          .output("output", "T3", "Weights [dft_length/2 + 1, num_mel_bins].")
          .constraint("T1", types::tensors({"int32", "int64"}))
          .constraint("T2", types::floats_and_bfloat16())
          .constraint("T3", types::numbers_and_bfloat16())
          .infer(infer_mel_weight_matrix)
          .kernel(mel_weight_matrix)
          .cost(per_element(2))
          .example("num_mel_bins = int64{3}; dft_length = int64{16}; sample_rate = int64{8000}; "
                   "lower_edge_hertz = float{0}; upper_edge_hertz = float{4000}"));
}

}  // namespace lapidary
