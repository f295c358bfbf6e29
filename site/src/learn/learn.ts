export function startLearn(_base: string, _has: unknown): void {}
