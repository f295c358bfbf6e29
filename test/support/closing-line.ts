import { readdirSync } from "node:fs";
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

/**
 * Prints a line for each test that is skipped for a reason, then `N passed, N failed` as the run's last line, for readers
 * of that line alone.
 */
export default class ClosingLine implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    let skipped = 0;
    const lines: string[] = [];
    for (const module of modules) {
      // A hook that throws fails no test by itself, but must not look like success.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      const tests = [...module.children.allTests()];
      passed += tests.filter((test) => test.result().state === "passed").length;
      failed += tests.filter((test) => test.result().state === "failed").length;
      const rest = tests.filter((test) => !["passed", "failed"].includes(test.result().state));
      skipped += rest.length;
      lines.push(...rest.flatMap((test) => this.#line(test)));
    }
    for (const name of leftFolders()) {
      lines.push(`failed: a test left the folder ${name} in the temporary folder`);
      failed++;
      process.exitCode = 1;
    }
    const summary = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
    process.stdout.write([...lines, summary, ""].join("\n"));
  }

  /** A line for a skipped test that has a reason; one that a filter of the command line leaves out has none. */
  #line(test: TestCase): string[] {
    const reason = this.#reason(test);
    return reason ? [`skipped: ${test.module.relativeModuleId} > ${test.fullName}: ${reason}`] : [];
  }

  /** The note that the test gave, or what the machine lacks for one of its tags. */
  #reason(test: TestCase): string | undefined {
    const result = test.result();
    if (result.state === "skipped" && result.note) return result.note;
    const tags = this.#vitest?.config.tags ?? [];
    return tags.find(({ name, skip }) => skip && test.tags.includes(name))?.description;
  }
}

/** Folders of tests in the run's own temporary folder, which `npm test` makes. */
function leftFolders(): string[] {
  const temporary = process.env.TASKLOOM_TEMPORARY;
  return temporary ? readdirSync(temporary).filter((name) => name.startsWith("taskloom-")) : [];
}
