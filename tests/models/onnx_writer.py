"""What every model here shares: nodes of ai.onnx.ml as exporters write them, and models with data beside them.

A folder as ONNX's backend tests have it comes of each case: model.onnx, and test_data_set_0 with input_0.pb,
output_0.pb, …; the outputs are what the framework itself computes.
"""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ELEMENTS = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float64): TensorProto.DOUBLE,
            np.dtype(np.int64): TensorProto.INT64, np.dtype(np.int32): TensorProto.INT32}


def element_of(array):
    return ELEMENTS.get(array.dtype, TensorProto.STRING)


def ml(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, domain="ai.onnx.ml", **attributes)


def labels_of(classes, integers="classlabels_int64s"):
    """The attribute that names the classes."""
    if classes.dtype.kind in "iub":
        return {integers: [int(c) for c in classes]}
    return {"classlabels_strings": [str(c) for c in classes]}


def labels_array(labels):
    return np.asarray(labels, dtype=np.int64 if np.asarray(labels).dtype.kind in "iub" else object)


def floats(array):
    return np.asarray(array, dtype=np.float64).astype(np.float32).ravel().tolist()


def rounded_down(threshold):
    """The greatest float32 that is not above: x <= t stays the same for every float32 x."""
    narrow = np.float32(threshold)
    return np.nextafter(narrow, np.float32(-np.inf)) if float(narrow) > float(threshold) else narrow


class Trees:
    """Nodes and votes of an ensemble, collected tree by tree."""

    def __init__(self, mode="BRANCH_LEQ", wide=False):
        self.mode, self.wide, self.tree = mode, wide, 0
        self.nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids",
                                          "falsenodeids", "missing_value_tracks_true")}
        self.votes = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}

    def branch(self, node, feature, threshold, when_true, when_false, missing_true=False, mode=None):
        self._add(node, feature, threshold, mode or self.mode, when_true, when_false, missing_true)

    def leaf(self, node, weights):
        """`weights` by target."""
        self._add(node, 0, 0.0, "LEAF", 0, 0, False)
        for target, weight in weights.items():
            for key, value in zip(self.votes, (self.tree, node, target, float(weight))):
                self.votes[key].append(value)

    def end_tree(self):
        self.tree += 1

    def _add(self, node, feature, threshold, mode, when_true, when_false, missing_true):
        row = (self.tree, node, int(feature), float(threshold), mode, int(when_true), int(when_false), int(missing_true))
        for key, value in zip(self.nodes, row):
            self.nodes[key].append(value)

    def _reals(self, name, values):
        if not self.wide:
            return {name: floats(values)}
        tensor = helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values)
        return {name + "_as_tensor": tensor}

    def attributes(self, prefix, ids, base=None):
        result = {"nodes_" + key: values for key, values in self.nodes.items() if key != "values"}
        result.update(self._reals("nodes_values", self.nodes["values"]))
        result.update({prefix + "_treeids": self.votes["treeids"], prefix + "_nodeids": self.votes["nodeids"],
                       ids: self.votes["ids"]})
        result.update(self._reals(prefix + "_weights", self.votes["weights"]))
        if base is not None:
            result.update(self._reals("base_values", [float(b) for b in np.ravel(base)]))
        return result

    def regressor(self, inputs, outputs, targets=1, base=None, **attributes):
        return ml("TreeEnsembleRegressor", inputs, outputs, n_targets=targets, **attributes,
                  **self.attributes("target", "target_ids", base))

    def classifier(self, inputs, outputs, classes, base=None, **attributes):
        return ml("TreeEnsembleClassifier", inputs, outputs, **attributes, **labels_of(classes),
                  **self.attributes("class", "class_ids", base))

    def ensemble(self, inputs, outputs, targets=1, aggregate=1):
        """The same as the newer TreeEnsemble, where nodes and leaves are numbered apart."""
        modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
        names = list(zip(self.nodes["treeids"], self.nodes["nodeids"]))
        is_leaf = [mode == "LEAF" for mode in self.nodes["modes"]]
        inner = [i for i, leaf in enumerate(is_leaf) if not leaf]
        number = {names[i]: place for place, i in enumerate(inner)}
        leaves = {name: place for place, name in enumerate(zip(self.votes["treeids"], self.votes["nodeids"]))}
        element = TensorProto.DOUBLE if self.wide else TensorProto.FLOAT
        columns = {}
        for side in ("true", "false"):
            children = [(names[i][0], self.nodes[side + "nodeids"][i]) for i in inner]
            columns["nodes_%sleafs" % side] = [int(child in leaves) for child in children]
            columns["nodes_%snodeids" % side] = [leaves.get(child, number.get(child)) for child in children]
        values, weights = [self.nodes["values"][i] for i in inner], self.votes["weights"]
        return ml("TreeEnsemble", inputs, outputs, n_targets=targets, aggregate_function=aggregate,
                  tree_roots=[number[(tree, 0)] for tree in range(self.tree)],
                  nodes_featureids=[self.nodes["featureids"][i] for i in inner],
                  nodes_missing_value_tracks_true=[self.nodes["missing_value_tracks_true"][i] for i in inner],
                  nodes_modes=helper.make_tensor("nodes_modes", TensorProto.UINT8, [len(inner)],
                                                 [modes.index(self.nodes["modes"][i]) for i in inner]),
                  nodes_splits=helper.make_tensor("nodes_splits", element, [len(values)], values),
                  leaf_weights=helper.make_tensor("leaf_weights", element, [len(weights)], weights),
                  leaf_targetids=self.votes["ids"], **columns)


