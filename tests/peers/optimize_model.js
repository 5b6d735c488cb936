// node optimize_model.js PEER_FOLDER MODEL RESULT LEVEL
//
// Lets ONNX Runtime's optimizer rewrite a model and save what it made of it. LEVEL: basic, extended or all.
const path = require('path');
const [peer, model, result, level] = process.argv.slice(2);
const ort = require(path.join(peer, 'node_modules', 'onnxruntime-node'));
ort.InferenceSession
    .create(model, {graphOptimizationLevel: level, optimizedModelFilePath: result, logSeverityLevel: 4})
    .catch((error) => { console.error(String(error)); process.exit(1); });
