import type { Measure, Results, Setting } from "./messages.js";

/** What a visitor can send: bench/collect.mjs makes tables of such files. */
export interface Report {
  readonly format: "taskloom-measurement";
  readonly version: 1;
  readonly taskloom: string;
  readonly when: string;
  readonly browser: {
    readonly userAgent: string;
    readonly brands: readonly string[];
    readonly cores: number;
    readonly isolated: boolean;
  };
  readonly setting: Setting | undefined;
  readonly asked: readonly Measure[];
  readonly finished: boolean;
  readonly results: Results;
  readonly problems: readonly string[];
}

export function reportOf(
  found: Pick<Report, "setting" | "asked" | "finished" | "results" | "problems">,
  cores: number,
): Report {
  const { userAgentData } = navigator as { userAgentData?: { brands: { brand: string; version: string }[] } };
  return {
    ...({ format: "taskloom-measurement", version: 1, taskloom: SITE_VERSION } as const),
    when: new Date().toISOString(),
    browser: {
      userAgent: navigator.userAgent,
      brands: userAgentData?.brands.map(({ brand, version }) => `${brand} ${version}`) ?? [],
      cores,
      isolated: globalThis.crossOriginIsolated === true,
    },
    ...found,
  };
}
