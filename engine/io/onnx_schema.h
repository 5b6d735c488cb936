#pragma once

#include <google/protobuf/message.h>

#include <memory>

namespace lapidary {

/// An empty ModelProto with every field to IR 13, which libonnx's own class lacks; made from a description at
/// run time.
std::unique_ptr<google::protobuf::Message> new_model_message();

}  // namespace lapidary
