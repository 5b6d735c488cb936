"""scikit-learn's trees, forests and boosting."""
import numpy as np
from onnx import helper
from sklearn import datasets, ensemble, tree

from onnx_writer import Case, Trees, labels_array, ml, rounded_down

IRIS = datasets.load_iris()
CANCER = datasets.load_breast_cancer()
DIABETES = datasets.load_diabetes()


def single(data):
    """Features as exported models take them; trees see float32 in scikit-learn too."""
    return data.astype(np.float32)


def add_tree(trees, structure, votes):
    """scikit-learn's tree: x <= threshold goes left. `votes` gives a leaf's weights by target."""
    for node in range(structure.node_count):
        left, right = structure.children_left[node], structure.children_right[node]
        if left < 0:
            trees.leaf(node, votes(structure.value[node]))
        else:
            trees.branch(node, structure.feature[node], rounded_down(structure.threshold[node]), left, right)
    trees.end_tree()


def class_votes(share):
    """Shares of the classes; of two classes only the second one's, under number 0."""
    def votes(value):
        shares = value[0] / value[0].sum() * share
        return {0: shares[1]} if len(shares) == 2 else dict(enumerate(shares))
    return votes


def target_votes(share):
    return lambda value: {target: value[target][0] * share for target in range(len(value))}


def forest_of(estimators, votes):
    trees = Trees()
    for estimator in estimators:
        add_tree(trees, estimator.tree_, votes)
    return trees


def classifier_case(fitted, estimators, rows):
    trees = forest_of(estimators, class_votes(1 / len(estimators)))
    node = trees.classifier(["X"], ["label", "probabilities"], fitted.classes_)
    return Case([node], {"X": rows}, {"label": labels_array(fitted.predict(rows)),
                                      "probabilities": fitted.predict_proba(rows).astype(np.float32)})


def regressor_case(fitted, estimators, rows, average=False):
    want = fitted.predict(rows)
    targets = 1 if want.ndim == 1 else want.shape[1]
    trees = forest_of(estimators, target_votes(1 if average else 1 / len(estimators)))
    node = trees.regressor(["X"], ["Y"], targets, aggregate_function="AVERAGE" if average else "SUM")
    return Case([node], {"X": rows}, {"Y": want.reshape(-1, targets).astype(np.float32)})


def decision_tree_binary():
    fitted = tree.DecisionTreeClassifier(max_depth=6, random_state=0).fit(single(CANCER.data), CANCER.target)
    return classifier_case(fitted, [fitted], single(CANCER.data))


def decision_tree_texts():
    fitted = tree.DecisionTreeClassifier(random_state=0).fit(single(IRIS.data), IRIS.target_names[IRIS.target])
    return classifier_case(fitted, [fitted], single(IRIS.data))


def decision_tree_regressor():
    fitted = tree.DecisionTreeRegressor(random_state=0).fit(single(DIABETES.data), DIABETES.target)
    return regressor_case(fitted, [fitted], single(DIABETES.data))


def decision_tree_targets():
    targets = np.stack([DIABETES.target, DIABETES.target ** 2 / 100, -DIABETES.target], axis=1)
    fitted = tree.DecisionTreeRegressor(max_depth=7, random_state=0).fit(single(DIABETES.data), targets)
    return regressor_case(fitted, [fitted], single(DIABETES.data))


def extra_tree():
    fitted = tree.ExtraTreeClassifier(random_state=3).fit(single(IRIS.data), IRIS.target + 5)
    return classifier_case(fitted, [fitted], single(IRIS.data))


def random_forest_binary():
    fitted = ensemble.RandomForestClassifier(30, random_state=0).fit(single(CANCER.data), CANCER.target)
    return classifier_case(fitted, fitted.estimators_, single(CANCER.data))


def random_forest_classes():
    fitted = ensemble.RandomForestClassifier(25, max_depth=5, random_state=0).fit(single(IRIS.data), IRIS.target)
    return classifier_case(fitted, fitted.estimators_, single(IRIS.data))


def random_forest_regressor():
    fitted = ensemble.RandomForestRegressor(40, random_state=0).fit(single(DIABETES.data), DIABETES.target)
    return regressor_case(fitted, fitted.estimators_, single(DIABETES.data))


def extra_trees_average():
    fitted = ensemble.ExtraTreesRegressor(20, random_state=1).fit(single(DIABETES.data), DIABETES.target)
    return regressor_case(fitted, fitted.estimators_, single(DIABETES.data), average=True)


def extra_trees_classifier():
    fitted = ensemble.ExtraTreesClassifier(20, random_state=1).fit(single(IRIS.data), IRIS.target_names[IRIS.target])
    return classifier_case(fitted, fitted.estimators_, single(IRIS.data))


def bagging():
    fitted = ensemble.BaggingClassifier(n_estimators=12, random_state=2).fit(single(IRIS.data), IRIS.target)
    return classifier_case(fitted, fitted.estimators_, single(IRIS.data))


def random_forest_newer():
    """The regressor as TreeEnsemble of version 5, in float64."""
    fitted = ensemble.RandomForestRegressor(15, random_state=4).fit(single(DIABETES.data), DIABETES.target)
    trees = Trees(wide=True)
    for estimator in fitted.estimators_:
        add_tree(trees, estimator.tree_, target_votes(1))
    rows = single(DIABETES.data)
    return Case([trees.ensemble(["X"], ["Y"], aggregate=0)], {"X": rows.astype(np.float64)},
                {"Y": fitted.predict(rows).reshape(-1, 1)}, ml_version=5)


