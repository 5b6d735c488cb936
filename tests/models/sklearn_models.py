"""scikit-learn's linear models, support vector machines, preprocessing and pipelines."""
import warnings

import numpy as np
from onnx import TensorProto, helper
from sklearn import feature_extraction, impute, linear_model, pipeline, preprocessing, svm

from onnx_writer import Case, floats, labels_array, labels_of, ml
from sklearn_trees import CANCER, DIABETES, IRIS, class_votes, forest_of, single, with_gaps

warnings.filterwarnings("ignore")
SCALED = single(preprocessing.scale(CANCER.data))


def standard(fitted, source, target):
    return ml("Scaler", [source], [target], offset=floats(fitted.mean_), scale=floats(1 / fitted.scale_))


# --- linear models ---

def linear_classifier(fitted, source, outputs, transform):
    """Both rows of two classes are written, as exporters do."""
    coefficients, intercepts = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.hstack([-intercepts, intercepts])
    return ml("LinearClassifier", [source], outputs, coefficients=floats(coefficients), intercepts=floats(intercepts),
              post_transform=transform, multi_class=1, **labels_of(fitted.classes_, "classlabels_ints"))


def logistic_case(fitted, rows, transform):
    nodes = [linear_classifier(fitted, "X", ["label", "scores"], transform)]
    if transform == "LOGISTIC" and len(fitted.classes_) > 2:  # one against the rest: shares are made to add up
        nodes.append(ml("Normalizer", ["scores"], ["probabilities"], norm="L1"))
    else:
        nodes.append(helper.make_node("Identity", ["scores"], ["probabilities"]))
    return Case(nodes, {"X": rows}, {"label": labels_array(fitted.predict(rows)),
                                     "probabilities": fitted.predict_proba(rows).astype(np.float32)})


def logistic_binary():
    fitted = linear_model.LogisticRegression(max_iter=500).fit(SCALED, CANCER.target_names[CANCER.target])
    return logistic_case(fitted, SCALED, "LOGISTIC")


def logistic_multinomial():
    rows = single(IRIS.data)
    return logistic_case(linear_model.LogisticRegression(max_iter=500).fit(rows, IRIS.target), rows, "SOFTMAX")


def logistic_one_against_rest():
    rows = single(IRIS.data)
    fitted = linear_model.LogisticRegression(max_iter=500, multi_class="ovr").fit(rows, IRIS.target)
    return logistic_case(fitted, rows, "LOGISTIC")


def margins_case(fitted, rows):
    """Decision values, which of two classes are the second one's."""
    want = fitted.decision_function(rows)
    want = np.stack([-want, want], axis=1) if want.ndim == 1 else want
    node = linear_classifier(fitted, "X", ["label", "scores"], "NONE")
    return Case([node], {"X": rows}, {"label": labels_array(fitted.predict(rows)), "scores": want.astype(np.float32)})


def sgd_classifier():
    rows = single(IRIS.data)
    return margins_case(linear_model.SGDClassifier(random_state=0).fit(rows, IRIS.target), rows)


def ridge_classifier():
    return margins_case(linear_model.RidgeClassifier().fit(SCALED, CANCER.target), SCALED)


def linear_svc():
    return margins_case(svm.LinearSVC(random_state=0, max_iter=3000).fit(SCALED, CANCER.target), SCALED)


def linear_regressor_case(fitted, rows):
    want = fitted.predict(rows)
    targets = 1 if want.ndim == 1 else want.shape[1]
    node = ml("LinearRegressor", ["X"], ["Y"], coefficients=floats(fitted.coef_), targets=targets,
              intercepts=floats(np.broadcast_to(fitted.intercept_, [targets])))
    return Case([node], {"X": rows}, {"Y": want.reshape(-1, targets).astype(np.float32)})


def linear_regression():
    rows = single(DIABETES.data)
    return linear_regressor_case(linear_model.LinearRegression().fit(rows, DIABETES.target), rows)


def ridge_targets():
    rows = single(DIABETES.data)
    return linear_regressor_case(
        linear_model.Ridge().fit(rows, np.stack([DIABETES.target, -DIABETES.target], axis=1)), rows)


def lasso():
    rows = single(DIABETES.data)
    return linear_regressor_case(linear_model.Lasso(alpha=0.1).fit(rows, DIABETES.target), rows)


