// What people build where there is no orchestrator: graphile-worker on PostgreSQL submits Batch jobs with AWS's client and
// asks for each until it ends; a table holds where each run is. node composite.mjs DATABASE_URL ENDPOINT RUNS default|batched
// A poll adds the next one itself, after a tenth of the run's age, at least 1 s and at most 30 s: Polysync's own intervals.
import { randomUUID } from "node:crypto";

import { BatchClient, DescribeJobsCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { Agent } from "node:https";
import pg from "pg";

const [url, endpoint, countText, mode] = process.argv.slice(2);
const count = Number(countText), concurrency = 16;
const pgPool = new pg.Pool({ connectionString: url, max: concurrency });
const logger = new Logger(() => () => {});
const batch = new BatchClient({
  region: "us-east-1",
  endpoint,
  credentials: { accessKeyId: "AKIASANDBOX000000000", secretAccessKey: "polysync-sandbox-secret" },
  requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ keepAlive: true, maxSockets: concurrency }) }),
});
const utils = await makeWorkerUtils({ pgPool, logger });
await utils.migrate();
await pgPool.query(`create table run (
  id bigserial primary key, token uuid not null, state text not null, job_id text,
  submitted_at timestamptz, ended_at timestamptz)`);

let ended = 0, polls = 0, finished;
const all = new Promise((resolve) => (finished = resolve));

const taskList = {
  // The token is durable before anything is sent.
  submit: async ({ id, token }, { addJob }) => {
    await pgPool.query("update run set state = 'submitting', submitted_at = now() where id = $1", [id]);
    const job = await batch.send(new SubmitJobCommand({ jobName: `run-${token}`, jobQueue: "bench-queue", jobDefinition: "bench" }));
    await pgPool.query("update run set state = 'running', job_id = $2 where id = $1", [id, job.jobId]);
    await addJob("poll", { id, jobId: job.jobId, since: Date.now() }, { runAt: new Date(Date.now() + 1000) });
  },
  poll: async ({ id, jobId, since }, { addJob }) => {
    polls++;
    const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
    const status = jobs?.[0]?.status;
    if (status === "SUCCEEDED" || status === "FAILED") {
      await pgPool.query("update run set state = $2, ended_at = now() where id = $1", [id, status.toLowerCase()]);
      if (++ended === count) finished();
      return;
    }
    const wait = Math.min(Math.max((Date.now() - since) / 10, 1000), 30_000);
    await addJob("poll", { id, jobId, since }, { runAt: new Date(Date.now() + wait) });
  },
};

const cpu = process.cpuUsage(), began = performance.now();
const worker = mode === "batched"
  ? { concurrentJobs: concurrency, pollInterval: 1000, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
  : { concurrentJobs: concurrency, pollInterval: 1000 };
const runner = await run({ pgPool, logger, taskList, noHandleSignals: true, preset: { worker } });
// Runs come one by one, as requests do; each is acknowledged when run and job are durable.
let next = 0;
const start = async () => {
  while (next++ < count) {
    const client = await pgPool.connect();
    try {
      const token = randomUUID();
      await client.query("begin");
      const { rows } = await client.query("insert into run (token, state) values ($1, 'queued') returning id", [token]);
      await client.query("select graphile_worker.add_job('submit', $1::json)", [JSON.stringify({ id: rows[0].id, token })]);
      await client.query("commit");
    } finally {
      client.release();
    }
  }
};
await Promise.all(Array.from({ length: 8 }, start));
await all;
await runner.stop();
const wall = (performance.now() - began) / 1000, used = process.cpuUsage(cpu);
const { rows } = await pgPool.query("select count(*) as good from run where state = 'succeeded'");
await utils.release();
await pgPool.end();
if (Number(rows[0].good) !== count) throw new Error(`${rows[0].good} runs have succeeded`);
console.log(JSON.stringify({ runs: count, wall_s: wall, cpu_s: (used.user + used.system) / 1e6, polls }));
process.exit(0);
