// node run_model.js PEER_FOLDER MODEL WORK_FOLDER [RUNS] [THREADS]
// node run_model.js PEER_FOLDER --jobs WORK_FOLDER...
//
// Runs a model in ONNX Runtime. WORK_FOLDER/inputs.json lists {name, type, dims, file}; every output is written as raw
// little-endian bytes, and outputs.json lists them likewise with the session's creation time and the sorted run times.
// With --jobs, each folder holds its model.onnx, which runs once as it is written, without the optimizer; one that fails
// leaves its message in error.txt, and the others go on.
const fs = require('fs');
const path = require('path');
const [peer, model, ...rest] = process.argv.slice(2);
const ort = require(path.join(peer, 'node_modules', 'onnxruntime-node'));

const arrays = {
  float32: Float32Array, float64: Float64Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array,
  uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
  float16: globalThis.Float16Array ?? Uint16Array,
};

function readInput(work, {name, type, dims, file}) {
  const bytes = new Uint8Array(fs.readFileSync(path.join(work, file)));
  return [name, new ort.Tensor(type, new arrays[type](bytes.buffer), dims)];
}

async function run(file, work, runs, options) {
  const begin = performance.now();
  const session = await ort.InferenceSession.create(file, {logSeverityLevel: 4, ...options});
  const created_ms = performance.now() - begin;
  const feeds = Object.fromEntries(
      JSON.parse(fs.readFileSync(path.join(work, 'inputs.json'))).map((input) => readInput(work, input)));
  const times_ms = [];
  let results;
  for (let i = 0; i < runs; ++i) {
    const start = performance.now();
    results = await session.run(feeds);
    times_ms.push(performance.now() - start);
  }
  const outputs = Object.entries(results).map(([name, tensor], index) => {
    const file = `output_${index}.bin`;
    const {buffer, byteOffset, byteLength} = tensor.data;
    fs.writeFileSync(path.join(work, file), Buffer.from(buffer, byteOffset, byteLength));
    return {name, type: tensor.type, dims: tensor.dims, file};
  });
  times_ms.sort((a, b) => a - b);
  fs.writeFileSync(path.join(work, 'outputs.json'), JSON.stringify({created_ms, times_ms, outputs}));
}

async function runJobs(folders) {
  for (const work of folders)
    await run(path.join(work, 'model.onnx'), work, 1, {graphOptimizationLevel: 'disabled', intraOpNumThreads: 1})
        .catch((error) => fs.writeFileSync(path.join(work, 'error.txt'), String(error)));
}

const [work, runs = '1', threads = '2'] = rest;
(model === '--jobs' ? runJobs(rest) : run(model, work, Number(runs), {intraOpNumThreads: Number(threads)}))
    .catch((error) => { console.error(String(error)); process.exit(1); });