def poisson_regressor():
    rows = single(DIABETES.data)
    fitted = linear_model.PoissonRegressor().fit(rows, DIABETES.target)
    case = linear_regressor_case(fitted, rows)
    case.nodes[0].output[0] = "log"
    case.nodes.append(helper.make_node("Exp", ["log"], ["Y"]))
    return case


# --- support vector machines ---

def kernel_attributes(fitted):
    return {"kernel_type": fitted.kernel.upper(), "kernel_params": [float(fitted._gamma), float(fitted.coef0),
                                                                    float(fitted.degree)]}


def svm_classifier(fitted, source, outputs):
    """libsvm's own numbers: scikit-learn turns the signs of two classes in what it shows."""
    attributes = {}
    if fitted.probability:
        attributes = {"prob_a": floats(fitted.probA_), "prob_b": floats(fitted.probB_)}
    return ml("SVMClassifier", [source], outputs, support_vectors=floats(fitted.support_vectors_),
              coefficients=floats(fitted._dual_coef_), rho=floats(fitted._intercept_),
              vectors_per_class=[int(n) for n in fitted.n_support_], **kernel_attributes(fitted), **attributes,
              **labels_of(fitted.classes_, "classlabels_ints"))


def svm_classifier_case(fitted, rows):
    want = {"label": labels_array(fitted.predict(rows))}
    if fitted.probability:
        # Without probabilities scikit-learn's labels are votes, as the operator's are.
        want["scores"] = fitted.predict_proba(rows).astype(np.float32)
    elif len(fitted.classes_) == 2:
        margin = fitted.decision_function(rows)
        want["scores"] = np.stack([margin, -margin], axis=1).astype(np.float32)
    else:
        want["scores"] = fitted._decision_function(rows.astype(np.float64)).astype(np.float32)
    return Case([svm_classifier(fitted, "X", ["label", "scores"])], {"X": rows}, want)


def svc_binary():
    return svm_classifier_case(svm.SVC().fit(SCALED[:200], CANCER.target[:200]), SCALED)


def svc_probability():
    rows = single(IRIS.data)
    return svm_classifier_case(svm.SVC(probability=True, random_state=0).fit(rows, IRIS.target), rows)


def svc_binary_probability():
    fitted = svm.SVC(probability=True, random_state=0).fit(SCALED[:200], CANCER.target_names[CANCER.target[:200]])
    return svm_classifier_case(fitted, SCALED)


def svc_polynomial():
    rows = single(IRIS.data)
    return svm_classifier_case(
        svm.SVC(kernel="poly", degree=3, coef0=0.5, decision_function_shape="ovo").fit(rows, IRIS.target_names[IRIS.target]), rows)


def svc_linear():
    rows = single(IRIS.data)
    return svm_classifier_case(svm.SVC(kernel="linear", probability=True, random_state=1).fit(rows, IRIS.target), rows)


def nu_svc_sigmoid():
    rows = single(preprocessing.scale(IRIS.data))
    return svm_classifier_case(svm.NuSVC(kernel="sigmoid", nu=0.3, coef0=0.1, gamma=0.05).fit(rows, IRIS.target), rows)


def svm_regressor(fitted, one_class=0):
    return ml("SVMRegressor", ["X"], ["Y"], support_vectors=floats(fitted.support_vectors_),
              coefficients=floats(fitted.dual_coef_), rho=floats(fitted.intercept_), one_class=one_class,
              n_supports=len(fitted.support_vectors_), **kernel_attributes(fitted))


def svr_case(fitted, rows):
    return Case([svm_regressor(fitted)], {"X": rows}, {"Y": fitted.predict(rows).reshape(-1, 1).astype(np.float32)})


def svr():
    rows = single(DIABETES.data)
    return svr_case(svm.SVR(C=100).fit(rows, DIABETES.target), rows)


def nu_svr_polynomial():
    rows = single(preprocessing.scale(DIABETES.data))
    return svr_case(svm.NuSVR(kernel="poly", degree=2, coef0=1).fit(rows, DIABETES.target), rows)


def one_class_svm():
    rows = single(IRIS.data)
    fitted = svm.OneClassSVM(nu=0.2, gamma=0.3).fit(rows)
    want = fitted.predict(rows).reshape(-1, 1).astype(np.float32)
    return Case([svm_regressor(fitted, one_class=1)], {"X": rows}, {"Y": want})


# --- preprocessing ---

def transformed(fitted, rows):
    return {"Y": np.asarray(fitted.transform(rows)).astype(np.float32)}


