export function startMeasure(_base: string, _has: unknown): void {}