def boosted(fitted):
    """Trees of every round and class, their values scaled by the learning rate."""
    trees = Trees()
    for stage in fitted.estimators_:
        for target, estimator in enumerate(stage):
            add_tree(trees, estimator.tree_, lambda value, to=target: {to: value[0][0] * fitted.learning_rate})
    return trees


def gradient_boosting_binary():
    fitted = ensemble.GradientBoostingClassifier(n_estimators=30, random_state=0).fit(single(CANCER.data), CANCER.target)
    rows = single(CANCER.data)
    base = fitted._raw_predict_init(rows)[0]
    node = boosted(fitted).classifier(["X"], ["label", "probabilities"], fitted.classes_, base, post_transform="LOGISTIC")
    return Case([node], {"X": rows}, {"label": labels_array(fitted.predict(rows)),
                                      "probabilities": fitted.predict_proba(rows).astype(np.float32)})


def gradient_boosting_classes():
    fitted = ensemble.GradientBoostingClassifier(n_estimators=12, random_state=0).fit(single(IRIS.data), IRIS.target)
    rows = single(IRIS.data)
    base = fitted._raw_predict_init(rows)[0]
    node = boosted(fitted).classifier(["X"], ["label", "probabilities"], fitted.classes_, base, post_transform="SOFTMAX")
    return Case([node], {"X": rows}, {"label": labels_array(fitted.predict(rows)),
                                      "probabilities": fitted.predict_proba(rows).astype(np.float32)})


def gradient_boosting_regressor():
    fitted = ensemble.GradientBoostingRegressor(n_estimators=50, random_state=0).fit(single(DIABETES.data), DIABETES.target)
    rows = single(DIABETES.data)
    node = boosted(fitted).regressor(["X"], ["Y"], base=fitted._raw_predict_init(rows)[0])
    return Case([node], {"X": rows}, {"Y": fitted.predict(rows).reshape(-1, 1).astype(np.float32)})


def histogram_trees(fitted):
    """Histogram boosting compares in float64 and sends missing values where they were best."""
    trees = Trees(wide=True)
    for stage in fitted._predictors:
        for target, predictor in enumerate(stage):
            for number, node in enumerate(predictor.nodes):
                if node["is_leaf"]:
                    trees.leaf(number, {target: node["value"]})
                else:
                    trees.branch(number, node["feature_idx"], node["num_threshold"], node["left"], node["right"],
                                 bool(node["missing_go_to_left"]))
            trees.end_tree()
    return trees


def with_gaps(data, share=0.15):
    gaps = np.random.default_rng(7).random(data.shape) < share
    return np.where(gaps, np.nan, data)


def histogram_boosting_regressor():
    rows = with_gaps(DIABETES.data)
    fitted = ensemble.HistGradientBoostingRegressor(max_iter=30, random_state=0).fit(rows, DIABETES.target)
    node = histogram_trees(fitted).regressor(["X"], ["Y"], base=fitted._baseline_prediction)
    return Case([node], {"X": rows}, {"Y": fitted.predict(rows).reshape(-1, 1).astype(np.float32)})


def histogram_boosting_classes():
    rows = with_gaps(IRIS.data)
    fitted = ensemble.HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(rows, IRIS.target)
    node = histogram_trees(fitted).classifier(["X"], ["label", "probabilities"], fitted.classes_,
                                              fitted._baseline_prediction, post_transform="SOFTMAX")
    return Case([node], {"X": rows}, {"label": labels_array(fitted.predict(rows)),
                                      "probabilities": fitted.predict_proba(rows).astype(np.float32)})


def isolation_depths():
    """An isolation forest's score is a sum of depths, which a regressor's leaves can hold, and a power."""
    fitted = ensemble.IsolationForest(n_estimators=25, random_state=0, max_samples=64).fit(single(IRIS.data))
    rows = single(IRIS.data)
    trees = Trees()
    for estimator in fitted.estimators_:
        structure = estimator.tree_
        depth = {0: 0}
        for node in range(structure.node_count):
            for child in (structure.children_left[node], structure.children_right[node]):
                if child >= 0:
                    depth[child] = depth[node] + 1
        for node in range(structure.node_count):
            if structure.children_left[node] < 0:
                spare = ensemble._iforest._average_path_length([structure.n_node_samples[node]])[0]
                trees.leaf(node, {0: depth[node] + spare})
            else:
                trees.branch(node, structure.feature[node], rounded_down(structure.threshold[node]),
                             structure.children_left[node], structure.children_right[node])
        trees.end_tree()
    scale = -1 / (len(fitted.estimators_) * ensemble._iforest._average_path_length([fitted.max_samples_])[0])
    nodes = [trees.regressor(["X"], ["depth"]), helper.make_node("Mul", ["depth", "scale"], ["exponent"]),
             helper.make_node("Pow", ["two", "exponent"], ["share"]), helper.make_node("Neg", ["share"], ["Y"])]
    return Case(nodes, {"X": rows}, {"Y": fitted.score_samples(rows).reshape(-1, 1).astype(np.float32)},
                {"scale": np.float32(scale), "two": np.float32(2)})


KINDS = [decision_tree_binary, decision_tree_texts, decision_tree_regressor, decision_tree_targets, extra_tree,
         random_forest_binary, random_forest_classes, random_forest_regressor, extra_trees_average,
         extra_trees_classifier, bagging, random_forest_newer, gradient_boosting_binary, gradient_boosting_classes,
         gradient_boosting_regressor, histogram_boosting_regressor, histogram_boosting_classes, isolation_depths]
