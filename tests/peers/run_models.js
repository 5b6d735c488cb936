// node run_models.js PEER_FOLDER
//
// Runs one model after the other in ONNX Runtime. Each line of standard input is one request:
//   {"model": PATH, "inputs": [{name, type, dims, bytes: BASE64 | words: [TEXT…]}…], "outputs": [NAME…]}
// and is answered by one line: {"outputs": {NAME: {type, dims, bytes | words}}} or {"error": TEXT}.
const path = require('path');
const readline = require('readline');
const ort = require(path.join(process.argv[2], 'node_modules', 'onnxruntime-node'));

const arrays = {
  float32: Float32Array, float64: Float64Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array,
  int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array, bool: Uint8Array,
  float16: typeof Float16Array === 'undefined' ? Uint16Array : Float16Array,
};

function readInput({name, type, dims, bytes, words}) {
  if (type === 'string') return [name, new ort.Tensor('string', words, dims)];
  const data = Buffer.from(bytes, 'base64');
  const copy = new Uint8Array(data.length);
  copy.set(data);
  return [name, new ort.Tensor(type, new arrays[type](copy.buffer), dims)];
}

function writeOutput({type, dims, data}) {
  if (type === 'string') return {type, dims, words: data};
  return {type, dims, bytes: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')};
}

async function run(request) {
  const options = {intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4};
  const session = await ort.InferenceSession.create(request.model, options);
  try {
    const results = await session.run(Object.fromEntries(request.inputs.map(readInput)), request.outputs);
    return {outputs: Object.fromEntries(request.outputs.map((name) => [name, writeOutput(results[name])]))};
  } finally {
    await session.release();
  }
}

async function main() {
  for await (const line of readline.createInterface({input: process.stdin})) {
    const answer = await run(JSON.parse(line)).catch((error) => ({error: String(error)}));
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}

main();