class Case:
    """One model with data; `outputs` are the framework's own."""

    def __init__(self, nodes, inputs, outputs, constants=None, ml_version=3, map_outputs=()):
        self.nodes, self.inputs, self.outputs = nodes, inputs, outputs
        self.constants, self.ml_version, self.map_outputs = constants or {}, ml_version, set(map_outputs)

    def write(self, folder):
        data = os.path.join(folder, "test_data_set_0")
        os.makedirs(data, exist_ok=True)
        inputs = [helper.make_tensor_value_info(name, element_of(array), ["N"] + list(array.shape[1:]))
                  for name, array in self.inputs.items()]
        outputs = []
        for name, value in self.outputs.items():
            if name in self.map_outputs:
                key = TensorProto.STRING if isinstance(next(iter(value[0])), str) else TensorProto.INT64
                info = onnx.ValueInfoProto(name=name)
                row = info.type.sequence_type.elem_type.map_type
                row.key_type = key
                row.value_type.tensor_type.elem_type = TensorProto.FLOAT
                outputs.append(info)
            else:
                outputs.append(helper.make_tensor_value_info(name, element_of(value), None))
        constants = [numpy_helper.from_array(np.asarray(array), name) for name, array in self.constants.items()]
        graph = helper.make_graph(self.nodes, os.path.basename(folder), inputs, outputs, constants)
        model = helper.make_model(graph, producer_name="tests/models", opset_imports=[
            helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", self.ml_version)])
        onnx.save(model, os.path.join(folder, "model.onnx"))
        for kind, values in (("input", self.inputs), ("output", self.outputs)):
            for position, (name, value) in enumerate(values.items()):
                if name in self.map_outputs:
                    proto = maps_proto(name, value)
                else:
                    proto = numpy_helper.from_array(np.asarray(value), name)
                with open(os.path.join(data, "%s_%d.pb" % (kind, position)), "wb") as file:
                    file.write(proto.SerializeToString())


def maps_proto(name, rows):
    sequence = onnx.SequenceProto(name=name, elem_type=onnx.SequenceProto.MAP)
    for row in rows:
        entry = sequence.map_values.add()
        is_text = isinstance(next(iter(row)), str)
        entry.key_type = TensorProto.STRING if is_text else TensorProto.INT64
        if is_text:
            entry.string_keys.extend(key.encode() for key in row)
        else:
            entry.keys.extend(row)
        entry.values.elem_type = onnx.SequenceProto.TENSOR
        for value in row.values():
            entry.values.tensor_values.append(numpy_helper.from_array(np.float32(value)))
    return sequence
