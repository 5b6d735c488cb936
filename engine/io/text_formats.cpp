#include "engine/io/text_formats.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <array>

#include "engine/io/onnx_schema.h"
#include "engine/io/onnx_text.h"
#include "engine/io/tensor_proto.h"
#include "engine/model/error.h"

namespace lapidary {
namespace {

constexpr int max_depth = 400;  // messages inside messages; three for each level of subgraphs

/// Refuses text that would become far larger messages than it is long, before protobuf builds them: a few
/// characters make an empty node. Counts what begins a message or an element, in whatever place: the three
/// forms have these characters in common, and inside of strings they are rare.
void check_message_size(std::string_view text) {
  constexpr std::size_t message_bytes = 280, string_bytes = 48, element_bytes = 16;
  std::array<std::size_t, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  const std::size_t needed = message_bytes * (counts['{'] + counts['<'] + counts['('] + counts['=']) +
                             string_bytes * (counts['"'] + counts['\'']) / 2 + element_bytes * counts[','];
  StructureBudget(text.size()).spend(needed);
}

/// Keeps the first complaint of protobuf's text reader.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (text_.empty())
      text_ = "line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ": " + message;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string wire_from_text_proto(std::string_view text) {
  const auto message = new_model_message();
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(max_depth);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (!parser.Parse(&stream, message.get()))
    throw Error("the protobuf text cannot be read: " +
                (errors.text().empty() ? std::string("it is damaged") : errors.text()));
  return message->SerializeAsString();
}

std::string wire_from_json(std::string_view text) {
  const auto message = new_model_message();
  const auto status = google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, message.get());
  if (!status.ok()) {
    std::string reason = status.message().ToString();
    constexpr std::size_t longest = 300;
    if (reason.size() > longest) reason = reason.substr(0, longest) + "…";
    throw Error("the JSON is no ONNX model: " + reason);
  }
  return message->SerializeAsString();
}

std::unique_ptr<google::protobuf::Message> message_from_wire(const std::string& wire) {
  auto message = new_model_message();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(wire.data()),
                                                static_cast<int>(wire.size()));
  stream.SetRecursionLimit(max_depth);
  if (!message->ParseFromCodedStream(&stream)) throw Error("the model is nested too deep for a text form");
  return message;
}

std::string text_proto_from(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseUtf8StringEscaping(true);
  if (!printer.PrintToString(message, &text)) throw Error("the model cannot be written as text");
  return text;
}

std::string json_from(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) throw Error("the model cannot be written as JSON: " + status.message().ToString());
  return text;
}

}  // namespace

std::string wire_from_text(std::string_view text, ModelFormat format) {
  const google::protobuf::LogSilencer silence;  // what is wrong goes into the Error
  constexpr std::size_t largest_text = 0x7fffffff;
  if (text.size() > largest_text) throw Error("the text is larger than 2 GiB").advice("Use the binary form");
  check_message_size(text);
  switch (format) {
    case ModelFormat::TextProto:
      return wire_from_text_proto(text);
    case ModelFormat::Json:
      return wire_from_json(text);
    default:
      return wire_from_onnx_text(std::string(text));
  }
}

std::string text_from_wire(const std::string& wire, ModelFormat format, std::vector<std::string>& messages) {
  if (format == ModelFormat::OnnxText) return onnx_text_from_wire(wire, messages);
  const google::protobuf::LogSilencer silence;
  const auto message = message_from_wire(wire);
  const std::size_t before = message->ByteSizeLong();
  message->DiscardUnknownFields();
  if (message->ByteSizeLong() != before)
    messages.push_back(
        "Fields that this program does not know were left out: the text forms cannot hold them");
  return format == ModelFormat::Json ? json_from(*message) : text_proto_from(*message);
}

}  // namespace lapidary
