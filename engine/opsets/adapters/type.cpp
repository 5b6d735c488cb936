#include "engine/ops/cast.h"
#include "engine/opsets/adapter.h"
#include "engine/opsets/adapters/pieces.h"

namespace lapidary {
namespace {

/// Version 1 named the type by its text.
void raise_cast_6(NodeRewrite& rewrite) {
  const auto type = data_type_from(rewrite.text("to", ""));
  if (!type) rewrite.refuse("there is no type '" + rewrite.text("to", "") + "'");
  rewrite.set("to", static_cast<std::int64_t>(*type));
}

bool is_float8(DataType type) { return is_floating(type) && bits_of(type) == 8; }

/// Only casts to float8 can go beyond the range without infinity.
void lower_saturate_19(NodeRewrite& rewrite) {
  if (!is_float8(rewrite.type(rewrite.node.outputs.at(0)).element)) rewrite.remove("saturate");
}

/// Only casts to float8e8m0 round in more than one way.
void lower_round_mode_24(NodeRewrite& rewrite) {
  if (rewrite.type(rewrite.node.outputs.at(0)).element != DataType::Float8E8M0) rewrite.remove("round_mode");
}

void lower_cast_like_15(NodeRewrite& rewrite) {
  rewrite.become("Cast", {rewrite.input(0)},
                 {{"to", static_cast<std::int64_t>(rewrite.element(rewrite.input(1)))}});
}

// --- Optional: of what is no optional ---

void lower_optional_get_element_18(NodeRewrite& rewrite) {
  const Type::Kind kind = rewrite.type(rewrite.input(0)).kind;
  if (kind == Type::Kind::Tensor || kind == Type::Kind::Sequence)
    rewrite.become("Identity", {rewrite.input(0)});
}

void lower_optional_has_element_18(NodeRewrite& rewrite) {
  const Type::Kind kind = rewrite.has_input(0) ? rewrite.type(rewrite.input(0)).kind : Type::Kind::Unknown;
  if (rewrite.has_input(0) && kind != Type::Kind::Tensor && kind != Type::Kind::Sequence) return;
  const std::string answer = rewrite.add(Tensor::of({}, std::vector<bool>{rewrite.has_input(0)}), "answer");
  rewrite.become("Identity", {answer});
}

}  // namespace

std::vector<Adapter> type_adapters() {
  std::vector<Adapter> rows = {
      {"Cast", 6, raise_cast_6},
      {"CastLike", 15, nullptr, lower_cast_like_15},
      {"OptionalGetElement", 18, nullptr, lower_optional_get_element_18},
      {"OptionalHasElement", 18, nullptr, lower_optional_has_element_18},
  };
  for (const char* name : {"Cast", "CastLike"}) {
    rows.push_back({name, 19, nullptr, lower_saturate_19});
    rows.push_back({name, 24, nullptr, lower_round_mode_24});
  }
  return rows;
}

}  // namespace lapidary
