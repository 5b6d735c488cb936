"""XGBoost's boosters, and trees by the conventions of LightGBM and CatBoost."""
import json

import numpy as np
from onnx import helper

from onnx_writer import Case, Trees, labels_array
from sklearn_trees import CANCER, DIABETES, IRIS, single, with_gaps


def xgboost_trees(booster, classes=1):
    """XGBoost: x < split goes to `yes`; missing values to `missing`. Trees of several classes take turns."""
    trees = Trees("BRANCH_LT")
    for number, text in enumerate(booster.get_dump(dump_format="json")):
        waiting = [json.loads(text)]
        while waiting:
            node = waiting.pop()
            if "leaf" in node:
                trees.leaf(node["nodeid"], {number % classes: np.float32(node["leaf"])})
                continue
            trees.branch(node["nodeid"], int(node["split"].lstrip("f")), np.float32(node["split_condition"]),
                         node["yes"], node["no"], node["missing"] == node["yes"])
            waiting += node["children"]
        order = sorted(range(len(trees.nodes["treeids"])), key=lambda i: (trees.nodes["treeids"][i], trees.nodes["nodeids"][i]))
        trees.nodes = {key: [values[i] for i in order] for key, values in trees.nodes.items()}
        trees.end_tree()
    return trees


def xgboost_classifier_case(fitted, rows):
    classes = len(fitted.classes_)
    trees = xgboost_trees(fitted.get_booster(), 1 if classes == 2 else classes)
    transform, base = ("LOGISTIC", [0.0]) if classes == 2 else ("SOFTMAX", [0.5] * classes)
    node = trees.classifier(["X"], ["label", "probabilities"], fitted.classes_, base, post_transform=transform)
    return Case([node], {"X": rows}, {"label": labels_array(fitted.predict(rows)), "probabilities": fitted.predict_proba(rows)})


def xgboost_binary():
    import xgboost
    rows = single(CANCER.data)
    return xgboost_classifier_case(xgboost.XGBClassifier(n_estimators=20, max_depth=5).fit(rows, CANCER.target), rows)


def xgboost_classes():
    import xgboost
    rows = single(IRIS.data)
    return xgboost_classifier_case(xgboost.XGBClassifier(n_estimators=10, max_depth=3).fit(rows, IRIS.target), rows)


def xgboost_missing():
    import xgboost
    rows = single(with_gaps(CANCER.data))
    return xgboost_classifier_case(xgboost.XGBClassifier(n_estimators=15, max_depth=4).fit(rows, CANCER.target), rows)


def xgboost_regressor_case(fitted, rows, base, after=()):
    name = "Y" if not after else "margin"
    nodes = [xgboost_trees(fitted.get_booster()).regressor(["X"], [name], base=[base])]
    nodes += [helper.make_node(op, ["margin"], ["Y"]) for op in after]
    return Case(nodes, {"X": rows}, {"Y": fitted.predict(rows).reshape(-1, 1)})


def xgboost_regressor():
    import xgboost
    rows = single(DIABETES.data)
    fitted = xgboost.XGBRegressor(n_estimators=40, max_depth=6, base_score=120).fit(rows, DIABETES.target)
    return xgboost_regressor_case(fitted, rows, 120)


def xgboost_regressor_missing():
    import xgboost
    rows = single(with_gaps(DIABETES.data))
    fitted = xgboost.XGBRegressor(n_estimators=25, max_depth=8, base_score=0.5).fit(rows, DIABETES.target)
    return xgboost_regressor_case(fitted, rows, 0.5)


def xgboost_counts():
    import xgboost
    rows = single(DIABETES.data)
    fitted = xgboost.XGBRegressor(n_estimators=30, objective="count:poisson", base_score=1.0).fit(rows, DIABETES.target)
    return xgboost_regressor_case(fitted, rows, 0.0, ["Exp"])


def xgboost_forest():
    import xgboost
    rows = single(IRIS.data)
    fitted = xgboost.XGBRFRegressor(n_estimators=20, max_depth=4, base_score=0.5, random_state=0).fit(rows, IRIS.target)
    return xgboost_regressor_case(fitted, rows, 0.5)


# --- conventions of libraries that are not installed: trees made up here, and walked as those libraries do ---

def random_tree(rng, features, depth):
    """Thresholds and leaf values of a complete tree, breadth first."""
    inner = 2 ** depth - 1
    return {"feature": rng.integers(0, features, inner), "threshold": rng.normal(size=inner),
            "left_if_missing": rng.random(inner) < 0.5, "leaves": rng.normal(size=inner + 1)}


def lightgbm_convention():
    """float64 features, x <= threshold goes left, and each node says where missing values go."""
    rng = np.random.default_rng(11)
    rows = with_gaps(rng.normal(size=[300, 6]))
    trees, want = Trees("BRANCH_LEQ", wide=True), np.zeros(len(rows))
    for _ in range(20):
        made = random_tree(rng, 6, 5)
        inner = len(made["threshold"])
        rows[rng.integers(0, 300), made["feature"][0]] = made["threshold"][0]  # exactly on it
    for _ in range(20):
        made = random_tree(rng, 6, 5)
        inner = len(made["threshold"])
        for node in range(inner):
            trees.branch(node, made["feature"][node], made["threshold"][node], 2 * node + 1, 2 * node + 2,
                         made["left_if_missing"][node])
        for leaf, value in enumerate(made["leaves"]):
            trees.leaf(inner + leaf, {0: value})
        trees.end_tree()
        for i, row in enumerate(rows):
            node = 0
            while node < inner:
                x = row[made["feature"][node]]
                left = made["left_if_missing"][node] if np.isnan(x) else x <= made["threshold"][node]
                node = 2 * node + (1 if left else 2)
            want[i] += made["leaves"][node - inner]
    return Case([trees.regressor(["X"], ["Y"])], {"X": rows}, {"Y": want.reshape(-1, 1).astype(np.float32)})


def catboost_convention():
    """Symmetric trees: all nodes of a level compare the same feature, x > border sets the level's bit."""
    rng = np.random.default_rng(12)
    depth, rows = 6, rng.normal(size=[200, 5]).astype(np.float32)
    trees, want = Trees("BRANCH_GT"), np.zeros(len(rows))
    for _ in range(15):
        feature, border = rng.integers(0, 5, depth), rng.normal(size=depth).astype(np.float32)
        leaves = rng.normal(size=2 ** depth).astype(np.float32)
        index = sum((rows[:, feature[level]] > border[level]).astype(int) << level for level in range(depth))
        want += leaves[index]
        inner = 2 ** depth - 1
        for node in range(inner):  # the root compares the last level's bit
            level = depth - int(node + 1).bit_length()
            trees.branch(node, feature[level], border[level], 2 * node + 2, 2 * node + 1)
        for leaf in range(2 ** depth):
            trees.leaf(inner + leaf, {0: leaves[leaf]})
        trees.end_tree()
    return Case([trees.regressor(["X"], ["Y"])], {"X": rows}, {"Y": want.reshape(-1, 1).astype(np.float32)})


XGBOOST_KINDS = [xgboost_binary, xgboost_classes, xgboost_missing, xgboost_regressor, xgboost_regressor_missing,
                 xgboost_counts, xgboost_forest]
KINDS = [lightgbm_convention, catboost_convention]