def standard_scaler():
    fitted = preprocessing.StandardScaler().fit(CANCER.data)
    rows = single(CANCER.data)
    return Case([standard(fitted, "X", "Y")], {"X": rows}, transformed(fitted, rows.astype(np.float64)))


def min_max_scaler():
    fitted = preprocessing.MinMaxScaler().fit(IRIS.data)
    node = ml("Scaler", ["X"], ["Y"], offset=floats(fitted.data_min_), scale=floats(fitted.scale_))
    rows = single(IRIS.data)
    return Case([node], {"X": rows}, transformed(fitted, rows.astype(np.float64)))


def robust_scaler():
    fitted = preprocessing.RobustScaler().fit(IRIS.data)
    node = ml("Scaler", ["X"], ["Y"], offset=floats(fitted.center_), scale=floats(1 / fitted.scale_))
    return Case([node], {"X": IRIS.data}, transformed(fitted, IRIS.data))


def normalizer_l1():
    rows = single(DIABETES.data)
    return Case([ml("Normalizer", ["X"], ["Y"], norm="L1")], {"X": rows},
                transformed(preprocessing.Normalizer("l1"), rows))


def normalizer_l2():
    rows = single(DIABETES.data)
    return Case([ml("Normalizer", ["X"], ["Y"], norm="L2")], {"X": rows}, transformed(preprocessing.Normalizer("l2"), rows))


def normalizer_max():
    rows = single(IRIS.data)
    return Case([ml("Normalizer", ["X"], ["Y"], norm="MAX")], {"X": rows}, transformed(preprocessing.Normalizer("max"), rows))


def binarizer():
    rows = single(DIABETES.data)
    return Case([ml("Binarizer", ["X"], ["Y"], threshold=0.01)], {"X": rows},
                transformed(preprocessing.Binarizer(threshold=np.float32(0.01)), rows))


def imputer_mean():
    rows = single(with_gaps(IRIS.data))
    fitted = impute.SimpleImputer().fit(rows)
    node = ml("Imputer", ["X"], ["Y"], imputed_value_floats=floats(fitted.statistics_), replaced_value_float=float("nan"))
    return Case([node], {"X": rows}, transformed(fitted, rows))


def imputer_integers():
    rows = np.random.default_rng(0).integers(-1, 4, [60, 3])
    fitted = impute.SimpleImputer(missing_values=-1, strategy="most_frequent").fit(rows)
    node = ml("Imputer", ["X"], ["Y"], imputed_value_int64s=[int(s) for s in fitted.statistics_], replaced_value_int64=-1)
    return Case([node], {"X": rows}, {"Y": fitted.transform(rows).astype(np.int64)})


NAMES = np.array(["Rom", "Bern", "Paris", "Wien", "Lund"], dtype=object)
TOWNS = NAMES[np.random.default_rng(5).integers(0, 4, [40, 1])]


def label_encoder():
    fitted = preprocessing.LabelEncoder().fit(NAMES)
    node = ml("LabelEncoder", ["X"], ["Y"], keys_strings=[str(c) for c in fitted.classes_],
              values_int64s=list(range(len(fitted.classes_))))
    return Case([node], {"X": TOWNS}, {"Y": fitted.transform(TOWNS.ravel()).reshape(-1, 1)})


def ordinal_encoder():
    fitted = preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-7).fit(TOWNS[:30])
    rows = np.concatenate([TOWNS, NAMES.reshape(-1, 1)])
    categories = fitted.categories_[0]
    node = ml("LabelEncoder", ["X"], ["Y"], keys_strings=[str(c) for c in categories],
              values_floats=[float(i) for i in range(len(categories))], default_float=-7.0)
    return Case([node], {"X": rows}, {"Y": fitted.transform(rows).astype(np.float32)})


def one_hot(fitted, source, target):
    width = len(fitted.categories_[0])
    nodes = [ml("OneHotEncoder", [source], [target + "_3d"], cats_strings=[str(c) for c in fitted.categories_[0]], zeros=1),
             helper.make_node("Reshape", [target + "_3d", target + "_shape"], [target])]
    return nodes, {target + "_shape": np.array([-1, width])}


def one_hot_encoder():
    fitted = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(TOWNS)
    rows = np.concatenate([TOWNS, NAMES.reshape(-1, 1)])
    nodes, constants = one_hot(fitted, "X", "Y")
    return Case(nodes, {"X": rows}, transformed(fitted, rows), constants)


