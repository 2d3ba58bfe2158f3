// Bundles what echarts.entry.js names into one file that begins with the licences of all that is
// in it. Run by `make plots`, in a folder where package.json is installed.

import { readFileSync, writeFileSync } from "node:fs";
import { buildSync } from "esbuild";

const text = (path) => readFileSync(path, "utf8").replaceAll("\r\n", "\n").trim();
const licences = [
  text("node_modules/echarts/NOTICE"),
  text("node_modules/echarts/LICENSE"),
  `d3.js, of which Apache ECharts has parts\n\n${text("node_modules/echarts/licenses/LICENSE-d3")}`,
  `zrender\n\n${text("node_modules/zrender/LICENSE")}`,
  `tslib\n\n${text("node_modules/tslib/LICENSE.txt")}`,
].join(`\n\n${"-".repeat(72)}\n\n`);

buildSync({
  entryPoints: ["echarts.entry.js"],
  outfile: "echarts.min.js",
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "echarts",
  charset: "ascii",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: `/*!\n${licences}\n*/` },
});
writeFileSync("LICENSES", `${licences}\n`);
