// pg-boss: adds jobs by 1,000, takes and completes them by 500, each batch durable. node pgboss.mjs DATABASE_URL JOBS
import * as module from "pg-boss";

const PgBoss = module.PgBoss ?? module.default;
const [url, count] = [process.argv[2], Number(process.argv[3])];
const boss = new PgBoss({ connectionString: url, max: 8, supervise: false, schedule: false });
boss.on("error", (error) => { throw error; });
await boss.start();
await boss.createQueue("step");

let done = 0;
const cpu = process.cpuUsage(), began = performance.now();
async function work() {
  while (done < count) {
    const jobs = await boss.fetch("step", { batchSize: 500 });
    if (!jobs?.length) { await new Promise((resolve) => setTimeout(resolve, 2)); continue; }
    await boss.complete("step", jobs.map((job) => job.id));
    done += jobs.length;
  }
}
const workers = Array.from({ length: 2 }, work);
for (let at = 0; at < count; at += 1000) {
  const size = Math.min(1000, count - at);
  await boss.insert("step", Array.from({ length: size }, (_, i) => ({ data: { run: at + i } })));
}
await Promise.all(workers);
const wall = (performance.now() - began) / 1000, used = process.cpuUsage(cpu);
await boss.stop({ graceful: false });
console.log(JSON.stringify({ runs: count, wall_s: wall, cpu_s: (used.user + used.system) / 1e6 }));
