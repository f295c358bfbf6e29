/** The version of the package that the page was built from, by scripts/build-site.mjs. */
declare const SITE_VERSION: string;