# --- pipelines ---

def with_maps(classifier, source, classes):
    """The classifier with its probabilities as a map for each row, as exporters write them by default."""
    return [classifier, ml("ZipMap", ["probabilities"], ["maps"], **labels_of(classes))]


def maps_of(fitted, rows):
    keys = [c.item() if hasattr(c, "item") else str(c) for c in fitted.classes_]
    return [dict(zip(keys, row)) for row in fitted.predict_proba(rows).astype(np.float32)]


def scaled_logistic():
    fitted = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()).fit(
        CANCER.data, CANCER.target_names[CANCER.target])
    rows = single(CANCER.data)
    nodes = [standard(fitted[0], "X", "scaled")]
    nodes += with_maps(linear_classifier(fitted[1], "scaled", ["label", "probabilities"], "LOGISTIC"), "scaled", fitted.classes_)
    return Case(nodes, {"X": rows}, {"label": labels_array(fitted.predict(rows)), "maps": maps_of(fitted, rows)},
                map_outputs=["maps"])


def imputed_forest():
    from sklearn.ensemble import RandomForestClassifier
    rows = single(with_gaps(IRIS.data))
    fitted = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), RandomForestClassifier(10, random_state=0)).fit(
        rows, IRIS.target)
    trees = forest_of(fitted[1].estimators_, class_votes(1 / 10))
    nodes = [ml("Imputer", ["X"], ["filled"], imputed_value_floats=floats(fitted[0].statistics_),
                replaced_value_float=float("nan"))]
    nodes += with_maps(trees.classifier(["filled"], ["label", "probabilities"], fitted.classes_), "filled", fitted.classes_)
    return Case(nodes, {"X": rows}, {"label": labels_array(fitted.predict(rows)), "maps": maps_of(fitted, rows)},
                map_outputs=["maps"])


def mixed_columns():
    """Numbers are scaled, towns one-hot encoded, and all columns joined."""
    numbers = single(IRIS.data[:40])
    towns = preprocessing.OneHotEncoder(sparse_output=False).fit(TOWNS)
    scaler = preprocessing.StandardScaler().fit(numbers)
    joined = np.hstack([scaler.transform(numbers), towns.transform(TOWNS)])
    fitted = linear_model.LogisticRegression().fit(joined, np.arange(40) % 3)
    nodes, constants = one_hot(towns, "towns", "hot")
    nodes += [standard(scaler, "numbers", "scaled"),
              ml("FeatureVectorizer", ["scaled", "hot"], ["joined"], inputdimensions=[4, len(towns.categories_[0])]),
              linear_classifier(fitted, "joined", ["label", "probabilities"], "SOFTMAX")]
    return Case(nodes, {"numbers": numbers, "towns": TOWNS},
                {"label": labels_array(fitted.predict(joined)),
                 "probabilities": fitted.predict_proba(joined).astype(np.float32)}, constants)


def chosen_columns():
    """Feature selection, then a support vector machine."""
    from sklearn import feature_selection
    fitted = pipeline.make_pipeline(feature_selection.SelectKBest(k=2), svm.SVC(probability=True, random_state=0)).fit(
        IRIS.data, IRIS.target)
    rows = single(IRIS.data)
    kept = np.flatnonzero(fitted[0].get_support())
    nodes = [ml("ArrayFeatureExtractor", ["X", "kept"], ["few"]), svm_classifier(fitted[1], "few", ["label", "probabilities"])]
    few = rows[:, kept].astype(np.float64)
    return Case(nodes, {"X": rows}, {"label": labels_array(fitted[1].predict(few)),
                                     "probabilities": fitted[1].predict_proba(few).astype(np.float32)}, {"kept": kept})


KINDS = [logistic_binary, logistic_multinomial, logistic_one_against_rest, sgd_classifier, ridge_classifier, linear_svc,
         linear_regression, ridge_targets, lasso, poisson_regressor, svc_binary, svc_probability, svc_binary_probability,
         svc_polynomial, svc_linear, nu_svc_sigmoid, svr, nu_svr_polynomial, one_class_svm, standard_scaler, min_max_scaler,
         robust_scaler, normalizer_l1, normalizer_l2, normalizer_max, binarizer, imputer_mean, imputer_integers,
         label_encoder, ordinal_encoder, one_hot_encoder, scaled_logistic, imputed_forest, mixed_columns, chosen_columns]
