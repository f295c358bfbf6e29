//! uses hash rates/rate
// Rates of memory: all invocations walk over the buffers together; neighboring invocations use neighboring vectors.

@group(0) @binding(2) var<storage, read> source: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> destination: array<vec4u>;

@compute @workgroup_size(256)
fn write_all(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  for (var i = id.x; i < arrayLength(&destination); i += 256u * workgroups.x) {
    destination[i] = vec4u(i, i, i, i) ^ vec4u(rate.seed, rate.factor, rate.addend, 0u);
  }
}

@compute @workgroup_size(256)
fn copy_all(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  for (var i = id.x; i < arrayLength(&destination); i += 256u * workgroups.x) {
    destination[i] = source[i];
  }
}

@compute @workgroup_size(256)
fn read_all(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  var sum = vec4u();
  for (var i = id.x; i < arrayLength(&source); i += 256u * workgroups.x) {
    sum += source[i];
  }
  sums[id.x] = fold(sum);
}
