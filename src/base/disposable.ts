/**
 * Lets `using` end an object by its `dispose()`. Engines without the symbol have `dispose()` alone. A constructor calls
 * this: a prototype that is changed outside its class keeps bundlers from leaving the class out.
 */
export function disposable(object: { dispose(): void }): void {
  if (Symbol.dispose) Object.defineProperty(object, Symbol.dispose, { value: () => object.dispose() });
}

/** Does the same for `await using`. */
export function asyncDisposable(object: { dispose(): Promise<void> }): void {
  if (Symbol.asyncDispose) Object.defineProperty(object, Symbol.asyncDispose, { value: () => object.dispose() });
}
