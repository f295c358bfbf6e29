/* The functions of the module that Python calls, under plain names. An instance is one block of memory; the module's memory
 * is reserved once, so its address does not change when it grows.
 *
 * A function returns its result in the low 32 bits, and TRAPPED where the module stopped: a trap jumps back here. */
#include <stdlib.h>

#include "kernel.h"
#include "wasm-rt-impl.h"

#if defined(_WIN32)
#include <windows.h>
#define EXPORT __declspec(dllexport)
#else
#include <sys/mman.h>
#define EXPORT __attribute__((visibility("default")))
#endif

#define TRAPPED (1ull << 32)
#define TRY() (WASM_RT_SAVE_STACK_DEPTH(), WASM_RT_SETJMP(g_wasm_rt_jmp_buf))
#define CALL(expression) (TRY() ? TRAPPED : (u64)(expression))

/* wasm2c's runtime ends the process where it cannot reserve the module's 8 GiB of addresses, so they are tried first. */
static int has_addresses(void) {
#if defined(_WIN32)
  void* at = VirtualAlloc(NULL, 0x200000000ull, MEM_RESERVE, PAGE_NOACCESS);
  return at && VirtualFree(at, 0, MEM_RELEASE);
#else
  void* at = mmap(NULL, 0x200000000ull, PROT_NONE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  return at != MAP_FAILED && munmap(at, 0x200000000ull) == 0;
#endif
}

/* NULL where there is no room. Callers see to it that one thread at a time is in here. */
EXPORT void* taskloom_new(void) {
  if (!has_addresses()) return NULL;
  if (!wasm_rt_is_initialized()) wasm_rt_init();
  w2c_kernel* kernel = calloc(1, sizeof *kernel);
  if (!kernel) return NULL;
  if (TRY()) {
    free(kernel);
    return NULL;
  }
  wasm2c_kernel_instantiate(kernel);
  return kernel;
}

EXPORT void taskloom_delete(w2c_kernel* kernel) {
  wasm2c_kernel_free(kernel);
  free(kernel);
}

EXPORT void* taskloom_memory(w2c_kernel* kernel) { return w2c_kernel_memory(kernel)->data; }
EXPORT u64 taskloom_size(w2c_kernel* kernel) { return w2c_kernel_memory(kernel)->size; }
EXPORT u32 taskloom_grow(w2c_kernel* kernel, u32 pages) {
  return (u32)wasm_rt_grow_memory(w2c_kernel_memory(kernel), pages);
}

EXPORT u64 taskloom_abiVersion(w2c_kernel* kernel) { return CALL(w2c_kernel_abiVersion(kernel)); }
EXPORT u64 taskloom_heapBase(w2c_kernel* kernel) { return CALL(w2c_kernel_heapBase(kernel)); }
EXPORT u64 taskloom_normalTable(w2c_kernel* kernel) { return CALL(w2c_kernel_normalTable(kernel)); }
EXPORT u64 taskloom_plan(w2c_kernel* kernel, u32 at) { return CALL(w2c_kernel_plan(kernel, at)); }
EXPORT u64 taskloom_begin(w2c_kernel* kernel) { return CALL((w2c_kernel_begin(kernel), 0)); }
EXPORT u64 taskloom_add(w2c_kernel* kernel, u64 item, u32 most) { return CALL(w2c_kernel_add(kernel, item, most)); }
EXPORT u64 taskloom_drawAdded(w2c_kernel* kernel) { return CALL((w2c_kernel_drawAdded(kernel), 0)); }
EXPORT u64 taskloom_draw(w2c_kernel* kernel, u64 first, u32 count) { return CALL(w2c_kernel_draw(kernel, first, count)); }
EXPORT u64 taskloom_weave(w2c_kernel* kernel, u32 from, u32 count) { return CALL(w2c_kernel_weave(kernel, from, count)); }
