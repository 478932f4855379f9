// AWS SDK for JavaScript v3: 64 calls in flight. Arguments: operation, endpoint, CA file, calls.
import { readFileSync } from "node:fs";
import { Agent } from "node:https";

import { BatchClient, DescribeJobsCommand } from "@aws-sdk/client-batch";
import { GetJobRunCommand, GlueClient } from "@aws-sdk/client-glue";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const IN_FLIGHT = 64;
const WARM_UP = 512;
const [operation, endpoint, caFile, callsText] = process.argv.slice(2);
const calls = Number(callsText);

const options = {
  region: "eu-west-1",
  endpoint,
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  requestHandler: new NodeHttpHandler({
    httpsAgent: new Agent({ keepAlive: true, maxSockets: IN_FLIGHT, ca: readFileSync(caFile) }),
    socketAcquisitionWarningTimeout: 60000,
  }),
};

const ids = Array.from({ length: 100 }, (_, index) => `${index.toString(16).padStart(8, "0")}-a532-4122-842e-2ccab8d54efb`);
let call;
if (operation === "get_job_run") {
  const client = new GlueClient(options);
  call = async () => {
    const answer = await client.send(new GetJobRunCommand({ JobName: "nightly-load", RunId: "jr_1" }));
    if (answer.JobRun.JobRunState !== "SUCCEEDED") throw new Error("unexpected answer");
  };
} else {
  const client = new BatchClient(options);
  call = async () => {
    const answer = await client.send(new DescribeJobsCommand({ jobs: ids }));
    if (answer.jobs.length !== 100) throw new Error("unexpected answer");
  };
}

async function run(count) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

await run(Math.min(WARM_UP, calls));
const cpu = process.cpuUsage();
const started = performance.now();
await run(calls);
const wallS = (performance.now() - started) / 1000;
const used = process.cpuUsage(cpu);
console.log(JSON.stringify({
  calls,
  cpu_s: (used.user + used.system) / 1e6,
  wall_s: wallS,
  rss_kib: process.resourceUsage().maxRSS,
}));
process.exit(0);
