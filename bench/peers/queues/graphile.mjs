// graphile-worker: adds jobs and works them off, each durable. node graphile.mjs DATABASE_URL JOBS default|batched
// default: one statement per job added, taken and completed. batched: adds by 1,000, takes by 500, completes together.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const [url, count, mode] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const batched = mode === "batched";
const pgPool = new pg.Pool({ connectionString: url, max: 16 });
const logger = new Logger(() => () => {});
const utils = await makeWorkerUtils({ pgPool, logger });
await utils.migrate();

let done = 0, finished;
const all = new Promise((resolve) => (finished = resolve));
const taskList = { step: async () => { if (++done === count) finished(); } };

const cpu = process.cpuUsage(), began = performance.now();
const worker = batched
  ? { concurrentJobs: 64, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
  : { concurrentJobs: 16, pollInterval: 10 };
const runner = await run({ pgPool, logger, taskList, noHandleSignals: true, preset: { worker } });
if (batched) {
  for (let at = 0; at < count; at += 1000) {
    const size = Math.min(1000, count - at);
    await utils.addJobs(Array.from({ length: size }, (_, i) => ({ identifier: "step", payload: { run: at + i } })));
  }
} else {
  let next = 0;
  const add = async () => { while (next < count) await utils.addJob("step", { run: next++ }); };
  await Promise.all(Array.from({ length: 16 }, add));
}
await all;
await runner.stop();  // completions that are still on their way are part of it
const wall = (performance.now() - began) / 1000, used = process.cpuUsage(cpu);
const left = Number((await pgPool.query("select count(*) from graphile_worker.jobs")).rows[0].count);
await utils.release();
await pgPool.end();
if (left !== 0) throw new Error(`${left} jobs are left`);
console.log(JSON.stringify({ runs: count, wall_s: wall, cpu_s: (used.user + used.system) / 1e6 }));
