// Writes row-sums.onnx, the model of the onnxruntime-web example in docs/gpu.md:
//
//   inputs   float32 [tasks, length, row]  ->  ReduceSum over the last axis  ->  sums        float32 [tasks, length]
//   targets  int32   [tasks, length]       ->  ReduceSum over the last axis  ->  targetSums  int32   [tasks]
//
//   node test/interop/make-row-sums.mjs > test/interop/row-sums.onnx
//
// The messages and field numbers are those of onnx.proto3 of ONNX 1.14 (IR version 8, operator set 13).

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;

/** A non-negative integer as a protobuf varint. */
function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

/** A field that holds an integer. */
const int = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);

/** A field that holds bytes, a string or a message, which is an array of fields. */
function bytes(field, value) {
  const content = Array.isArray(value) ? Buffer.concat(value) : Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

/** A ValueInfoProto: a tensor of a type, its dimensions given by their names. */
function tensor(name, type, dimensions) {
  const shape = dimensions.map((dimension) => bytes(1, [bytes(2, dimension)]));
  return [bytes(1, name), bytes(2, [bytes(1, [int(1, type), bytes(2, shape)])])];
}

/** A NodeProto: the sums over the last axis, which is dropped. */
function reduceSum(input, output) {
  const keepDimensions = [bytes(1, "keepdims"), int(3, 0), int(20, 2)];
  return [bytes(1, input), bytes(1, "axes"), bytes(2, output), bytes(4, "ReduceSum"), bytes(5, keepDimensions)];
}

/** A TensorProto: the axis -1 as int64. */
const axes = [int(1, 1), int(2, INT64), bytes(8, "axes"), bytes(9, new Uint8Array(8).fill(255))];

const graph = [
  bytes(1, reduceSum("inputs", "sums")),
  bytes(1, reduceSum("targets", "targetSums")),
  bytes(2, "row-sums"),
  bytes(5, axes),
  bytes(11, tensor("inputs", FLOAT, ["tasks", "length", "row"])),
  bytes(11, tensor("targets", INT32, ["tasks", "length"])),
  bytes(12, tensor("sums", FLOAT, ["tasks", "length"])),
  bytes(12, tensor("targetSums", INT32, ["tasks"])),
];

process.stdout.write(Buffer.concat([int(1, 8), bytes(2, "taskloom"), bytes(7, graph), bytes(8, [int(2, 13)])]));
